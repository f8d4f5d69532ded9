from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from market_tables import frame

from workbench.errors import BarsError, UnknownNameError
from workbench.market import check, validate
from workbench.units import SessionMode, Timeframe

DAILY = frame("2024-01-02", 8, "B", None)
INTRADAY = frame("2024-01-02 09:30", 8, "5min")
PLAIN = validate(DAILY, "SPY")


@pytest.mark.parametrize(
    "given",
    [
        DAILY.rename(columns=str.upper),
        DAILY.rename(columns=str.title),
        DAILY.rename(columns=lambda name: f" {name} "),
        DAILY.rename(columns={"volume": "Vol"}),
        DAILY[["volume", "close", "low", "high", "open"]],
        DAILY.assign(signal="buy", **{"Adj Close": 1.0}),
        DAILY.astype("float32"),
        DAILY.astype(object),
        DAILY.convert_dtypes(),
        DAILY.reset_index(names="Date"),
        DAILY.reset_index(names="date").assign(date=lambda table: table["date"].dt.strftime("%Y-%m-%d")),
        DAILY.reset_index(names="timestamp").assign(timestamp=lambda table: table["timestamp"].dt.date),
        DAILY.set_axis(DAILY.index.strftime("%Y-%m-%d")),
        DAILY.set_axis(DAILY.index.to_period("D")),
        DAILY.set_axis(DAILY.index.as_unit("s")),
        DAILY.tz_localize("UTC"),
        DAILY.tz_localize("America/New_York"),
        DAILY.tz_localize("America/New_York").tz_convert("UTC"),
        DAILY.set_axis(DAILY.index + pd.Timedelta(hours=9, minutes=30)).tz_localize("America/New_York"),
        DAILY.set_axis(pd.MultiIndex.from_product([DAILY.columns.str.title(), ["SPY"]]), axis=1),
        PLAIN.frame,
    ],
)
def test_any_usual_frame_gives_the_same_bars(given: pd.DataFrame) -> None:
    """Letter case, order, extra columns, number types, date columns and midnights of other zones change nothing."""
    bars = validate(given, "SPY", "1d")

    assert np.allclose(bars.close, PLAIN.close, rtol=1e-7)
    assert bars.trade_date.tolist() == PLAIN.trade_date.tolist()
    assert bars.time.tolist() == PLAIN.time.tolist()
    assert list(bars.frame.columns) == ["open", "high", "low", "close", "volume"]
    assert set(bars.frame.dtypes.astype(str)) == {"float64"}


def test_the_frame_handed_over_is_left_alone() -> None:
    """Checking bars does not write into the person's own frame."""
    mine = DAILY.rename(columns=str.upper)
    before = mine.copy(deep=True)
    validate(mine, "SPY").close[0] = 1e9

    pd.testing.assert_frame_equal(before, mine)


def test_whole_numbers_are_cast() -> None:
    """Integer prices and volumes become float64."""
    bars = validate(DAILY.assign(open=100, high=200, low=50, close=100, volume=5), "SPY")

    assert bars.open.tolist() == [100.0] * 8


def test_another_zone_is_converted() -> None:
    """Aware times of any zone mean the same instants."""
    assert validate(INTRADAY.tz_convert("Asia/Tokyo"), "SPY").dataset_hash == validate(INTRADAY, "SPY").dataset_hash


def test_offsets_in_text_across_a_clock_change_are_read() -> None:
    """A CSV's column with -05:00 and -04:00 in it is understood."""
    across = pd.concat([frame("2024-03-08 15:55", 1, "5min"), frame("2024-03-11 09:30", 7, "5min")])
    text = across.reset_index(names="time").assign(time=lambda table: [stamp.isoformat() for stamp in table["time"]])

    assert validate(text, "SPY", "5m").dataset_hash == validate(across, "SPY", "5m").dataset_hash


def test_naive_intraday_times_say_what_to_do() -> None:
    """A time of day without a zone is refused with the line to write."""
    with pytest.raises(BarsError, match=r"2024-01-02 09:30:00 has no time zone.*tz_localize\('America/New_York'\)"):
        validate(INTRADAY.tz_localize(None), "SPY")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (DAILY.drop(columns="close"), "missing: close"),
        (DAILY.rename(columns={"volume": "OPEN"}), "column open is there 2 times"),
        (DAILY.reset_index(drop=True), "no times"),
        (DAILY.assign(close=["x", *DAILY["close"][1:]]).astype({"close": object}), "'x' at row 0"),
        (DAILY.set_axis(["someday"] * 8), "cannot be read"),
        (DAILY.set_axis([pd.NaT, *DAILY.index[1:]]), "row 0 has no time"),
        (DAILY.iloc[:0], "no rows"),
        ([1, 2, 3], "must be a pandas DataFrame"),
        (frame("2024-01-02 09:30", 8, "7min"), "none of our timeframes"),
        (frame("2024-01-02", 8, "W", None), "none of our timeframes"),
        (INTRADAY.iloc[:1], "pass timeframe"),
        (pd.concat({"SPY": DAILY, "QQQ": DAILY}, axis=1), "pick one"),
        (
            DAILY.tz_localize("America/New_York").set_axis(DAILY.tz_localize("America/New_York").index + pd.Timedelta(hours=22)),
            "trade dates",
        ),
    ],
)
def test_what_is_no_table_of_bars_says_why(given: object, words: str) -> None:
    """Missing columns, times or numbers are refused with the place and what is needed."""
    with pytest.raises(BarsError, match=words):
        validate(given, "SPY")


def test_a_missing_volume_is_zero_and_reported() -> None:
    """Bars without volume are taken, and the report says so."""
    without = DAILY.drop(columns="volume")

    assert validate(without, "SPY").volume.tolist() == [0.0] * 8
    assert "zero volume" in set(check(without, "SPY").frame["kind"])


@pytest.mark.parametrize("step", ["1min", "5min", "15min", "30min", "1h", "4h", "D"])
def test_the_timeframe_is_read_off_the_spacing(step: str) -> None:
    """The most common spacing names the timeframe."""
    expected = {"1min": "1m", "5min": "5m", "15min": "15m", "30min": "30m", "D": "1d"}.get(step, step)

    assert validate(frame("2024-01-02", 60, step, "UTC"), "BTCUSD").timeframe == Timeframe(expected)


@pytest.mark.parametrize(
    ("given", "calendar", "mode"),
    [
        (frame("2024-01-02", 9, "B", None), "NYSE", SessionMode.RTH_US),
        (frame("2023-12-20", 12, "B", None), "24/5", SessionMode.FULL_24X5),
        (frame("2024-01-02", 10, "D", None), "24/7", SessionMode.FULL_24X7),
        (frame("2024-01-02 09:30", 10, "30min"), "NYSE", SessionMode.RTH_US),
        (frame("2024-01-02 04:00", 10, "30min"), "NYSE", SessionMode.EXT_US),
        (frame("2024-01-06 00:00", 50, "30min"), "24/7", SessionMode.FULL_24X7),
    ],
)
def test_your_own_bars_take_the_calendar_that_holds_them(given: pd.DataFrame, calendar: str, mode: SessionMode) -> None:
    """Bars without a symbol follow the narrowest calendar that has a session for them."""
    bars = validate(given)

    assert (bars.instrument.symbol, bars.instrument.calendar, bars.instrument.session_mode) == ("CUSTOM", calendar, mode)


def test_a_saturday_does_not_turn_a_share_into_a_coin() -> None:
    """One weekend date among hundreds stays a stray of the weekday calendar."""
    weekdays = pd.bdate_range("2023-01-02", periods=300)
    dates = weekdays.append(pd.DatetimeIndex(["2023-11-11"])).sort_values()
    bars = validate(frame("2023-01-02", 301, "D", None).set_axis(dates))

    assert bars.instrument.calendar == "24/5"
    assert date(2023, 11, 11) in bars.trade_date.tolist()


def test_daily_bars_on_a_closed_day_are_shown_not_moved() -> None:
    """A date that the venue does not trade keeps its date and is a warning."""
    holiday = frame("2024-07-02", 4, "D", None)  # 4 July among them
    report = check(holiday, "SPY")

    assert validate(holiday, "SPY").trade_date.tolist() == [date(2024, 7, day) for day in (2, 3, 4, 5)]
    assert [(problem.kind, problem.severity) for problem in report.problems][:1] == [("off calendar", "warning")]


def test_an_unknown_symbol_or_timeframe_is_refused() -> None:
    """Names are checked before data."""
    with pytest.raises(UnknownNameError, match="symbol"):
        validate(DAILY, "SPZZ")
    with pytest.raises(UnknownNameError, match="timeframe"):
        validate(DAILY, "SPY", "2d")
