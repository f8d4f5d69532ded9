"""When a venue trades: sessions by trade date, for every session mode.

1. ``_venue`` builds a venue's own sessions: from ``pandas_market_calendars`` and our override table (NYSE, CME), or by
   arithmetic (FX, 24/5, 24/7). The library takes half a second to import and compute, so its tables are kept on disk.
2. ``session_table`` narrows or widens them to a session mode: ``RTH_US`` is the NYSE regular session (13:00 on half days), ``EXT_US``
   04:00-20:00 New York (17:00 on half days: NYSE Arca late session), ``FULL_24x5`` the venue's own electronic hours, ``FULL_24x7`` UTC days.
3. ``SessionTable.locate`` finds the session of each bar; a time outside every session goes to the nearest one and is marked.

A trade date belongs to the session that *closes* on it: the CME session of Monday opens on Sunday evening. On US holidays CME trades a short session
with a trade date of its own here, as in the library; the exchange itself books it on the next business day.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import InputError, UnknownNameError
from workbench.market.calendar_tables import FIRST_DATE, LAST_DATE, library_sessions
from workbench.units import Instrument, SessionMode, Timeframe

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

DAY = 86_400_000_000_000
_NEW_YORK = "America/New_York"
ZONES = {
    "NYSE": _NEW_YORK,
    "CME_EQUITY": "America/Chicago",
    "CME_ENERGY_METALS": "America/Chicago",
    "FX": _NEW_YORK,
    "24/5": "UTC",
    "24/7": "UTC",
}
_NOMINAL_OPEN = {  # local minutes from midnight of the trade date, for dates that a venue does not trade
    "NYSE": 570,
    "CME_EQUITY": -420,
    "CME_ENERGY_METALS": -420,
    "FX": -420,
    "24/5": 0,
    "24/7": 0,
}
_REFERENCE = ("2005-01-01", "2025-01-01")  # twenty whole years, the span that annualisation counts over


@dataclass(frozen=True, eq=False)
class SessionTable:
    """Sessions of one calendar in one mode, ascending; arrays of equal length."""

    calendar: str
    mode: SessionMode
    zone: str
    trade_date: NDArray[np.datetime64]
    """Trade dates, ``datetime64[D]``."""
    open: NDArray[np.int64]
    """First instant, nanoseconds since 1970 UTC."""
    close: NDArray[np.int64]
    """Instant after the last, nanoseconds since 1970 UTC."""

    def locate(self, times: NDArray[np.int64], length: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Return for bars opening at ``times`` and ``length`` ns long the row of their session, and whether they overlap it.

        A bar belongs to the first session that ends after the bar's open if they overlap (clock-aligned hours may begin before the
        session does); otherwise to the nearest session, the earlier one on a tie.
        """
        later = np.searchsorted(self.close, times, side="right")
        later = np.minimum(later, len(self.close) - 1)
        inside = (times < self.close[later]) & (times + length > self.open[later])
        earlier = np.maximum(later - 1, 0)
        nearer = (times - self.close[earlier]) <= (self.open[later] - times)
        row = np.where(inside | ~nearer, later, earlier)
        return row.astype(np.int64), inside

    def rows_of(self, dates: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """Return the row of each trade date, -1 where the venue does not trade."""
        row = np.searchsorted(self.trade_date, dates)
        row = np.minimum(row, len(self.trade_date) - 1)
        return np.where(self.trade_date[row] == dates, row, -1).astype(np.int64)

    def nominal(self, dates: NDArray[np.datetime64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the open and close of ``dates``; a date without a session gets the hours of a regular one."""
        row = self.rows_of(dates)
        missing = row < 0
        opened, closed = self.open[row], self.close[row]
        if missing.any():
            typical = int(np.median(self.close[-2000:] - self.open[-2000:]))
            start = _nominal_minutes(self.calendar, self.mode)
            opened = np.where(missing, _instants(dates, start, self.zone_of_hours), opened)
            closed = np.where(missing, opened + typical, closed)
        return opened, closed

    @property
    def zone_of_hours(self) -> str:
        """The zone in which the hours of this mode are stated."""
        if self.mode in {SessionMode.RTH_US, SessionMode.EXT_US}:
            return _NEW_YORK
        return "UTC" if self.mode is SessionMode.FULL_24X7 else self.zone


def _nominal_minutes(calendar: str, mode: SessionMode) -> int:
    if mode is SessionMode.RTH_US:
        return 570
    if mode is SessionMode.EXT_US or (mode is SessionMode.FULL_24X5 and calendar == "NYSE"):
        return 240
    return 0 if mode is SessionMode.FULL_24X7 else _NOMINAL_OPEN[calendar]


def zone(calendar: str) -> str:
    """Return the time zone of a calendar, such as ``America/Chicago``.

    Raises:
        UnknownNameError: no such calendar.
    """
    if calendar not in ZONES:
        kind = "calendar"
        raise UnknownNameError(kind, calendar, ZONES)
    return ZONES[calendar]


@lru_cache(maxsize=64)
def session_table(calendar: str, mode: SessionMode) -> SessionTable:
    """Return all sessions of ``calendar`` in ``mode`` from 1900 to 2049.

    Raises:
        UnknownNameError: no such calendar.
    """
    where = zone(calendar)
    if mode is SessionMode.FULL_24X7:
        dates, opened, closed = _every_day(weekdays_only=False)
    elif mode is SessionMode.FULL_24X5:
        dates, opened, closed = _extended() if calendar == "NYSE" else _weekly(calendar)
    else:
        dates, opened, closed = library_sessions("NYSE") if mode is SessionMode.RTH_US else _extended()
        if calendar not in {"NYSE", "24/7"}:
            dates, opened, closed = _clip((dates, opened, closed), _weekly(calendar))
    return SessionTable(calendar, mode, where, dates, opened, closed)


Arrays = "tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]"


def _weekly(calendar: str) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]:
    if calendar in {"24/7", "24/5"}:
        return _every_day(weekdays_only=True)
    if calendar == "FX":
        dates, _, _ = _every_day(weekdays_only=True)
        # New York 17:00 to 17:00; New Year's Day and Christmas are the two dates on which the interbank market rests.
        stamp = pd.DatetimeIndex(dates)
        rest = ((stamp.month == 1) & (stamp.day == 1)) | ((stamp.month == 12) & (stamp.day == 25))  # noqa: PLR2004
        dates = dates[~np.asarray(rest)]
        return dates, _instants(dates, -420, _NEW_YORK), _instants(dates, 1020, _NEW_YORK)
    return library_sessions(calendar)


def _every_day(*, weekdays_only: bool) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]:
    dates = np.arange(np.datetime64(FIRST_DATE, "D"), np.datetime64(LAST_DATE, "D") + 1)
    if weekdays_only:
        dates = dates[np.is_busday(dates)]
    opened = dates.astype("datetime64[ns]").astype(np.int64)
    return dates, opened, opened + DAY


def _extended() -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]:
    dates, _, regular = library_sessions("NYSE")
    early = regular < _instants(dates, 15 * 60, _NEW_YORK)
    return (
        dates,
        _instants(dates, 240, _NEW_YORK),
        np.where(early, _instants(dates, 17 * 60, _NEW_YORK), _instants(dates, 20 * 60, _NEW_YORK)),
    )


def _clip(
    inner: tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]],
    venue: tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]],
) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]:
    both, left, right = np.intersect1d(inner[0], venue[0], assume_unique=True, return_indices=True)
    opened = np.maximum(inner[1][left], venue[1][right])
    closed = np.minimum(inner[2][left], venue[2][right])
    open_at_all = opened < closed
    return both[open_at_all], opened[open_at_all], closed[open_at_all]


def _instants(dates: NDArray[np.datetime64], minutes: int, where: str) -> NDArray[np.int64]:
    local = pd.DatetimeIndex(dates.astype("datetime64[ns]") + np.timedelta64(minutes, "m"))
    aware = local.tz_localize(where, ambiguous=np.ones(len(local), dtype=bool), nonexistent="shift_forward")
    return np.array(aware.as_unit("ns").asi8)


def sessions(
    venue: Instrument | str, mode: SessionMode | None = None, start: date | str | None = None, end: date | str | None = None
) -> pd.DataFrame:
    """Return sessions as a frame: index ``trade_date``, columns ``open`` and ``close`` (aware UTC).

    Args:
        venue: an instrument, or the name of a calendar (``NYSE``, ``CME_EQUITY``, ``CME_ENERGY_METALS``, ``FX``, ``24/5``, ``24/7``).
        mode: the instrument's own by default; for a calendar name its full electronic session, and for NYSE the regular one.
        start: first trade date, included.
        end: trade date after the last.

    Raises:
        UnknownNameError: no such calendar.
    """
    calendar = venue.calendar if isinstance(venue, Instrument) else venue
    if mode is None:
        mode = venue.session_mode if isinstance(venue, Instrument) else _default_mode(calendar)
    table = session_table(calendar, mode)
    first = np.searchsorted(table.trade_date, np.datetime64(start or FIRST_DATE, "D"))
    last = np.searchsorted(table.trade_date, np.datetime64(end, "D")) if end is not None else len(table.trade_date)
    picked = slice(int(first), int(last))
    return pd.DataFrame(
        {"open": pd.to_datetime(table.open[picked], utc=True), "close": pd.to_datetime(table.close[picked], utc=True)},
        index=pd.Index(table.trade_date[picked].astype("datetime64[s]"), name="trade_date"),
    )


def _default_mode(calendar: str) -> SessionMode:
    if zone(calendar) == _NEW_YORK and calendar == "NYSE":
        return SessionMode.RTH_US
    return SessionMode.FULL_24X7 if calendar == "24/7" else SessionMode.FULL_24X5


@lru_cache(maxsize=256)
def bars_per_year(entry: Instrument, bar: Timeframe, mode: SessionMode | None = None) -> float:
    """Return how many bars a year of this instrument holds, rounded to a whole number: 252 for daily US shares, 365 for daily coins.

    Counted over the calendar's sessions of 2005 to 2024, half days included.

    Raises:
        InputError: the calendar has no session in those years.
    """
    table = session_table(entry.calendar, mode or entry.session_mode)
    start, end = (np.datetime64(text, "D") for text in _REFERENCE)
    years = (table.trade_date >= start) & (table.trade_date < end)
    if not years.any():
        message = f"calendar {entry.calendar} has no session from {_REFERENCE[0]} to {_REFERENCE[1]}"
        raise InputError(message)
    if not bar.intraday:
        return float(round(int(years.sum()) / 20))
    lengths = table.close[years] - table.open[years]
    return float(round(int((-(-lengths // bar.nanoseconds)).sum()) / 20))
