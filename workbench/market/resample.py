"""Longer bars out of shorter ones: open first, high highest, low lowest, close last, volume summed.

Bins start at the session's open and end at its close, as charts of a venue do; a trade date makes one daily bar. A longer bar is known
when its bin ends, never before the last shorter bar in it is known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import BarsError
from workbench.market.calendars import session_table
from workbench.units import Timeframe
from workbench.units import timeframe as find_timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.market.bars import Bars


def resample(bars: Bars, timeframe: Timeframe | str) -> Bars:
    """Return ``bars`` in a longer ``timeframe``; the same bars if it is the one they have.

    A last bin that the data does not reach the end of stays in: its ``known_at`` says when it would be over.

    Raises:
        BarsError: the timeframe is shorter, no multiple, or the bars do not line up with the session's open.
        UnknownNameError: no such timeframe.
    """
    target = timeframe if isinstance(timeframe, Timeframe) else find_timeframe(timeframe)
    if target is bars.timeframe or len(bars) == 0:
        return bars if target is bars.timeframe else replace(bars, timeframe=target)
    if target.nanoseconds < bars.timeframe.nanoseconds or target.nanoseconds % bars.timeframe.nanoseconds:
        message = f"{bars.timeframe.value} bars cannot become {target.value} bars; only longer, whole multiples"
        raise BarsError(message)
    labels, known, first = _bins(bars, target)
    if (np.maximum.reduceat(bars.known_at, first) > known).any():
        message = (
            f"the {bars.timeframe.value} bars of {bars.instrument.symbol} do not line up with the session's open, so {target.value} bars "
            "would mix two bins; start from shorter bars, or resample to 1d"
        )
        raise BarsError(message)
    last = np.append(first[1:], len(bars)) - 1
    index = pd.DatetimeIndex(labels.astype("datetime64[ns]"), name="open_time").tz_localize("UTC")
    frame = pd.DataFrame(
        {
            "open": bars.open[first],
            "high": np.maximum.reduceat(bars.high, first),
            "low": np.minimum.reduceat(bars.low, first),
            "close": bars.close[last],
            "volume": np.add.reduceat(bars.volume, first),
        },
        index=index,
    )
    return replace(bars, timeframe=target, frame=frame, known_at=known, session=bars.session[first], trade_date=bars.trade_date[first])


def completed(bars: Bars, longer: Bars) -> NDArray[np.int64]:
    """Return for each of ``bars`` the position in ``longer`` of the last bar that was over when it closed, -1 before the first.

    (n,) int64. A higher timeframe's value changes on the first base bar whose close reaches the boundary, or on the next one there is; nothing of a
    longer bar shows before it is over.

    Raises:
        BarsError: ``longer`` is shorter, or of another instrument.
    """
    if longer.timeframe.nanoseconds < bars.timeframe.nanoseconds or longer.instrument.symbol != bars.instrument.symbol:
        message = f"{longer!r} are not longer bars of {bars!r}"
        raise BarsError(message)
    return np.searchsorted(longer.known_at, bars.known_at, side="right").astype(np.int64) - 1


def _bins(bars: Bars, target: Timeframe) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.intp]]:
    """Return open time, known time and position of the first bar of each bin."""
    table = session_table(bars.instrument.calendar, bars.instrument.session_mode)
    opened, closed = table.nominal(bars.trade_date)
    if target.intraday:
        number = np.maximum((bars.time - opened) // target.nanoseconds, 0)
        label = opened + number * target.nanoseconds
        known = np.minimum(label + target.nanoseconds, np.maximum(closed, bars.known_at))
    else:
        label, known = opened, np.maximum(closed, bars.known_at)
    fresh = np.ones(len(bars), dtype=bool)
    fresh[1:] = (label[1:] != label[:-1]) | (bars.session[1:] != bars.session[:-1])
    first = np.flatnonzero(fresh)
    return label[first], np.maximum.reduceat(known, first), first
