"""What browser tests share that is no fixture: sizes, the running bench, the console of a page, and waiting as a person does."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HERE = Path(__file__).resolve().parent
WIDE, PHONE = (1440, 900), (390, 844)
PATIENCE_MS = 30_000
_PORTS = range(18400, 18450)
# What others say about themselves: Voila is built on an older Lab than the one installed, and Lab gives a second tab another workspace.
HARMLESS = (
    re.compile(r"^Unsatisfied version [\d.]+ from @jupyterlab/"),
    re.compile(r'^Window name candidate "\w+" already exists$'),
    re.compile(r"^No version specified and unable to automatically determine one\. No version in description file"),
)


MEASURED: dict[str, list[float]] = {}
"""What tests measured, in seconds; shown at the end of the run."""


@dataclass(kw_only=True)
class Bench:
    """A running ``workbench up``."""

    home: Path
    port: int
    process: subprocess.Popen[str]
    said: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def token(self) -> str:
        found = re.search(r"token=([\w-]+)", self.said)
        assert found is not None, self.said
        return found[1]

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)


@dataclass
class Console:
    """What a page complained about."""

    errors: list[str] = field(default_factory=list)

    def listen(self, page: Any) -> None:
        page.on("console", lambda message: self.note(message.text, message.location) if message.type == "error" else None)
        page.on("pageerror", lambda error: self.note(str(error), {}))

    def note(self, text: str, place: dict[str, Any]) -> None:
        if not any(pattern.search(text) for pattern in HARMLESS):
            self.errors.append(f"{text} [{place.get('url', '')}:{place.get('lineNumber', '')}]")


def clean_environment(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a command on ``home`` that inherits nothing from the bench of whoever runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "DATABASE_", "JUPYTER", "JPY_"))}
    return {**kept, "WORKBENCH_HOME": str(home), "NO_COLOR": "1", **changes}


def start(home: Path, **changes: str) -> Bench:
    """Start ``workbench up`` on ``home`` and return it once every part answers."""
    port = _free_port()
    command = [sys.executable, "-m", "workbench", "up", "--port", str(port), "--no-browser"]
    process = subprocess.Popen(
        command, env=clean_environment(home, **changes), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    running = Bench(home=home, port=port, process=process)
    for line in process.stdout or ():
        running.said += line
        if "Ctrl-C" in line:
            return running
    running.stop()
    pytest.fail(f"workbench up did not start: {running.said}")


def run(home: Path, *arguments: str, **changes: str) -> str:
    """Run ``lived_in.py`` in a process of its own and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(HERE / "lived_in.py"), *arguments],
        env=clean_environment(home, **changes),
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def _free_port() -> int:
    for port in _PORTS:
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("no free port")


def until(check: Callable[[], bool], seconds: float = 15.0, every: float = 0.02) -> float:
    """Wait until ``check`` holds and return the seconds it took; fail when it does not."""
    begun = time.monotonic()
    while not check():
        if time.monotonic() - begun > seconds:
            pytest.fail(f"it did not happen within {seconds:.0f} s")
        time.sleep(every)
    return time.monotonic() - begun


def shown(page: Any, text: str) -> bool:
    """Say whether a person can read ``text`` somewhere on the page, in any letter case: labels are written large by the stylesheet."""
    return text.lower() in page.locator("body").inner_text().lower()


def reads(page: Any, *texts: str, seconds: float = 20.0) -> None:
    """Wait until a person can read every one of ``texts``; fail with what is missing."""
    ends = time.monotonic() + seconds
    while missing := [text for text in texts if not shown(page, text)]:
        if time.monotonic() > ends:
            pytest.fail(f"after {seconds:.0f} s nobody could read {missing} on:\n{page.locator('body').inner_text()[:2000]}")
        time.sleep(0.02)
