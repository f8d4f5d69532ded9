from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from market_tables import frame

from workbench.errors import InputError
from workbench.market import TradingWindow, clock_columns, sample, synthetic, trading_columns, validate

MORNING = TradingWindow(start="09:30", end="12:00")
DAY = TradingWindow(start="09:30", end="16:00")


def text(values: np.ndarray) -> str:
    return "".join(str(value) for value in values)


def test_one_day_of_half_hours_by_hand() -> None:
    """A morning window on 13 half-hour bars of two days, bar by bar.

    The window's bars are 0 to 4, its last is bar 4 (11:30). An entry decided at bar t fills at bar t+1, so it may be decided on the bar before the
    open and on bars 0 to 2; the exit that fills at bar 4's open is decided on bar 3, and whatever is still held later must go as well.
    """
    bars = validate(pd.concat([frame("2024-01-03 09:30", 13, "30min"), frame("2024-01-04 09:30", 13, "30min")]), "SPY")
    columns = trading_columns(bars, MORNING)

    assert text(columns.new_session) == "1000000000000" * 2
    assert text(columns.can_enter) == "1110000000001" * 2
    assert text(columns.must_flat) == "0001111111111" * 2


def test_the_session_s_last_bar_ends_a_window_that_is_longer() -> None:
    """On a half day the window to 16:00 is over at 13:00: the exit fills at 12:30."""
    bars = validate(frame("2024-11-29 09:30", 7, "30min"), "SPY")
    columns = trading_columns(bars, DAY)

    assert text(columns.can_enter) == "1111101"
    assert text(columns.must_flat) == "0000011"


def test_a_window_that_only_limits_entries() -> None:
    """Without ``flat`` nothing must be closed."""
    bars = validate(frame("2024-01-03 09:30", 13, "30min"), "SPY")
    columns = trading_columns(bars, TradingWindow(start="09:30", end="12:00", flat=False))

    assert text(columns.can_enter) == "1110000000001"
    assert text(columns.must_flat) == "0" * 13


def test_a_window_over_midnight() -> None:
    """From 20:00 to 02:00 New York on Globex: entries may fill from 20:00, and the last bar opens 01:00."""
    bars = validate(frame("2024-01-03 18:00", 10, "1h"), "ES")  # 18:00 to 03:00
    columns = trading_columns(bars, TradingWindow(start="20:00", end="02:00"))

    assert text(columns.can_enter) == "0111110000"
    assert text(columns.must_flat) == "1000001111"


def test_no_window_and_daily_bars_are_free() -> None:
    """Without a window, and on daily bars with one, every bar may enter and none must close."""
    for columns in (trading_columns(synthetic("SYN", "1h", sessions=5)), trading_columns(sample("SPX"), MORNING)):
        assert set(columns.can_enter.tolist()) == {1}
        assert set(columns.must_flat.tolist()) == {0}
        assert columns.new_session[0] == 1


def test_columns_are_uint8_and_contiguous() -> None:
    """The engine's signatures want writable, contiguous uint8."""
    columns = trading_columns(synthetic("SYN", "1h", sessions=5), DAY)

    for values in (columns.new_session, columns.can_enter, columns.must_flat):
        assert (values.dtype, values.flags.c_contiguous, values.flags.writeable) == (np.dtype(np.uint8), True, True)


@settings(deadline=None)
@given(
    st.integers(0, 300),
    st.integers(1, 60),
    st.sampled_from([MORNING, DAY, TradingWindow(start="14:00", end="10:00"), TradingWindow(start="10:15", end="11:05", zone="UTC")]),
)
def test_later_rows_change_nothing(first: int, count: int, window: TradingWindow) -> None:
    """Columns of a part are the part of the columns: they follow from the calendar and the bar's own time."""
    bars = synthetic("SYN", "15m", sessions=20)
    whole = trading_columns(bars, window)
    part = trading_columns(bars.slice(first, first + count), window)

    assert whole.can_enter[first : first + count].tolist() == part.can_enter.tolist()
    assert whole.must_flat[first : first + count].tolist() == part.must_flat.tolist()


@pytest.mark.parametrize("bar", ["5m", "15m", "30m", "1h"])
@pytest.mark.parametrize("window", [MORNING, DAY, TradingWindow(start="10:10", end="15:20")])
def test_who_enters_in_the_window_leaves_in_the_window(bar: str, window: TradingWindow) -> None:
    """On bars without holes an entry always fills inside the window, and the forced exit no later than the window's last bar."""
    bars = synthetic("SYN", bar, sessions=260)  # with half days and both clock changes
    columns = trading_columns(bars, window)
    local = bars.frame.index.tz_convert("America/New_York")
    entries = np.flatnonzero(columns.can_enter[:-1]) + 1
    exits = np.flatnonzero(columns.must_flat[:-1]) + 1
    for filled in entries:
        leaves = exits[np.searchsorted(exits, filled, side="right")] if filled < exits[-1] else None
        clock = f"{local[filled]:%H:%M}"
        assert window.start <= clock < window.end
        if leaves is not None:
            assert bars.session[leaves] == bars.session[filled]
            assert f"{local[leaves]:%H:%M}" < window.end


def test_the_clock_of_the_exchange() -> None:
    """Minute of day is local to the exchange across the clock change; the weekday is the trade date's."""
    spy = clock_columns(validate(pd.concat([frame("2024-03-08 09:30", 1, "5min"), frame("2024-03-11 09:30", 1, "5min")]), "SPY", "5m"))
    es = clock_columns(validate(frame("2024-03-10 18:00", 2, "5min"), "ES"))

    assert (spy.minute_of_day.tolist(), spy.day_of_week.tolist()) == ([570.0, 570.0], [4.0, 0.0])
    assert (es.minute_of_day.tolist(), es.day_of_week.tolist()) == ([1020.0, 1025.0], [0.0, 0.0])  # Sunday 17:00 Chicago


def test_the_clock_of_the_session() -> None:
    """Place in the session and minutes to both its ends, on a full day and on the half day after Thanksgiving; a missing bar leaves its place empty."""
    day = validate(pd.concat([frame("2024-11-27 09:30", 2, "30min"), frame("2024-11-27 15:30", 1, "30min")]), "SPY", "30m")
    half = clock_columns(validate(frame("2024-11-29 12:00", 2, "30min"), "SPY", "30m"))
    clock = clock_columns(day)

    assert clock.session_bar.tolist() == [0.0, 1.0, 12.0]
    assert clock.minutes_since_open.tolist() == [0.0, 30.0, 360.0]
    assert clock.minutes_to_close.tolist() == [360.0, 330.0, 0.0]
    assert (clock.bar_minutes.tolist(), clock.session_day.tolist()) == ([30.0] * 3, day.session.tolist())
    assert (half.session_bar.tolist(), half.minutes_to_close.tolist()) == ([5.0, 6.0], [30.0, 0.0])


def test_the_clock_of_a_session_over_midnight() -> None:
    """A CME session opens on the evening before; its bars count on over midnight and the change to summer time."""
    clock = clock_columns(validate(frame("2024-03-10 18:00", 20, "1h"), "ES", "1h"))

    assert clock.session_bar.tolist() == list(map(float, range(20)))
    assert clock.minutes_since_open.tolist() == [60.0 * place for place in range(20)]
    assert set(clock.session_day) == {float((pd.Timestamp("2024-03-11") - pd.Timestamp(0)).days)}


def test_bars_of_a_day_are_whole_sessions() -> None:
    """On daily bars every bar is the first and the last of its session."""
    clock = clock_columns(sample("SPX").head(20))

    assert [set(column) for column in (clock.session_bar, clock.minutes_since_open, clock.minutes_to_close)] == [{0.0}] * 3
    assert (clock.bar_minutes > 0).all()
    assert (np.diff(clock.session_day) >= 1).all()


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"start": "9:30"}, "no time of day"),
        ({"end": "25:00"}, "no time of day"),
        ({"start": "10:00", "end": "10:00"}, "empty"),
        ({"zone": "New York"}, "no time zone"),
    ],
)
def test_a_window_that_makes_no_sense_is_refused(given: dict[str, str], words: str) -> None:
    """A wrong time of day, an empty window or an unknown zone say what to write."""
    with pytest.raises(InputError, match=words):
        TradingWindow(**given)


def test_a_window_survives_json() -> None:
    """What ``to_dict`` writes, ``from_dict`` reads."""
    window = TradingWindow(start="08:00", end="24:00", zone="UTC", flat=False)

    assert TradingWindow.from_dict(window.to_dict()) == window
