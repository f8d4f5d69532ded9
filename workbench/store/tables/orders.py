"""Orders: what a bot intended, written before it is sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, reference


class OrderRow(Base):
    """One order; its primary key is the intent hash, so the same decision cannot become two orders."""

    __tablename__ = "orders"
    __table_args__ = (
        Index("ix_orders_bot_id_decided_at", "bot_id", "decided_at"),
        Index("ix_orders_symbol_decided_at", "symbol", "decided_at"),
    )

    intent_hash: Mapped[str] = mapped_column(primary_key=True)
    """Content hash of the decision; also the client order id."""
    bot_id: Mapped[str] = mapped_column(reference("bots.id"))
    """Bot that decided."""
    owner: Mapped[str] = mapped_column(index=True)
    """Owner of the bot."""
    stage: Mapped[str]
    """Stage of the bot when it decided."""
    symbol: Mapped[str]
    """Normalised symbol."""
    side: Mapped[str]
    """buy or sell."""
    quantity: Mapped[float]
    """Contracts or units, positive."""
    kind: Mapped[str] = mapped_column(default="market")
    """market, limit, stop or stop_limit."""
    price: Mapped[float | None]
    """Limit or stop price; None for a market order."""
    state: Mapped[str]
    """intended, sent, filled, partly_filled, cancelled, rejected or failed."""
    reason: Mapped[str | None]
    """Why it was decided (entry, exit, stop, target, ...), or why it failed."""
    epoch: Mapped[int] = mapped_column(default=0)
    """Kill-switch epoch of the permit it was given."""
    broker_order_id: Mapped[str | None]
    """The venue's own identifier, once known."""
    known_at: Mapped[datetime]
    """When the bar it was decided on was complete."""
    decided_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was decided."""
    sent_at: Mapped[datetime | None]
    """When it was handed to the broker; None before."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now, onupdate=clock.now)
    """When its state last changed."""
