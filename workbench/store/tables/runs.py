"""Job runs: what ran unattended, how it ended and where its notebook lies."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base, new_id


class JobRunRow(Base):
    """One run of a job, failed ones too."""

    __tablename__ = "job_runs"
    __table_args__ = (Index("ix_job_runs_job_started_at", "job", "started_at"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    """Identifier; names the run's folder under ``data/runs``."""
    job: Mapped[str]
    """Name in the catalogue."""
    status: Mapped[str] = mapped_column(default="running", index=True)
    """running, succeeded, failed, timed_out or interrupted; decided by the child's exit."""
    owner: Mapped[str] = mapped_column(index=True)
    """Who started it."""
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """Parameters handed to the notebook."""
    attempt: Mapped[int] = mapped_column(default=1)
    """1 for the first try."""
    pid: Mapped[int | None]
    """Process group of the child while it runs."""
    started_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it began."""
    finished_at: Mapped[datetime | None]
    """When it ended; None while it runs."""
    heartbeat: Mapped[datetime | None]
    """Last sign of life."""
    exit_code: Mapped[int | None]
    """Exit of the child; negative is a signal."""
    notebook_path: Mapped[str | None]
    """Executed notebook, relative to the home of the bench."""
    notebook_hash: Mapped[str | None]
    """SHA-256 of the executed notebook's bytes."""
    html_path: Mapped[str | None]
    """Self-contained report, relative to the home of the bench."""
    html_hash: Mapped[str | None]
    """SHA-256 of the report's bytes."""
    error: Mapped[str | None]
    """One sentence; None if it succeeded."""
