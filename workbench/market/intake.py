"""How a frame that somebody hands over becomes a canonical one: columns, times, instrument and timeframe, in that order.

1. ``columns`` finds open, high, low, close and volume in any letter case, casts them to float64 and leaves the rest out.
2. ``moments`` finds the times (index, or a date column) and refuses naive ones that carry a time of day.
3. ``infer_timeframe`` reads the bar length off the spacing.
4. ``canonical`` puts them together: daily labels become session opens, and an instrument of unknown venue takes the calendar that fits.

Nothing is dropped, sorted or filled here: what is wrong stays visible for ``quality``.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import BarsError
from workbench.market.calendars import session_table, zone
from workbench.units import Instrument, SessionMode, Timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("open", "high", "low", "close", "volume")
_TIME_COLUMNS = ("open_time", "datetime", "timestamp", "date", "time", "trade_date", "index", "unnamed: 0")
_SYNONYMS = {"vol": "volume", "qty": "volume"}
_DAILY_FROM = 20 * 3_600_000_000_000  # the shortest spacing that is read as daily
_HALF_MINUTE = 30_000_000_000
_STRAY = 0.02  # share of bars that may lie outside a session mode: half days of old files, late prints


@dataclass(frozen=True, kw_only=True, eq=False)
class Intake:
    """A canonical frame and what was decided on the way in."""

    frame: pd.DataFrame
    """Index ``open_time`` (aware UTC, ns), float64 columns open high low close volume, rows as given."""
    instrument: Instrument
    """The instrument, with the calendar and session mode that the times follow."""
    timeframe: Timeframe
    """Length of a bar."""
    trade_date: NDArray[np.datetime64]
    """(n,) trade date of each bar, ``datetime64[D]``."""


def canonical(frame: object, instrument: Instrument, timeframe: Timeframe | None = None) -> Intake:
    """Return the canonical form of ``frame``; rows keep their order and their faults.

    Raises:
        BarsError: no such columns, no times, naive intraday times, or a timeframe that cannot be read.
    """
    if not isinstance(frame, pd.DataFrame):  # a person's notebook has no type checker
        message = f"bars must be a pandas DataFrame with open, high, low, close and volume, not {type(frame).__name__}"
        raise BarsError(message)
    if frame.empty:
        message = "the frame has no rows; bars need at least one"
        raise BarsError(message)
    flat = _flat_columns(frame)
    times = moments(flat)
    values = columns(flat)
    bar = infer_timeframe(times) if timeframe is None else timeframe
    if not bar.intraday:
        dates = _daily_dates(times, instrument)
        chosen = _venue_of_dates(instrument, dates)
        labels, _ = session_table(chosen.calendar, chosen.session_mode).nominal(dates)
    else:
        labels = _instants(times)
        chosen = _venue_of_times(instrument, labels, bar)
        table = session_table(chosen.calendar, chosen.session_mode)
        dates = table.trade_date[table.locate(labels, bar.nanoseconds)[0]]
    index = pd.DatetimeIndex(labels.astype("datetime64[ns]"), name="open_time").tz_localize("UTC")
    clean = pd.DataFrame(values, index=index, columns=list(COLUMNS))
    return Intake(frame=clean, instrument=chosen, timeframe=bar, trade_date=dates)


def _flat_columns(frame: pd.DataFrame) -> pd.DataFrame:
    if not isinstance(frame.columns, pd.MultiIndex):
        return frame
    for level in range(frame.columns.nlevels):
        names = {str(name).lower() for name in frame.columns.get_level_values(level)}
        if {"open", "high", "low", "close"} <= names and frame.columns.get_level_values(level).is_unique:
            return frame.set_axis(frame.columns.get_level_values(level), axis=1)
    message = "the frame has columns of several symbols; pick one, for example frame.xs('AAPL', axis=1, level=1)"
    raise BarsError(message)


def columns(frame: pd.DataFrame) -> NDArray[np.float64]:
    """Return (n, 5) float64 values of open, high, low, close and volume; a missing volume column is all zero.

    Raises:
        BarsError: a column is missing, there twice, or not numeric.
    """
    names: dict[str, list[int]] = {}
    for position, label in enumerate(frame.columns):
        folded = str(label).strip().lower()
        names.setdefault(_SYNONYMS.get(folded, folded), []).append(position)
    missing = [name for name in COLUMNS[:4] if name not in names]
    if missing:
        message = f"bars need columns open, high, low, close (any letter case); missing: {', '.join(missing)}; found: {', '.join(map(str, frame.columns))}"
        raise BarsError(message)
    values = np.zeros((len(frame), len(COLUMNS)))
    for target, name in enumerate(COLUMNS):
        places = names.get(name, [])
        if len(places) > 1:
            message = f"column {name} is there {len(places)} times; keep one"
            raise BarsError(message)
        if places:
            values[:, target] = _numbers(frame.iloc[:, places[0]], name)
    return values + 0.0  # minus zero becomes zero


def _numbers(column: pd.Series, name: str) -> NDArray[np.float64]:
    try:
        return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        numbers = pd.to_numeric(column, errors="coerce")
        bad = int(np.flatnonzero((numbers.isna() & column.notna()).to_numpy())[0])
        message = f"column {name} holds {column.iloc[bad]!r} at row {bad}, which is not a number"
        raise BarsError(message) from error


def moments(frame: pd.DataFrame) -> pd.DatetimeIndex:
    """Return the times of the rows as given: aware, or naive if they are dates.

    Raises:
        BarsError: no times, unreadable times, missing times, or naive times of day.
    """
    times = _time_labels(frame)
    if times.hasnans:
        row = int(np.flatnonzero(times.isna())[0])
        message = f"row {row} has no time"
        raise BarsError(message)
    if times.tz is None and not _all_midnight(times):
        first = times[int(np.flatnonzero(_of_day(times))[0])]
        message = (
            f"bar time {first} has no time zone; say which one it is in, for example frame.tz_localize('America/New_York'), "
            "or frame.tz_localize('UTC') if it is UTC already (only daily dates may be naive)"
        )
        raise BarsError(message)
    return times


def _time_labels(frame: pd.DataFrame) -> pd.DatetimeIndex:
    index = frame.index
    if isinstance(index, pd.DatetimeIndex):
        return index
    if isinstance(index, pd.PeriodIndex):
        return index.to_timestamp()
    named = {str(label).strip().lower(): position for position, label in reversed(list(enumerate(frame.columns)))}
    place = next((named[name] for name in _TIME_COLUMNS if name in named), None)
    labels = pd.Series(index) if place is None else frame.iloc[:, place].reset_index(drop=True)
    if pd.api.types.is_numeric_dtype(labels.dtype):
        message = (
            "the frame has no times: give it a DatetimeIndex or a column named date, time or timestamp; "
            "for epoch numbers use pd.to_datetime(column, unit='ms', utc=True)"
        )
        raise BarsError(message)
    try:
        return _read_times(labels, utc=False)
    except (ValueError, TypeError, UserWarning):
        try:  # text with several offsets, as exports across a change of daylight saving time have
            return _read_times(labels, utc=True)
        except (ValueError, TypeError, UserWarning) as error:
            message = f"the times cannot be read, first {labels.iloc[0]!r}; write them as 2024-01-31 or 2024-01-31T14:30:00+00:00"
            raise BarsError(message) from error


def _read_times(labels: pd.Series, *, utc: bool) -> pd.DatetimeIndex:
    """Read text by one format for all rows: guessing row by row would mix up days and months."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        return pd.DatetimeIndex(pd.to_datetime(labels, utc=utc))


def _of_day(times: pd.DatetimeIndex) -> NDArray[np.int64]:
    """Nanoseconds since the wall clock's midnight."""
    wall = times if times.tz is None else times.tz_localize(None)
    return np.asarray(wall.as_unit("ns").asi8 % 86_400_000_000_000)


def _all_midnight(times: pd.DatetimeIndex) -> bool:
    return not _of_day(times).any()


def _instants(times: pd.DatetimeIndex) -> NDArray[np.int64]:
    if times.tz is None:
        message = "intraday bars need a time zone; for example frame.tz_localize('America/New_York')"
        raise BarsError(message)
    return np.array(times.tz_convert("UTC").as_unit("ns").asi8)


def infer_timeframe(times: pd.DatetimeIndex) -> Timeframe:
    """Return the timeframe that the most common spacing of ``times`` has.

    Raises:
        BarsError: a single bar, or a spacing that is none of our timeframes.
    """
    steps = np.diff(np.sort(times.as_unit("ns").asi8))
    steps = steps[steps > 0]
    if len(steps) == 0:
        if times.tz is None:
            return Timeframe.D1
        message = "one bar does not tell its length; pass timeframe='5m' or another of " + ", ".join(bar.value for bar in Timeframe)
        raise BarsError(message)
    lengths, counts = np.unique(steps, return_counts=True)
    common = int(lengths[np.argmax(counts)])
    if common >= _DAILY_FROM and common <= 4 * 86_400_000_000_000:  # a long weekend
        return Timeframe.D1
    for bar in Timeframe:
        if abs(common - bar.nanoseconds) < _HALF_MINUTE and bar.intraday:
            return bar
    message = (
        f"most bars are {pd.Timedelta(common)} apart, which is none of our timeframes "
        f"({', '.join(bar.value for bar in Timeframe)}); resample them first or pass timeframe=..."
    )
    raise BarsError(message)


def _daily_dates(times: pd.DatetimeIndex, instrument: Instrument) -> NDArray[np.datetime64]:
    """Read trade dates: session opens as we label them, midnights of some zone, or any moment inside a session."""
    if times.tz is None:
        return _dates(times)
    instants = _instants(times)
    table = session_table(instrument.calendar, instrument.session_mode)
    local = _dates(times.tz_convert(zone(instrument.calendar)))
    for candidate in (local, local + np.timedelta64(1, "D")):
        if np.array_equal(table.nominal(candidate)[0], instants):
            return candidate
    row, inside = table.locate(instants, 1)
    if inside.all() and np.array_equal(table.open[row], instants):
        return table.trade_date[row]
    if _all_midnight(times):
        return _dates(times)
    at_home = times.tz_convert(zone(instrument.calendar))
    if _all_midnight(at_home):
        return _dates(at_home)
    if inside.all():
        return table.trade_date[row]
    first = times[int(np.flatnonzero(~inside)[0])]
    message = f"daily bar {first} is neither a date nor inside a session of {instrument.calendar}; use naive trade dates, one per session"
    raise BarsError(message)


def _dates(times: pd.DatetimeIndex) -> NDArray[np.datetime64]:
    wall = times if times.tz is None else times.tz_localize(None)
    return np.array(wall.as_unit("ns").to_numpy().astype("datetime64[D]"))


def _venue_of_dates(instrument: Instrument, dates: NDArray[np.datetime64]) -> Instrument:
    if instrument.symbol != "CUSTOM" or (session_table(instrument.calendar, instrument.session_mode).rows_of(dates) >= 0).all():
        return instrument
    if np.count_nonzero(~np.is_busday(dates)) <= _STRAY * len(dates):  # a rare Saturday session does not make weekends
        return replace(instrument, calendar="24/5", session_mode=SessionMode.FULL_24X5)
    return replace(instrument, calendar="24/7", session_mode=SessionMode.FULL_24X7)


def _venue_of_times(instrument: Instrument, times: NDArray[np.int64], bar: Timeframe) -> Instrument:
    """Widen the session mode until it holds the bars but for strays; keep the instrument's own where none does."""
    own = instrument.session_mode
    wider = list(SessionMode)[list(SessionMode).index(own) :]
    if instrument.symbol != "CUSTOM":
        wider = [mode for mode in wider if mode is not SessionMode.FULL_24X7 or mode is own]
    for mode in wider:
        inside = session_table(instrument.calendar, mode).locate(times, bar.nanoseconds)[1]
        if np.count_nonzero(~inside) <= _STRAY * len(times):
            calendar = "24/7" if mode is SessionMode.FULL_24X7 else instrument.calendar
            return instrument if mode is own else replace(instrument, calendar=calendar, session_mode=mode)
    return instrument
