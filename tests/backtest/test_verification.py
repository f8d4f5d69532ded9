"""Verification: five checks with their thresholds from settings and policy, and words that hold the numbers."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import pytest

from workbench import settings, strategy
from workbench.backtest.run import backtest
from workbench.backtest.verification import GATES, Thresholds, Verification, break_even, checked, verify
from workbench.lifecycle import policy
from workbench.market import sample

if TYPE_CHECKING:
    from workbench.backtest.result import Result

LIMITS = Thresholds(min_trades=30, sharpe_threshold=0.0, max_drawdown=0.25, win_rate=0.45, profit_factor=1.2)
GOOD = {"trades": 30.0, "sharpe": 0.01, "max_drawdown": 0.249, "win_rate": 0.45, "profit_factor": 1.2}


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", archetype="mean_reversion"), sample("SPX"))


def test_the_defaults_are_those_of_the_policy() -> None:
    """Settings and policy name the same five numbers, so that a verified backtest is not refused by the gates for them."""
    ours = Thresholds.now(found=settings.Settings())
    gates = policy.default().thresholds()
    assert ours == Thresholds.now(gates, settings.Settings()) == LIMITS
    assert {gate: getattr(ours, name.lower()) for name, (gate, _title) in GATES.items()} == {
        gate: gates[gate] for gate, _title in GATES.values()
    }


def test_the_archetype_of_the_policy_counts_unless_a_person_set_something_else() -> None:
    """The policy's number goes before a default, a setting that was made goes before the policy."""
    archetype = {"win_rate": 0.35}
    assert Thresholds.now(archetype, settings.Settings()).win_rate == 0.35
    assert Thresholds.now(archetype, settings.Settings(WIN_RATE=0.5)).win_rate == 0.5
    assert Thresholds.now(archetype, settings.Settings()).min_trades == 30


def test_the_policy_says_its_thresholds_by_archetype() -> None:
    """A breakout may have a win rate of its own; proofs have no number."""
    rules = policy.default()
    requirements = [
        entry.model_copy(update={"by_archetype": {"breakout": 0.3}}) if entry.gate == "win_rate" else entry
        for entry in rules.transitions["LAB->PAPER"]
    ]
    changed = rules.model_copy(update={"transitions": {**rules.transitions, "LAB->PAPER": tuple(requirements)}})
    assert (changed.thresholds("breakout")["win_rate"], changed.thresholds("momentum")["win_rate"]) == (0.3, 0.45)
    assert "look_ahead" not in changed.thresholds()


@pytest.mark.parametrize(
    ("name", "wrong", "words"),
    [
        ("MIN_TRADES", {"trades": 29.0}, "29, needs 30"),
        ("SHARPE_THRESHOLD", {"sharpe": 0.0}, "0.00, needs more than 0"),
        ("MAX_DRAWDOWN", {"max_drawdown": 0.25}, "25.0 %, must stay below 25 %"),
        ("WIN_RATE", {"win_rate": 0.449}, "44.9 %, needs 45 %; breaks even at 40.4 %"),
        ("PROFIT_FACTOR", {"profit_factor": 1.19}, "1.19, needs 1.20"),
    ],
)
def test_each_check_fails_just_beside_its_threshold(name: str, wrong: dict[str, float], words: str) -> None:
    """At the threshold everything holds; one step beside it that check alone fails, and says so."""
    assert all(check.passed for check in checked(GOOD, LIMITS))
    failed = [check for check in checked({**GOOD, **wrong}, LIMITS) if not check.passed]
    assert [(check.name, check.words) for check in failed] == [(name, words)]


def test_what_does_not_exist_passes_nothing() -> None:
    """Without trades every check fails but the drawdown; without a loser the profit factor is infinite and passes."""
    nothing = {"trades": 0.0, "sharpe": math.nan, "max_drawdown": 0.0, "win_rate": math.nan, "profit_factor": math.nan}
    assert [check.name for check in checked(nothing, LIMITS) if check.passed] == ["MAX_DRAWDOWN"]
    winners = checked({**GOOD, "win_rate": 1.0, "profit_factor": math.nan}, LIMITS)[-1]
    assert (winners.value, winners.passed) == (math.inf, True)


@pytest.mark.parametrize(("rate", "payoff"), [(0.3, 2.5), (0.55, 1.0), (0.8, 0.3)])
def test_the_break_even_rate_is_where_the_payoff_cancels(rate: float, payoff: float) -> None:
    """With wins of ``payoff`` and losses of one the expectation at that rate is zero."""
    even = break_even(rate, payoff * rate / (1 - rate))
    assert even * payoff == pytest.approx(1 - even)


def test_a_verification_goes_round(result: Result) -> None:
    """Record and hash survive JSON; words say all is well or what is not."""
    found = verify(result, LIMITS)
    again = Verification.from_dict(json.loads(json.dumps(found.to_dict())))
    assert again == found
    assert again.verification_hash == found.verification_hash
    assert found.passed is (found.words == "verified: all 5 checks hold")
    strict = verify(result, Thresholds(min_trades=10_000, sharpe_threshold=0.0, max_drawdown=0.9, win_rate=0.0, profit_factor=0.0))
    assert strict.words.startswith("1 of 5 checks fail: trades ")


def test_a_verification_shows_itself(result: Result) -> None:
    """Five rows, one bar each, a quiet panel."""
    found = verify(result, LIMITS)
    assert found.frame["name"].tolist() == list(GATES)
    assert len(found.figure().data[0].y) == 5
    assert "Verification of" in found._repr_html_()
