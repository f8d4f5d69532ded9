"""Verifications: what every checked backtest answered, and how it came to be, for the monitor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, new_id


class VerificationRow(Base):
    """One verification."""

    __tablename__ = "verifications"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    """Identifier."""
    strategy: Mapped[str]
    """Name of the strategy."""
    archetype: Mapped[str | None]
    """Its archetype."""
    symbol: Mapped[str]
    """Instrument."""
    timeframe: Mapped[str]
    """Timeframe of the bars."""
    spec_hash: Mapped[str] = mapped_column(index=True)
    """Specification that was verified."""
    dataset_hash: Mapped[str]
    """Bars it was verified on."""
    passed: Mapped[bool]
    """Whether every check held."""
    record: Mapped[dict[str, Any]]
    """The verification: checks with value, threshold and words."""
    parse_method: Mapped[str]
    """How the rules were read: strict, relaxed, fallback or python."""
    confidence: Mapped[float | None]
    """How sure that reading was, 0 to 1."""
    rules: Mapped[int]
    """Rules of the strategy."""
    fallbacks: Mapped[int]
    """Rules for which the archetype stood in."""
    robustness: Mapped[float | None]
    """Share of walk-forward folds that held; None where none was run."""
    robust: Mapped[bool | None]
    """Whether that was enough."""
    points: Mapped[int | None]
    """Points of the optimisation; None where none was run."""
    best_sharpe: Mapped[float | None]
    """Annual Sharpe ratio of its best point."""
    overfitting: Mapped[float | None]
    """Probability of backtest overfitting of its points."""
    evidence_hash: Mapped[str | None]
    """Evidence that was made with it."""
    owner: Mapped[str] = mapped_column(index=True)
    """Who verified."""
    at: Mapped[datetime] = mapped_column(default=clock.now, index=True)
    """When."""
