"""The runner: one job, executed in a child process that cannot outlive its deadline, its run or us.

1. Runs whose runner vanished are marked lost first (``recover``).
2. The parameters are checked against the notebook before anything starts (``prepare``).
3. Row, folder and audit event are written, then the child starts (``record.begin``, ``process.Child``).
4. The child's messages become progress and heartbeats until it ends, the deadline passes or we are interrupted (``_follow``).
5. The end is sealed with the hash of the executed notebook, whatever the end was (``record.end``).
6. The notebook becomes an HTML report (``_report``); a report that cannot be written does not change how the run ended.

The status comes from the child's exit code and from what we did to it, never from the notebook: papermill calls killed cells "completed".
"""

from __future__ import annotations

import json
import platform
import shutil
import signal
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import clock, telemetry
from workbench.content import bytes_hash
from workbench.errors import DataUnavailableError, JobError, JobTimeoutError, StoreError
from workbench.jobs import record
from workbench.jobs.child import CELL_FAILED, COMPLETED, SCRATCH
from workbench.jobs.parameters import checked
from workbench.jobs.process import Child, created, end_tree, environment
from workbench.jobs.record import FAILED, INTERRUPTED, LOST, SUCCEEDED, TIMED_OUT, JobRun
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.jobs.catalogue import Job
    from workbench.progress import Progress
    from workbench.store.database import Database

BEAT = 5.0  # s between heartbeats in the store
_POLL = 0.5  # s between looks at the deadline


@dataclass(frozen=True, kw_only=True)
class _End:
    """How a child ended: status, exit code, one sentence, and the cell it was in (id and label)."""

    status: str
    exit_code: int | None
    error: str | None = None
    cell: str = ""


@dataclass(frozen=True, kw_only=True)
class _At:
    """Where the child is: cells done, cells in all, what the present one says and its id."""

    done: int = 0
    total: int = 1
    label: str = "starting a kernel"
    cell: str = ""


def run(
    database: Database,
    job: Job,
    parameters: Mapping[str, Any] | None = None,
    *,
    home: Path,
    progress: Progress = SILENT,
    key: str | None = None,
    owner: str | None = None,
) -> JobRun:
    """Execute ``job`` and return its record; its executed notebook and report lie in ``data/runs/<id>``.

    Args:
        database: where the run is recorded and sealed; the notebook opens the same one.
        job: from the catalogue.
        parameters: by name; text is cast to the type of the notebook's default.
        home: home of the bench.
        progress: told each cell as it starts.
        owner: who starts it; the person behind this process by default.
        key: idempotency key: a run of the same job, key and parameters that succeeded is returned instead of repeated.

    Raises:
        UnknownNameError: a parameter that the notebook does not declare.
        InputError: a parameter of the wrong type.
        JobError: a cell failed or the child died; carries run id and executed notebook.
        JobTimeoutError: the deadline passed and everything was stopped.
        KeyboardInterrupt: somebody interrupted; the run is recorded as interrupted.
    """
    recover(database, home)
    values = prepare(job, parameters)
    planned, done = _plan(database, job, values, home, key, owner or _whoami())
    if done is not None:
        return done
    record.begin(database, planned, job, bytes_hash(job.notebook.read_bytes()))
    return _execute(database, job, planned, progress)


def prepare(job: Job, parameters: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the parameters that ``job`` would get, checked and cast.

    Raises:
        UnknownNameError: a parameter that the notebook does not declare.
        InputError: a parameter of the wrong type.
        DataUnavailableError: the notebook is gone.
    """
    if not job.notebook.is_file():
        message = f"the notebook of job {job.name} is gone: {job.notebook}"
        raise DataUnavailableError(message)
    return checked(parameters or {}, job.parameters())


def recover(database: Database, home: Path) -> list[JobRun]:
    """Mark every run of this computer whose runner no longer lives as lost, end what is left of it, and return those runs."""
    lost = []
    for stale in record.running(database, home):
        if not _abandoned(stale):
            continue
        end_tree(stale.id)
        sentence = "its runner vanished (killed, or the computer went down); the notebook holds what was finished until then"
        ended = record.end(database, stale, status=LOST, exit_code=None, error=sentence, actor="runner")
        if ended.status == LOST:
            lost.append(_report(database, ended, stale.job, "", "runner"))
    return lost


def _plan(database: Database, job: Job, values: dict[str, Any], home: Path, key: str | None, owner: str) -> tuple[JobRun, JobRun | None]:
    identifier, attempt = record.new_id(job.name, values, key), 1
    before = record.prior(database, identifier, home) if key is not None else None
    if before is not None:
        if before.status == record.RUNNING:
            message = f"job {job.name} already runs with key {key!r} as {before.id}; wait for it, or give another key"
            raise JobError(message, before.id, before.notebook)
        attempt = before.attempt + 1
        identifier = f"{identifier}.{attempt}"
    planned = JobRun(
        id=identifier,
        job=job.name,
        status=record.RUNNING,
        owner=owner,
        parameters=values,
        attempt=attempt,
        started_at=clock.now(),
        folder=record.runs_folder(home) / identifier,
    )
    return planned, before if before is not None and before.succeeded else None


def _whoami() -> str:
    from workbench.lifecycle.people import whoami  # noqa: PLC0415 - the room below brings the strategies with it, 1 s

    return whoami().name


def _execute(database: Database, job: Job, planned: JobRun, progress: Progress) -> JobRun:
    scratch = Path(tempfile.mkdtemp(prefix=SCRATCH))  # short: kernels talk through sockets in it, whose paths end at 107 characters
    child = None
    try:
        url = database.url.render_as_string(hide_password=False)
        home = planned.folder.parent.parent.parent
        child = Child(planned.folder / "run.json", planned.id, environment(planned.id, home, url, scratch))
        end = _follow(database, job, planned, child, progress)
    except BaseException as error:
        code = child.stop() if child is not None else None
        interrupted = isinstance(error, KeyboardInterrupt | SystemExit)
        sentence = "interrupted by a person" if interrupted else f"the runner failed: {type(error).__name__}: {error}"
        end = _End(status=INTERRUPTED if interrupted else FAILED, exit_code=code, error=sentence)
        ended = _seal(database, job, planned, end)
        if isinstance(error, KeyboardInterrupt):
            message = f"job {job.name} was interrupted; what was finished is kept in {ended.folder}"
            raise KeyboardInterrupt(message) from error
        raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    ended = _seal(database, job, planned, end)
    if end.status == SUCCEEDED:
        return ended
    kind = JobTimeoutError if end.status == TIMED_OUT else JobError
    message = f"job {job.name} {end.error}; the executed notebook is {ended.notebook}"
    raise kind(message, ended.id, ended.notebook)


def _follow(database: Database, job: Job, planned: JobRun, child: Child, progress: Progress) -> _End:
    deadline = clock.monotonic() + job.timeout
    told, at = 0.0, _At()
    failure: dict[str, Any] = {}
    progress.at(0, 1, at.label)
    while (message := child.next(min(_POLL, deadline - clock.monotonic()))) is not None:
        if clock.monotonic() >= deadline:
            sentence = f"passed its deadline of {job.timeout:g} s in “{at.label}” and was stopped"
            return _End(status=TIMED_OUT, exit_code=child.stop(), error=sentence, cell=at.cell)
        if message["kind"] == "cell":
            at = _At(done=message["done"], total=message["total"], label=message["label"], cell=message["id"])
        elif message["kind"] == "failed":
            failure = message
        if message["kind"] in {"cell", "heartbeat"} and at.cell:
            progress.at(at.done, at.total, at.label)
        if clock.monotonic() - told > BEAT:
            told = clock.monotonic()
            _note_life(database, planned, child.pid)
    code = child.exit_code()
    if code == COMPLETED:
        progress.at(at.total, at.total, "done")
        return _End(status=SUCCEEDED, exit_code=code)
    return _End(status=FAILED, exit_code=code, error=_why(code, failure, at.label), cell="" if code == CELL_FAILED else at.cell)


def _why(code: int, failure: Mapping[str, Any], label: str) -> str:
    if code < 0:
        return f"died in “{label}”: its process was ended by {signal.Signals(-code).name} (killed, or out of memory)"
    if failure.get("name") == "DeadKernelError":
        return f"died in “{label}”: the kernel ended by itself (killed, out of memory, or a crash in compiled code)"
    if failure:
        return f"failed in “{label}”: {failure['name']}: {failure['value']}"
    return f"failed in “{label}” with exit code {code}; log.txt beside the notebook says more"


def _note_life(database: Database, planned: JobRun, pid: int) -> None:
    try:
        record.beat(database, planned, pid)
    except StoreError as error:  # a busy store must not end a healthy run
        telemetry.log("jobs").warning("heartbeat_not_stored", run=planned.id, reason=str(error))


def _seal(database: Database, job: Job, planned: JobRun, end: _End) -> JobRun:
    ended = record.end(database, planned, status=end.status, exit_code=end.exit_code, error=end.error, actor=planned.owner)
    return _report(database, ended, job.title, end.cell, planned.owner)


def _report(database: Database, ended: JobRun, title: str, stopped_at: str, actor: str) -> JobRun:
    if ended.notebook_hash is None:
        return ended
    from workbench.jobs import report  # noqa: PLC0415 - nbconvert, after the work

    header = report.Header(
        title=title,
        job=ended.job,
        run=ended.id,
        status=ended.status,
        started=ended.started_at,
        finished=ended.finished_at or clock.now(),
        error=ended.error or "",
        stopped_at=stopped_at,
        parameters=ended.parameters,
    )
    try:
        report.write(ended.notebook, ended.html, header)
        return record.seal_report(database, ended, actor)
    except Exception as error:  # noqa: BLE001 - the run has ended and is sealed; its report is a convenience
        telemetry.log("jobs").warning("report_not_written", run=ended.id, reason=f"{type(error).__name__}: {error}")
        return replace(ended, html_hash=None)


def _abandoned(stale: JobRun) -> bool:
    try:
        runner = json.loads((stale.folder / "run.json").read_text(encoding="utf-8"))["runner"]
    except (OSError, ValueError, KeyError):
        return False  # another computer's, or another home's: not ours to judge
    if runner["host"] != platform.node():
        return False
    alive = created(runner["pid"])
    return alive is None or abs(alive - runner["created"]) > 1.0
