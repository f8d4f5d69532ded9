"""Drawdowns as a list: when each began, how deep it went, how long it took to come back."""

from __future__ import annotations

import numpy as np
import pandas as pd

COLUMNS = ("peak", "trough", "recovered", "depth", "bars_down", "bars_up", "bars", "days")


def drawdown_periods(equity: pd.Series[float], *, initial: float | None = None, most: int | None = None) -> pd.DataFrame:
    """Return every stretch with equity under its peak, deepest first, at most ``most`` rows.

    Columns: ``peak`` (bar of the last high; the first bar where the starting money was the high), ``trough``, ``recovered`` (NaT while still under),
    ``depth`` (share of the peak, positive), ``bars_down`` and ``bars_up`` (bars from peak to trough and from trough to recovery or end), ``bars``
    (bars under the peak), ``days`` (calendar days from peak to recovery or end).

    Args:
        equity: money at each close, indexed by time.
        initial: money before the first bar; a fall from it counts.
        most: keep only the deepest.
    """
    values = np.asarray(equity, dtype=np.float64)
    if not len(values):
        return pd.DataFrame(columns=list(COLUMNS))
    top = np.maximum.accumulate(np.maximum(values, -np.inf if initial is None else initial))
    under = np.concatenate([[False], values < top, [False]])
    first = np.flatnonzero(under[1:] & ~under[:-1])
    if not len(first):
        return pd.DataFrame(columns=list(COLUMNS))
    after = np.flatnonzero(~under[1:] & under[:-1])  # the bar on which the old peak is reached again
    share = 1.0 - values / top
    trough = np.array([start + int(share[start:stop].argmax()) for start, stop in zip(first, after, strict=True)], dtype=np.int64)
    back = after < len(values)
    ends = np.minimum(after, len(values) - 1)
    peak = np.maximum(first - 1, 0)
    index = equity.index
    recovered = pd.Series(index[ends]).where(back)
    frame = pd.DataFrame(
        {
            "peak": index[peak],
            "trough": index[trough],
            "recovered": recovered,
            "depth": share[trough],
            "bars_down": trough - first + 1,
            "bars_up": after - trough,
            "bars": after - first,
            "days": (pd.DatetimeIndex(index[ends]) - pd.DatetimeIndex(index[peak])).days,
        }
    )
    frame = frame.sort_values("depth", ascending=False, kind="stable").reset_index(drop=True)
    return frame if most is None else frame.head(most)
