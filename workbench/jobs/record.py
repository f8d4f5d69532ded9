"""The record of a run: its row, its folder and its events in the audit chain, each written in one transaction.

A run is ``running`` until its end is known from the child's exit: ``succeeded``, ``failed``, ``timed_out`` or ``interrupted``. A run
whose runner vanished is ``lost``. Beside the row lies the folder ``data/runs/<id>``: ``notebook.ipynb`` (executed, also of a failure),
``report.html``, ``log.txt`` and ``run.json`` (what was asked, and which process runs it).
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import uuid
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from workbench import clock
from workbench.content import content_hash, file_hash
from workbench.errors import JobError
from workbench.jobs.process import created
from workbench.jobs.summary import SUMMARY
from workbench.store import chain, outbox
from workbench.store.tables import JobRunRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from workbench.jobs.catalogue import Job
    from workbench.store.database import Database

RUNNING, SUCCEEDED, FAILED, TIMED_OUT, INTERRUPTED, LOST = "running", "succeeded", "failed", "timed_out", "interrupted", "lost"
TOPIC = "job_changed"


@dataclass(frozen=True, kw_only=True)
class JobRun:
    """One run of a job."""

    id: str
    """Names the row and the folder."""
    job: str
    """Name in the catalogue."""
    status: str
    """running, succeeded, failed, timed_out, interrupted or lost."""
    owner: str
    """Who started it."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What the notebook was told."""
    attempt: int = 1
    """1 for the first try with one idempotency key."""
    started_at: datetime
    """Aware UTC."""
    finished_at: datetime | None = None
    """Aware UTC; None while it runs."""
    exit_code: int | None = None
    """Exit of the child; negative is a signal, None when nobody saw it."""
    folder: Path
    """``data/runs/<id>``."""
    notebook_hash: str | None = None
    """SHA-256 of the executed notebook, as sealed; None when there is none."""
    html_hash: str | None = None
    """SHA-256 of the report, as sealed; None when there is none."""
    error: str | None = None
    """One sentence; None if it succeeded."""

    @property
    def notebook(self) -> Path:
        """The executed notebook."""
        return self.folder / "notebook.ipynb"

    @property
    def html(self) -> Path:
        """The self-contained report."""
        return self.folder / "report.html"

    @property
    def succeeded(self) -> bool:
        """Whether every cell ran to its end."""
        return self.status == SUCCEEDED

    def summaries(self) -> list[dict[str, Any]]:
        """Return what the notebook wants shown after the run, in order; empty when it says nothing or was not executed."""
        try:
            cells = json.loads(self.notebook.read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, KeyError):
            return []
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        return [output["data"][SUMMARY] for output in outputs if SUMMARY in output.get("data", {})]


def runs_folder(home: Path) -> Path:
    """Return where the folders of runs lie."""
    return home / "data" / "runs"


def new_id(job: str, parameters: Mapping[str, Any], key: str | None) -> str:
    """Return a sortable id, or with an idempotency ``key`` the one that the same job, key and parameters always have."""
    if key is None:
        return f"{clock.now():%Y%m%d-%H%M%S}-{job}-{uuid.uuid4().hex[:6]}"
    return f"{job}-{content_hash({'job': job, 'key': key, 'parameters': dict(parameters)})[:12]}"


def prior(database: Database, base: str, home: Path) -> JobRun | None:
    """Return the latest attempt of the idempotent run ``base``, None if there was none."""
    with database.read() as session:
        query = select(JobRunRow).where((JobRunRow.id == base) | JobRunRow.id.startswith(f"{base}.", autoescape=True))
        row = session.scalars(query.order_by(JobRunRow.attempt.desc()).limit(1)).first()
        return None if row is None else _from_row(row, home)


def recent(database: Database, home: Path, limit: int = 20) -> list[JobRun]:
    """Return the latest runs, newest first."""
    with database.read() as session:
        rows = session.scalars(select(JobRunRow).order_by(JobRunRow.started_at.desc(), JobRunRow.id.desc()).limit(limit))
        return [_from_row(row, home) for row in rows]


def find(database: Database, run_id: str, home: Path) -> JobRun | None:
    """Return the run with this id, None if there is none."""
    with database.read() as session:
        row = session.get(JobRunRow, run_id)
        return None if row is None else _from_row(row, home)


def running(database: Database, home: Path) -> list[JobRun]:
    """Return the runs that nobody has ended."""
    with database.read() as session:
        return [_from_row(row, home) for row in session.scalars(select(JobRunRow).where(JobRunRow.status == RUNNING))]


def begin(database: Database, run: JobRun, job: Job, source_hash: str) -> None:
    """Make the folder with its ``run.json``, the row and the event ``job.started``.

    Raises:
        JobError: the folder cannot be written.
    """
    spec = {
        "run_id": run.id,
        "job": job.name,
        "notebook": str(job.notebook),
        "output": str(run.notebook),
        "parameters": dict(run.parameters),
        "source_hash": source_hash,
        "timeout": job.timeout,
        "runner": {"pid": os.getpid(), "created": created(os.getpid()), "host": platform.node()},
    }
    try:
        run.folder.mkdir(parents=True)
        (run.folder / "run.json").write_text(json.dumps(spec, indent=1, ensure_ascii=False), encoding="utf-8")
    except OSError as error:
        message = f"cannot write the run's folder {run.folder} ({error.strerror}); set WORKBENCH_HOME to a folder you can write"
        raise JobError(message, run.id) from error
    try:
        _insert(database, run, source_hash)
    except BaseException:
        shutil.rmtree(run.folder, ignore_errors=True)  # nothing ran; no record, no folder
        raise


def beat(database: Database, run: JobRun, pid: int) -> None:
    """Note a sign of life."""
    with database.session() as session:
        session.execute(update(JobRunRow).where(JobRunRow.id == run.id).values(heartbeat=clock.now(), pid=pid))


def end(database: Database, run: JobRun, *, status: str, exit_code: int | None, error: str | None, actor: str) -> JobRun:
    """Seal the end of a run: row, hash of the executed notebook and event ``job.<status>`` in one transaction; return the ended run.

    A run that somebody else has ended already is returned unchanged and gets no second event.
    """
    digest = file_hash(run.notebook) if run.notebook.is_file() else None
    ended = replace(run, status=status, exit_code=exit_code, error=error, notebook_hash=digest, finished_at=clock.now())
    with database.session() as session:
        found = session.scalars(
            update(JobRunRow)
            .where(JobRunRow.id == run.id, JobRunRow.status == RUNNING)
            .values(
                status=status,
                exit_code=exit_code,
                error=error,
                pid=None,
                finished_at=ended.finished_at,
                notebook_hash=digest,
                notebook_path=_relative(run, "notebook.ipynb") if digest else None,
            )
            .returning(JobRunRow.id)
        ).all()
        if not found:
            return run
        detail = {"job": run.job, "status": status, "exit_code": exit_code, "notebook_hash": digest, "error": error}
        _tell(session, ended, detail, actor)
    return ended


def seal_report(database: Database, run: JobRun, actor: str) -> JobRun:
    """Record the report that was written beside the notebook."""
    reported = replace(run, html_hash=file_hash(run.html))
    with database.session() as session:
        values = {"html_path": _relative(run, "report.html"), "html_hash": reported.html_hash}
        session.execute(update(JobRunRow).where(JobRunRow.id == run.id).values(**values))
        detail = {"html_hash": reported.html_hash, "notebook_hash": run.notebook_hash}
        chain.append(session, actor=actor, action="job.reported", subject=f"run:{run.id}", detail=detail)
    return reported


def _insert(database: Database, run: JobRun, source_hash: str) -> None:
    with database.session() as session:
        session.add(
            JobRunRow(
                id=run.id,
                job=run.job,
                status=RUNNING,
                owner=run.owner,
                parameters=dict(run.parameters),
                attempt=run.attempt,
                started_at=run.started_at,
                heartbeat=run.started_at,
            )
        )
        session.flush()
        detail = {"job": run.job, "parameters_hash": content_hash(dict(run.parameters)), "source_hash": source_hash, "attempt": run.attempt}
        _tell(session, run, detail, run.owner, "started")


def _tell(session: Session, run: JobRun, detail: Mapping[str, Any], actor: str, what: str | None = None) -> None:
    chain.append(session, actor=actor, action=f"job.{what or run.status}", subject=f"run:{run.id}", detail=detail)
    outbox.publish(session, TOPIC, {"run": run.id, "job": run.job, "status": run.status, "error": run.error})


def _relative(run: JobRun, name: str) -> str:
    return f"data/runs/{run.id}/{name}"


def _from_row(row: JobRunRow, home: Path) -> JobRun:
    return JobRun(
        id=row.id,
        job=row.job,
        status=row.status,
        owner=row.owner,
        parameters=row.parameters,
        attempt=row.attempt,
        started_at=row.started_at,
        finished_at=row.finished_at,
        exit_code=row.exit_code,
        folder=runs_folder(home) / row.id,
        notebook_hash=row.notebook_hash,
        html_hash=row.html_hash,
        error=row.error,
    )
