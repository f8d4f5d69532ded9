"""Bars kept close: in this process, then in the database, then from where they come.

1. ``get`` looks in memory: the last few tables of bars, shared by all who ask.
2. Then in ``bar_blocks``: a month of bars is one compressed Arrow stream. Each block's bytes are hashed and compared, all blocks of a table must be there, and
   the assembled bars must have the dataset hash they were stored with; otherwise they are fetched again. A corrected calendar changes that hash too.
3. Then it calls the loader once, however many threads ask, and stores what it returns.
"""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import delete, func, select

from workbench.content import bytes_hash
from workbench.errors import InputError, StoreError, WorkbenchError
from workbench.market.bars import Bars, validate
from workbench.market.files import identity
from workbench.store.tables.bars import BarBlockRow
from workbench.units import AssetClass, Instrument, SessionMode, Timeframe
from workbench.units import instrument as find_instrument
from workbench.units import timeframe as find_timeframe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.store.database import Database

_HELD = 16  # tables of bars in memory; a million one-minute bars take 72 MB
_COLUMNS = ("open", "high", "low", "close", "volume")
_KEY = b"workbench"


@dataclass(kw_only=True)
class CacheStats:
    """How often each tier answered."""

    memory: int = 0
    """Answers from this process."""
    store: int = 0
    """Answers from the database."""
    loaded: int = 0
    """Calls of a loader."""
    refused: int = 0
    """Stored tables that did not verify and were fetched again."""
    unwritten: int = 0
    """Tables that the database did not take; they were used all the same."""

    @property
    def hit_rate(self) -> float:
        """Share of answers that needed no loader, 0 to 1; 1 before the first."""
        asked = self.memory + self.store + self.loaded
        return (self.memory + self.store) / asked if asked else 1.0


class BarCache:
    """Bars by symbol and timeframe, in memory and in the database; safe to share between threads."""

    def __init__(self, database: Database, *, held: int = _HELD) -> None:
        """Keep up to ``held`` tables of bars in memory over ``database``."""
        self._database = database
        self._held = held
        self._memory: OrderedDict[tuple[str, str, str], Bars] = OrderedDict()
        self._guard = threading.Lock()
        self._fetching: dict[tuple[str, str, str], threading.Lock] = {}
        self._stats = CacheStats()

    def get(self, symbol: str, timeframe: Timeframe | str, loader: Callable[[], Bars], *, source: str | None = None) -> Bars:
        """Return bars of ``symbol``, from memory, the database or ``loader()``, in this order.

        Args:
            symbol: any spelling that ``units.instrument`` knows, or your own.
            timeframe: length of a bar.
            loader: called at most once when nothing is stored.
            source: only bars of this source, such as ``arch.data``; by default the ones stored last.

        Raises:
            InputError: the loader returned bars of another symbol or timeframe.
        """
        key = _key(symbol, timeframe, source)
        with self._guard:
            found = self._remembered(key)
            lock = self._fetching.setdefault(key, threading.Lock())
        if found is not None:
            return found
        with lock:
            with self._guard:
                found = self._remembered(key)
            return found if found is not None else self._fetch(key, loader)

    def put(self, bars: Bars) -> None:
        """Store ``bars`` in place of what was there for their symbol, timeframe and source.

        Raises:
            StoreError: the database refuses.
        """
        blocks = list(_blocks(bars))
        with self._database.session() as session:
            session.execute(delete(BarBlockRow).where(*_same(bars.instrument.symbol, bars.timeframe.value, bars.source)))
            session.add_all(blocks)
        self.forget(bars.instrument.symbol, bars.timeframe)

    def forget(self, symbol: str, timeframe: Timeframe | str) -> None:
        """Drop the bars of ``symbol`` and ``timeframe`` from memory; the database keeps them."""
        wanted = _key(symbol, timeframe, None)[:2]
        with self._guard:
            for key in [key for key in self._memory if key[:2] == wanted]:
                del self._memory[key]

    def stats(self) -> CacheStats:
        """Return the counts so far."""
        with self._guard:
            return CacheStats(**asdict(self._stats))

    def _remembered(self, key: tuple[str, str, str]) -> Bars | None:
        bars = self._memory.get(key)
        if bars is not None:
            self._memory.move_to_end(key)
            self._stats.memory += 1
        return bars

    def _fetch(self, key: tuple[str, str, str], loader: Callable[[], Bars]) -> Bars:
        bars = self._stored(key)
        if bars is not None:
            self._count("store")
        else:
            bars = loader()
            self._count("loaded")
            _require_same(bars, key)
            try:
                self.put(bars)
            except StoreError:
                self._count("unwritten")  # a cache that cannot be written costs time, nothing else
        with self._guard:
            self._memory[key] = bars
            while len(self._memory) > self._held:
                self._memory.popitem(last=False)
        return bars

    def _count(self, name: str) -> None:
        with self._guard:
            setattr(self._stats, name, getattr(self._stats, name) + 1)

    def _stored(self, key: tuple[str, str, str]) -> Bars | None:
        symbol, bar, source = key
        with self._database.read() as session:
            if not source:
                latest = select(BarBlockRow.source).where(BarBlockRow.symbol == symbol, BarBlockRow.timeframe == bar)
                source = session.scalar(latest.group_by(BarBlockRow.source).order_by(func.max(BarBlockRow.at).desc()).limit(1)) or ""
            rows = session.scalars(select(BarBlockRow).where(*_same(symbol, bar, source)).order_by(BarBlockRow.month)).all()
        if not rows:
            return None
        try:
            return _assembled(rows)
        except (WorkbenchError, ValueError, KeyError, OSError):
            self._count("refused")
            return None


def _same(symbol: str, bar: str, source: str) -> tuple[Any, ...]:
    return (BarBlockRow.symbol == symbol, BarBlockRow.timeframe == bar, BarBlockRow.source == source)


def _key(symbol: str, timeframe: Timeframe | str, source: str | None) -> tuple[str, str, str]:
    bar = timeframe if isinstance(timeframe, Timeframe) else find_timeframe(timeframe)
    try:
        name = find_instrument(symbol).symbol
    except InputError:
        name = symbol.strip().upper()
    return name, bar.value, source or ""


def _require_same(bars: Bars, key: tuple[str, str, str]) -> None:
    got = (bars.instrument.symbol, bars.timeframe.value, bars.source if key[2] else "")
    if got != key:
        message = f"asked for {' '.join(key).strip()}, but the loader returned {' '.join(got).strip()}"
        raise InputError(message)


def _blocks(bars: Bars) -> list[BarBlockRow]:
    import pyarrow as pa  # noqa: PLC0415 - heavy

    months = bars.trade_date.astype("datetime64[M]")
    starts = np.flatnonzero(np.concatenate(([True], months[1:] != months[:-1]))) if len(bars) else np.array([], dtype=np.int64)
    ends = np.append(starts[1:], len(bars))
    said = {"identity": identity(bars), "instrument": asdict(bars.instrument), "dataset_hash": bars.dataset_hash, "blocks": len(starts)}
    schema = pa.schema(
        [("open_time", pa.int64()), *((name, pa.float64()) for name in _COLUMNS)],
        metadata={_KEY: json.dumps(said, sort_keys=True).encode()},
    )
    rows = []
    for first, last in zip(starts, ends, strict=True):
        arrays = [bars.time[first:last], *(getattr(bars, name)[first:last] for name in _COLUMNS)]
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
            writer.write_table(pa.table(arrays, schema=schema))
        data = sink.getvalue().to_pybytes()
        rows.append(
            BarBlockRow(
                symbol=bars.instrument.symbol,
                timeframe=bars.timeframe.value,
                source=bars.source,
                month=str(months[first]),
                rows=int(last - first),
                first=pd.Timestamp(bars.time[first], unit="ns", tz="UTC"),
                last=pd.Timestamp(bars.time[last - 1], unit="ns", tz="UTC"),
                hash=bytes_hash(data),
                data=data,
            )
        )
    return rows


def _assembled(rows: Sequence[BarBlockRow]) -> Bars:
    """Put blocks together and compare with what they were.

    Raises:
        StoreError: a block is missing or changed, or the bars are no longer what they were.
    """
    import pyarrow as pa  # noqa: PLC0415 - heavy

    tables = []
    for row in rows:
        if bytes_hash(row.data) != row.hash:
            message = f"the stored block {row.symbol} {row.timeframe} {row.month} was changed"
            raise StoreError(message)
        with pa.ipc.open_stream(row.data) as stream:
            tables.append(stream.read_all())
    said = json.loads(tables[0].schema.metadata[_KEY])
    whole = pa.concat_tables(tables)
    index = pd.DatetimeIndex(whole["open_time"].to_numpy().astype("datetime64[ns]"), name="open_time").tz_localize("UTC")
    frame = pd.DataFrame({name: whole[name].to_numpy() for name in _COLUMNS}, index=index)
    about = said["identity"]
    bars = validate(frame, _instrument(said["instrument"]), about["timeframe"], source=about["source"], synthetic=about["synthetic"])
    if len(rows) != said["blocks"] or bars.dataset_hash != said["dataset_hash"]:
        message = f"the stored bars of {bars.instrument.symbol} {bars.timeframe.value} are not those that were stored"
        raise StoreError(message)
    return bars


def _instrument(said: dict[str, Any]) -> Instrument:
    return Instrument(**{**said, "asset_class": AssetClass(said["asset_class"]), "session_mode": SessionMode(said["session_mode"])})
