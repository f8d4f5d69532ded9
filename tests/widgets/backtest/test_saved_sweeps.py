"""Recorded sweeps: listed beside backtests, opened again from the ledger, their points run without another trial."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.app import Bench
from workbench.backtest.saved import SavedRun, SavedSweep
from workbench.errors import DataUnavailableError
from workbench.market import validate
from workbench.widgets.backtest import Desk, comparison

if TYPE_CHECKING:
    from workbench.widgets.backtest import Form, Outcome

WAIT = 60
TRIED = {"low": "10 20", "high": "60", "stop": "2 5", "size": ""}


@pytest.fixture
def swept(desk: Desk, form: Form) -> Outcome:
    """A sweep over a level and a stop."""
    found = desk.run(desk.ticket(replace(form, kind="sweep", tried=TRIED))).wait(WAIT).result
    assert found is not None
    return found


def test_runs_and_sweeps_are_listed_together(desk: Desk, form: Form, swept: Outcome) -> None:
    """The latest first: a backtest with its figures, the sweep with its points and what it varied."""
    assert swept.sweep is not None
    desk.run(desk.ticket(replace(form, values={**form.values, "low": 7.0}))).wait(WAIT)
    found = desk.saved("dip")
    assert [type(one) for one in found] == [SavedRun, SavedSweep]
    run, sweep = comparison.run_rows(found)
    assert (run["what"], sweep["what"]) == ("backtest", "sweep · 4 points")
    assert sweep["parameters"].startswith("$low, stop · mean Sharpe")
    assert (run["actions"], sweep["actions"]) == (["pick"], ["open"])


def test_a_recorded_sweep_is_the_sweep(desk: Desk, swept: Outcome) -> None:
    """Read back from the ledger the points, their order and their figures are those that were made."""
    (saved,) = desk.saved("dip")
    assert isinstance(saved, SavedSweep)
    assert swept.sweep is not None
    land = desk.landscape(saved)
    columns = [*swept.sweep.parameters, "sharpe", "total_return", "trades"]
    assert land.swept == swept.sweep.swept
    np.testing.assert_array_equal(land.frame[columns].to_numpy(), swept.sweep.frame[columns].to_numpy())


def test_its_points_run_without_another_trial(desk: Desk, swept: Outcome) -> None:
    """A point of a reopened sweep gives the figures that the sweep recorded, stop included, and counts nothing."""
    (saved,) = desk.saved("dip")
    assert isinstance(saved, SavedSweep)
    land, opened = desk.landscape(saved), desk.reopen(saved)
    found = desk.open_point(opened, land.values(2), land.words(2))
    assert found.result is not None
    assert (found.result.metrics.sharpe, found.point) == (land.frame["sharpe"].iloc[2], "point #3")
    assert desk.bench.ledger.count("SPX/common").trials == swept.after == 4


def test_a_stopped_sweep_that_went_on_is_one_sweep(desk: Desk, form: Form) -> None:
    """Stopped and run again: one row, every point once."""
    many = replace(form, kind="sweep", tried={"low": "1..60", "high": "40..89"}, no_ceiling=True)
    task = desk.run(desk.ticket(many))
    task.stop()
    task.wait(WAIT)
    desk.run(desk.ticket(many)).wait(WAIT)
    (saved,) = desk.saved("dip")
    assert isinstance(saved, SavedSweep)
    assert (saved.trials, saved.new, len(desk.landscape(saved).frame)) == (3000, 3000, 3000)


def test_a_sweep_on_foreign_bars_can_be_looked_at_only(desk: Desk) -> None:
    """Where its bars are not here the points are shown and the way to run them is told."""
    frame = desk.bars("SPX", "1d").head(400).frame * 1.01
    bars = validate(frame, "SPX")
    mine = strategy("buy when rsi(2) < $low; sell when rsi(2) > 60", parameters={"low": (10, 5, 25, 5)}, name="mine")
    theirs = Desk(Bench(desk.bench.database), mine, bars)
    theirs.run(theirs.ticket(replace(theirs.form("given"), kind="sweep"))).wait(WAIT)
    (saved,) = desk.saved("mine")
    assert isinstance(saved, SavedSweep)
    assert len(desk.landscape(saved).frame) == 5
    with pytest.raises(DataUnavailableError, match=r"bench\.backtester"):
        desk.reopen(saved)


def test_a_run_that_a_sweep_had_counted_is_listed_too(desk: Desk, form: Form, swept: Outcome) -> None:
    """Its trial has no record of its own, so the widget remembers it: it is in the list and can be compared, and nothing is counted twice."""
    desk.run(desk.ticket(replace(form, values={**form.values, "low": 20.0}))).wait(WAIT)
    desk.run(desk.ticket(replace(form, values={**form.values, "low": 20.0, "stop": 2.0}))).wait(WAIT)
    runs = [one for one in desk.saved("dip") if isinstance(one, SavedRun)]
    assert [run.parameters["low"] for run in runs] == [20.0, 20.0]
    assert [result.metrics.sharpe for result in desk.compare(runs).results] == [run.metrics["sharpe"] for run in runs]
    assert desk.bench.ledger.count("SPX/common").trials == swept.after
