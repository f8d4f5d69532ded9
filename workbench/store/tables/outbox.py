"""The outbox: durable events for other processes. Written by ``store.outbox`` only."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base


class OutboxRow(Base):
    """One published event."""

    __tablename__ = "outbox"

    id: Mapped[int] = mapped_column(primary_key=True)
    """Grows in the order of commits; gaps are possible."""
    topic: Mapped[str]
    """Kind of event, such as ``trade_executed``."""
    payload: Mapped[dict[str, Any]]
    """What happened."""
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    """When it was published."""
