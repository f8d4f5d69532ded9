"""The evidence page as data: every statistic with a number and words, what was not looked at says so, proofs and regimes are there."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.app import Bench
from workbench.backtest.evidence import assemble
from workbench.backtest.evidence.pieces import pieces
from workbench.market import sample
from workbench.widgets.backtest import Desk, acts, findings

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.backtest.evidence import Evidence
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.backtest import Outcome

WAIT = 60


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory, dip: Strategy) -> Outcome:
    """Full evidence, gathered once."""
    from workbench.store import Database

    folder: Path = tmp_path_factory.mktemp("evidence")
    desk = Desk(Bench(Database.open(f"sqlite:///{folder}/store.sqlite")), dip, sample("SPX").head(1400))
    task = desk.run(desk.ticket(replace(desk.form("given"), kind="evidence", folds=3.0))).wait(WAIT)
    assert task.problem == ""
    assert task.result is not None
    return task.result


@pytest.fixture(scope="module")
def deep(outcome: Outcome, dip: Strategy) -> Evidence:
    """The same with the tests that take longer."""
    assert outcome.result is not None
    found = pieces(dip, outcome.result, swept=outcome.sweep, permutations=9, deep=True)
    return assemble(outcome.result, walk_forward=outcome.walk, **found)


def test_what_was_not_looked_at_says_so(outcome: Outcome) -> None:
    """A piece that is missing has no number and no words, never a zero."""
    assert outcome.evidence is not None
    bare = replace(
        outcome.evidence, superior_ability=None, permutation=None, stress=None, regimes=None, capacity=None, effective_trials=None
    )
    rows = {row["name"]: row for row in findings.statistics(bare)}
    for name in ("SPA", "Reality check", "Permutation", "Cost stress", "Regimes", "Capacity", "… by effective trials"):
        assert (rows[name]["value"], rows[name]["words"]) == (findings.NOT_LOOKED, "")
    assert rows["Deflated Sharpe"]["value"].endswith("%")
    assert (findings.stress_rows(bare), findings.regime_heat(bare)) == ([], None)


def test_every_statistic_has_a_number_and_a_sentence(deep: Evidence) -> None:
    """With the deep tests each row but those of the count has both."""
    rows = {row["name"]: row for row in findings.statistics(deep)}
    for name in ("Probabilistic Sharpe", "Walk-forward", "SPA", "Reality check", "Permutation", "Cost stress", "Regimes", "Capacity"):
        assert rows[name]["value"] not in {"", findings.NOT_LOOKED}
        assert len(rows[name]["words"]) > 20
    assert rows["Deflated Sharpe"]["value"] == findings.NOT_LOOKED  # nothing was counted: never guessed
    assert [row["scenario"] for row in findings.stress_rows(deep)][:2] == ["as run", "costs x2"]


def test_regimes_are_a_table_of_profit(deep: Evidence) -> None:
    """Trend across, volatility up; the profits add up to that of the run without the first bars."""
    drawn = findings.regime_heat(deep)
    assert drawn is not None
    assert (drawn["x"], drawn["y"], drawn["z"].shape) == (["down", "sideways", "up"], ["calm", "usual", "wild"], (3, 3))
    cells = (deep.regimes or {})["cells"]
    assert math.isclose(float(np.nansum(drawn["z"])), sum(cell["profit"] for cell in cells if cell["bars"]))


def test_proofs_are_named_with_their_coverage(outcome: Outcome) -> None:
    """Look-ahead, live form and second engine, each with a mark and what was compared."""
    assert outcome.evidence is not None
    rows = {row["name"]: row for row in findings.proofs(outcome.evidence)}
    assert rows["No look-ahead"]["value"] == "✓ holds"
    assert "truncations" in rows["No look-ahead"]["words"]
    assert rows["Second engine"]["value"] in {"✓ equal", "absent"}
    failed = replace(outcome.evidence, look_ahead=False, streaming=None)
    rows = {row["name"]: row for row in findings.proofs(failed)}
    assert (rows["No look-ahead"]["value"], rows["Live decides the same"]["value"]) == ("✗ FAILS", findings.NOT_LOOKED)


def test_a_run_is_verified_without_evidence(outcome: Outcome) -> None:
    """The five questions come with every run, as gate rows; the sentence says how to get the rest."""
    assert outcome.verification is not None
    rows = findings.gate_rows(outcome.verification)
    assert [row["gate"] for row in rows] == ["MIN_TRADES", "SHARPE_THRESHOLD", "MAX_DRAWDOWN", "WIN_RATE", "PROFIT_FACTOR"]
    assert {row["status"] for row in rows} <= {"pass", "fail"}
    kind, words, advice = findings.verdict_words(replace(outcome, evidence=None, verdicts=()))
    assert (kind in {"ok", "warning"}, "checks" in words, "Full evidence" in advice) == (True, True, True)


def test_hurried_evidence_says_what_it_lacks(outcome: Outcome) -> None:
    """Stopped before the longer tests, the page says so."""
    assert "not looked at" in findings.verdict_words(replace(outcome, hurried=True))[1]


class Impatient:
    """Stops at the first word of the permutation test."""

    def at(self, _done: int, _total: int, what: str) -> None:
        if what.startswith("permutation"):
            raise KeyboardInterrupt


def test_a_stop_before_the_longer_tests_keeps_the_evidence(outcome: Outcome, dip: Strategy, tmp_path: Path) -> None:
    """Gates are judged without them: the statistics say that they were not looked at."""
    from workbench.store import Database

    bench = Bench(Database.open(f"sqlite:///{tmp_path}/store.sqlite"))
    desk = Desk(bench, dip, sample("SPX").head(1400))
    found = acts.act(bench, desk.ticket(replace(desk.form("given"), kind="evidence", folds=3.0)), Impatient())
    assert (found.hurried, found.interrupted, len(found.verdicts)) == (True, False, len(outcome.verdicts))
    assert found.evidence is not None
    assert (found.evidence.permutation, found.evidence.stress is not None) == (None, True)
