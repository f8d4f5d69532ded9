"""What a running server leaves in the bench's ``data/``: its log, and the mark by which a second start finds it."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import workbench
from workbench.errors import SettingsError
from workbench.server import health
from workbench.server.options import home_mark

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.server.options import Options

_WATCHED = {".py", ".js", ".css", ".j2", ".html", ".json"}


def log_file(home: Path) -> Path:
    """Return the server's log file; its folder is made.

    Raises:
        SettingsError: it cannot be made.
    """
    path = home / "data" / "logs" / "server.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make {path.parent} ({error.strerror}); set WORKBENCH_HOME to a folder you can write"
        raise SettingsError(message) from error
    return path


@contextlib.contextmanager
def marked(options: Options) -> Iterator[Path]:
    """Keep address and token of the running server in a file that only its owner reads, as long as it runs."""
    path = _mark_file(options)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": options.url, "token": options.token, "pid": os.getpid()}, file)
    try:
        yield path
    finally:
        path.unlink(missing_ok=True)


def who_is_at(options: Options) -> str:
    """Return one sentence about what listens on the port."""
    found = health.mark_at(options.url)
    if found is None:
        return (
            f"port {options.port} is in use by another program, or may not be used; choose another: workbench up --port {options.port + 1}"
        )
    if found.get("home") != home_mark(options.home):
        return f"port {options.port} serves the workbench of another home; choose another port: workbench up --port {options.port + 1}"
    try:
        kept = json.loads(_mark_file(options).read_text(encoding="utf-8"))
        address = f"{kept['url']}lab?token={kept['token']}"
    except (OSError, ValueError, KeyError):
        address = f"{options.url}lab"
    return f"this workbench runs on port {options.port} already: {address}"


class Changes:
    """Whether a file of the package has changed since it was last asked."""

    def __init__(self, folder: Path | None = None) -> None:
        """Remember how the files below ``folder``, the package by default, are now."""
        self._folder = folder or Path(workbench.__file__).parent
        self._seen = self._newest()

    def any(self) -> bool:
        """Say whether something changed since the last call."""
        newest = self._newest()
        changed, self._seen = newest != self._seen, newest
        return changed

    def _newest(self) -> tuple[int, float]:
        times = [path.stat().st_mtime for path in self._folder.rglob("*") if path.suffix in _WATCHED and "__pycache__" not in path.parts]
        return len(times), max(times, default=0.0)


def _mark_file(options: Options) -> Path:
    return options.runtime / f"workbench-{options.port}.json"
