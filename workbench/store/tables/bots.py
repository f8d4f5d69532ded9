"""Bots: strategies that were given a name, capital and a stage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, new_id, reference


class BotRow(Base):
    """One bot."""

    __tablename__ = "bots"
    __table_args__ = (Index("ix_bots_owner_name", "owner", "name", unique=True), Index("ix_bots_stage_status", "stage", "status"))

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    """Identifier, 12 hexadecimal digits."""
    name: Mapped[str]
    """Name, unique for its owner."""
    owner: Mapped[str]
    """Person it belongs to."""
    status: Mapped[str] = mapped_column(default="stopped")
    """stopped, running, paused or error."""
    stage: Mapped[str] = mapped_column(default="LAB")
    """LAB, PAPER, SHADOW, CANARY or LIVE."""
    spec_hash: Mapped[str] = mapped_column(reference("strategies.spec_hash"), index=True)
    """Specification it trades."""
    capital: Mapped[float]
    """Money it may use, in the currency of its instruments."""
    trading_frequency: Mapped[int] = mapped_column(default=60)
    """Seconds between two looks at the market."""
    symbols: Mapped[list[str]] = mapped_column(default=list)
    """Normalised symbols."""
    indicators: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Indicator settings such as ``{"RSI": {"period": 14}}``."""
    risk_management: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """stop_loss, take_profit, max_position_size, max_daily_loss."""
    session_mode: Mapped[str | None]
    """Which hours count; None means the instrument's own."""
    start_hour: Mapped[int | None]
    """Hour the trading window opens, in the exchange's zone."""
    start_minute: Mapped[int | None]
    """Minute the trading window opens."""
    end_hour: Mapped[int | None]
    """Hour the trading window closes."""
    end_minute: Mapped[int | None]
    """Minute the trading window closes."""
    anchor: Mapped[datetime | None]
    """Open of the bar at which indicator state starts; None until the first session."""
    error: Mapped[str | None]
    """Why the status is error."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was made."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When it last changed."""
