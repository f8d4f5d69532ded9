"""The columns that a simulation reads, grouped as compiled functions take them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.market import Bars, TradingColumns


class Prices(NamedTuple):
    """Float64 columns of n bars, oldest first."""

    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]

    @classmethod
    def of(cls, bars: Bars) -> Prices:
        """Return the prices of ``bars``."""
        return cls(open=bars.open, high=bars.high, low=bars.low, close=bars.close)


class Hours(NamedTuple):
    """Uint8 columns of n bars, 0 or 1: what the calendar says about each."""

    new_session: NDArray[np.uint8]
    """The bar is the first of its session."""
    can_enter: NDArray[np.uint8]
    """An entry decided at this close may be sent."""
    must_flat: NDArray[np.uint8]
    """A position has to be closed with the order of this close."""

    @classmethod
    def of(cls, columns: TradingColumns) -> Hours:
        """Return the flags of ``columns``."""
        return cls(new_session=columns.new_session, can_enter=columns.can_enter, must_flat=columns.must_flat)

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
