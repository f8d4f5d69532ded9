"""Bars: a checked table of open, high, low, close and volume with the moments at which each row became known.

``validate`` is the one door: it takes a frame in any usual shape, refuses corrupt data and works out session, trade date and ``known_at``.

``known_at`` of an intraday bar is its open plus the timeframe, cut at the session's end; of a daily bar the session's close. A bar that reaches
over the break into the next session (a vendor's clock-aligned four hours) is known only when all of it has happened, so it is not cut.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import InputError
from workbench.market import quality
from workbench.market.calendars import session_table
from workbench.market.intake import COLUMNS, Intake, canonical
from workbench.units import Instrument, SessionMode, Timeframe
from workbench.units import instrument as find_instrument
from workbench.units import timeframe as find_timeframe

if TYPE_CHECKING:
    from datetime import date, datetime

    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Bars:
    """A checked table of bars of one instrument and timeframe; made by ``validate``."""

    instrument: Instrument
    """What was traded; its calendar and session mode are those the bars follow."""
    timeframe: Timeframe
    """Length of a bar."""
    frame: pd.DataFrame
    """Index ``open_time`` (aware UTC, ns, ascending); float64 columns open high low close volume, no NaN."""
    known_at: NDArray[np.int64]
    """(n,) moment each bar is known, ns since 1970 UTC."""
    session: NDArray[np.int64]
    """(n,) session id, the trade date's days since 1970; never decreases."""
    trade_date: NDArray[np.datetime64]
    """(n,) trade date, ``datetime64[D]``."""
    source: str
    """Where the bars are from: ``arch.data``, ``bokeh_sampledata``, ``file:...``, ``user``, ``synthetic``."""
    synthetic: bool
    """True for made-up bars."""

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.known_at)

    # Copies, because pandas hands out read-only views and compiled signatures want writable arrays.
    @cached_property
    def open(self) -> NDArray[np.float64]:
        """(n,) first prices, contiguous."""
        return np.array(self.frame["open"], dtype=np.float64)

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """(n,) highest prices, contiguous."""
        return np.array(self.frame["high"], dtype=np.float64)

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """(n,) lowest prices, contiguous."""
        return np.array(self.frame["low"], dtype=np.float64)

    @cached_property
    def close(self) -> NDArray[np.float64]:
        """(n,) last prices, contiguous."""
        return np.array(self.frame["close"], dtype=np.float64)

    @cached_property
    def volume(self) -> NDArray[np.float64]:
        """(n,) volumes in the instrument's units, contiguous."""
        return np.array(self.frame["volume"], dtype=np.float64)

    @cached_property
    def time(self) -> NDArray[np.int64]:
        """(n,) open times, ns since 1970 UTC."""
        return np.array(pd.DatetimeIndex(self.frame.index).asi8, dtype=np.int64)

    @cached_property
    def dataset_hash(self) -> str:
        """SHA-256 over symbol, timeframe, calendar, session mode, times, ``known_at``, sessions and values: all that a decision can see."""
        digest = hashlib.sha256()
        entry = self.instrument
        head = f"bars/1|{entry.symbol}|{self.timeframe.value}|{entry.calendar}|{entry.session_mode.value}|{len(self)}|"
        digest.update(head.encode())
        for whole in (self.time, self.known_at, self.session):
            digest.update(np.ascontiguousarray(whole, dtype="<i8").tobytes())
        for name in COLUMNS:
            digest.update(np.ascontiguousarray(getattr(self, name), dtype="<f8").tobytes())
        return digest.hexdigest()

    def slice(self, first: int, last: int) -> Bars:
        """Return the bars at positions ``first`` to ``last`` (exclusive); negative and open ends as in a list."""
        picked = slice(first, last)
        return replace(
            self,
            frame=self.frame.iloc[picked],
            known_at=self.known_at[picked],
            session=self.session[picked],
            trade_date=self.trade_date[picked],
        )

    def head(self, count: int) -> Bars:
        """Return the first ``count`` bars."""
        return self.slice(0, count)

    def window(self, start: str | date | datetime | None = None, end: str | date | datetime | None = None) -> Bars:
        """Return the bars from ``start`` to before ``end``: an aware time compares with open times, a date with trade dates.

        Raises:
            InputError: a naive time of day, or text that is no date.
        """
        first = 0 if start is None else self._position(start)
        last = len(self) if end is None else self._position(end)
        return self.slice(first, max(first, last))

    def within(self, mode: SessionMode) -> Bars:
        """Return only the bars that lie in the sessions of ``mode``, for example the regular hours of a future.

        Raises:
            InputError: no bar lies there, or the bars are daily.
        """
        if not self.timeframe.intraday:
            message = "daily bars cannot be cut to other hours; start from intraday bars"
            raise InputError(message)
        entry = replace(self.instrument, session_mode=mode)
        table = session_table(entry.calendar, mode)
        row, inside = table.locate(self.time, self.timeframe.nanoseconds)
        inside &= (self.time >= table.open[row]) & (self.known_at <= table.close[row])
        if not inside.any():
            message = f"no bar of {entry.symbol} lies in {mode.value} hours"
            raise InputError(message)
        intake = canonical(self.frame[inside], entry, self.timeframe)
        return _finish(replace(intake, instrument=entry), source=self.source, synthetic=self.synthetic)

    def _position(self, bound: str | date | datetime) -> int:
        try:
            moment = pd.Timestamp(bound)
            day = np.datetime64(moment.date(), "D")
        except (ValueError, TypeError) as error:
            message = f"{bound!r} is no date; write it as 2024-01-31"
            raise InputError(message) from error
        if moment.tzinfo is not None:
            return int(np.searchsorted(self.time, moment.as_unit("ns").value))
        if moment != moment.normalize():
            message = f"{bound} has no time zone; use a date, or an aware time such as {moment.isoformat()}+00:00"
            raise InputError(message)
        return int(np.searchsorted(self.trade_date, day))

    def __repr__(self) -> str:
        """Say what, how many, from when to when and where from."""
        span = f"{self.trade_date[0]} to {self.trade_date[-1]}" if len(self) else "empty"
        made_up = ", SYNTHETIC" if self.synthetic else ""
        return f"Bars({self.instrument.symbol} {self.timeframe.value}, {len(self):,} bars, {span}, {self.source}{made_up})"

    def _repr_html_(self) -> str:
        badge = " <b>▨ SYNTHETIC</b>" if self.synthetic else ""
        head = f"<p>{escape(repr(self).removeprefix('Bars(').removesuffix(')').replace(', SYNTHETIC', ''))}{badge}</p>"
        few = self.frame if len(self) <= 6 else pd.concat([self.frame.head(3), self.frame.tail(3)])  # noqa: PLR2004
        return head + few.to_html(border=0, max_cols=5)


def validate(
    frame: pd.DataFrame,
    instrument: Instrument | str = "CUSTOM",
    timeframe: Timeframe | str | None = None,
    *,
    source: str = "user",
    synthetic: bool = False,
) -> Bars:
    """Return checked bars from ``frame``; columns in any letter case, extra ones are left out, missing volume is zero.

    Times are the index or a date column: aware in any zone, or naive *dates* for daily bars, which are trade dates. The timeframe is read off the
    spacing unless given. Bars outside the instrument's own hours widen its session mode (regular to extended to full).

    Raises:
        BarsError: it is not a table of bars, or its times have no zone.
        CorruptDataError: duplicates, disorder, missing or impossible prices; the first place is named.
        UnknownNameError: no such symbol or timeframe.
    """
    entry = instrument if isinstance(instrument, Instrument) else find_instrument(instrument)
    bar = timeframe if isinstance(timeframe, Timeframe) or timeframe is None else find_timeframe(timeframe)
    intake = canonical(frame, entry, bar)
    quality.inspect(intake).require()
    return _finish(intake, source=source, synthetic=synthetic or entry.synthetic)


def _finish(intake: Intake, *, source: str, synthetic: bool) -> Bars:
    """Work out when each bar was known; the frame must be in order."""
    times = np.array(pd.DatetimeIndex(intake.frame.index).asi8)
    table = session_table(intake.instrument.calendar, intake.instrument.session_mode)
    if not intake.timeframe.intraday:
        known = table.nominal(intake.trade_date)[1]
    else:
        row, inside = table.locate(times, intake.timeframe.nanoseconds)
        over = times + intake.timeframe.nanoseconds
        following = table.open[np.minimum(row + 1, len(table.open) - 1)]
        known = np.where(inside & (over <= following), np.minimum(over, table.close[row]), over)
    return Bars(
        instrument=intake.instrument,
        timeframe=intake.timeframe,
        frame=intake.frame,
        known_at=np.array(known, dtype=np.int64),
        session=intake.trade_date.astype("datetime64[D]").astype(np.int64),
        trade_date=intake.trade_date,
        source=source,
        synthetic=synthetic,
    )
