"""The tape: bars one at a time, each with what the calendar says about it, as a live feed would hand them over."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workbench.market import clock_columns, trading_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.market import Bars, TradingWindow


class Bar(NamedTuple):
    """One finished bar. A session sees nothing else of the market."""

    time: int
    """Open time, ns epoch."""
    known_at: int
    """When it was complete, ns epoch."""
    session: int
    """Session id; a change begins a new session."""
    open: float
    high: float
    low: float
    close: float
    volume: float
    minute_of_day: float
    """Minutes since midnight at its open, exchange zone."""
    day_of_week: float
    """Weekday of its trade date, Monday is 0."""
    session_bar: float
    """Place in its session by the calendar, 0 for the first bar."""
    minutes_since_open: float
    """Minutes from the session's open to its open."""
    minutes_to_close: float
    """Minutes from its close to the session's."""
    session_day: float
    """Trade date as days since 1970."""
    bar_minutes: float
    """Minutes from its open to its close."""
    can_enter: int
    """1 where a decision at its close may open a position."""
    must_flat: int
    """1 where a position must be closed with the order of its close."""

    @property
    def numbers(self) -> tuple[float, ...]:
        """What a program is fed: prices, volume and the clock, in the order of ``strategy.series.FED``."""
        return self[3:15]


def tape(bars: Bars, window: TradingWindow | None = None) -> Iterator[Bar]:
    """Give the bars one by one, oldest first.

    The calendar's columns depend on each bar's own time only, so computing them for all bars at once and for one bar as it arrives is the
    same. For a live feed, hand over the newest row: ``next(tape(bars.slice(-1, len(bars)), window))``.
    """
    trading, hours = trading_columns(bars, window), clock_columns(bars)
    columns = (
        bars.time.tolist(),
        bars.known_at.tolist(),
        bars.session.tolist(),
        bars.open.tolist(),
        bars.high.tolist(),
        bars.low.tolist(),
        bars.close.tolist(),
        bars.volume.tolist(),
        hours.minute_of_day.tolist(),
        hours.day_of_week.tolist(),
        hours.session_bar.tolist(),
        hours.minutes_since_open.tolist(),
        hours.minutes_to_close.tolist(),
        hours.session_day.tolist(),
        hours.bar_minutes.tolist(),
        trading.can_enter.tolist(),
        trading.must_flat.tolist(),
    )
    return map(Bar._make, zip(*columns, strict=True))
