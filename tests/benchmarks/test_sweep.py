"""The sweep of SPEC 14 against vectorbt's fastest engine: 496 crossings of two averages x 100 000 bars, in one run.

vectorbt takes its own fastest way, one row a bar, and works in blocks of 62 points so that it does not need 14 GB; what it computes there is not
the same simulation (a stop on the entry bar is ignored). Equality is shown on sampled points by the two-row timeline of ``crosscheck``.
"""

from __future__ import annotations

from itertools import combinations
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from workbench.app import Bench
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.market import validate
from workbench.strategy.columns import Columns
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.market import Bars
    from workbench.store import Database

pytestmark = pytest.mark.benchmark

BARS = 100_000
WINDOWS = range(5, 37)
POINTS = [{"fast": fast, "slow": slow} for fast, slow in combinations(WINDOWS, 2)]
BLOCK = 62
FASTER = 100


@pytest.fixture(scope="module")
def bars() -> Bars:
    random = np.random.default_rng(7)
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.001, BARS))), 2)
    open_ = np.concatenate([close[:1], close[:-1]])
    high = np.round(np.maximum(open_, close) * (1 + np.abs(random.normal(0, 0.0005, BARS))), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(random.normal(0, 0.0005, BARS))), 2)
    index = pd.date_range("2020-01-01", periods=BARS, freq="1min", tz="UTC")
    frame = pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": 1.0}, index=index)
    return validate(frame, "BTCUSD", "1m")


@pytest.fixture(scope="module")
def rule() -> Any:
    return strategy(
        "buy when sma($fast) crosses above sma($slow); sell when sma($fast) crosses below sma($slow)",
        symbols="BTCUSD",
        timeframe="1m",
        stop="1%",
        costs={"slippage_ticks": 0, "fee_bps": 10.0},
        parameters={"fast": (10, 5, 36, 1), "slow": (20, 5, 36, 1)},
    )


def seconds(work: Callable[[], Any], times: int) -> float:
    """Return the median duration of several calls."""
    found = []
    for _ in range(times):
        start = perf_counter()
        work()
        found.append(perf_counter() - start)
    return median(found)


def vectorbt_sweep(bars: Bars, points: list[dict[str, int]]) -> pd.DataFrame:
    """Sweep with vectorbt at its fastest: averages once, signals, simulation and five metrics in blocks."""
    import vectorbt as vbt

    frame = bars.frame
    means = vbt.MA.run(frame["close"], window=list(WINDOWS)).ma.to_numpy()
    due = frame["open"].shift(-1)
    found = []
    for first in range(0, len(points), BLOCK):
        block = points[first : first + BLOCK]
        fast = pd.DataFrame(means[:, [point["fast"] - WINDOWS.start for point in block]], index=frame.index)
        slow = pd.DataFrame(means[:, [point["slow"] - WINDOWS.start for point in block]], index=frame.index)
        entries, exits = fast.vbt.crossed_above(slow), fast.vbt.crossed_below(slow)
        prices = {name: frame[name] for name in ("open", "high", "low")}
        run = vbt.Portfolio.from_signals(
            frame["close"], entries, exits, price=due, **prices, sl_stop=0.01, fees=0.001, init_cash=1e5, freq="1min"
        )
        numbers = {
            "total_return": run.total_return(),
            "sharpe": run.sharpe_ratio(),
            "max_drawdown": run.max_drawdown(),
            "trades": run.trades.count(),
            "win_rate": run.trades.win_rate(),
        }
        found.append(pd.DataFrame(numbers))
    return pd.concat(found)


def test_sweep_is_two_orders_faster_than_vectorbt(bars: Bars, rule: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """The public sweep, full fill model, is at least 100 times faster than vectorbt's fastest engine."""
    vbt = pytest.importorskip("vectorbt")
    sweep(rule, bars, POINTS)
    engines = {}
    before = seconds(lambda: sweep(rule, bars, POINTS), 5)
    for engine in ("rust", "numba"):
        vbt.settings["engine"] = engine
        vectorbt_sweep(bars, POINTS[:BLOCK])
        engines[engine] = seconds(lambda: vectorbt_sweep(bars, POINTS), 1)
    ours = median([before, seconds(lambda: sweep(rule, bars, POINTS), 5)])
    ratio = min(engines.values()) / ours
    with capsys.disabled():
        print(f"\nsweep of {len(POINTS)} points x {BARS} bars: {ours:.3f} s; vectorbt {engines}; {ratio:.0f} x")
    assert ratio >= FASTER


def test_the_ledger_costs_little(bars: Bars, rule: Any, sqlite_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """``bench.sweep`` with every point counted in the ledger is timed beside the sweep alone, each first-time sweep on bars of its own."""
    bench = Bench(sqlite_database)
    sweep(rule, bars, POINTS)
    alone, counted = [], []
    for day in range(5):
        later = bars.slice(day, len(bars))
        alone.append(seconds(lambda fresh=later: sweep(rule, fresh, POINTS), 1))
        counted.append(seconds(lambda fresh=later: bench.sweep(rule, fresh, POINTS), 1))
    with capsys.disabled():
        print(f"\nsweep alone {median(alone):.3f} s, counted in the ledger {median(counted):.3f} s")

    assert bench.trials(rule).trials == 5 * len(POINTS)


def test_sampled_points_equal_the_second_engine(bars: Bars, rule: Any) -> None:
    """At sampled points the sweep equals the single run to the bit, and vectorbt on the two-row timeline finds the same fills."""
    pytest.importorskip("vectorbt")
    found = sweep(rule, bars, POINTS).frame
    columns = Columns(bars)
    for point in range(0, len(POINTS), 99):
        single = backtest(rule, bars, parameters=POINTS[point], columns=columns)
        row = found.loc[point]
        for name in found.columns[2:]:
            assert np.array_equal(single.metrics[name], row[name], equal_nan=True)
        assert single.crosscheck.verdict == "equal", single.crosscheck.detail
        assert single.crosscheck.replayed == {}


def test_memory_does_not_grow_with_points(bars: Bars, rule: Any) -> None:
    """Four times the points need no more memory at once than one time, beyond their own rows of numbers."""
    import tracemalloc

    peaks = []
    for points in (POINTS, POINTS * 4):
        tracemalloc.start()
        sweep(rule, bars, points)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.5 * peaks[0] + 20_000 * len(POINTS)
