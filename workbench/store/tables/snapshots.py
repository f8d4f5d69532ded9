"""Session snapshots: the state of a trading session after a bar, from which a restart goes on."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, reference


class SessionSnapshotRow(Base):
    """One snapshot; written in the transaction of the bar's orders."""

    __tablename__ = "session_snapshots"

    bot_id: Mapped[str] = mapped_column(reference("bots.id"), primary_key=True)
    """Bot it belongs to."""
    known_at: Mapped[datetime] = mapped_column(primary_key=True)
    """When the last bar in the state was complete."""
    anchor: Mapped[datetime]
    """Open of the bar at which the state started."""
    spec_hash: Mapped[str]
    """Specification whose state this is."""
    state_hash: Mapped[str]
    """SHA-256 of ``state``, checked when it is read."""
    state: Mapped[bytes]
    """Indicator, program and account state."""
    owner: Mapped[str] = mapped_column(index=True)
    """Owner of the bot."""
    at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When it was written."""
