"""Promotions: every request to move a bot from one stage to another, with the evidence it was argued from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, new_id, reference


class EvidenceRow(Base):
    """One sealed body of evidence."""

    __tablename__ = "evidence"

    evidence_hash: Mapped[str] = mapped_column(primary_key=True)
    """Content hash, 64 hexadecimal digits."""
    json: Mapped[str]
    """The evidence's own JSON text, byte for byte."""
    owner: Mapped[str] = mapped_column(index=True)
    """Who gathered it."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was sealed."""


class PromotionRow(Base):
    """One move between stages, or the refusal of one."""

    __tablename__ = "promotions"
    __table_args__ = (Index("ix_promotions_bot_id_at", "bot_id", "at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    """Identifier."""
    bot_id: Mapped[str] = mapped_column(reference("bots.id"))
    """Bot it is about."""
    from_stage: Mapped[str]
    """Stage the bot was in."""
    to_stage: Mapped[str]
    """Stage that was asked for."""
    status: Mapped[str]
    """promoted, refused or demoted; a request is requested, approved, rejected or withdrawn."""
    policy_hash: Mapped[str]
    """Policy file whose gates were applied."""
    evidence_hash: Mapped[str | None] = mapped_column(reference("evidence.evidence_hash"), index=True)
    """Evidence the gates judged; None for a demotion without one."""
    verdicts: Mapped[list[Any]] = mapped_column(default=list)
    """One record per gate: value, threshold, words."""
    requested_by: Mapped[str]
    """Person or engine that asked."""
    decided_by: Mapped[str | None]
    """Person or engine that decided; None while it is open."""
    reason: Mapped[str | None]
    """Why, in words."""
    owner: Mapped[str] = mapped_column(index=True)
    """Owner of the bot."""
    at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was decided, or asked while it is open."""
