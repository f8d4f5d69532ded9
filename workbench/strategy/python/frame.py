"""The table a function is handed: a copy of its own, so that whatever it does to it changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS = ("open", "high", "low", "close", "volume")
WIDTH = len(COLUMNS)


def frame_of(times: NDArray[np.int64], rows: NDArray[np.float64]) -> pd.DataFrame:
    """Return bars as a frame: index ``open_time`` (aware UTC, ns), columns open, high, low, close, volume.

    ``times`` are (n,) ns since 1970, ``rows`` (5, n) float64, one row a column of the frame; both are copied.
    """
    index = pd.DatetimeIndex(np.array(times, dtype=np.int64).view("datetime64[ns]"), name="open_time").tz_localize("UTC")
    return pd.DataFrame(np.array(rows, dtype=np.float64).T, index=index, columns=list(COLUMNS))
