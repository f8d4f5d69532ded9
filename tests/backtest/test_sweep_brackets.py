"""A grid may vary stop, target, trailing, time stop and size; such a point is the run, and the trial, of a strategy written that way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.backtest.forecast import Plan, forecast
from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.errors import InputError, UnknownNameError
from workbench.market import Bars, sample, synthetic
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from workbench.store import Database

TEXT = "buy when rsi($n) < 30; sell when rsi($n) > 60"
RANGE = {"n": (2, 2, 20, 1)}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(1500)


def dip(**options: object) -> Strategy:
    return strategy(TEXT, parameters=RANGE, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "grid"),
    [
        ({"stop": "2%", "target": "5%"}, {"stop": [1, 2.5], "target": [3, 5], "n": [2, 5]}),
        ({"trailing": "2 atr", "time_stop": 20}, {"trailing": [1, 3], "time_stop": [5, 10]}),
        ({"stop": "3%", "sizing": "1% risk"}, {"size": [0.5, 2], "stop": [1, 4]}),
        ({"stop": "1 atr"}, {"stop": [0.5, 1.0, 2.0], "size": [20, 95]}),
    ],
    ids=str,
)
def test_points_equal_runs_with_these_brackets(bars: Bars, options: dict[str, object], grid: dict[str, list[float]]) -> None:
    """Every metric of every point is that of ``backtest`` with the same numbers, to the bit."""
    rule = dip(**options)
    found = sweep(rule, bars, grid)
    assert set(found.swept) == set(grid)
    for _, row in found.frame.iterrows():
        point = {name: row[name] for name in found.parameters}
        single = backtest(rule, bars, parameters=point).metrics
        for name in found.frame.columns.difference(found.parameters):
            assert np.array_equal(single[name], row[name], equal_nan=True), (point, name)


def test_ticks_are_ticks() -> None:
    """On a future with a stop in ticks, the value 16 is that of a strategy written with 16 ticks."""
    bars = synthetic("SYN", "15m", sessions=40)
    options = {"symbols": "SYN", "timeframe": "15m", "parameters": RANGE}
    swept = sweep(strategy(TEXT, stop="8 ticks", **options), bars, {"stop": [16]})  # type: ignore[arg-type]
    written = sweep(strategy(TEXT, stop="16 ticks", **options), bars, {"n": [2]})  # type: ignore[arg-type]
    assert np.array_equal(swept.rows, written.rows)


def test_the_same_trial_by_any_way_is_one_trial(bars: Bars, sqlite_database: Database) -> None:
    """As a point of a sweep, as a run with that bracket, and as a strategy written with it: one trial."""
    ledger = Ledger(sqlite_database)
    assert ledger.record_sweep(sweep(dip(stop="2%"), bars, {"n": [2, 3], "stop": [1, 2]})).new == 4
    assert not ledger.record(backtest(dip(stop="2%"), bars, parameters={"n": 3, "stop": 1})).new
    assert not ledger.record(backtest(dip(stop="1%"), bars, parameters={"n": 2})).new
    assert ledger.record_sweep(sweep(dip(stop="1%"), bars, {"n": [2, 3, 4]})).new == 1
    assert ledger.record(backtest(dip(stop="3%"), bars, parameters={"n": 3})).new
    assert ledger.count("SPX/common").trials == 6


def test_a_forecast_counts_brackets_too(bars: Bars, sqlite_database: Database) -> None:
    """What a sweep of stops would add is told beforehand, without those that are counted already."""
    ledger, points = Ledger(sqlite_database), [{"n": n, "stop": stop} for n in (2, 3) for stop in (1, 2)]
    ledger.record(backtest(dip(stop="1%"), bars, parameters={"n": 3}))
    told = forecast(ledger, dip(stop="2%"), bars, Plan(cash=100_000.0, points=points))
    assert (told.before, told.least, told.most) == (1, 3, 3)
    assert ledger.record_sweep(sweep(dip(stop="2%"), bars, points)).new == 3


def test_the_best_point_can_be_run(bars: Bars) -> None:
    """``best`` names brackets too, and running it gives its numbers."""
    found = sweep(dip(stop="2%"), bars, {"stop": [0.5, 1, 3], "n": [2, 4]})
    assert set(found.best) == {"n", "stop"}
    assert backtest(dip(stop="2%"), bars, parameters=found.best).metrics.sharpe == found.frame["sharpe"].iloc[0]


def test_what_cannot_be_varied_says_what_to_write(bars: Bars) -> None:
    """A bracket that is not there, an unknown name, a name with two meanings and impossible values end in one sentence."""
    with pytest.raises(InputError, match="has no target"):
        sweep(dip(stop="2%"), bars, {"target": [1, 2]})
    with pytest.raises(UnknownNameError, match="did you mean stop"):
        sweep(dip(stop="2%"), bars, {"stops": [1, 2]})
    twice = strategy("buy when rsi(2) < $stop; sell when rsi(2) > 60", stop="2%", parameters={"stop": (10, 5, 40, 5)})
    with pytest.raises(InputError, match="rename the parameter"):
        sweep(twice, bars, {"stop": [10, 20]})
    with pytest.raises(InputError, match="percent"):
        sweep(dip(stop="2%"), bars, {"stop": [1, -1]})
    with pytest.raises(InputError, match="whole number of bars"):
        sweep(dip(time_stop=5), bars, {"time_stop": [2.5]})
    with pytest.raises(InputError, match="every point needs a value for stop"):
        sweep(dip(stop="2%"), bars, [{"stop": 1}, {"n": 3}])


def test_a_parameter_may_be_called_like_a_bracket(bars: Bars) -> None:
    """Without a bracket of that name, ``$stop`` is a parameter like any other."""
    rule = strategy("buy when rsi(2) < $stop; sell when rsi(2) > 60", parameters={"stop": (10, 5, 40, 5)})
    assert sweep(rule, bars, {"stop": [10, 20]}).parameters == ("stop",)
