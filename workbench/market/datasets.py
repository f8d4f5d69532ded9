"""The record of which bars were used: one row a dataset, addressed by its content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from workbench.errors import BarsError
from workbench.store.tables.datasets import DatasetRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.market.bars import Bars


def record(session: Session, bars: Bars) -> str:
    """Make sure the dataset is on record and return its hash; recording again changes nothing.

    Raises:
        BarsError: there are no bars.
    """
    if len(bars) == 0:
        message = f"{bars!r} holds no bars; there is nothing to record"
        raise BarsError(message)
    if session.get(DatasetRow, bars.dataset_hash) is None:
        first, last = (pd.Timestamp(bars.time[place], unit="ns", tz="UTC") for place in (0, -1))
        session.add(
            DatasetRow(
                dataset_hash=bars.dataset_hash,
                symbol=bars.instrument.symbol,
                timeframe=bars.timeframe.value,
                session_mode=bars.instrument.session_mode.value,
                first=first,
                last=last,
                rows=len(bars),
                source=bars.source,
                synthetic=bars.synthetic,
            )
        )
        session.flush()
    return bars.dataset_hash
