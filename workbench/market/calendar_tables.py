"""Sessions of real exchanges, from ``pandas_market_calendars`` with our overrides, kept on disk.

The library costs half a second in every new process; its answer for 150 years is a megabyte. The file's name carries the library's
version and a hash of the overrides, so a new release or a new row makes a new file.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import tempfile
import warnings
import zipfile
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.home import cache_folder
from workbench.market.calendar_overrides import ERAS, OVERRIDES

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FIRST_DATE = "1900-01-01"
LAST_DATE = "2049-12-31"
_LIBRARY_NAME = {"NYSE": "NYSE", "CME_EQUITY": "CME Globex Equity", "CME_ENERGY_METALS": "CMEGlobex_EnergyAndMetals"}
_REGULAR_CLOSE = "16:00"


@lru_cache(maxsize=8)
def library_sessions(calendar: str) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]:
    """Return trade dates, opens and closes (ns since 1970 UTC) of ``NYSE``, ``CME_EQUITY`` or ``CME_ENERGY_METALS``."""
    path = _path(calendar)
    table = _read(path)
    if table is None:
        table = _compute(calendar)
        _write(path, table)
    return table


def _path(calendar: str) -> Path:
    version = importlib.metadata.version("pandas_market_calendars")
    overrides = hashlib.sha256(repr((OVERRIDES, ERAS, FIRST_DATE, LAST_DATE)).encode()).hexdigest()[:12]
    return cache_folder("calendars") / f"{calendar}-{version}-{overrides}.npz"


def _read(path: Path) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]] | None:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            return stored["days"].astype("datetime64[D]"), stored["open"], stored["close"]
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return None  # missing or damaged: computed again


def _write(path: Path, table: tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]) -> None:
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as stream:
            np.savez(stream, days=table[0].astype(np.int64), open=table[1], close=table[2])
        os.replace(stream.name, path)  # noqa: PTH105 - atomic: another process may read at this moment
    except OSError:
        return  # a cache that cannot be written costs time, nothing else


def _compute(calendar: str) -> tuple[NDArray[np.datetime64], NDArray[np.int64], NDArray[np.int64]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library still speaks pandas 2
        import pandas_market_calendars as library  # noqa: PLC0415 - half a second

        book = library.get_calendar(_LIBRARY_NAME[calendar])
        schedule = book.schedule(FIRST_DATE, LAST_DATE)
    frame = pd.DataFrame(
        {
            "open": pd.DatetimeIndex(schedule["market_open"]).tz_convert("UTC").as_unit("ns"),
            "close": pd.DatetimeIndex(schedule["market_close"]).tz_convert("UTC").as_unit("ns"),
        },
        index=pd.DatetimeIndex(schedule.index).as_unit("ns"),
    )
    frame = _corrected(frame, calendar, str(book.tz))
    days = np.array(pd.DatetimeIndex(frame.index).as_unit("s").to_numpy().astype("datetime64[D]"))
    return days, np.array(pd.DatetimeIndex(frame["open"]).asi8), np.array(pd.DatetimeIndex(frame["close"]).asi8)


def _corrected(frame: pd.DataFrame, calendar: str, zone: str) -> pd.DataFrame:
    for era in (row for row in ERAS if row.calendar == calendar):
        local = frame["close"].dt.tz_convert(zone)
        regular = (frame.index < pd.Timestamp(era.until)) & (local.dt.strftime("%H:%M") == _REGULAR_CLOSE)
        frame.loc[regular, "close"] = _at(pd.DatetimeIndex(frame.index[regular]), era.close, zone)
    for row in (row for row in OVERRIDES if row.calendar == calendar):
        date = pd.Timestamp(row.date)
        if row.close is None:
            frame = frame.drop(index=date, errors="ignore")
        elif date in frame.index:
            frame.loc[date, "close"] = _at(pd.DatetimeIndex([date]), row.close, zone)[0]
    return frame


def _at(dates: pd.DatetimeIndex, time: str, zone: str) -> pd.DatetimeIndex:
    hours, minutes = (int(part) for part in time.split(":"))
    return (dates + pd.Timedelta(hours=hours, minutes=minutes)).tz_localize(zone).tz_convert("UTC").as_unit("ns")
