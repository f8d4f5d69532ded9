"""Bar blocks: cached bars as compressed Arrow, one block per symbol, timeframe and month."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base


class BarBlockRow(Base):
    """One month of bars."""

    __tablename__ = "bar_blocks"

    symbol: Mapped[str] = mapped_column(primary_key=True)
    """Normalised symbol."""
    timeframe: Mapped[str] = mapped_column(primary_key=True)
    """Length of a bar, such as ``5m``."""
    source: Mapped[str] = mapped_column(primary_key=True)
    """Where the bars came from: blocks of different sources are never mixed."""
    month: Mapped[str] = mapped_column(primary_key=True)
    """``2026-01``, by trade date."""
    rows: Mapped[int]
    """Number of bars."""
    first: Mapped[datetime]
    """Open of the first bar."""
    last: Mapped[datetime]
    """Open of the last bar."""
    hash: Mapped[str]
    """SHA-256 of ``data``, checked when it is read."""
    data: Mapped[bytes]
    """Arrow IPC stream, zstd compressed."""
    at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When it was fetched."""
