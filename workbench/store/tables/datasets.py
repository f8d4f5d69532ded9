"""Datasets: which bars a result was computed on, addressed by their content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base


class DatasetRow(Base):
    """One table of bars that some evaluation has used."""

    __tablename__ = "datasets"
    __table_args__ = (Index("ix_datasets_symbol_timeframe", "symbol", "timeframe"),)

    dataset_hash: Mapped[str] = mapped_column(primary_key=True)
    """Content hash of the bars, 64 hexadecimal digits."""
    symbol: Mapped[str]
    """Normalised symbol."""
    timeframe: Mapped[str]
    """Length of a bar, such as ``5m``."""
    session_mode: Mapped[str | None]
    """Which hours count; None where the bars are daily or of unknown hours."""
    first: Mapped[datetime]
    """Open of the first bar."""
    last: Mapped[datetime]
    """Open of the last bar."""
    rows: Mapped[int]
    """Number of bars."""
    source: Mapped[str]
    """Where the bars came from."""
    synthetic: Mapped[bool] = mapped_column(default=False)
    """True for made-up bars."""
    path: Mapped[str | None]
    """File that holds them, relative to the home of the bench; None if they are not kept."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When they were first recorded."""
