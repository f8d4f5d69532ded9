from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import UnknownNameError
from workbench.market import calendar_tables
from workbench.market.calendar_overrides import OVERRIDES
from workbench.market.calendars import ZONES, bars_per_year, session_table, sessions
from workbench.units import SessionMode, Timeframe, instrument

if TYPE_CHECKING:
    from pathlib import Path

RTH, EXT, FULL, ALWAYS = SessionMode

# NYSE: nyse.com hours and holidays; CME: cmegroup.com Globex holiday schedules as cited in calendar_overrides; DST by the US rule (second
# Sunday of March to first Sunday of November).
GOLDEN = [
    ("NYSE", RTH, "2024-03-08", "2024-03-08 14:30", "2024-03-08 21:00"),  # last day of winter time
    ("NYSE", RTH, "2024-03-11", "2024-03-11 13:30", "2024-03-11 20:00"),  # first of summer time
    ("NYSE", RTH, "2024-11-01", "2024-11-01 13:30", "2024-11-01 20:00"),
    ("NYSE", RTH, "2024-11-04", "2024-11-04 14:30", "2024-11-04 21:00"),
    ("NYSE", RTH, "2024-11-29", "2024-11-29 14:30", "2024-11-29 18:00"),  # day after Thanksgiving, 13:00
    ("NYSE", RTH, "2024-07-03", "2024-07-03 13:30", "2024-07-03 17:00"),
    ("NYSE", EXT, "2024-11-27", "2024-11-27 09:00", "2024-11-28 01:00"),
    ("NYSE", EXT, "2024-11-29", "2024-11-29 09:00", "2024-11-29 22:00"),
    ("CME_EQUITY", FULL, "2024-03-08", "2024-03-07 23:00", "2024-03-08 22:00"),
    ("CME_EQUITY", FULL, "2024-03-11", "2024-03-10 22:00", "2024-03-11 21:00"),  # opens on the Sunday the clocks changed
    ("CME_EQUITY", FULL, "2024-11-29", "2024-11-28 23:00", "2024-11-29 18:15"),  # 12:15 Chicago
    ("CME_EQUITY", FULL, "2025-11-28", "2025-11-27 23:00", "2025-11-28 18:15"),
    ("CME_EQUITY", FULL, "2025-12-24", "2025-12-23 23:00", "2025-12-24 18:15"),
    ("CME_EQUITY", FULL, "2024-01-15", "2024-01-14 23:00", "2024-01-15 18:00"),  # Martin Luther King Day, 12:00 Chicago
    ("CME_EQUITY", FULL, "2013-10-08", "2013-10-07 22:00", "2013-10-08 21:15"),  # closed 16:15 until September 2015
    ("CME_EQUITY", FULL, "2015-09-22", "2015-09-21 22:00", "2015-09-22 21:00"),
    ("CME_EQUITY", RTH, "2024-11-29", "2024-11-29 14:30", "2024-11-29 18:00"),
    ("CME_ENERGY_METALS", FULL, "2026-06-19", "2026-06-18 22:00", "2026-06-19 17:00"),
    ("CME_ENERGY_METALS", FULL, "2026-11-27", "2026-11-26 23:00", "2026-11-27 19:45"),
    ("FX", FULL, "2024-03-11", "2024-03-10 21:00", "2024-03-11 21:00"),
    ("24/7", ALWAYS, "2024-03-10", "2024-03-10 00:00", "2024-03-11 00:00"),
]


@pytest.mark.parametrize(("calendar", "mode", "date", "opened", "closed"), GOLDEN)
def test_sessions_open_and_close_to_the_minute(calendar: str, mode: SessionMode, date: str, opened: str, closed: str) -> None:
    """Sessions agree with the exchanges' notices across daylight saving time, half days and the daily break."""
    table = session_table(calendar, mode)
    row = int(table.rows_of(np.array([date], dtype="datetime64[D]"))[0])

    assert row >= 0
    got = [str(pd.Timestamp(instants[row])) for instants in (table.open, table.close)]
    assert [f"{opened}:00", f"{closed}:00"] == got


@pytest.mark.parametrize(
    ("calendar", "mode", "date"),
    [
        ("NYSE", RTH, "2025-01-09"),  # national day of mourning
        ("NYSE", RTH, "2024-06-19"),
        ("NYSE", RTH, "2001-09-12"),
        ("CME_EQUITY", RTH, "2024-01-15"),  # Globex trades, the regular session does not
        ("CME_EQUITY", FULL, "2024-03-29"),  # Good Friday without a jobs report
        ("CME_EQUITY", FULL, "2024-12-25"),
        ("CME_EQUITY", FULL, "2024-03-09"),  # Saturday
        ("FX", FULL, "2024-12-25"),
    ],
)
def test_closed_days_have_no_session(calendar: str, mode: SessionMode, date: str) -> None:
    """A holiday of the venue is no trade date."""
    assert session_table(calendar, mode).rows_of(np.array([date], dtype="datetime64[D]")).tolist() == [-1]


@pytest.mark.parametrize("calendar", ZONES)
@pytest.mark.parametrize("mode", list(SessionMode))
def test_sessions_never_overlap(calendar: str, mode: SessionMode) -> None:
    """In every mode of every calendar sessions are ascending, one a trade date, and end before the next begins."""
    table = session_table(calendar, mode)

    assert (table.open < table.close).all()
    assert (table.close[:-1] <= table.open[1:]).all()
    assert (table.trade_date[:-1] < table.trade_date[1:]).all()


def test_the_daily_break_of_cme() -> None:
    """Between two Globex sessions in midweek lies one hour, since September 2015; before it were 45 minutes."""
    table = session_table("CME_EQUITY", FULL)
    rows = table.rows_of(np.array(["2015-09-16", "2015-09-17", "2015-09-22", "2015-09-23"], dtype="datetime64[D]"))

    breaks = [(table.open[later] - table.close[earlier]) // 60_000_000_000 for earlier, later in (rows[:2], rows[2:])]
    assert breaks == [45, 60]


@pytest.mark.parametrize("row", OVERRIDES, ids=lambda row: f"{row.calendar}-{row.date}")
def test_overrides_hold_and_name_their_source(row: object) -> None:
    """Every row of the override table is what the calendar says, and says where it is from."""
    table = session_table(row.calendar, FULL)
    place = int(table.rows_of(np.array([row.date], dtype="datetime64[D]"))[0])
    close = None if place < 0 else f"{pd.Timestamp(table.close[place], tz='UTC').tz_convert('America/Chicago'):%H:%M}"

    assert row.close == close
    assert len(row.source) > 20


@pytest.mark.parametrize(
    ("symbol", "bar", "expected"),
    [
        ("SPX", "1d", 252),
        ("SPX", "15m", 252 * 26 - 34),  # 34 fewer for half days
        ("BTCUSD", "1d", 365),
        ("BTCUSD", "1h", 8766),  # 365.25 days
        ("EURUSD", "1d", 260),
        ("ES", "1d", 258),
    ],
)
def test_bars_per_year(symbol: str, bar: str, expected: float) -> None:
    """A year holds the bars that the instrument's own calendar has."""
    assert bars_per_year(instrument(symbol), Timeframe(bar)) == pytest.approx(expected, abs=8)


@given(st.lists(st.integers(1_200_000_000, 1_700_000_000), min_size=2, max_size=40), st.sampled_from(list(Timeframe)[:5]))
def test_locate_follows_time(seconds: list[int], bar: Timeframe) -> None:
    """Later bars never belong to earlier sessions, and a bar inside a session overlaps it."""
    table = session_table("CME_EQUITY", FULL)
    times = np.sort(np.array(seconds, dtype=np.int64) // 60 * 60) * 10**9
    row, inside = table.locate(times, bar.nanoseconds)

    assert (np.diff(row) >= 0).all()
    assert (times[inside] < table.close[row][inside]).all()
    assert (times[inside] + bar.nanoseconds > table.open[row][inside]).all()


def test_the_frame_of_sessions() -> None:
    """``sessions`` gives aware UTC times by trade date, start included, end not."""
    found = sessions(instrument("SYN"), start="2024-11-27", end="2024-12-02")

    assert [str(date.date()) for date in found.index] == ["2024-11-27", "2024-11-29"]
    assert found["close"].iloc[1] == pd.Timestamp("2024-11-29 18:00", tz="UTC")


def test_an_unknown_calendar_names_the_nearest() -> None:
    """A calendar that does not exist is refused with a suggestion."""
    with pytest.raises(UnknownNameError, match="did you mean NYSE"):
        sessions("NYS", RTH)


def test_a_damaged_table_on_disk_is_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A calendar file that was cut off does no harm, and is replaced."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    fresh = calendar_tables.library_sessions.__wrapped__("CME_EQUITY")
    (stored,) = (tmp_path / "data" / "cache" / "calendars").glob("*.npz")
    whole = stored.read_bytes()
    stored.write_bytes(whole[:1000])

    again = calendar_tables.library_sessions.__wrapped__("CME_EQUITY")

    assert all(np.array_equal(left, right) for left, right in zip(fresh, again, strict=True))
    assert len(stored.read_bytes()) == len(whole)
