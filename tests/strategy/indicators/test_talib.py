"""Indicators against TA-Lib 0.8 (an independent C library): equal within 1e-9 of the price, with the same warm-up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import talib

from workbench.strategy.indicators import batch, find, names

if TYPE_CHECKING:
    from collections.abc import Callable

BARS = 3000


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    """A random walk on a cent grid, with ties and some flat stretches."""
    rng = np.random.default_rng(11)
    close = np.round(100 + (rng.normal(0, 0.3, BARS) * (rng.random(BARS) > 0.2)).cumsum(), 2)
    close[500:560] = close[500]
    opened = np.round(close + rng.normal(0, 0.2, BARS), 2)
    high, low = np.maximum(opened, close) + np.round(rng.random(BARS), 2), np.minimum(opened, close) - np.round(rng.random(BARS), 2)
    return {"open": opened, "high": high, "low": low, "close": close, "volume": rng.integers(0, 900, BARS).astype(float)}


ORACLES: dict[str, Callable[..., object]] = {
    "sma": lambda t, n: talib.SMA(t["close"], n),
    "volume_sma": lambda t, n: talib.SMA(t["volume"], n),
    "ema": lambda t, n: talib.EMA(t["close"], n),
    "rsi": lambda t, n: talib.RSI(t["close"], n),
    "roc": lambda t, n: talib.ROC(t["close"], n),
    "atr": lambda t, n: talib.ATR(t["high"], t["low"], t["close"], n),
    "stdev": lambda t, n: talib.STDDEV(t["close"], n),
    "highest": lambda t, n: talib.MAX(t["high"], n),
    "lowest": lambda t, n: talib.MIN(t["low"], n),
    "donchian": lambda t, n: talib.DONCHIAN(t["high"], t["low"], n),
    "bb": lambda t, n, width: talib.BBANDS(t["close"], n, width, width),
    "macd": lambda t, *n: talib.MACD(t["close"], *n),
}
CASES = [
    (name, (period,))
    for name in ("sma", "ema", "rsi", "roc", "atr", "stdev", "highest", "lowest", "donchian")
    for period in (2, 5, 14, 200)
]
CASES += [("volume_sma", (20,)), ("ema", (1,)), ("sma", (1,)), ("atr", (1,)), ("roc", (1,))]
CASES += [
    ("bb", (20, 2.0)),
    ("bb", (5, 1.5)),
    ("bb", (2, 3.0)),
    ("macd", (12, 26, 9)),
    ("macd", (3, 5, 1)),
    ("macd", (26, 12, 9)),
    ("macd", (5, 6, 30)),
]


@pytest.mark.parametrize(("name", "params"), CASES)
def test_agrees_with_talib(table: dict[str, np.ndarray], name: str, params: tuple[float, ...]) -> None:
    """Every output equals TA-Lib's within 1e-9 of the values' size, and starts on the same bar."""
    entry = find(name)
    ours = batch(entry, [table[series] for series in entry.inputs], params).T
    theirs = np.atleast_2d(np.asarray(ORACLES[name](table, *params)))
    for output, first, second in zip(entry.outputs, ours, theirs, strict=True):
        assert np.isnan(first).tolist() == np.isnan(second).tolist(), f"warm-up of {output}"
        scale = max(1.0, float(np.nanmax(np.abs(table["close"])))) if name in {"bb", "stdev"} else float(np.nanmax(np.abs(second)))
        # TA-Lib takes standard deviations from sums of squares: its own rounding is the root of that of the squares
        tolerance = 1e-7 if name in {"bb", "stdev"} and params[0] == 2 else 1e-9
        assert float(np.nanmax(np.abs(first - second))) <= tolerance * scale, output


def test_every_indicator_is_compared() -> None:
    """No built-in indicator goes without an oracle."""
    built_in = {name for name in names() if find(name).step.__module__.startswith("workbench.")}
    assert set(ORACLES) == built_in


@pytest.mark.parametrize("name", sorted(ORACLES))
def test_declared_warmup_is_exact(table: dict[str, np.ndarray], name: str) -> None:
    """For several periods the number of leading NaN of every output is the declared warm-up."""
    entry = find(name)
    for period in (1, 2, 3, 17):
        params = entry.checked((period,))
        columns = batch(entry, [table[series] for series in entry.inputs], params)
        assert [entry.warmup(params)] * len(entry.outputs) == [int(np.isnan(row).sum()) for row in columns.T]


def test_wilders_own_table() -> None:
    """The first RSI values of Wilder's 14-day example as printed by StockCharts (QQQQ closes of 14 December 2009 on): 70.53, 66.32, 66.55."""
    close = [44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140, 46.2820]
    close += [46.2820, 46.0028, 46.0328]
    found = batch(find("rsi"), [np.array(close)], (14,))[14:, 0]
    assert [round(float(value), 2) for value in found] == [70.53, 66.32, 66.55]
