"""Positions: what a bot holds and held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, reference


class PositionRow(Base):
    """One position, open or closed."""

    __tablename__ = "positions"
    __table_args__ = (
        Index("ix_positions_bot_id_is_open", "bot_id", "is_open"),
        Index("ix_positions_symbol_opened_at", "symbol", "opened_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Counted up."""
    bot_id: Mapped[str] = mapped_column(reference("bots.id"))
    """Bot that holds it."""
    owner: Mapped[str] = mapped_column(index=True)
    """Owner of the bot."""
    stage: Mapped[str]
    """Stage of the bot when it opened."""
    symbol: Mapped[str]
    """Normalised symbol."""
    quantity: Mapped[float]
    """Contracts or units; negative is short; 0 when closed."""
    entry_price: Mapped[float]
    """Average price paid."""
    current_price: Mapped[float | None]
    """Last price it was marked at."""
    stop_loss_price: Mapped[float | None]
    """Where it is stopped; None without a stop."""
    take_profit_price: Mapped[float | None]
    """Where profit is taken; None without a target."""
    unrealized_pnl: Mapped[float] = mapped_column(default=0.0)
    """Money it would make if closed at ``current_price``."""
    realized_pnl: Mapped[float] = mapped_column(default=0.0)
    """Money it has made, fees taken off."""
    opened_at: Mapped[datetime]
    """When it was opened."""
    closed_at: Mapped[datetime | None]
    """When it was closed; None while open."""
    is_open: Mapped[bool] = mapped_column(default=True)
    """Whether it is still held."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When it was last marked."""
