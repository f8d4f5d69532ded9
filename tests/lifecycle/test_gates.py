from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from passing_evidence import good

from workbench.errors import InputError, UnknownNameError
from workbench.lifecycle import gates, policy
from workbench.lifecycle.gates.win_rate import break_even
from workbench.lifecycle.record import TrackRecord
from workbench.lifecycle.stages import Stage

RECORD = TrackRecord(bot="b", stage="PAPER")

# gate, threshold, a change of the evidence, expected status, expected words
CASES = [
    ("trades", 30, {"metrics": {"trades": 31.0}}, "pass", "31 trades, needs 30"),
    ("trades", 30, {"metrics": {"trades": 30.0}}, "pass", "30 trades, needs 30"),
    ("trades", 30, {"metrics": {"trades": 29.0}}, "fail", "29 trades, needs 30"),
    ("sharpe", 0.0, {"metrics": {"sharpe": 0.0}}, "fail", "0.00, needs more than 0"),
    ("sharpe", 0.0, {"metrics": {"sharpe": 0.01}}, "pass", "0.01, needs more than 0"),
    ("sharpe", 0.0, {"metrics": {"sharpe": math.nan}}, "fail", "–, needs more than 0"),
    ("drawdown", 0.25, {"metrics": {"max_drawdown": -0.25}}, "fail", "25.0 %, must stay below 25 %"),
    ("drawdown", 0.25, {"metrics": {"max_drawdown": 0.249}}, "pass", "24.9 %, must stay below 25 %"),
    ("win_rate", 0.45, {"metrics": {"win_rate": 0.45, "profit_factor": 1.2}}, "pass", "45.0 %, needs 45 %; breaks even at 40.5 %"),
    ("win_rate", 0.45, {"metrics": {"win_rate": 0.449, "profit_factor": 1.2}}, "fail", "44.9 %, needs 45 %; breaks even at 40.4 %"),
    ("win_rate", 0.45, {"metrics": {"win_rate": math.nan}}, "fail", "–, needs 45 %"),
    ("profit_factor", 1.2, {"metrics": {"profit_factor": 1.2}}, "pass", "1.20, needs 1.20"),
    ("profit_factor", 1.2, {"metrics": {"profit_factor": 1.19}}, "fail", "1.19, needs 1.20"),
    ("profit_factor", 1.2, {"metrics": {"profit_factor": math.inf}}, "pass", "∞, needs 1.20"),
    ("walk_forward", 0.6, {"robustness": 0.6}, "pass", "3 of 5 folds hold (60 %), needs 60 %"),
    ("walk_forward", 0.6, {"robustness": 0.4}, "fail", "2 of 5 folds hold (40 %), needs 60 %"),
    ("walk_forward", 0.6, {"robustness": None}, "not_yet", "no walk-forward yet"),
    ("deflated_sharpe", 0.9, {"deflated_sharpe": 0.81}, "fail", "0.81 after 417 trials, needs 0.90"),
    ("deflated_sharpe", 0.9, {"deflated_sharpe": 0.9}, "pass", "0.90 after 417 trials, needs 0.90"),
    ("deflated_sharpe", 0.9, {"deflated_sharpe": None}, "not_yet", "no trials counted"),
    ("deflated_sharpe", 0.9, {"trials": 0}, "not_yet", "no trials counted"),
    ("overfitting", 0.5, {"pbo": 0.5}, "pass", "0.50 over 400 points, at most 0.50"),
    ("overfitting", 0.5, {"pbo": 0.51}, "fail", "0.51 over 400 points, at most 0.50"),
    ("overfitting", 0.5, {"pbo": None}, "not_yet", "no sweep yet"),
    ("look_ahead", None, {"look_ahead": True}, "pass", "decisions unchanged on truncated bars"),
    ("look_ahead", None, {"look_ahead": False}, "fail", "a decision changed when later bars were removed"),
    ("look_ahead", None, {"look_ahead": None}, "not_yet", "not proved yet"),
    ("streaming", None, {"streaming": False}, "fail", "batch and stream differ"),
    ("streaming", None, {"streaming": None}, "not_yet", "not proved yet"),
    ("cross_check", None, {"cross_check": "equal"}, "pass", "equal fills and profit"),
    ("cross_check", None, {"cross_check": "different"}, "fail", "the two engines differ"),
    ("cross_check", None, {"cross_check": "absent"}, "not_yet", "not proved yet"),
    ("findings", None, {"findings": ()}, "pass", "nothing blocks"),
    ("findings", None, {"findings": ({"severity": "SEV-2", "code": "c", "message": "m"},)}, "pass", "nothing blocks, 1 noted"),
    ("findings", None, {"findings": ({"severity": "SEV-1", "code": "c", "message": "m"},)}, "fail", "SEV-1 c: m"),
]


@pytest.mark.parametrize(("name", "threshold", "change", "status", "words"), CASES)
def test_a_gate_says_status_and_words(name: str, threshold: float | None, change: dict[str, Any], status: str, words: str) -> None:
    """Each gate judges at, above and below its threshold as the specification puts it, and says value and threshold."""
    verdict = gates.build(name, threshold).judge(good(**change))

    assert (verdict.status, verdict.words) == (status, words)


@pytest.mark.parametrize(("name", "threshold", "change", "status"), [case[:4] for case in CASES])
def test_a_verdict_names_its_source_and_what_is_missing(name: str, threshold: float | None, change: dict[str, Any], status: str) -> None:
    """The source is the hash of the evidence; only what is not yet there says what is missing."""
    evidence = good(**change)
    verdict = gates.build(name, threshold).judge(evidence)

    assert verdict.source == evidence.evidence_hash
    assert bool(verdict.missing) == (status == "not_yet")


@pytest.mark.parametrize("stage", [Stage.PAPER, Stage.SHADOW, Stage.CANARY])
def test_gates_above_paper_are_not_yet_without_a_record(stage: Stage) -> None:
    """Every gate of a later transition but the deflated Sharpe answers not yet, with what is missing."""
    verdicts = [gate.judge(good(), RECORD) for gate in policy.default().gates(stage) if gate.name != "deflated_sharpe"]

    assert {(verdict.status, bool(verdict.missing)) for verdict in verdicts} == {("not_yet", True)}


FULL = TrackRecord(
    bot="b",
    stage="ANY",
    sessions=20,
    trades=30,
    unexplained=0.1,
    inside_interval=True,
    shadow_days=7,
    sharpe=1.0,
    production_sharpe=1.1,
    harm=0.5,
    drift_sigma=3.0,
    canary_sessions=20,
    slippage_ratio=1.5,
    drill_age_days=30.0,
    self_test=True,
    signatures=2,
)


@pytest.mark.parametrize("stage", [Stage.LAB, Stage.PAPER, Stage.SHADOW, Stage.CANARY])
def test_every_gate_can_be_passed(stage: Stage) -> None:
    """With a complete record each transition opens: no gate is impossible."""
    verdicts = [gate.judge(good(), FULL) for gate in policy.default().gates(stage)]

    assert [verdict.gate for verdict in verdicts if not verdict.passed] == []


@pytest.mark.parametrize(
    ("gate", "threshold", "field", "bad", "status"),
    [
        ("paper_sessions", 20, "sessions", 19, "not_yet"),
        ("paper_trades", 30, "trades", 29, "not_yet"),
        ("divergence", 0.1, "unexplained", 0.11, "fail"),
        ("interval", None, "inside_interval", False, "fail"),
        ("shadow_days", 7, "shadow_days", 6, "not_yet"),
        ("production_sharpe", -0.2, "sharpe", 0.9, "fail"),
        ("harm", 0.05, "harm", 0.05, "fail"),
        ("drift", 3.0, "drift_sigma", 3.01, "fail"),
        ("canary_sessions", 20, "canary_sessions", 19, "not_yet"),
        ("slippage", 1.5, "slippage_ratio", 1.51, "fail"),
        ("recovery_drill", 30, "drill_age_days", 31.0, "fail"),
        ("self_test", None, "self_test", False, "fail"),
        ("signatures", 2, "signatures", 1, "fail"),
    ],
)
def test_a_record_just_short_of_the_threshold_is_held_back(gate: str, threshold: float | None, field: str, bad: Any, status: str) -> None:
    """Numbers that grow with time are not yet, all others fail."""
    assert gates.build(gate, threshold).judge(good(), replace(FULL, **{field: bad})).status == status


@given(wins=st.lists(st.floats(0.5, 1e3), min_size=1, max_size=20), losses=st.lists(st.floats(0.5, 1e3), min_size=1, max_size=20))
def test_break_even_is_where_average_win_and_loss_cancel(wins: list[float], losses: list[float]) -> None:
    """From trades one by one: average loss / (average win + average loss)."""
    average_win, average_loss = sum(wins) / len(wins), sum(losses) / len(losses)
    rate = len(wins) / (len(wins) + len(losses))

    assert break_even(rate, sum(wins) / sum(losses)) == pytest.approx(average_loss / (average_win + average_loss), rel=1e-9)


def test_an_unknown_gate_and_a_threshold_on_a_proof_are_refused() -> None:
    """A misspelt gate gets a suggestion; a proof takes no number and a comparison needs one."""
    with pytest.raises(UnknownNameError, match="did you mean drawdown"):
        gates.build("drawdwon", 0.25)
    with pytest.raises(InputError, match="is a proof"):
        gates.build("streaming", 1.0)
    with pytest.raises(InputError, match="needs a threshold"):
        gates.build("trades")
