"""The audit chain: who did what to what, each event sealing the one before. Written by ``store.chain`` only."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base


class AuditRow(Base):
    """One event. Triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit"

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3, ... without a gap."""
    at: Mapped[str]
    """UTC time as text (``2026-01-31T23:59:59.123456Z``), because its bytes are hashed."""
    actor: Mapped[str]
    """Person or engine that acted."""
    action: Mapped[str]
    """What was done, such as ``bot.promoted``."""
    subject: Mapped[str] = mapped_column(index=True)
    """What it was done to, such as ``bot:4f1c``."""
    detail: Mapped[str]
    """Canonical JSON text."""
    previous_hash: Mapped[str]
    """Hash of event ``seq - 1``; 64 zeros for the first."""
    hash: Mapped[str]
    """SHA-256 over the previous hash and the stored text bytes of all fields (``store.chain.event_hash``)."""


class AuditHeadRow(Base):
    """Where the chain ends, in its only row: an event cut off the end leaves the head behind."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Always 1."""
    seq: Mapped[int]
    """Number of the last event; 0 for an empty chain."""
    hash: Mapped[str]
    """Hash of the last event; 64 zeros for an empty chain."""
