"""Control: the switches that every engine polls (kill, pause, maintenance)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base


class ControlRow(Base):
    """The present position of one switch; its history is in the audit chain."""

    __tablename__ = "control"
    __table_args__ = (Index("ix_control_key_scope", "key", "scope", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    """Counted up."""
    key: Mapped[str]
    """kill, pause or maintenance."""
    scope: Mapped[str]
    """``all``, ``bot:<id>``, ``symbol:<symbol>`` or ``stage:<stage>``."""
    state: Mapped[str]
    """on or off."""
    epoch: Mapped[int] = mapped_column(default=1)
    """Counted up at each change; a permit carries it."""
    reason: Mapped[str]
    """Why it was thrown."""
    by: Mapped[str]
    """Person or engine that threw it."""
    at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When it was thrown."""
