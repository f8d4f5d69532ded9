"""vectorbt against our engine on the rules that only some markets have: fills at the close, ends, fees once, leverage, calls, borrowing, volume."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from test_crosscheck import PLAIN, _hours, _prices, _random_rules

from workbench.backtest.crosscheck import check_run
from workbench.backtest.engine import account as a
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.timeline import Run

if TYPE_CHECKING:
    from workbench.backtest.engine.rules import FillRules

pytest.importorskip("vectorbt")

CASH = PLAIN._replace(
    tick=0.0, multiplier=1.0, lot=0.0, slippage_ticks=0.0, fee_per_contract=0.0, margin=0.0, stop_kind=0.0, target_kind=0.0
)
"""A share without costs or brackets."""


def _filling(draw: np.random.Generator) -> dict[str, float]:
    """Return each rule as by default half of the time."""
    drawn = {
        "fill_at": (0.0, 1.0),
        "end_kind": (0.0, 1.0, 2.0),
        "fee_minimum": (0.0, 1.0, 40.0),
        "fee_on": (0.0, 1.0, 2.0),
        "borrow_rate": (0.0, 0.03, 0.5),
        "leverage": (1.0, 2.0, 5.0),
        "maintenance": (0.0, 0.25, 0.9),
        "volume_share": (0.0, 0.01, 0.5),
        "short_allowed": (1.0, 0.0),
    }
    return {name: values[0] if draw.random() < 0.5 else float(draw.choice(values[1:])) for name, values in drawn.items()}


def _run(rules: FillRules, prices: Prices, hours: Hours, signals: Orders) -> Run:
    distance = np.full(len(prices.close), 20.0)
    fills, _, equity = simulate(a.new_account(rules), rules, prices, hours, signals, distance)
    return Run(prices=prices, hours=hours, signals=signals, rules=rules, distance=distance, fills=fills, equity=equity)


def _random_run(seed: int, length: int = 300, **rules: float) -> Run:
    draw = np.random.default_rng(seed)
    tick = float(draw.choice([0.25, 0.01, 0.0]))
    found = _random_rules(draw, tick)._replace(**_filling(draw))._replace(**rules)
    prices = _prices(draw, length, tick)._replace(volume=np.round(draw.exponential(1000.0, length)))
    hours = _hours(draw, length)
    hours = hours._replace(nights=hours.new_session * draw.integers(1, 4, length).astype(np.float64))
    signals = Orders(*((draw.random(length) < share).astype(np.uint8) for share in draw.choice([0.0, 0.05, 0.1, 0.3], 4)))
    return _run(found, prices, hours, signals)


@pytest.mark.parametrize("seed", range(200))
def test_random_runs_with_every_rule_agree(seed: int) -> None:
    """Whatever rules are asked for, vectorbt finds the same fills, prices and money."""
    found = check_run(_random_run(seed))
    assert (found.verdict, found.detail) == ("equal", "")
    assert max(found.worst_price, found.worst_pnl) < 1e-9


def _one_trade(rules: FillRules, *rows: tuple[float, ...], said: str = "buy", **hours: list[int]) -> Run:
    """Return a run that enters at the first close."""
    columns = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    signals = Orders(*np.zeros((4, len(rows)), np.uint8))
    (signals.entry_long if said == "buy" else signals.entry_short)[0] = 1
    known = Hours.always(len(rows))._replace(nights=np.zeros(len(rows)))
    for name, values in hours.items():
        getattr(known, name)[:] = values
    return _run(rules, Prices(*columns), known, signals)


FOUR = ((100, 101, 99, 100), (100, 101, 99, 100), (102, 104, 101, 103), (102, 104, 101, 103))


def test_fills_at_the_close_are_found_by_vectorbt_itself() -> None:
    """Entries, exits and reversals at the close that decides are independent, not replayed."""
    found = check_run(_random_run(4, fill_at=1.0, end_kind=0.0, maintenance=0.0, time_stop_bars=0.0, max_daily_loss=0.0, short_allowed=1.0))
    assert (found.verdict, found.independent["entry"] > 5, found.replayed.keys() <= {"trailing", "session"}) == ("equal", True, True)


@pytest.mark.parametrize("end", [1.0, 2.0])
def test_the_end_is_replayed(end: float) -> None:
    """That data end is nothing vectorbt could know."""
    found = check_run(_one_trade(CASH._replace(end_kind=end), *FOUR))
    assert (found.verdict, found.independent, found.replayed) == ("equal", {"entry": 1}, {"end": 1})


def test_a_margin_call_is_replayed() -> None:
    """A position closed for want of equity is told to vectorbt, and the entry is its own."""
    rules = CASH._replace(size_value=4000.0, leverage=4.0, maintenance=0.24, initial_cash=100_000.0)
    found = check_run(_one_trade(rules, *FOUR[:2], (99, 99, 98, 98.5), (98, 99, 97, 98)))
    assert (found.verdict, found.independent, found.replayed) == ("equal", {"entry": 1}, {"margin": 1})


def test_borrowing_and_volume_are_said_to_be_assumed() -> None:
    """What vectorbt has no notion of is named in the verdict's words and record."""
    rules = CASH._replace(borrow_rate=0.05, volume_share=0.1, time_stop_bars=2.0)
    run = _one_trade(rules, *((*row, 1000) for row in FOUR), said="short", nights=[0, 0, 3, 0])
    found = check_run(run)
    assert (found.verdict, found.assumed, found.to_dict()["assumed"]) == (
        "equal",
        ("borrowing", "share of volume"),
        ["borrowing", "share of volume"],
    )
    assert found.words.endswith("borrowing and share of volume computed a second time, not by vectorbt")
    assert (
        "assumed"
        not in check_run(
            replace(run, rules=CASH, fills=run.fills[:0], equity=np.full(4, 1e6), signals=Orders(*np.zeros((4, 4), np.uint8)))
        ).to_dict()
    )


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"fill_at": 0.0}, "differs in bar"),
        ({"fee_minimum": 0.0}, "fill 1 differs in fee"),
        ({"fee_on": 2.0}, "fill 1 differs in fee"),
        ({"leverage": 1.0}, "fill 1 differs in quantity"),
        ({"volume_share": 0.00001}, "fill 1 differs in quantity"),
        ({"borrow_rate": 0.0}, "differs in quantity"),
        ({"maintenance": 0.99}, "differs"),
        ({"end_kind": 0.0}, "fill"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_rule_than_the_one_that_was_used_is_caught(wrong: dict[str, float], word: str) -> None:
    """Fills made by one rule beside the words of another are different, and the first difference is named."""
    rules = CASH._replace(
        fill_at=1.0, end_kind=1.0, fee_per_contract=0.01, fee_minimum=30.0, fee_on=1.0, leverage=3.0, maintenance=0.05, volume_share=0.5,
        borrow_rate=0.5, size_kind=2.0, size_value=0.9, stop_kind=2.0, stop_value=0.05,
    )  # fmt: skip
    draw = np.random.default_rng(3)
    prices = _prices(draw, 120, 0.0)._replace(volume=np.full(120, 1e6))
    hours = Hours.always(120)._replace(nights=np.ones(120))
    signals = Orders(*((draw.random(120) < 0.15).astype(np.uint8) for _ in range(4)))
    signals.entry_long[-9:], signals.exit_long[-9:], signals.entry_short[-9:], signals.exit_short[-9:] = 0, 0, 1, 0  # short at the end
    run = _run(rules, prices, hours, signals)
    assert check_run(run).verdict == "equal"
    found = check_run(replace(run, rules=rules._replace(**wrong)))
    assert (found.verdict, word in found.detail) == ("different", True)
