"""Trades: what was executed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, reference


class TradeRow(Base):
    """One execution."""

    __tablename__ = "trades"
    __table_args__ = (
        Index("ix_trades_bot_id_timestamp", "bot_id", "timestamp"),
        Index("ix_trades_symbol_timestamp", "symbol", "timestamp"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    """Counted up."""
    bot_id: Mapped[str] = mapped_column(reference("bots.id"))
    """Bot that traded."""
    owner: Mapped[str] = mapped_column(index=True)
    """Owner of the bot."""
    stage: Mapped[str]
    """Stage of the bot at the time."""
    symbol: Mapped[str]
    """Normalised symbol."""
    side: Mapped[str]
    """buy or sell."""
    quantity: Mapped[float]
    """Contracts or units, positive."""
    price: Mapped[float]
    """Execution price."""
    timestamp: Mapped[datetime] = mapped_column(index=True)
    """When it was executed."""
    indicators_snapshot: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Values of the indicators on the deciding bar."""
    profit_loss: Mapped[float | None]
    """Money made by closing, fees taken off; None while nothing was closed."""
    order_id: Mapped[str | None] = mapped_column(reference("orders.intent_hash"), index=True)
    """Order it belongs to; None for one that was not ours."""
    status: Mapped[str] = mapped_column(default="filled")
    """pending, filled, cancelled or failed."""
    commission: Mapped[float] = mapped_column(default=0.0)
    """Fees in money."""
    slippage: Mapped[float] = mapped_column(default=0.0)
    """Price given up against the reference price, positive is worse."""
    reason: Mapped[str | None]
    """entry, exit, stop, target, trailing, time, flat, ..."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was stored."""
