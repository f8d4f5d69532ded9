"""Indicators that TA-Lib does not define, or defines otherwise, against plain pandas and definitions written out in Python."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import talib
from indicator_tables import SESSION, daily, walk

from workbench.errors import InputError, UnknownNameError
from workbench.strategy.compiler import compile_rules
from workbench.strategy.indicators import batch, find
from workbench.strategy.rules.tree import Call

Table = dict[str, np.ndarray]


def columns(name: str, table: Table, params: tuple[float, ...] = ()) -> dict[str, np.ndarray]:
    """Outputs of an indicator by name."""
    entry = find(name)
    return dict(zip(entry.outputs, batch(entry, [table[series] for series in entry.inputs], params).T, strict=True))


def same(expected: object, found: np.ndarray, tolerance: float = 1e-9) -> bool:
    """Whether two columns are NaN on the same bars and equal within a tolerance elsewhere."""
    wanted = np.asarray(expected, dtype=float)
    return bool(np.array_equal(np.isnan(wanted), np.isnan(found)) and np.nanmax(np.abs(wanted - found)) <= tolerance)


@pytest.mark.parametrize(("period", "width", "ranges"), [(20, 2.0, 10), (5, 1.5, 14), (1, 1.0, 1)])
def test_keltner_is_an_average_and_ranges_around_it(period: int, width: float, ranges: int) -> None:
    """The middle is TA-Lib's EMA of the close, the edges are TA-Lib's ATR away, from the bar on where both are known."""
    table = walk(900)
    middle, reach = talib.EMA(table["close"], period), talib.ATR(table["high"], table["low"], table["close"], ranges)
    middle[np.isnan(reach)] = np.nan
    reach[np.isnan(middle)] = np.nan
    found = columns("keltner", table, (period, width, ranges))
    assert same(middle, found["middle"])
    assert same(middle + width * reach, found["upper"])
    assert same(middle - width * reach, found["lower"])


@pytest.mark.parametrize("lengths", [(9, 26, 52, 26), (3, 5, 8, 4), (7, 2, 3, 1)])
def test_ichimoku_is_middles_and_an_old_cloud(lengths: tuple[int, int, int, int]) -> None:
    """Lines are middles of rolling extremes in pandas; the cloud is that of `displacement` bars ago."""
    table = walk(600)
    high, low = pd.Series(table["high"]), pd.Series(table["low"])

    def middle(length: int) -> pd.Series:
        return (high.rolling(length).max() + low.rolling(length).min()) / 2

    first, second, third, shift = lengths
    expected = {"tenkan": middle(first), "kijun": middle(second), "senkou_b": middle(third).shift(shift)}
    expected["senkou_a"] = ((expected["tenkan"] + expected["kijun"]) / 2).shift(shift)
    start = max(first, second, third) + shift - 1
    found = columns("ichimoku", table, lengths)
    for name, line in expected.items():
        line[:start] = np.nan
        assert same(line, found[name]), name


def test_ichimoku_has_no_chikou() -> None:
    """Asking for the lagging span is refused with the reason, by indicator and in a rule's program; a misspelt output is a plain mistake."""
    entry = find("ichimoku")
    for name in ("chikou", "chikou_span", "lagging_span"):
        with pytest.raises(InputError, match=r"would look ahead.*close > close\[26\]"):
            entry.output(name)
    with pytest.raises(InputError, match="would look ahead"):
        compile_rules({}, (), {"x": Call("ichimoku", (), "chikou")})
    with pytest.raises(UnknownNameError, match="did you mean kijun"):
        entry.output("kijum")
    assert entry.outputs[entry.output("conversion")] == "tenkan"


@pytest.mark.parametrize(("period", "width"), [(10, 3.0), (3, 1.0)])
def test_supertrend_is_tradingviews_rule(period: int, width: float) -> None:
    """TradingView's published ta.supertrend, written out over lists: its carried bands and turns, and an uptrend to begin with."""
    table = walk(900)
    high, low, close = table["high"], table["low"], table["close"]
    reach = talib.ATR(high, low, close, period)
    lines, directions, upper, lower, up = [], [], 0.0, 0.0, True
    for bar in range(len(close)):
        if np.isnan(reach[bar]):
            lines.append(np.nan)
            directions.append(np.nan)
            continue
        middle = (high[bar] + low[bar]) / 2
        top, bottom = middle + width * reach[bar], middle - width * reach[bar]
        if directions and not np.isnan(directions[-1]):
            bottom = bottom if bottom > lower or close[bar - 1] < lower else lower
            top = top if top < upper or close[bar - 1] > upper else upper
            up = close[bar] >= bottom if up else close[bar] > top
        upper, lower = top, bottom
        lines.append(bottom if up else top)
        directions.append(1.0 if up else -1.0)
    found = columns("supertrend", table, (period, width))
    assert same(lines, found["supertrend"])
    assert same(directions, found["direction"])


def test_psar_by_wilders_rules() -> None:
    """A rise, then a fall: the stop starts at the first low, speeds up by 0.02 with each new high, never passes the last two lows, and turns."""
    high = np.array([10.0, 11, 12, 13, 14, 13, 9])
    low = np.array([9.0, 10, 11, 12, 13, 12, 8])
    found = columns("psar", {"high": high, "low": low})
    # bar 1: long, stop 9, extreme 11; bar 2: 9 + 0.02 * (11 - 9); bar 3: + 0.04 * (12 - ...); bar 4: + 0.06 * (13 - ...); bar 5: + 0.08 * (14 - ...)
    stops = [np.nan, 9.0, 9.04]
    for speed, extreme in ((0.04, 12.0), (0.06, 13.0), (0.08, 14.0)):
        stops.append(stops[-1] + speed * (extreme - stops[-1]))
    assert same([*stops, 14.0], found["psar"], 1e-12)  # the last bar falls through the stop: the new one is the highest high
    assert found["direction"].tolist()[1:] == [1.0] * 5 + [-1.0]


@pytest.mark.parametrize("period", [2, 5, 20, 200])
def test_zscore_is_distance_over_deviation(period: int) -> None:
    """Close minus rolling mean over rolling population deviation in pandas, 0 where nothing moved."""
    table = walk(900)
    close = pd.Series(table["close"])
    spread = close.rolling(period).apply(lambda window: float(np.std(window.to_numpy())), raw=False)
    expected = ((close - close.rolling(period).apply(lambda window: float(np.mean(window.to_numpy())), raw=False)) / spread).where(
        spread > 1e-9, 0.0
    )
    expected[: period - 1] = np.nan
    assert same(expected, columns("zscore", table, (period,))["value"], 1e-8)


def test_vwap_is_each_sessions_own_average() -> None:
    """Cumulated money over cumulated volume in a pandas group-by of sessions; the plain typical price while nothing was traded."""
    table = walk(40 * SESSION)
    table["volume"][[0, 1, 5 * SESSION]] = 0.0
    typical = pd.Series((table["high"] + table["low"] + table["close"]) / 3)
    volume, day = pd.Series(table["volume"]), table["session_day"]
    expected = ((typical * volume).groupby(day).cumsum() / volume.groupby(day).cumsum()).where(volume.groupby(day).cumsum() > 0, typical)
    assert same(expected, columns("vwap", table)["value"])


def test_vwap_bands_are_the_weighted_spread_of_the_session() -> None:
    """The band is the root of the volume-weighted mean of squared distances from the session's average, computed from all its bars at every bar."""
    table = walk(20 * SESSION)
    typical = (table["high"] + table["low"] + table["close"]) / 3
    spread = []
    for bar in range(len(typical)):
        part = slice(bar - bar % SESSION, bar + 1)
        weights = table["volume"][part]
        mean = np.average(typical[part], weights=weights) if weights.sum() else typical[bar]
        spread.append(np.sqrt(np.average((typical[part] - mean) ** 2, weights=weights)) if weights.sum() else 0.0)
    found = columns("vwap_bands", table, (1.5,))
    assert same(1.5 * np.array(spread), found["upper"] - found["middle"], 1e-7)
    assert same(found["middle"], columns("vwap", table)["value"], 0.0)
    assert same(found["middle"] - found["lower"], found["upper"] - found["middle"], 1e-9)


def test_levels_of_sessions_are_those_of_a_group_by() -> None:
    """Open, running extremes and the session before, in pandas; nothing is known of the session before the first."""
    table = walk(30 * SESSION)
    day = pd.Series(table["session_day"])
    by_day = pd.DataFrame(table).groupby("session_day")
    expected = {
        "session_open": by_day["open"].transform("first"),
        "session_high": by_day["high"].cummax(),
        "session_low": by_day["low"].cummin(),
        "prior_high": day.map(by_day["high"].max().shift()),
        "prior_low": day.map(by_day["low"].min().shift()),
        "prior_close": day.map(by_day["close"].last().shift()),
    }
    for name, line in expected.items():
        assert same(line, columns(name, table)["value"], 0.0), name


@pytest.mark.parametrize(("minutes", "bars"), [(30, 1), (60, 2), (45, 2), (1, 1), (390, 13)])
def test_the_opening_range_is_known_when_it_is_complete(minutes: int, bars: int) -> None:
    """Extremes of the bars that open in the first minutes, from the close of the last of these on, in every session anew."""
    table = walk(10 * SESSION)
    place = np.arange(10 * SESSION) % SESSION
    first = pd.DataFrame(table)[place < bars].groupby("session_day")
    known = pd.Series(table["session_day"]).where(place >= bars - 1)
    found = columns("orb", table, (minutes,))
    assert same(known.map(first["high"].max()), found["high"], 0.0)
    assert same(known.map(first["low"].min()), found["low"], 0.0)
    assert same((found["high"] + found["low"]) / 2, found["middle"], 0.0)


def test_on_daily_bars_a_session_is_a_bar() -> None:
    """Each bar's VWAP is its typical price, its opening range the bar itself, the session before the bar before."""
    table = daily(walk(50))
    assert same((table["high"] + table["low"] + table["close"]) / 3, columns("vwap", table)["value"], 1e-12)
    assert same(table["high"], columns("orb", table, (30,))["high"], 0.0)
    assert same([np.nan, *table["close"][:-1]], columns("prior_close", table)["value"], 0.0)
