"""Small tables of bars that the tests of this room share."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

LEAN = Path(__file__).parents[3] / "shared" / "data" / "lean"


def utc(text: str) -> int:
    """Return ns since 1970 of a UTC time."""
    return int(pd.Timestamp(text, tz="UTC").as_unit("ns").value)


def frame(start: str, count: int, step: str, zone: str | None = "America/New_York") -> pd.DataFrame:
    """Return ``count`` ordinary bars from ``start`` (local to ``zone``), ``step`` apart."""
    index = pd.date_range(start, periods=count, freq=step, tz=zone, unit="ns")
    close = 100.0 + np.abs(np.arange(count) % 6 - 3)  # up and down in equal steps
    return pd.DataFrame(
        {"open": close - 0.5, "high": close + 1.0, "low": close - 1.0, "close": close, "volume": 10.0 + np.arange(count)}, index
    )
