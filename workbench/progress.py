"""Progress of long operations: a port, a silent plug and a terminal plug.

An operation takes ``progress: Progress = SILENT`` and calls ``progress.at(done, total, what)`` now and then. Faces plug in what
shows it: the terminal here, a widget in ``widgets/``. A person's interrupt arrives as ``KeyboardInterrupt``; operations
keep what they finished.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

from workbench import clock

if TYPE_CHECKING:
    from typing import TextIO


class Progress(Protocol):
    """What a long operation tells the outside."""

    def at(self, done: int, total: int, what: str) -> None:
        """Say that ``done`` of ``total`` units are finished and ``what`` comes next; cheap, may be called often."""


class Silent:
    """Shows nothing."""

    def at(self, done: int, total: int, what: str) -> None:
        """Do nothing."""


SILENT = Silent()


class Terminal:
    """One line on a terminal, rewritten in place at most ten times a second; plain lines when not a terminal."""

    def __init__(self, stream: TextIO | None = None) -> None:
        """Write to ``stream`` (standard error by default)."""
        self._stream = stream or sys.stderr
        self._started = clock.monotonic()
        self._shown = 0.0

    def at(self, done: int, total: int, what: str) -> None:
        """Show a bar, the share done, the elapsed time and what is going on."""
        moment = clock.monotonic()
        finished = done >= total
        if not finished and moment - self._shown < 0.1:  # noqa: PLR2004 - ten times a second
            return
        self._shown = moment
        filled = int(24 * done / total) if total else 24
        elapsed = moment - self._started
        line = f"{'█' * filled}{'░' * (24 - filled)} {done}/{total} · {elapsed:.0f} s · {what}"
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[2K{line}{chr(10) if finished else ''}")
        else:
            self._stream.write(f"{line}\n")
        self._stream.flush()
