"""What is wrong with a table of bars, as a table: fatal problems refuse the data, warnings are shown.

Every check names its first bar and counts the rest; nothing is repaired. Fatal: times that repeat or go back, prices that are missing,
infinite or not positive, a high under the low, an open or close outside the range by more than half a tick, bars that overlap, a gap before every tenth
daily (third intraday) bar. Warnings: fewer gaps against the calendar, bars outside every session, outlier jumps, likely unadjusted splits, zero volume, an unfinished last bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from workbench import clock
from workbench.errors import CorruptDataError
from workbench.market.calendars import session_table
from workbench.market.intake import Intake, canonical
from workbench.units import Instrument, Timeframe
from workbench.units import instrument as find_instrument
from workbench.units import timeframe as find_timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FRAME_COLUMNS = ("kind", "severity", "first", "count", "detail")
_JUMP_DAILY = 12.0  # robust standard deviations of returns: of 5 000 days of the S&P 500 two are beyond
_JUMP_INTRADAY = 40.0  # minutes and hours have much fatter tails
# Share of bars that follow a gap, beyond which bars are refused. One long hole is a warning; minutes without a trade are normal.
_RIDDLED_DAILY = 0.10
_RIDDLED_INTRADAY = 0.34
_SPLITS = (1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 20.0)  # the ratios that companies choose


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One kind of fault."""

    kind: str
    """Short name, such as ``duplicate``."""
    severity: Literal["fatal", "warning"]
    """``fatal`` refuses the data."""
    first: pd.Timestamp
    """Open time of the first bar it is seen at, UTC."""
    count: int
    """How many bars show it."""
    detail: str
    """One clause for a person."""

    def __str__(self) -> str:
        """Say it in one clause with its place."""
        more = f" (and {self.count - 1} more)" if self.count > 1 else ""
        return f"{self.kind}: {self.detail} at {self.first:%Y-%m-%d %H:%M} UTC{more}"


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """All problems of one table of bars, fatal ones first."""

    symbol: str
    """Symbol of the instrument."""
    timeframe: str
    """Length of a bar."""
    rows: int
    """Number of bars."""
    problems: tuple[Problem, ...]
    """What was found."""

    @property
    def fatal(self) -> bool:
        """Whether the data must be refused."""
        return any(problem.severity == "fatal" for problem in self.problems)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a problem: kind, severity, first, count, detail."""
        rows = [[getattr(problem, name) for name in _FRAME_COLUMNS] for problem in self.problems]
        return pd.DataFrame(rows, columns=list(_FRAME_COLUMNS))

    def require(self) -> None:
        """Do nothing if the data may be used.

        Raises:
            CorruptDataError: there is a fatal problem; the message lists them.
        """
        if self.fatal:
            fatal = [str(problem) for problem in self.problems if problem.severity == "fatal"]
            subject = f"{self.symbol} {self.timeframe} ({self.rows} bars)"
            raise CorruptDataError(subject, fatal)

    def _repr_html_(self) -> str:
        title = f"{escape(self.symbol)} {escape(self.timeframe)} · {self.rows:,} bars"
        if not self.problems:
            return f"<p>✓ {title} · no problem found</p>"
        verdict = "✗ refused" if self.fatal else "▲ usable, with warnings"
        rows = "".join(
            f"<tr><td>{'✗' if p.severity == 'fatal' else '▲'} {p.severity}</td><td>{escape(p.kind)}</td>"
            f"<td>{p.first:%Y-%m-%d %H:%M}</td><td>{p.count:,}</td><td>{escape(p.detail)}</td></tr>"
            for p in self.problems
        )
        head = "<tr><th></th><th>kind</th><th>first bar (UTC)</th><th>bars</th><th>what</th></tr>"
        return f"<p>{verdict} · {title}</p><table>{head}{rows}</table>"


def check(frame: pd.DataFrame, instrument: Instrument | str = "CUSTOM", timeframe: Timeframe | str | None = None) -> QualityReport:
    """Return what is wrong with ``frame``, raw or canonical, as bars of ``instrument``.

    Raises:
        BarsError: it is not a table of bars at all (columns or times are missing).
    """
    entry = instrument if isinstance(instrument, Instrument) else find_instrument(instrument)
    bar = timeframe if isinstance(timeframe, Timeframe) or timeframe is None else find_timeframe(timeframe)
    return inspect(canonical(frame, entry, bar))


def inspect(intake: Intake) -> QualityReport:
    """Return what is wrong with a canonical frame."""
    found = [*_times(intake), *_prices(intake)]
    if not found:  # the rest only makes sense on bars that are in order
        found = [*_calendar(intake), *_jumps(intake), *_volume(intake), *_last_bar(intake)]
    return QualityReport(symbol=intake.instrument.symbol, timeframe=intake.timeframe.value, rows=len(intake.frame), problems=tuple(found))


def _problem(intake: Intake, kind: str, mask: NDArray[np.bool_], detail: str, *, fatal: bool = True) -> list[Problem]:
    if not mask.any():
        return []
    first = int(np.argmax(mask))
    moment = intake.frame.index[first]
    return [Problem(kind=kind, severity="fatal" if fatal else "warning", first=moment, count=int(mask.sum()), detail=detail)]


def _times(intake: Intake) -> list[Problem]:
    times = pd.DatetimeIndex(intake.frame.index).asi8
    step = np.diff(times, prepend=times[0] - intake.timeframe.nanoseconds)
    repeated = pd.Index(times).duplicated()
    back = np.asarray((step < 0) & ~repeated)
    found = _problem(intake, "duplicate", np.asarray(repeated), "the bar's time is there twice")
    found += _problem(intake, "unsorted", back, "the bar is earlier than the one before it")
    if not found and intake.timeframe.intraday:
        overlap = step < intake.timeframe.nanoseconds
        # A first bar of a session may follow a clock-aligned bar that was cut at the previous close.
        overlap &= np.concatenate(([False], intake.trade_date[1:] == intake.trade_date[:-1]))
        words = f"the bar opens before the {intake.timeframe.value} bar before it is over; is the timeframe right?"
        found += _problem(intake, "overlap", overlap, words)
    return found


def _prices(intake: Intake) -> list[Problem]:
    opened, high, low, close, volume = (intake.frame[name].to_numpy() for name in ("open", "high", "low", "close", "volume"))
    prices = intake.frame[["open", "high", "low", "close"]].to_numpy()
    missing = np.isnan(prices).any(axis=1) | np.isnan(volume)
    infinite = np.isinf(prices).any(axis=1) | np.isinf(volume)
    found = _problem(intake, "missing", missing, "a price or volume is NaN")
    found += _problem(intake, "infinite", infinite, "a price or volume is infinite")
    with np.errstate(invalid="ignore"):
        found += _problem(intake, "not positive", np.asarray((prices <= 0).any(axis=1)), "a price is zero or negative")
        found += _problem(intake, "negative volume", volume < 0, "the volume is negative")
        crossed = high < low
        found += _problem(intake, "high under low", crossed, "the high is under the low")
        slack = intake.instrument.tick / 2
        outside = np.asarray(~crossed) & ((np.maximum(opened, close) > high + slack) | (np.minimum(opened, close) < low - slack))
    return found + _problem(intake, "outside range", outside, "open or close lies outside high and low by more than half a tick")


def _calendar(intake: Intake) -> list[Problem]:
    table = session_table(intake.instrument.calendar, intake.instrument.session_mode)
    where = f"{intake.instrument.calendar} {intake.instrument.session_mode.value}"
    if not intake.timeframe.intraday:
        row = table.rows_of(intake.trade_date)
        found = _problem(intake, "off calendar", row < 0, f"{where} has no session on this date", fatal=False)
        known = np.where(row < 0, np.searchsorted(table.trade_date, intake.trade_date) - 1, row)
        absent = np.diff(known, prepend=known[0] - 1) - 1
        return found + _gap(intake, absent, "sessions")
    times = pd.DatetimeIndex(intake.frame.index).asi8
    row, inside = table.locate(np.asarray(times), intake.timeframe.nanoseconds)
    found = _problem(intake, "off calendar", ~inside, f"the bar is outside every session of {where}", fatal=False)
    return found + _gap(intake, _absent_bars(intake, np.asarray(times), row), "bars")


def _absent_bars(intake: Intake, times: NDArray[np.int64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """Count for each bar the calendar's bars that are missing right before it."""
    table = session_table(intake.instrument.calendar, intake.instrument.session_mode)
    length = intake.timeframe.nanoseconds
    per_session = -(-(table.close - table.open) // length)
    before = np.concatenate(([0], np.cumsum(per_session)))
    slot = before[row] + np.clip((times - table.open[row]) // length, 0, per_session[row] - 1)
    absent: NDArray[np.int64] = np.maximum(np.diff(slot, prepend=slot[0] - 1) - 1, 0)
    return absent


def _gap(intake: Intake, absent: NDArray[np.int64], unit: str) -> list[Problem]:
    mask = np.asarray(absent > 0)
    total = int(absent[mask].sum())
    words = f"{total:,} {unit} of the calendar are missing in all, first before the bar"
    riddled = np.count_nonzero(mask) > (_RIDDLED_INTRADAY if intake.timeframe.intraday else _RIDDLED_DAILY) * max(len(mask), 20)
    if riddled:
        words = f"riddled with gaps: {words}; is {intake.timeframe.value} the right timeframe and {intake.instrument.calendar} the right calendar?"
    return _problem(intake, "gap", mask, words, fatal=bool(riddled))


def _jumps(intake: Intake) -> list[Problem]:
    opened, close = intake.frame["open"].to_numpy(), intake.frame["close"].to_numpy()
    ratio = np.concatenate(([1.0], opened[1:] / close[:-1]))
    change = np.concatenate(([0.0], np.diff(np.log(close))))
    spread = float(np.median(np.abs(change - np.median(change)))) * 1.4826
    split = np.zeros(len(ratio), dtype=bool)
    for factor in _SPLITS:
        split |= (np.abs(ratio * factor - 1) < 0.08) | (np.abs(ratio / factor - 1) < 0.08)  # noqa: PLR2004 - a day's move beside the split
    limit = _JUMP_INTRADAY if intake.timeframe.intraday else _JUMP_DAILY
    split &= np.abs(np.log(ratio)) > max(limit * spread, 0.25)
    jump = (np.abs(change) > limit * spread) & ~split if spread > 0 else np.zeros(len(change), dtype=bool)
    found = _problem(
        intake, "split", split, "the open is a round fraction or multiple of the close before: an unadjusted split?", fatal=False
    )
    return found + _problem(intake, "jump", jump, f"the close moved more than {limit:.0f} robust standard deviations", fatal=False)


def _volume(intake: Intake) -> list[Problem]:
    return _problem(intake, "zero volume", intake.frame["volume"].to_numpy() == 0, "no volume", fatal=False)


def _last_bar(intake: Intake) -> list[Problem]:
    table = session_table(intake.instrument.calendar, intake.instrument.session_mode)
    last = pd.DatetimeIndex(intake.frame.index).asi8[-1:]
    over = last + intake.timeframe.nanoseconds if intake.timeframe.intraday else table.nominal(intake.trade_date[-1:])[1]
    mask = np.zeros(len(intake.frame), dtype=bool)
    mask[-1] = int(over[0]) > int(clock.now().timestamp() * 1e9)
    return _problem(intake, "partial last bar", mask, "the bar is not over yet", fatal=False)
