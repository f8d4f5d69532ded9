"""When a strategy may trade: the columns that the engine reads beside prices.

Every value depends on the calendar and this bar's own time, never on later rows, so a live session and a batch agree. *The next bar* is the one
that the calendar has next, whether or not the data holds it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.market.calendars import session_table, zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.market.bars import Bars

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_MINUTE = 60_000_000_000


@dataclass(frozen=True, kw_only=True)
class TradingWindow:
    """The hours in which a strategy may open positions, local to ``zone``."""

    start: str = "09:30"
    """First time of day, ``HH:MM``, included."""
    end: str = "16:00"
    """Time of day after the last, ``HH:MM`` up to ``24:00``; before ``start`` it means the next day."""
    zone: str = "America/New_York"
    """Time zone of both."""
    flat: bool = True
    """Whether positions are closed at the open of the window's last bar; otherwise only entries are limited."""

    def __post_init__(self) -> None:
        """Refuse what is no time of day or no zone."""
        for name, text in (("start", self.start), ("end", self.end)):
            if not _CLOCK.fullmatch(text):
                message = f"window {name} {text!r} is no time of day; write it as 09:30"
                raise InputError(message)
        if self.start == self.end:
            message = f"a window from {self.start} to {self.end} is empty; for the whole day write 00:00 to 24:00"
            raise InputError(message)
        try:
            pd.Timestamp(0, tz=self.zone)
        except Exception as error:  # each time zone library raises its own
            message = f"no time zone named {self.zone!r}; write it as America/New_York"
            raise InputError(message) from error

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON value."""
        return {"start": self.start, "end": self.end, "zone": self.zone, "flat": self.flat}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> TradingWindow:
        """Return the window that ``to_dict`` wrote."""
        return cls(**record)

    def holds(self, times: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each instant (ns since 1970 UTC) whether it is in the window."""
        minute = _minutes(times, self.zone)
        start, end = _minute(self.start), _minute(self.end)
        if start < end:
            return (minute >= start) & (minute < end)
        return (minute >= start) | (minute < end)


def _minute(text: str) -> int:
    hours, minutes = text.split(":")
    return int(hours) * 60 + int(minutes)


def _minutes(times: NDArray[np.int64], where: str) -> NDArray[np.int64]:
    local = pd.DatetimeIndex(times.astype("datetime64[ns]")).tz_localize("UTC").tz_convert(where).tz_localize(None)
    return np.asarray(local.as_unit("ns").asi8 // _MINUTE % 1440)


@dataclass(frozen=True, kw_only=True, eq=False)
class TradingColumns:
    """What the engine asks about time; contiguous arrays (n,), uint8 where they are flags."""

    new_session: NDArray[np.uint8]
    """1 where the bar is the first of its session in the data."""
    can_enter: NDArray[np.uint8]
    """1 where a decision at this bar's close may open a position at the next bar's open."""
    must_flat: NDArray[np.uint8]
    """1 where a position must be closed at the next bar's open."""
    nights: NDArray[np.float64]
    """Float64: calendar nights since the session before, at the first bar of each session in the data; 0 elsewhere and at the first bar."""


def trading_columns(bars: Bars, window: TradingWindow | None = None) -> TradingColumns:
    """Return the columns of ``bars`` under ``window``; None and daily bars: any bar may enter and none must close.

    With a window, an entry may fill only in a bar of the window that is not its last, the session's last included. With ``flat``, the bar before the
    window's last bar must close, so that the exit fills at the last bar's open; so must every later bar until the window opens again, and the
    session's final bar, for the case that bars were missing.
    """
    count = len(bars)
    fresh = np.ones(count, dtype=np.uint8)
    fresh[1:] = bars.session[1:] != bars.session[:-1]
    nights = np.zeros(count)
    nights[1:] = np.diff(bars.session)  # sessions are named by the day of their trade date
    if window is None or not bars.timeframe.intraday:
        anytime, never = np.ones(count, dtype=np.uint8), np.zeros(count, dtype=np.uint8)
        return TradingColumns(new_session=fresh, can_enter=anytime, must_flat=never, nights=nights)
    table = session_table(bars.instrument.calendar, bars.instrument.session_mode)
    row = np.searchsorted(table.trade_date, bars.trade_date)
    stays = bars.known_at < table.close[row]
    following = np.where(stays, row, np.minimum(row + 1, len(table.open) - 1))
    opens = np.where(stays, np.maximum(bars.known_at, table.open[row]), table.open[following])
    ends = np.minimum(opens + bars.timeframe.nanoseconds, table.close[following])
    inside = window.holds(opens)
    last = inside & (~window.holds(ends) | (ends >= table.close[following]))
    enter = inside & ~last
    flat = (last | ~inside | ~stays) if window.flat else np.zeros(count, dtype=bool)
    return TradingColumns(new_session=fresh, can_enter=enter.astype(np.uint8), must_flat=flat.astype(np.uint8), nights=nights)


@dataclass(frozen=True, kw_only=True, eq=False)
class ClockColumns:
    """Time as numbers, for the time terms of rules and for indicators that start afresh each session; float64 arrays (n,), contiguous."""

    minute_of_day: NDArray[np.float64]
    """Minutes from midnight to the bar's open in the exchange's zone, 0 to 1439."""
    day_of_week: NDArray[np.float64]
    """Weekday of the trade date: 0 Monday to 6 Sunday."""
    session_bar: NDArray[np.float64]
    """Place of the bar in its session by the calendar, 0 for the first; a bar missing in the data leaves its place empty."""
    minutes_since_open: NDArray[np.float64]
    """Minutes from the session's open to the bar's open: 0 on the first bar and on bars of a day or longer."""
    minutes_to_close: NDArray[np.float64]
    """Minutes from the bar's close to the session's: 0 on the last bar and on bars of a day or longer."""
    session_day: NDArray[np.float64]
    """Trade date as days since 1970; it changes where a session begins."""
    bar_minutes: NDArray[np.float64]
    """Minutes from the bar's open to the moment it is known."""


def clock_columns(bars: Bars) -> ClockColumns:
    """Return the clock of each bar, from the calendar and its own time only.

    US shares and their indices read New York, CME contracts Chicago, coins UTC. The weekday is the trade date's: a CME bar of Sunday evening is a Monday.
    """
    minute = _minutes(bars.time, zone(bars.instrument.calendar)).astype(np.float64)
    weekday = ((bars.session + 3) % 7).astype(np.float64)  # 1970-01-01 was a Thursday
    place, since, left = np.zeros(len(bars)), np.zeros(len(bars)), np.zeros(len(bars))
    if bars.timeframe.intraday:
        table = session_table(bars.instrument.calendar, bars.instrument.session_mode)
        row = np.searchsorted(table.trade_date, bars.trade_date)
        past = np.maximum(bars.time - table.open[row], 0)
        place = (past // bars.timeframe.nanoseconds).astype(np.float64)
        since = past / _MINUTE
        left = np.maximum(table.close[row] - bars.known_at, 0) / _MINUTE
    return ClockColumns(
        minute_of_day=minute,
        day_of_week=weekday,
        session_bar=place,
        minutes_since_open=since,
        minutes_to_close=left,
        session_day=bars.session.astype(np.float64),
        bar_minutes=np.maximum(bars.known_at - bars.time, 0) / _MINUTE,
    )
