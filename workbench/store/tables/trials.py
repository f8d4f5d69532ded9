"""The trial ledger: every distinct evaluation ever made, so that nobody has to remember how often they tried."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, new_id


class TrialRow(Base):
    """One distinct evaluation: a program with parameters on a dataset, window, costs and fill model."""

    __tablename__ = "trials"

    trial_id: Mapped[str] = mapped_column(primary_key=True)
    """Content hash of what makes the trial distinct, 64 hexadecimal digits."""
    family: Mapped[str] = mapped_column(index=True)
    """Symbol set and lineage root: the pool over which trials are counted."""
    program_hash: Mapped[str]
    """Content hash of the compiled program."""
    spec_hash: Mapped[str | None] = mapped_column(index=True)
    """Specification it came from; None if that was never stored."""
    dataset_hash: Mapped[str] = mapped_column(index=True)
    """Bars it was evaluated on."""
    parameters: Mapped[dict[str, Any]]
    """Parameter values."""
    rules: Mapped[dict[str, Any]]
    """Window, costs, brackets, sizing and fill model version."""
    metrics: Mapped[dict[str, Any]]
    """What was measured; missing numbers are None."""
    sharpe: Mapped[float | None]
    """Sharpe ratio per bar (not annualised); None where it has no value."""
    observations: Mapped[int]
    """Number of bar returns behind the Sharpe ratio."""
    owner: Mapped[str] = mapped_column(index=True)
    """Who ran it first."""
    at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was run first."""


class TrialBlockRow(Base):
    """One sweep: all its trials as one Arrow block."""

    __tablename__ = "trial_blocks"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    """Identifier of the block."""
    family: Mapped[str] = mapped_column(index=True)
    """Symbol set and lineage root."""
    plan_hash: Mapped[str] = mapped_column(index=True)
    """Content hash of the sweep's plan."""
    program_hash: Mapped[str]
    """Content hash of the compiled program."""
    dataset_hash: Mapped[str] = mapped_column(index=True)
    """Bars it was evaluated on."""
    trials: Mapped[int]
    """Number of points in the block."""
    new_trials: Mapped[int]
    """Number of points that were not in the ledger before."""
    sharpe_sum: Mapped[float | None]
    """Sum of the new trials' annual Sharpe ratios."""
    sharpe_square_sum: Mapped[float | None]
    """Sum of their squares: with the sum it gives the variance without opening the block."""
    data: Mapped[bytes]
    """Arrow IPC stream, one row a point, with its trial id."""
    owner: Mapped[str] = mapped_column(index=True)
    """Who ran it."""
    at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was stored."""
