from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from workbench.errors import BarsError
from workbench.market import record, sample, synthetic
from workbench.store.database import Database
from workbench.store.tables.datasets import DatasetRow

if TYPE_CHECKING:
    from pathlib import Path


def test_a_dataset_is_recorded_once(tmp_path: Path) -> None:
    """Recording twice leaves one row, which says what the bars are."""
    database = Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}")
    bars = synthetic("SYN", "1h", sessions=5)
    for _ in range(2):
        with database.session() as session:
            assert record(session, bars) == bars.dataset_hash
    with database.session() as session:
        record(session, sample("SPX"))
    with database.read() as session:
        rows = {row.symbol: row for row in session.scalars(select(DatasetRow))}
    database.close()

    assert sorted(rows) == ["SPX", "SYN"]
    found = rows["SYN"]
    assert (found.dataset_hash, found.timeframe, found.rows, found.source, found.synthetic) == (
        bars.dataset_hash,
        "1h",
        35,
        "synthetic",
        True,
    )
    assert (found.first, found.last) == (bars.frame.index[0], bars.frame.index[-1])
    assert (found.session_mode, rows["SPX"].synthetic) == ("RTH_US", False)


def test_no_bars_are_no_dataset(tmp_path: Path) -> None:
    """An empty table cannot be recorded."""
    database = Database.open(f"sqlite:///{tmp_path / 'x.sqlite'}")
    with pytest.raises(BarsError, match="no bars"), database.session() as session:
        record(session, sample("SPX").head(0))
    database.close()
