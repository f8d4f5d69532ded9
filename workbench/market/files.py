"""Bars from files and back: CSV, Parquet, Arrow, LEAN zips and folders of them.

``read`` chooses by the name's ending. Whatever the file says goes through ``validate``, so a corrupt file is refused with its first bad bar. ``write`` keeps
symbol, timeframe, hours and source beside the columns (Parquet, Arrow), so that reading gives the same bars with the same hash.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from workbench.errors import BarsError, DataUnavailableError, InputError, UnknownNameError, nearest
from workbench.market import lean
from workbench.market.bars import Bars, validate
from workbench.market.intake import COLUMNS, moments
from workbench.market.resample import resample
from workbench.units import Instrument, SessionMode, Timeframe
from workbench.units import instrument as find_instrument
from workbench.units import timeframe as find_timeframe

if TYPE_CHECKING:
    from collections.abc import Callable

_KEY = b"workbench"
_CSV = (".csv", ".csv.gz", ".txt", ".txt.gz")
_PARQUET = (".parquet", ".pq")
_ARROW = (".arrow", ".feather", ".ipc")
_KNOWN = (*_CSV, *_PARQUET, *_ARROW, ".zip")


def read(
    path: Path | str,
    instrument: Instrument | str | None = None,
    timeframe: Timeframe | str | None = None,
    *,
    zone: str | None = None,
    contract: str | None = None,
) -> Bars:
    """Return checked bars from a file, or from a folder of LEAN minute zips joined in order.

    Args:
        path: CSV, Parquet, Arrow, a LEAN zip, or a folder of LEAN zips of one symbol.
        instrument: symbol or instrument; read from the file or its name by default, ``CUSTOM`` where that says nothing.
        timeframe: what to return; longer than the file's means resampled.
        zone: time zone of naive intraday times in a table, such as ``America/New_York``.
        contract: expiry ``YYYYMM`` of one future in a LEAN zip; by default the one with most volume the session before.

    Raises:
        DataUnavailableError: there is no such file, or nothing in it.
        BarsError: it is not a table of bars; CorruptDataError where the bars are refused.
        UnknownNameError: no such symbol or timeframe.
    """
    place = Path(path)
    _require(place)
    bar = timeframe if isinstance(timeframe, Timeframe) or timeframe is None else find_timeframe(timeframe)
    if place.is_dir() or place.suffix.lower() == ".zip":
        entry = _named(instrument) or _from_name(lean.symbol_of(place))
        bars = lean.read(place, entry, contract=contract)
    else:
        bars = _table(place, _named(instrument), bar, zone)
    return bars if bar is None else resample(bars, bar)


def write(bars: Bars, path: Path | str) -> Path:
    """Write ``bars`` as CSV, Parquet or Arrow by the name's ending and return the path.

    Raises:
        InputError: another ending.
        DataUnavailableError: the folder does not exist or cannot be written.
    """
    place = Path(path)
    ending = _ending(place)
    try:
        if ending in _CSV:
            bars.frame.to_csv(place, date_format="%Y-%m-%dT%H:%M:%SZ")
        else:
            _write_arrow(bars, place, parquet=ending in _PARQUET)
    except OSError as error:
        message = f"cannot write {place}: {error.strerror or error}; name a file in a folder that exists and that you can write"
        raise DataUnavailableError(message) from error
    return place


def _ending(place: Path) -> str:
    name = place.name.lower()
    for ending in sorted(_KNOWN, key=len, reverse=True):
        if name.endswith(ending):
            return ending
    message = f"{place.name} ends in none of {', '.join(_KNOWN)}"
    raise InputError(message)


def _require(place: Path) -> None:
    if place.exists():
        return
    folder = place.parent
    if not folder.is_dir():
        message = f"there is no folder {folder}"
        raise DataUnavailableError(message)
    similar = nearest(place.name, (other.name for other in folder.iterdir()))
    hint = f"; did you mean {' or '.join(similar)}?" if similar else ""
    message = f"there is no file {place}{hint}"
    raise DataUnavailableError(message)


def _named(instrument: Instrument | str | None) -> Instrument | None:
    return find_instrument(instrument) if isinstance(instrument, str) else instrument


def _from_name(name: str) -> Instrument | None:
    """Return the instrument that a file name begins with (``ES_5m.csv``, ``spy.zip``), if any."""
    for token in (name, name.replace("-", "_").split("_", maxsplit=1)[0]):
        with contextlib.suppress(UnknownNameError):
            return find_instrument(token)
    return None


def _table(place: Path, instrument: Instrument | None, bar: Timeframe | None, zone: str | None) -> Bars:
    ending = _ending(place)
    reader: Callable[[Path], tuple[pd.DataFrame, dict[str, Any]]] = _read_csv if ending in _CSV else _read_arrow
    try:
        frame, said = reader(place)
    except (OSError, ValueError, ImportError) as error:
        message = f"{place.name} cannot be read as {ending.removeprefix('.')}: {error}"
        raise BarsError(message) from error
    if frame.empty:
        message = f"{place.name} holds no rows"
        raise DataUnavailableError(message)
    entry = instrument or _said_instrument(said) or _from_name(place.name.split(".")[0]) or find_instrument("CUSTOM")
    if zone is not None:
        frame = _localised(frame, zone)
    own = find_timeframe(said["timeframe"]) if "timeframe" in said else None
    if own is None and len(frame) == 1:
        own = bar
    source = said.get("source", f"file:{place.name}")
    return validate(frame, entry, own, source=source, synthetic=bool(said.get("synthetic", False)))


def _said_instrument(said: dict[str, Any]) -> Instrument | None:
    if "symbol" not in said:
        return None
    base = _from_name(said["symbol"]) or replace(find_instrument("CUSTOM"), symbol=said["symbol"])
    return replace(base, calendar=said["calendar"], session_mode=SessionMode(said["session_mode"]))


def _localised(frame: pd.DataFrame, zone: str) -> pd.DataFrame:
    """Say which zone naive times are in; aware ones stay."""
    try:
        moments(frame)
    except BarsError:
        indexed = frame
        if not isinstance(frame.index, pd.DatetimeIndex):
            label = next(
                (name for name in frame.columns if str(name).strip().lower() in {"datetime", "timestamp", "date", "time", "open_time"}),
                None,
            )
            if label is None:
                raise
            indexed = frame.set_index(pd.DatetimeIndex(pd.to_datetime(frame[label])))
        try:
            return indexed.tz_localize(zone)
        except Exception as error:  # unknown zones and impossible times come as different types
            message = f"the times cannot be read as local to {zone!r}: {error}"
            raise BarsError(message) from error
    return frame


def _read_csv(place: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    return pd.read_csv(place), {}


def _read_arrow(place: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    from pyarrow import feather, ipc, parquet  # noqa: PLC0415 - heavy

    if _ending(place) in _PARQUET:
        table = parquet.read_table(place)
    else:
        try:
            table = feather.read_table(place)
        except pa.ArrowInvalid:  # the stream format has another beginning than the file format
            with ipc.open_stream(place) as stream:
                table = stream.read_all()
    said = json.loads((table.schema.metadata or {}).get(_KEY, b"{}"))
    return table.to_pandas(), said


def _write_arrow(bars: Bars, place: Path, *, parquet: bool) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy
    from pyarrow import feather  # noqa: PLC0415 - heavy
    from pyarrow import parquet as parquet_files  # noqa: PLC0415 - heavy

    times = pa.array(bars.time, pa.int64()).cast(pa.timestamp("ns", "UTC"))
    table = pa.table({"open_time": times, **{name: getattr(bars, name) for name in COLUMNS}})
    table = table.replace_schema_metadata({_KEY: json.dumps(identity(bars), sort_keys=True).encode()})
    if parquet:
        parquet_files.write_table(table, place, compression="zstd")
    else:
        feather.write_feather(table, str(place), compression="zstd")


def identity(bars: Bars) -> dict[str, Any]:
    """Return what the columns do not say about ``bars``: a JSON object."""
    entry = asdict(bars.instrument)
    said = {name: entry[name] for name in ("symbol", "calendar")}
    return said | {
        "session_mode": bars.instrument.session_mode.value,
        "timeframe": bars.timeframe.value,
        "source": bars.source,
        "synthetic": bars.synthetic,
    }
