"""Indicators against TA-Lib 0.8 (an independent C library): equal within 1e-9 of their size after the same warm-up, where TA-Lib defines the same thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import talib
from indicator_tables import walk

from workbench.market import sample
from workbench.strategy.indicators import batch, find, names

if TYPE_CHECKING:
    from collections.abc import Callable

Table = dict[str, np.ndarray]


def prices(function: Any, *series: str) -> Callable[..., Any]:
    """A TA-Lib function of these series."""
    return lambda table, *params: function(*[table[name] for name in series], *params)


HLC = ("high", "low", "close")
ORACLES: dict[str, Callable[..., Any]] = {
    "sma": prices(talib.SMA, "close"),
    "volume_sma": prices(talib.SMA, "volume"),
    "ema": prices(talib.EMA, "close"),
    "wma": prices(talib.WMA, "close"),
    "vwma": prices(talib.VWMA, "close", "volume"),
    "trix": prices(talib.TRIX, "close"),
    "linreg": lambda t, n: (talib.LINEARREG(t["close"], n), talib.LINEARREG_SLOPE(t["close"], n)),
    "rsi": prices(talib.RSI, "close"),
    "roc": prices(talib.ROC, "close"),
    "mom": prices(talib.MOM, "close"),
    "atr": prices(talib.ATR, *HLC),
    "natr": prices(talib.NATR, *HLC),
    "true_range": prices(talib.TRANGE, *HLC),
    "adx": lambda t, n: tuple(function(t["high"], t["low"], t["close"], n) for function in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)),
    "stdev": prices(talib.STDDEV, "close"),
    "highest": prices(talib.MAX, "high"),
    "lowest": prices(talib.MIN, "low"),
    "donchian": prices(talib.DONCHIAN, "high", "low"),
    "bb": lambda t, n, width: talib.BBANDS(t["close"], n, width, width),
    "macd": prices(talib.MACD, "close"),
    "stoch": lambda t, k, smooth, d: talib.STOCH(t["high"], t["low"], t["close"], k, smooth, 0, d, 0),
    "williams": prices(talib.WILLR, *HLC),
    "cci": prices(talib.CCI, *HLC),
    "mfi": prices(talib.MFI, *HLC, "volume"),
    "cmf": prices(talib.CMF, *HLC, "volume"),
    "obv": prices(talib.OBV, "close", "volume"),
    "aroon": lambda t, n: (*talib.AROON(t["high"], t["low"], n)[::-1], talib.AROONOSC(t["high"], t["low"], n)),
    "supertrend": prices(talib.SUPERTREND, *HLC),
    "psar": lambda t, *p: (talib.SAR(t["high"], t["low"], *p),),
    "vwap": prices(talib.VWAP, *HLC, "volume"),
}
"""One value or one for each output, in our order; psar's direction is ours alone."""
OTHERWISE = {"keltner", "zscore", "ichimoku", "vwap_bands", "orb"} | {
    f"{when}_{what}" for when in ("session", "prior") for what in ("high", "low")
}
OTHERWISE |= {"session_open", "prior_close"}
"""Compared in test_references.py and test_session_steps.py."""
PERIODS: dict[str, list[tuple[float, ...]]] = {
    "macd": [(12, 26, 9), (3, 5, 1), (26, 12, 9), (5, 6, 30)],
    "bb": [(20, 2.0), (5, 1.5), (2, 3.0), (200, 2.0)],
    "stoch": [(14, 3, 3), (5, 1, 1), (14, 1, 3), (200, 5, 9)],
    "supertrend": [(10, 3.0), (3, 1.0), (14, 2.5)],
    "psar": [(0.02, 0.2), (0.05, 0.3), (0.3, 0.2), (0.0, 0.0)],
    "obv": [()],
    "true_range": [()],
    "vwap": [()],
}
CASES = [(name, params) for name in ORACLES for params in PERIODS.get(name, [(2,), (5,), (14,), (200,)])]
CASES += [(name, (1,)) for name in ("ema", "sma", "atr", "roc", "mom", "trix")]  # NATR of one bar is a plain range in TA-Lib
ROUGH = {("bb", 2), ("stdev", 2), ("stdev", 5), ("bb", 5)}
"""TA-Lib takes standard deviations from sums of squares: on short windows its own rounding is the root of that of the squares."""


def compare(table: Table, name: str, params: tuple[float, ...]) -> None:
    """Every output is TA-Lib's within 1e-9 and starts on the same bar."""
    entry = find(name)
    ours = batch(entry, [table[series] for series in entry.inputs], params).T
    theirs = np.atleast_2d(np.asarray(ORACLES[name](table, *params), dtype=float))
    warmup = entry.warmup(entry.checked(params))
    assert warmup == int(np.isnan(theirs[0]).sum())
    for output, first, second in zip(entry.outputs, ours, theirs, strict=False):
        assert int(np.isnan(first).sum()) == warmup, f"warm-up of {output}"
        tolerance = 1e-6 if params and (name, params[0]) in ROUGH else 1e-9
        scale = max(1.0, float(np.max(np.abs(second[warmup:]))))
        assert float(np.max(np.abs(first - second)[warmup:])) <= tolerance * scale, output


@pytest.mark.parametrize(("name", "params"), CASES)
@pytest.mark.parametrize("kind", ["ties and gaps", "still stretches"])
def test_agrees_with_talib(name: str, params: tuple[float, ...], kind: str) -> None:
    """On walks with ties and gaps, and with prices that stand still, every output equals TA-Lib's within 1e-9."""
    if kind == "still stretches" and name == "cci":
        pytest.skip("TA-Lib divides rounding by rounding where nothing moved; ours is 0 there")
    table = walk(3000, seed=len(name) + int(sum(params)), still=kind == "still stretches")
    if name == "vwap":
        table |= {"session_bar": np.arange(3000.0), "session_day": np.zeros(3000)}
        table["volume"][0] = 5.0
    compare(table, name, params)


@pytest.mark.parametrize("name", sorted(set(ORACLES) - {"vwap"}))
def test_agrees_with_talib_on_real_bars(name: str) -> None:
    """On S&P 500 days the default parameters give TA-Lib's numbers within 1e-9."""
    bars = sample("SPX")
    table = {series: np.array(getattr(bars, series)) for series in ("open", *HLC, "volume")}
    entry = find(name)
    compare(table, name, tuple(int(value) if each.integer else value for each, value in zip(entry.parameters, entry.defaults, strict=True)))


def test_every_indicator_is_compared() -> None:
    """No built-in indicator goes without an oracle."""
    assert set(ORACLES) | OTHERWISE == {name for name in names() if find(name).step.__module__.startswith("workbench.")}


def test_a_window_that_stands_still_has_no_cci_and_no_zscore() -> None:
    """Where no price differs there is no deviation to divide by: 0, not rounding over rounding."""
    still = [np.full(40, 100.1), np.full(40, 100.1), np.full(40, 100.1)]
    assert batch(find("cci"), still, (14,))[13:, 0].tolist() == [0.0] * 27
    assert batch(find("zscore"), still[:1], (14,))[13:, 0].tolist() == [0.0] * 27


def test_wilders_own_table() -> None:
    """The first RSI values of Wilder's 14-day example as printed by StockCharts (QQQQ closes of 14 December 2009 on): 70.53, 66.32, 66.55."""
    close = [44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328, 45.6140, 46.2820]
    close += [46.2820, 46.0028, 46.0328]
    found = batch(find("rsi"), [np.array(close)], (14,))[14:, 0]
    assert [round(float(value), 2) for value in found] == [70.53, 66.32, 66.55]
