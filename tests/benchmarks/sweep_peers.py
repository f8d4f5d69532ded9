"""The sweep of ``test_sweep`` as each peer does it."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.market import validate
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.market import Bars

BARS = 100_000
WINDOWS = range(5, 37)
POINTS = [{"fast": fast, "slow": slow} for fast, slow in combinations(WINDOWS, 2)]
BLOCK = 62
FEW = 9
"""Points that the slow peers are asked for."""
SHORT = 10_000
"""Bars that backtrader is asked for."""


def bars_of(count: int) -> Bars:
    """Return a random walk of minutes."""
    random = np.random.default_rng(7)
    close = np.round(100 * np.exp(np.cumsum(random.normal(0, 0.001, count))), 2)
    open_ = np.concatenate([close[:1], close[:-1]])
    high = np.round(np.maximum(open_, close) * (1 + np.abs(random.normal(0, 0.0005, count))), 2)
    low = np.round(np.minimum(open_, close) * (1 - np.abs(random.normal(0, 0.0005, count))), 2)
    index = pd.date_range("2020-01-01", periods=count, freq="1min", tz="UTC")
    frame = pd.DataFrame({"open": open_, "high": high, "low": low, "close": close, "volume": 1.0}, index=index)
    return validate(frame, "BTCUSD", "1m")


def rule_of() -> Any:
    """Return the crossing of two averages with a stop and fees."""
    return strategy(
        "buy when sma($fast) crosses above sma($slow); sell when sma($fast) crosses below sma($slow)",
        symbols="BTCUSD",
        timeframe="1m",
        stop="1%",
        costs={"slippage_ticks": 0, "fee_bps": 10.0},
        parameters={"fast": (10, 5, 36, 1), "slow": (20, 5, 36, 1)},
    )


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


def backtesting_optimize(bars: Bars) -> tuple[float, float, str]:
    """Return the seconds of ``Backtest.optimize`` over a few points, the factor to all points, and a note."""
    from backtesting import Backtest
    from backtesting_crossing import Crossing

    test = Backtest(bars.frame.rename(columns=str.capitalize), Crossing, cash=1e7, commission=0.001, finalize_trades=True)
    start = perf_counter()
    test.optimize(fast=[8, 10, 12], slow=[20, 25, 30], maximize="Sharpe Ratio")
    return perf_counter() - start, len(POINTS) / FEW, f"{FEW} points, scaled to {len(POINTS)}"


def backtrader_optimize(bars: Bars) -> tuple[float, float, str]:
    """Return the seconds of ``optstrategy`` over a few points and bars, the factor to all of both, and a note."""
    import backtrader as bt
    from backtrader_crossing import Crossing

    engine = bt.Cerebro(maxcpus=None)
    engine.adddata(bt.feeds.PandasData(dataname=bars.frame.iloc[:SHORT].tz_localize(None)))
    engine.optstrategy(Crossing, fast=[8, 10, 12], slow=[20, 25, 30])
    engine.addanalyzer(bt.analyzers.DrawDown)
    engine.addanalyzer(bt.analyzers.TradeAnalyzer)
    engine.broker.setcash(1e7)
    engine.broker.setcommission(0.001)
    start = perf_counter()
    engine.run()
    scale = len(POINTS) / FEW * BARS / SHORT
    return perf_counter() - start, scale, f"{FEW} points on {SHORT} bars, scaled to {len(POINTS)} on {BARS}"


CHILD = f"""
import json, sys, threading
from pathlib import Path
sys.path.insert(0, {str(Path(__file__).parent)!r})
from sweep_peers import BARS, POINTS, bars_of, rule_of, vectorbt_sweep
from workbench.backtest.sweep import sweep

bars, rule, most, done = bars_of(BARS), rule_of(), 0.0, threading.Event()

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20

def watch():
    global most
    while not done.wait(0.001):
        most = max(most, resident())

if sys.argv[1] == "ours":
    work = lambda bars, points: sweep(rule, bars, points)
else:
    import vectorbt as vbt
    vbt.settings["engine"] = "rust"
    work = vectorbt_sweep
work(bars.head(1000), POINTS[:2])
before, watching = resident(), threading.Thread(target=watch)
watching.start()
work(bars, POINTS)
done.set()
watching.join()
print(json.dumps({{"grown": max(most, resident()) - before}}))
"""
