"""``workbench up``: one command from nothing to a running bench, and back to nothing.

1. ``_checked`` refuses a busy port and a home that cannot be written, each in a sentence.
2. ``_prepared`` makes and migrates the store in a process of its own, which then loads the samples while the server starts.
3. ``Server.start`` starts ``python -m workbench.server`` in its own session, so that Ctrl-C reaches this process alone; a pipe to its
   standard input tells the server that its launcher lives.
4. ``_wait`` asks until health, Lab and a board answer.
5. ``Server.stop`` asks the server to end, then makes sure that none of its processes is left.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - a field of a dataclass
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped,unused-ignore] # its stubs are a package of their own

from workbench import clock, settings
from workbench.errors import DataUnavailableError, StoreError, WorkbenchError
from workbench.home import data_folder
from workbench.progress import SILENT
from workbench.server import boards, health, runs
from workbench.server.config import environment
from workbench.server.options import Options, checked_mode, root_folder

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.progress import Progress

_START_SECONDS = 120.0  # a cold container on a slow disk
_STOP_SECONDS = 12.0
_LOOK_SECONDS = 0.15
_LOG_LINES = 6


class ServerError(WorkbenchError):
    """The server could not be started, or ended by itself."""


@dataclass(frozen=True, kw_only=True)
class Addresses:
    """Where the parts of a running bench are."""

    lab: str
    """JupyterLab; carries the token of the embedded single user."""
    boards: str
    """The first board."""
    api: str
    """REST."""
    seconds: float
    """How long the start took."""


@dataclass(kw_only=True)
class Server:
    """The server process and everything below it."""

    options: Options
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the process; it is not healthy yet."""
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "workbench.server"],
                stdin=subprocess.PIPE,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=environment(self.options),
                cwd=self.options.root,
                start_new_session=True,
            )
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it ended at once; `alive` says why
            self.process.stdin.write(self.options.model_dump_json().encode() + b"\n")
            self.process.stdin.flush()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def why(self) -> str:
        """Return the last lines of the log, for a sentence about a server that ended."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return " | ".join(line.strip() for line in lines[-_LOG_LINES:] if line.strip()) or "it said nothing"

    def stop(self) -> None:
        """End the process and everything it started."""
        if self.process is None:
            return
        below = _family(self.process.pid)
        if self.alive:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_STOP_SECONDS)
        for left in below:
            with contextlib.suppress(psutil.Error):
                left.kill()
        psutil.wait_procs(below, timeout=2)
        self.process.wait()
        if self.process.stdin is not None:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def up(
    home: Path,
    *,
    port: int = 8888,
    host: str = "127.0.0.1",
    mode: str = "simple",
    progress: Progress = SILENT,
    ready: Callable[[Addresses], None] = lambda _addresses: None,
) -> None:
    """Start the bench of ``home``, call ``ready`` once every part answers, and stay until interrupted.

    Raises:
        ServerError: the port is busy, or the server did not start or ended by itself.
        SettingsError: the home cannot be written, or a setting is not valid.
        StoreError: the store cannot be opened.
        KeyboardInterrupt: after everything has been stopped.
    """
    begun = clock.monotonic()
    options = _checked(home, port, host, mode)
    progress.at(0, 4, "preparing the store")
    preparing, named = _prepared(options)
    server = Server(options=options, log=runs.log_file(home))
    try:
        server.start()
        board = next(iter(boards.available(options.root)), None)
        _wait(server, board.path if board else None, progress)
        _finish(preparing)
        with runs.marked(options):
            ready(_addresses(options, clock.monotonic() - begun, named=named))
            _stay(server)
    finally:
        server.stop()
        preparing.kill()
        preparing.communicate()


def _checked(home: Path, port: int, host: str, mode: str) -> Options:
    data_folder()  # says it when the home cannot be written
    options = Options(
        home=home,
        root=root_folder(home),
        host=host,
        port=port,
        mode=checked_mode(mode),
        token=secrets.token_urlsafe(24),
        warm_kernels=settings.current().warm_kernels,
    )
    if health.busy(host, port):
        raise ServerError(runs.who_is_at(options))
    return options


def _prepared(options: Options) -> tuple[subprocess.Popen[str], bool]:
    """Return the preparing process once the store is ready, and whether people log in by name; it goes on with the samples."""
    process = subprocess.Popen(
        [sys.executable, "-m", "workbench.server.prepare"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(options),
    )
    assert process.stdout is not None
    said = process.stdout.readline().split()
    if said[:1] != ["store"]:
        raise StoreError(_complaint(process))
    return process, "users" in said


def _finish(preparing: subprocess.Popen[str]) -> None:
    complaint = _complaint(preparing)
    if preparing.returncode != 0:
        raise DataUnavailableError(complaint)


def _complaint(process: subprocess.Popen[str]) -> str:
    _, said = process.communicate()
    said = said or ""
    return (said.strip().splitlines() or ["the store could not be prepared; run workbench doctor"])[-1]


def _wait(server: Server, board: str | None, progress: Progress) -> None:
    """Ask until every part answers."""
    deadline = clock.monotonic() + _START_SECONDS
    steps = {"health": 1, "Lab": 2, "boards": 3}
    while server.alive and clock.monotonic() < deadline:
        missing = health.missing_parts(server.options, board)
        if not missing:
            progress.at(4, 4, "every part answers")
            return
        progress.at(steps[missing[0]], 4, f"waiting for {missing[0]}")
        time.sleep(_LOOK_SECONDS)
    if server.alive:
        message = f"the server did not answer within {_START_SECONDS:.0f} s; {server.log} says more: {server.why()}"
    else:
        message = f"the server ended while it started; {server.log} says more: {server.why()}"
    raise ServerError(message)


def _stay(server: Server) -> None:
    """Return never, except by an interrupt; a server that ends by itself is an error, except in dev mode, where the next change may mend it."""
    changes = runs.Changes() if server.options.mode == "dev" else None
    while server.alive or changes is not None:
        time.sleep(0.5)
        if changes is not None and changes.any():
            server.stop()
            server.start()
    message = f"the server ended by itself; {server.log} says more: {server.why()}"
    raise ServerError(message)


def _addresses(options: Options, seconds: float, *, named: bool) -> Addresses:
    signed = "" if named else f"?token={options.token}"  # who has a name logs in with it
    return Addresses(
        lab=f"{options.url}lab{signed}",
        boards=f"{options.url}workbench/boards/{signed}",
        api=f"{options.url}workbench/api/health",
        seconds=seconds,
    )


def _family(pid: int) -> list[psutil.Process]:
    try:
        below: list[psutil.Process] = psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []
    return below
