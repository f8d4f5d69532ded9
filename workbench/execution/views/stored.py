"""The last stored bars of a symbol for charts, without pandas: a board's kernel reads a few hundred bars and stays small.

``market.cache`` is the door for everything that computes on bars: it verifies the whole table. Here each block's bytes are compared with their hash and nothing
else, because a chart shows the end of the table only.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from workbench.content import bytes_hash
from workbench.errors import StoreError
from workbench.store.tables.bars import BarBlockRow

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

COLUMNS = ("open", "high", "low", "close", "volume")
_KEY = b"workbench"


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredBars:
    """The end of a stored table of bars."""

    symbol: str
    """Normalised symbol."""
    timeframe: str
    """Length of a bar, such as ``15m``."""
    source: str
    """Where the bars came from."""
    synthetic: bool
    """Whether they are made up."""
    time: NDArray[np.int64]
    """(n,) open times, nanoseconds since 1970, UTC."""
    columns: NDArray[np.float64]
    """(5, n): open, high, low, close, volume."""

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.time)

    def series(self, name: str) -> NDArray[np.float64]:
        """Return one column by name."""
        found: NDArray[np.float64] = self.columns[COLUMNS.index(name)]
        return found


@dataclass(frozen=True, kw_only=True)
class Stored:
    """What is stored of one symbol and timeframe, from one source."""

    symbol: str
    """Normalised symbol."""
    timeframe: str
    """Length of a bar."""
    source: str
    """Where the bars came from."""
    bars: int
    """Number of bars."""
    last: datetime
    """Open of the last bar, aware UTC."""
    fetched_at: datetime
    """When the newest block was stored."""


def listing(session: Session) -> tuple[Stored, ...]:
    """Return what is stored, by symbol and timeframe."""
    keys = (BarBlockRow.symbol, BarBlockRow.timeframe, BarBlockRow.source)
    query = select(*keys, func.sum(BarBlockRow.rows), func.max(BarBlockRow.last), func.max(BarBlockRow.at)).group_by(*keys).order_by(*keys)
    return tuple(
        Stored(symbol=symbol, timeframe=bar, source=source, bars=int(rows), last=last, fetched_at=at)
        for symbol, bar, source, rows, last, at in session.execute(query)
    )


def tail(session: Session, symbol: str, timeframe: str, count: int, *, until: datetime | None = None) -> StoredBars | None:
    """Return up to ``count`` last bars that opened before ``until`` (by default all); None where nothing is stored.

    Raises:
        StoreError: a block's bytes are not those that were stored.
    """
    same = (BarBlockRow.symbol == symbol, BarBlockRow.timeframe == timeframe)
    newest = select(BarBlockRow.source).where(*same).group_by(BarBlockRow.source).order_by(func.max(BarBlockRow.at).desc()).limit(1)
    source = session.scalar(newest)
    if source is None:
        return None
    opened = [] if until is None else [BarBlockRow.first < until]
    heads = select(BarBlockRow.month, BarBlockRow.rows, BarBlockRow.hash).where(*same, BarBlockRow.source == source, *opened)
    wanted: list[tuple[str, str]] = []
    there = 0
    for month, rows, digest in session.execute(heads.order_by(BarBlockRow.month.desc())):
        wanted.insert(0, (month, digest))
        there += rows if len(wanted) > 1 or until is None else 0  # the newest month may be cut
        if there >= count:
            break
    if not wanted:
        return None
    blocks = [_block(session, (symbol, timeframe, source, month), digest) for month, digest in wanted]
    time, columns = np.concatenate([block[0] for block in blocks]), np.concatenate([block[1] for block in blocks], axis=1)
    end = len(time) if until is None else int(np.searchsorted(time, int(until.timestamp() * 1e9)))
    first = max(0, end - count)
    return StoredBars(
        symbol=symbol, timeframe=timeframe, source=source, synthetic=blocks[0][2], time=time[first:end], columns=columns[:, first:end]
    )


_Block = tuple["NDArray[np.int64]", "NDArray[np.float64]", bool]
_kept: dict[str, _Block] = {}


def _block(session: Session, key: tuple[str, str, str, str], digest: str) -> _Block:
    if digest not in _kept:
        row = session.get(BarBlockRow, key)
        data = b"" if row is None else row.data
        if bytes_hash(data) != digest:
            message = f"the stored block {' '.join(key)} was changed; load the bars again"
            raise StoreError(message)
        if len(_kept) > 64:  # noqa: PLR2004 - a few charts' worth of months
            _kept.clear()
        _kept[digest] = _unpacked(data)
    return _kept[digest]


def _unpacked(data: bytes) -> _Block:
    import pyarrow as pa  # noqa: PLC0415 - 0.1 s, where a chart is drawn only

    with pa.ipc.open_stream(data) as stream:
        table = stream.read_all()
    said = json.loads(table.schema.metadata[_KEY])
    columns = np.array([_numbers(table[name], np.float64) for name in COLUMNS])
    return _numbers(table["open_time"], np.int64), columns, bool(said["identity"]["synthetic"])


def _numbers(column: Any, kind: type[np.generic]) -> NDArray[Any]:  # noqa: ANN401 - pyarrow has no types
    """Return a column without missing values; its own ``to_numpy`` would import pandas."""
    parts = [np.frombuffer(chunk.buffers()[1], dtype=kind)[chunk.offset : chunk.offset + len(chunk)] for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty(0, dtype=kind)
