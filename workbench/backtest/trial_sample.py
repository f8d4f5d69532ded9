"""Some trials of a family with the sums of their returns over 16 blocks of time: what the effective number of trials is clustered on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sqlalchemy import select

from workbench.backtest.engine.tally import BLOCKS
from workbench.backtest.trial_blocks import SUMS_COLUMN, WIDTH, block_ids, read_block
from workbench.backtest.trial_ids import hexes
from workbench.store.tables import TrialBlockRow, TrialRow

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.orm import Session

_METRICS_FROM = "total_return"


@dataclass(frozen=True, kw_only=True, eq=False)
class TrialSample:
    """Trials of one family, drawn evenly."""

    family: str
    """The family."""
    trials: int
    """Distinct trials of the family; the sample stands for all of them."""
    frame: pd.DataFrame
    """One row a trial: trial_id, program, dataset, bars, sharpe (annual, 0 without one), parameters (a mapping)."""
    sums: NDArray[np.float64]
    """(points, 16) sums of returns over blocks of time of (nearly) equal length."""
    squares: NDArray[np.float64]
    """(points, 16) sums of squared returns."""

    def __len__(self) -> int:
        """Return the number of trials drawn."""
        return len(self.frame)


def drawn(session: Session, family: str, points: int, seed: int) -> TrialSample:
    """Return at most ``points`` trials of ``family``: of each block, and of the singles together, as many as its share of the distinct trials."""
    blocks = session.execute(
        select(TrialBlockRow.id, TrialBlockRow.new_trials)
        .where(TrialBlockRow.family == family, TrialBlockRow.new_trials > 0)
        .order_by(TrialBlockRow.at, TrialBlockRow.id)
    ).all()
    singles = list(session.scalars(select(TrialRow).where(TrialRow.family == family).order_by(TrialRow.trial_id)))
    sizes = np.array([*(row.new_trials for row in blocks), len(singles)], dtype=np.int64)
    wanted = _shares(sizes, points)
    random = np.random.default_rng(seed)
    rows: list[dict[str, Any]] = []
    for row, count in zip(blocks, wanted[:-1].tolist(), strict=True):
        if count:
            rows += _of_block(session.get_one(TrialBlockRow, row.id), count, random)
    kept = [row for row in singles if len(row.rules.get(SUMS_COLUMN, ())) == WIDTH]
    rows += [_of_single(kept[place]) for place in np.sort(random.permutation(len(kept))[: wanted[-1]]).tolist()]
    numbers = np.array([row.pop(SUMS_COLUMN) for row in rows], dtype=np.float64).reshape(len(rows), WIDTH)
    frame = pd.DataFrame(rows, columns=["trial_id", "program", "dataset", "bars", "sharpe", "parameters"])
    return TrialSample(family=family, trials=int(sizes.sum()), frame=frame, sums=numbers[:, :BLOCKS], squares=numbers[:, BLOCKS:])


def _shares(sizes: NDArray[np.int64], points: int) -> NDArray[np.int64]:
    """Return how many to draw from each, at most ``points`` together and none more than there are."""
    total = int(sizes.sum())
    if total <= points:
        return sizes
    exact = sizes * points / total
    found = np.floor(exact).astype(np.int64)
    most_left = np.argsort(-(exact - found), kind="stable")[: points - int(found.sum())]
    found[most_left] += 1
    return found


def _of_block(row: TrialBlockRow, count: int, random: np.random.Generator) -> list[dict[str, Any]]:
    table = read_block(row.data)
    if SUMS_COLUMN not in table.column_names:
        return []
    lengths = table[SUMS_COLUMN].combine_chunks().value_lengths().to_numpy()
    able = np.flatnonzero((lengths == WIDTH) & table["new"].to_numpy())
    chosen = np.sort(random.permutation(able)[:count])
    ids = hexes(block_ids(table)[chosen])
    some = table.take(chosen)
    names = some.column_names[2 : some.column_names.index(_METRICS_FROM)]
    bars = int((table.schema.metadata or {}).get(b"bars", b"0"))
    return [
        {
            "trial_id": identity,
            "program": row.program_hash,
            "dataset": row.dataset_hash,
            "bars": bars,
            "sharpe": sharpe if sharpe is not None and math.isfinite(sharpe) else 0.0,
            "parameters": dict(zip(names, values, strict=True)),
            SUMS_COLUMN: sums,
        }
        for identity, sharpe, sums, *values in zip(
            ids, some["sharpe"].to_pylist(), some[SUMS_COLUMN].to_pylist(), *(some[name].to_pylist() for name in names), strict=True
        )
    ]


def _of_single(row: TrialRow) -> dict[str, Any]:
    return {
        "trial_id": row.trial_id,
        "program": row.program_hash,
        "dataset": row.dataset_hash,
        "bars": row.observations,
        "sharpe": (row.sharpe or 0.0) * math.sqrt(row.rules["bars_per_year"]),
        "parameters": dict(row.parameters),
        SUMS_COLUMN: row.rules[SUMS_COLUMN],
    }
