"""Equity marks: what each bot was worth after each bar."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from workbench.store.tables.base import Base, reference


class EquityMarkRow(Base):
    """One mark; a bar is marked once per bot and stage."""

    __tablename__ = "equity_marks"

    bot_id: Mapped[str] = mapped_column(reference("bots.id"), primary_key=True)
    """Bot that was marked."""
    stage: Mapped[str] = mapped_column(primary_key=True)
    """Stage it was in."""
    known_at: Mapped[datetime] = mapped_column(primary_key=True, index=True)
    """When the bar was complete."""
    owner: Mapped[str] = mapped_column(index=True)
    """Owner of the bot."""
    equity: Mapped[float]
    """Money: cash and open positions at this bar's close."""
    cash: Mapped[float]
    """Money not bound in positions."""
    quantity: Mapped[float] = mapped_column(default=0.0)
    """Contracts or units held; negative is short."""
