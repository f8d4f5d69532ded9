"""Blocks of trials: the points of a sweep as one Arrow stream, at most a hundred thousand each.

One row a point: its id, whether it was new, its parameters, its metrics, and, for the points of the sweep's sample, the sums of returns and of
squared returns over 16 blocks of time, from which the effective number of trials is estimated.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import select

from workbench.backtest.engine.tally import BLOCKS, SQUARES, SUMS
from workbench.backtest.trial_ids import ID, ids_of
from workbench.errors import StoreError
from workbench.store.tables import TrialBlockRow, TrialRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pyarrow as pa
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.trial_ids import Ids

SUMS_COLUMN = "block_sums"
WIDTH = 2 * BLOCKS
_BUDGET = 128 * 2**20
_held: OrderedDict[str, Ids] = OrderedDict()
_guard = threading.Lock()


def encoded(
    sweep: SweepResult,
    columns: Mapping[str, NDArray[Any]],
    *,
    ids: Ids,
    fresh: NDArray[np.bool_],
    sums: NDArray[np.float64],
    sampled: NDArray[np.bool_],
) -> bytes:
    """Return the block of some points of ``sweep``: ``columns`` are their parameters and metrics, ``sums`` (points, 32) kept where ``sampled``."""
    import pyarrow as pa  # noqa: PLC0415 - only where blocks are written or read

    table = {
        "trial_id": pa.Array.from_buffers(pa.binary(ID.itemsize), len(ids), [None, pa.py_buffer(np.ascontiguousarray(ids))]),
        "new": pa.array(fresh),
    }
    table |= {name: pa.array(column) for name, column in columns.items()}
    offsets = np.concatenate([[0], np.cumsum(sampled) * WIDTH]).astype(np.int32)
    kept = np.ascontiguousarray(sums[sampled]).ravel()
    table[SUMS_COLUMN] = pa.ListArray.from_arrays(pa.array(offsets), pa.array(kept))  # an empty list where a point is not of the sample
    about = {"plan_hash": sweep.plan_hash, "bars_per_year": repr(float(sweep.bars_per_year)), "bars": str(len(sweep.bars))}
    about |= {
        "spec": sweep.spec.spec_hash,
        "cash": repr(float(sweep.rules.initial_cash)),
        "swept": ",".join(sweep.swept),
        "rank": sweep.rank,
    }
    whole = pa.table(table).replace_schema_metadata(about)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, whole.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(whole)
    return bytes(sink.getvalue().to_pybytes())


def sums_of(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 16 sums and 16 sums of squares of each row of the engine, (points, 32)."""
    return np.concatenate([rows[:, SUMS : SUMS + BLOCKS], rows[:, SQUARES : SQUARES + BLOCKS]], axis=1)


def read_block(data: bytes, columns: list[str] | None = None) -> pa.Table:
    """Return the table of a stored block, or some of its ``columns``.

    Raises:
        StoreError: the bytes are no block.
    """
    import pyarrow as pa  # noqa: PLC0415 - only where blocks are written or read

    try:
        with pa.ipc.open_stream(data) as reader:
            schema = reader.schema
            if columns is None:
                return reader.read_all()
        wanted = [place for place, name in enumerate(schema.names) if name in columns]
        with pa.ipc.open_stream(data, options=pa.ipc.IpcReadOptions(included_fields=wanted)) as reader:
            return reader.read_all()
    except pa.ArrowInvalid as error:
        message = f"a block of trials cannot be read ({error}); run: workbench audit verify, then restore a backup"
        raise StoreError(message) from error


def block_ids(table: pa.Table) -> Ids:
    """Return the trial ids of a block, (points,) of 32 bytes, in its order."""
    column = table["trial_id"].combine_chunks()
    data = column.buffers()[1]
    return np.frombuffer(data, dtype=ID, count=len(column), offset=column.offset * ID.itemsize)


def known_ids(session: Session, program_hash: str, dataset_hash: str) -> list[Ids]:
    """Return sorted ids of all trials of a program on a dataset, one array a block and one for the singles: an id covers both hashes."""
    same = (TrialBlockRow.program_hash == program_hash, TrialBlockRow.dataset_hash == dataset_hash)
    found = [_sorted_ids(session, block) for block in session.execute(select(TrialBlockRow.id).where(*same)).scalars()]
    singles = select(TrialRow.trial_id).where(TrialRow.program_hash == program_hash, TrialRow.dataset_hash == dataset_hash)
    return [*found, np.sort(ids_of(session.execute(singles).scalars()))]


def _sorted_ids(session: Session, block: str) -> Ids:
    """Return the sorted ids of a stored block, kept for the next time: a block never changes."""
    with _guard:
        if block in _held:
            _held.move_to_end(block)
            return _held[block]
    data = session.execute(select(TrialBlockRow.data).where(TrialBlockRow.id == block)).scalar_one()
    ids = np.sort(block_ids(read_block(data, ["trial_id"])))
    with _guard:
        _held[block] = ids
        while sum(kept.nbytes for kept in _held.values()) > _BUDGET and len(_held) > 1:
            _held.popitem(last=False)
    return ids
