# ruff: noqa: ANN001, ANN201, ANN202 - functions are written as a researcher types them
"""A strategy in Python is a strategy: it is stored, compared, run, swept and streamed like any other."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.backtest.walkforward import walk_forward
from workbench.errors import InputError, SpecError
from workbench.market import Bars, sample
from workbench.strategy.columns import Columns
from workbench.strategy.in_python import from_function, python_strategy
from workbench.strategy.python.child import Child
from workbench.strategy.python.runner import Here
from workbench.strategy.signals import DIRECTIONS
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy, strategy
from workbench.strategy.validators import validate

GRID = {"fast": (10, 5, 20, 5)}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(900)


def mean(series, bars):
    return series.rolling(bars).mean()


@python_strategy(symbols="SPX", warmup=50, parameters=GRID, stop="2 atr")
def cross(bars, fast=10, slow=50):
    """Hold while the fast average is above the slow one."""
    return mean(bars.close, fast) > mean(bars.close, slow)


def test_it_makes_the_trades_of_the_same_rule(bars: Bars) -> None:
    """Levels in pandas and the rule `sma(10) > sma(50)` enter and leave on the same bars at the same prices."""
    said = strategy("buy when sma(10) > sma(50); sell when sma(10) <= sma(50)", symbols="SPX", stop="2 atr")
    ours, theirs = backtest(cross, bars), backtest(said, bars)
    first = ours.trades["entry_time"] > bars.frame.index[60]  # the warm-ups differ by a bar
    assert len(ours.trades) > 5
    assert ours.trades[first]["entry_time"].isin(theirs.trades["entry_time"]).all()
    assert ours.crosscheck.verdict == "equal"


def test_its_specification_is_rebuilt_from_json() -> None:
    """The same text gives the same hash and the same program; a rule's specification has no field for it."""
    again = Strategy(StrategySpec.from_json(cross.spec.to_json()))
    assert again == cross
    assert again.program.program_hash == cross.program.program_hash
    assert again.decider({"fast": 5}).params == {"fast": 5.0, "slow": 50.0}
    assert '"python"' not in strategy("buy when close > open; sell when close < open").spec.to_json()
    assert pickle.loads(pickle.dumps(cross.program)).program_hash == cross.program.program_hash


def test_comments_parameters_and_warm_up_are_in_the_hash() -> None:
    """Another warm-up or another default is another strategy; the program knows code and parameter names only."""
    longer = from_function(cross_again, symbols="SPX", warmup=60, parameters=GRID, stop="2 atr")
    other = cross.with_parameters(fast=15)
    assert len({cross.spec_hash, longer.spec_hash, other.spec_hash}) == 3
    assert other.program.program_hash == cross.program.program_hash
    assert "python.cross_again: removed" in str(cross.spec.diff(longer.spec)) or "python.cross_again: added" in str(
        cross.spec.diff(longer.spec)
    )
    assert "python.warmup: 50 became 60" in str(cross.spec.diff(longer.spec))


def cross_again(bars, fast=10, slow=50):
    return mean(bars.close, fast) > mean(bars.close, slow)


def test_rules_and_a_function_exclude_each_other() -> None:
    """One of them decides."""
    with pytest.raises(SpecError, match="has rules and the function cross"):
        cross.revised(rules={"entry_long": "close > open"})


def test_a_sweep_is_its_backtests(bars: Bars) -> None:
    """Every point of a sweep has the numbers of its own backtest, to the bit."""
    swept = sweep(cross, bars, {"fast": [5, 10, 15]})
    assert len(swept.frame) == 3
    for _, row in swept.frame.iterrows():
        alone = backtest(cross, bars, parameters={"fast": row["fast"]}).metrics
        assert (row["total_return"], row["trades"]) == (alone.total_return, alone.trades)


def test_packed_signals_are_its_columns(bars: Bars) -> None:
    """The bits that a sweep reads are those of the columns."""
    points = [{"fast": 5.0, "slow": 50.0}, {"fast": 20.0, "slow": 40.0}]
    packed = cross.program.packed(points, Columns(bars))
    table = cross.program.packed(np.array([[5.0, 50.0], [20.0, 40.0]]), Columns(bars))
    assert np.array_equal(packed.words, table.words)
    for place, point in enumerate(points):
        alone = cross.decider(point).columns(bars)
        for name in DIRECTIONS:
            assert np.array_equal(getattr(packed.signals(place), name), getattr(alone, name))


def test_it_walks_forward(bars: Bars) -> None:
    """Parameters are chosen on the past and traded afterwards."""
    walked = walk_forward(cross, bars, {"fast": [5, 10, 15]}, folds=3)
    assert len(walked.folds) == 3


def test_the_live_form_decides_as_the_batch_and_goes_on_from_a_snapshot(bars: Bars) -> None:
    """Bar by bar from its window, in a child process, every decision and the bracket distance are those of the batch."""
    decider = cross.decider()
    batch = decider.columns(bars)
    stream, other = decider.stream(), decider.stream()
    rows = list(
        zip(*(getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")), bars.time.tolist(), strict=True)
    )
    for place, (*numbers, time) in enumerate(rows[:120]):
        said = stream.update(*numbers, time=time)
        assert [said[name] for name in DIRECTIONS] == [bool(getattr(batch, name)[place]) for name in DIRECTIONS]
        assert said["atr"] == batch.numbers["atr"][place] or np.isnan(said["atr"])
    other.restore(stream.snapshot())
    for *numbers, time in rows[120:125]:
        assert other.update(*numbers, time=time) == stream.update(*numbers, time=time)
    assert other.snapshot() == stream.snapshot()
    with pytest.raises(InputError, match="another strategy"):
        stream.restore(b"[]\nx")


def test_a_failing_function_names_its_line(bars: Bars) -> None:
    """The error of the library and the line that made it are in the message."""

    def broken(bars):
        return bars["Close"] > 0

    made = from_function(broken, symbols="SPX", warmup=5, stop="2%")
    with pytest.raises(InputError, match=r"broken fails on 900 bars: KeyError: 'Close', in broken: return bars\[\"Close\"\] > 0"):
        backtest(made, bars)


def test_what_a_function_does_to_its_frame_stays_there(bars: Bars) -> None:
    """It gets a copy."""

    def careless(bars):
        bars["close"] = 1.0
        bars.loc[:, "open"] = 0.0
        return bars.close > bars.open

    before = bars.frame.copy()
    backtest(from_function(careless, symbols="SPX", warmup=1, stop="2%"), bars)
    pd.testing.assert_frame_equal(bars.frame, before)


def test_our_indicators_can_be_asked(bars: Bars) -> None:
    """`wb.indicator` takes the frame of a function and gives the numbers of the rule language."""

    def dip(bars):
        return wb.indicator("rsi", bars, period=2) < 10

    made = from_function(dip, symbols="SPX", warmup=100, stop="2%")
    rule = strategy("buy when rsi(2) < 10; sell when rsi(2) >= 10", symbols="SPX", stop="2%")
    ours, theirs = made.decider().columns(bars), rule.decider().columns(bars)
    assert np.array_equal(ours.entry_long[100:], theirs.entry_long[100:])


def test_validators_read_it() -> None:
    """A function with a stop may become a bot."""
    assert [finding for finding in validate(cross.spec) if finding.severity == "SEV-0"] == []
    assert "cross" in cross._repr_html_()
    assert "Python function cross, warm-up 50" in repr(cross)


def test_what_came_from_a_record_runs_in_a_child_until_it_is_written_here() -> None:
    """Another process does not run stored code in itself."""
    code = (
        "import sys; from workbench.strategy.spec import StrategySpec; from workbench.strategy.strategy import Strategy; "
        "made = Strategy(StrategySpec.from_json(sys.stdin.read())); print(type(made.program.runner).__name__); "
        "from workbench.market import sample; print(int(made.decider().columns(sample('SPX').head(300)).entry_long.sum()))"
    )
    root = Path(wb.__file__).parents[1]
    done = subprocess.run([sys.executable, "-c", code], input=cross.spec.to_json(), capture_output=True, text=True, check=True, cwd=root)
    here = int(cross.decider().columns(sample("SPX").head(300)).entry_long.sum())
    assert done.stdout.split() == [Child.__name__, str(here)]
    assert isinstance(cross.program.runner, Here)
