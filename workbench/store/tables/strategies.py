"""Strategies: every version of every specification, addressed by its content."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base


class StrategyRow(Base):
    """One frozen version of a strategy specification."""

    __tablename__ = "strategies"

    spec_hash: Mapped[str] = mapped_column(primary_key=True)
    """Content hash of the specification, 64 hexadecimal digits."""
    name: Mapped[str] = mapped_column(index=True)
    """What its author calls it."""
    version: Mapped[int] = mapped_column(default=1)
    """1 for the first specification of this name, counted up."""
    json: Mapped[str]
    """The specification's own JSON text, byte for byte."""
    owner: Mapped[str] = mapped_column(index=True)
    """Who may change it."""
    created_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was first stored."""
