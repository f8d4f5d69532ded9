"""The columns that a simulation reads, grouped as compiled functions take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.market import Bars, TradingColumns

UNKNOWN = np.zeros(0)
"""A column that nobody gave: no limit by volume, no nights."""


class Prices(NamedTuple):
    """Float64 columns of n bars, oldest first."""

    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    volume: NDArray[np.float64] = UNKNOWN
    """Contracts, shares or coins traded; without it no rule limits a fill by volume."""

    @classmethod
    def of(cls, bars: Bars) -> Prices:
        """Return the prices of ``bars``."""
        return cls(open=bars.open, high=bars.high, low=bars.low, close=bars.close, volume=bars.volume)


class Hours(NamedTuple):
    """What the calendar says about each of n bars; flags are uint8, 0 or 1."""

    new_session: NDArray[np.uint8]
    """The bar is the first of its session."""
    can_enter: NDArray[np.uint8]
    """An entry decided at this close may be sent."""
    must_flat: NDArray[np.uint8]
    """A position has to be closed with the order of this close."""
    nights: NDArray[np.float64] = UNKNOWN
    """Float64, calendar nights since the session before; 0 inside a session. Without it borrowing costs nothing."""

    @classmethod
    def of(cls, columns: TradingColumns) -> Hours:
        """Return the columns as the engine takes them."""
        return cls(new_session=columns.new_session, can_enter=columns.can_enter, must_flat=columns.must_flat, nights=columns.nights)

    @classmethod
    def always(cls, bars: int) -> Hours:
        """Return flags that allow everything at each of ``bars`` bars, one session."""
        return cls(new_session=np.zeros(bars, np.uint8), can_enter=np.ones(bars, np.uint8), must_flat=np.zeros(bars, np.uint8))


class Orders(NamedTuple):
    """Uint8 columns of n bars, 0 or 1: what the rules say at each close."""

    entry_long: NDArray[np.uint8]
    exit_long: NDArray[np.uint8]
    entry_short: NDArray[np.uint8]
    exit_short: NDArray[np.uint8]


VOLUME, NIGHTS, QUOTES = 4, 5, 6
"""Rows of ``quotes`` after open, high, low and close, and their number."""


def quotes_of(prices: Prices, hours: Hours) -> NDArray[np.float64]:
    """Return all numbers about the bars as one float64 array (``QUOTES``, n): open, high, low, close, volume, nights.

    An unknown volume is infinite, unknown nights are 0: neither does anything then.
    """
    bars = prices.close.size
    volume = prices.volume if prices.volume.size else np.full(bars, np.inf)
    return np.stack([*prices[:VOLUME], volume, hours.nights if hours.nights.size else np.zeros(bars)])
