from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from workbench.content import file_hash
from workbench.errors import InputError, JobError, JobTimeoutError, UnknownNameError
from workbench.jobs import catalogue, process, record, runner
from workbench.store import chain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from workbench.store.database import Database


class Heard:
    """Keeps what a run tells."""

    def __init__(self) -> None:
        self.lines: list[tuple[int, int, str]] = []

    def at(self, done: int, total: int, what: str) -> None:
        if not self.lines or self.lines[-1] != (done, total, what):
            self.lines.append((done, total, what))


def actions(database: Database, run_id: str) -> list[str]:
    with database.read() as session:
        return [event.action for event in chain.events(session, subject=f"run:{run_id}")]


def outputs(path: Path) -> str:
    cells = json.loads(path.read_text())["cells"]
    return "".join("".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", []))


def only(database: Database, home: Path) -> record.JobRun:
    runs = record.recent(database, home)
    assert len(runs) == 1
    return runs[0]


def test_a_run_is_executed_kept_hashed_sealed_and_reported(either_database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """The notebook gets typed parameters, our interpreter and the bench's store; what remains is hashed in the audit chain."""
    database = either_database
    path = notebook(
        "fast = 10",
        "md:# Probe\n\n## Look around",
        "import os, sys\nprint(fast + 1, sys.executable, os.environ['WORKBENCH_RUN_ID'], os.environ['DATABASE_URL'], os.environ['WORKBENCH_HOME'])",
        "# Say what was found\nfrom workbench.jobs.summary import Summary\nSummary(title='Verdict', rows={'SPX': 'refused'})",
    )
    heard = Heard()
    ended = runner.run(database, catalogue.from_notebook(path), {"fast": "41"}, home=home, progress=heard, owner="ana")
    assert outputs(ended.notebook).split() == [
        "42",
        sys.executable,
        ended.id,
        database.url.render_as_string(hide_password=False),
        str(home),
    ]
    assert (ended.status, ended.exit_code, ended.error, ended.owner) == ("succeeded", 0, None, "ana")
    assert heard.lines == [
        (0, 1, "starting a kernel"),
        (0, 4, "parameters"),
        (1, 4, "parameters"),
        (2, 4, "Look around"),
        (3, 4, "Say what was found"),
        (4, 4, "done"),
    ]
    assert ended.summaries() == [{"title": "Verdict", "rows": [["SPX", "refused"]]}]
    assert actions(database, ended.id) == ["job.started", "job.succeeded", "job.reported"]
    with database.read() as session:
        sealed = json.loads(chain.events(session, subject=f"run:{ended.id}")[1].detail)
    assert sealed["notebook_hash"] == file_hash(ended.notebook) == ended.notebook_hash
    assert ended.html_hash == file_hash(ended.html)
    assert record.recent(database, home) == [ended]
    assert process.members(ended.id) == []


def test_a_failed_cell_fails_the_run_and_its_notebook_is_kept(database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """The error carries run and notebook; the sentence names the cell and the exception."""
    path = notebook("", "# Promote the bot\nprint('before')\nraise ValueError('no such bot')", "print('never')")
    with pytest.raises(JobError, match="failed in “Promote the bot”: ValueError: no such bot") as caught:
        runner.run(database, catalogue.from_notebook(path), home=home, owner="ana")
    ended = only(database, home)
    assert (caught.value.run_id, caught.value.output) == (ended.id, ended.notebook)
    assert (ended.status, ended.exit_code) == ("failed", 1)
    assert outputs(ended.notebook) == "before\n"
    assert actions(database, ended.id) == ["job.started", "job.failed", "job.reported"]
    assert "no such bot" in ended.html.read_text()


def test_the_deadline_ends_every_process_of_the_run(database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """A kernel that ignores signals and a process it started in a session of its own are both gone; the notebook holds what was finished."""
    path = notebook(
        "",
        "print('finished')",
        "# Hang\nimport signal, subprocess, sys, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\ntime.sleep(60)",
    )
    started = time.monotonic()
    with pytest.raises(JobTimeoutError, match="passed its deadline of 5 s in “Hang”") as caught:
        runner.run(database, replace(catalogue.from_notebook(path), timeout=5.0), home=home, owner="ana")
    assert time.monotonic() - started < 5 + 5 + 4
    ended = only(database, home)
    assert (ended.status, ended.id) == ("timed_out", caught.value.run_id)
    assert "finished" in outputs(ended.notebook)
    assert actions(database, ended.id)[1] == "job.timed_out"
    assert process.members(ended.id) == []
    assert "stopped at its deadline" in ended.html.read_text()


def test_a_kernel_that_dies_is_a_failure_although_its_notebook_looks_completed(
    database: Database, home: Path, notebook: Callable[..., Path]
) -> None:
    """The notebook shows every cell of a killed kernel as completed; the status comes from the exit instead."""
    path = notebook("", "# Crash\nimport os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(JobError, match="died in “Crash”: the kernel ended by itself"):
        runner.run(database, catalogue.from_notebook(path), home=home, owner="ana")
    assert only(database, home).status == "failed"


def test_an_interrupt_ends_the_run_and_is_recorded(database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """Ctrl-C reaches the runner, not the child; the runner ends the child and seals what was finished."""

    class Impatient:
        def at(self, _done: int, _total: int, what: str) -> None:
            if what == "Wait":
                raise KeyboardInterrupt

    path = notebook("", "print('finished')", "# Wait\nimport time\ntime.sleep(60)")
    with pytest.raises(KeyboardInterrupt, match="was interrupted; what was finished is kept"):
        runner.run(database, catalogue.from_notebook(path), home=home, progress=Impatient(), owner="ana")
    ended = only(database, home)
    assert ended.status == "interrupted"
    assert "finished" in outputs(ended.notebook)
    assert actions(database, ended.id)[1] == "job.interrupted"
    assert process.members(ended.id) == []


@pytest.mark.parametrize(("given", "kind"), [({"fsat": 1}, UnknownNameError), ({"fast": "x"}, InputError)])
def test_wrong_parameters_start_nothing(
    database: Database, home: Path, notebook: Callable[..., Path], given: dict[str, object], kind: type[Exception]
) -> None:
    """No row, no folder, no event."""
    with pytest.raises(kind):
        runner.run(database, catalogue.from_notebook(notebook("fast = 1", "1")), given, home=home, owner="ana")
    assert record.recent(database, home) == []
    assert not record.runs_folder(home).exists()


def test_an_idempotency_key_returns_the_run_that_succeeded(database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """A repeated key runs nothing; a failed attempt is tried again under the same key."""
    flag = home / "flag"
    job = catalogue.from_notebook(notebook("", f"import pathlib\nassert pathlib.Path({str(flag)!r}).exists()"))
    with pytest.raises(JobError):
        runner.run(database, job, home=home, key="day-1", owner="ana")
    flag.touch()
    second = runner.run(database, job, home=home, key="day-1", owner="ana")
    third = runner.run(database, job, home=home, key="day-1", owner="ana")
    assert (second.attempt, third.id) == (2, second.id)
    assert [run.status for run in record.recent(database, home)] == ["succeeded", "failed"]


def test_a_run_whose_runner_vanished_is_marked_lost(database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """The next start ends what is left, seals the notebook as far as it came and says what happened; a living runner is left alone."""
    job = catalogue.from_notebook(notebook("", "1"))
    planned, _ = runner._plan(database, job, {}, home, None, "ana")
    record.begin(database, planned, job, "0" * 64)
    planned.notebook.write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    assert runner.recover(database, home) == []
    spec = planned.folder / "run.json"
    asked = json.loads(spec.read_text())
    asked["runner"]["created"] -= 100.0  # the number was given to another process meanwhile
    spec.write_text(json.dumps(asked))
    assert [lost.id for lost in runner.recover(database, home)] == [planned.id]
    ended = only(database, home)
    assert (ended.status, ended.notebook_hash) == ("lost", file_hash(planned.notebook))
    assert actions(database, ended.id) == ["job.started", "job.lost", "job.reported"]
    assert runner.recover(database, home) == []


def test_a_run_of_another_computer_is_not_judged(database: Database, home: Path, notebook: Callable[..., Path]) -> None:
    """Several computers share a store; each answers for its own runs."""
    job = catalogue.from_notebook(notebook("", "1"))
    planned, _ = runner._plan(database, job, {}, home, None, "ana")
    record.begin(database, planned, job, "0" * 64)
    spec = planned.folder / "run.json"
    spec.write_text(json.dumps({**json.loads(spec.read_text()), "runner": {"pid": 1, "created": 0.0, "host": "elsewhere"}}))
    assert runner.recover(database, home) == []
    assert only(database, home).status == "running"


def test_the_child_ends_when_its_parent_is_killed(
    database: Database, home: Path, notebook: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """``kill -9`` of the runner closes the life line: child and kernel are gone in seconds and the next start seals the run as lost."""
    marker, temporary = home / "marker", home / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    path = notebook("", "print('finished')", f"# Wait\nimport pathlib, time\npathlib.Path({str(marker)!r}).touch()\ntime.sleep(60)")
    pid = os.fork()
    if pid == 0:
        try:
            runner.run(database, catalogue.from_notebook(path), home=home, owner="ana")
        finally:
            os._exit(1)
    deadline = time.monotonic() + 30
    while not marker.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    run_id = only(database, home).id
    assert process.members(run_id)
    deadline = time.monotonic() + 10
    while process.members(run_id) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert process.members(run_id) == []
    assert list(temporary.iterdir()) == []
    runner.recover(database, home)
    ended = only(database, home)
    assert ended.status == "lost"
    assert "finished" in outputs(ended.notebook)


def test_members_are_found_in_their_own_sessions() -> None:
    """The mark in the environment finds what process groups cannot."""
    child = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"],
        env={**os.environ, "WORKBENCH_RUN_ID": "probe-members"},
        start_new_session=True,
    )
    deadline = time.monotonic() + 5
    while not (found := process.members("probe-members")) and time.monotonic() < deadline:
        time.sleep(0.01)  # the environment is seen once the child runs its own program
    assert [child.pid] == [each.pid for each in found]
    assert process.end_tree("probe-members") == 1
    assert child.wait(timeout=5) == -signal.SIGKILL
    assert process.members("") == []
