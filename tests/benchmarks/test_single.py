"""One backtest against Backtesting.py, and the parts of a run of a million bars."""

from __future__ import annotations

from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from workbench.backtest.crosscheck import crosscheck
from workbench.backtest.run import backtest
from workbench.market import validate
from workbench.market.cache import BarCache
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.market import Bars
    from workbench.store import Database

pytestmark = pytest.mark.benchmark

RULE = "buy when sma(10) crosses above sma(30); sell when sma(10) crosses below sma(30)"
FASTER = 20


def frame_of(bars: int) -> pd.DataFrame:
    """Return a random walk of minutes."""
    random = np.random.default_rng(3)
    close = np.round(1000 * np.exp(np.cumsum(random.normal(0, 0.0005, bars))), 2)
    open_ = np.concatenate([close[:1], close[:-1]])
    index = pd.date_range("2015-01-01", periods=bars, freq="1min", tz="UTC")
    high, low = np.round(np.maximum(open_, close) * 1.0002, 2), np.round(np.minimum(open_, close) * 0.9998, 2)
    return pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": 1.0}, index=index)


def peer() -> Any:
    """Return the same rule as a Backtesting.py strategy."""
    from backtesting import Strategy
    from backtesting.lib import crossover

    class Crossing(Strategy):
        def init(self) -> None:
            close = pd.Series(self.data.Close)
            self.fast = self.I(lambda: close.rolling(10).mean())
            self.slow = self.I(lambda: close.rolling(30).mean())

        def next(self) -> None:
            if crossover(self.fast, self.slow):
                self.buy(sl=self.data.Close[-1] * 0.99)
            elif crossover(self.slow, self.fast):
                self.position.close()

    return Crossing


@pytest.mark.parametrize("count", [100_000, 1_000_000])
def test_single_run_is_twenty_times_faster_than_backtesting_py(count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """A warm run with metrics and trades takes at most a twentieth of Backtesting.py's time."""
    backtesting = pytest.importorskip("backtesting")
    frame = frame_of(count)
    bars = validate(frame, "BTCUSD", "1m")
    rule = strategy(RULE, symbols="BTCUSD", timeframe="1m", stop="1%", costs={"slippage_ticks": 0})

    def ours() -> float:
        start = perf_counter()
        result = backtest(rule, bars)
        assert result.metrics.trades > 100
        assert len(result.trades) > 100
        return perf_counter() - start

    ours()
    mine = median([ours() for _ in range(5)])
    upper = frame.rename(columns=str.capitalize)
    start = perf_counter()
    backtesting.Backtest(upper, peer(), cash=1e7, commission=0.0, finalize_trades=True).run()
    theirs = perf_counter() - start
    with capsys.disabled():
        print(f"\none run of {count} bars: {mine:.4f} s; Backtesting.py {theirs:.2f} s; {theirs / mine:.0f} x")
    assert theirs / mine >= FASTER


MILLION = 1_000_000
SECOND = 1.0


def busy(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """Return what ``work`` makes, its seconds, and its seconds of processor: what it would take on a machine that does nothing else."""
    start, used = perf_counter(), process_time()
    made = work()
    return made, perf_counter() - start, process_time() - used


def test_a_million_bars_from_the_cache_in_a_second(sqlite_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """Loading a million minutes from the database, checking them, running and measuring takes a second of processor at most."""
    rule = strategy(RULE, symbols="BTCUSD", timeframe="1m", stop="1%", costs={"slippage_ticks": 0})
    BarCache(sqlite_database).put(validate(frame_of(MILLION), "BTCUSD", "1m"))

    def nothing() -> Bars:
        raise AssertionError

    def whole() -> float:
        bars = BarCache(sqlite_database).get("BTCUSD", "1m", nothing)
        return backtest(rule, bars).metrics.trades

    whole()
    bars, loaded, of_load = busy(lambda: BarCache(sqlite_database).get("BTCUSD", "1m", nothing))
    trades, taken, used = busy(whole)
    with capsys.disabled():
        print(f"\n{MILLION} bars: load {loaded:.2f} s ({of_load:.2f} of processor), load and run {taken:.2f} s ({used:.2f} of processor)")
    assert len(bars) == MILLION
    assert trades > 1000
    assert used <= SECOND


def test_the_second_engine_checks_a_million_bars_in_a_second(capsys: pytest.CaptureFixture[str]) -> None:
    """A replay of a million bars by vectorbt, comparison included, takes a second of processor at most once it is loaded."""
    pytest.importorskip("vectorbt")
    rule = strategy(RULE, symbols="BTCUSD", timeframe="1m", stop="1%", costs={"slippage_ticks": 0})
    frame = frame_of(MILLION)
    crosscheck(backtest(rule, validate(frame.iloc[:2000], "BTCUSD", "1m")))
    result = backtest(rule, validate(frame, "BTCUSD", "1m"))
    assert len(result.trades) > 1000
    checked, taken, used = min(
        (busy(lambda: crosscheck(result)) for _ in range(2)), key=lambda run: run[2]
    )  # the first also fetches memory
    with capsys.disabled():
        print(f"\ncross-check of {MILLION} bars: {taken:.2f} s ({used:.2f} of processor)")
    assert checked.verdict == "equal"
    assert used <= SECOND
