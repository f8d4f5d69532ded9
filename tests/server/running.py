"""A running ``workbench up`` and how to talk to it."""

from __future__ import annotations

import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - a field of a dataclass
from typing import Any

import psutil
import pytest

WIDGET = """import os, ipywidgets
names = ("WORKBENCH_USER", "WORKBENCH_ROLE", "QUERY_STRING", "WORKBENCH_TOKEN")
ipywidgets.Label(" ".join(f"{name}={os.environ.get(name)}" for name in names) + f" pid={os.getpid()}")
"""
_PORTS = range(18100, 18150)


def notebook(path: Path, *cells: str, title: str | None = None) -> None:
    """Write a notebook of code cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    written = [
        {"cell_type": "code", "id": f"c{number}", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
        for number, source in enumerate(cells)
    ]
    metadata = {"kernelspec": kernel, **({"title": title} if title else {})}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": written, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}), encoding="utf-8")


def lay_out(home: Path) -> Path:
    """Make a home with two boards and one notebook."""
    (home / "data").mkdir(parents=True, exist_ok=True)
    notebook(home / "dashboards" / "mission-control.ipynb", WIDGET)
    notebook(home / "dashboards" / "broken.ipynb", "1 / 0", title="A board that fails")
    notebook(home / "notebooks" / "first.ipynb", "1 + 1")
    return home


def free_port() -> int:
    """Return a port of this room that nobody listens on."""
    for port in _PORTS:
        with closing(socket.socket()) as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    pytest.fail("no free port")


@dataclass(kw_only=True)
class Up:
    """A running ``workbench up``."""

    process: subprocess.Popen[str]
    home: Path
    port: int
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def token(self) -> str:
        found = re.search(r"token=([\w-]+)", "".join(self.said))
        assert found is not None
        return found[1]

    def ask(self, path: str, *, method: str = "GET", token: str | None = None, body: Any = None) -> tuple[int, str]:
        """Return status and text of a request, made with the printed token by default."""
        signed = {"Authorization": f"token {self.token if token is None else token}"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", method=method, headers=signed, data=data)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def family(self) -> list[psutil.Process]:
        """Return the processes below the command."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        code = self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


def environment(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a command: this one's, another home, no leftovers of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "DATABASE_", "JUPYTER", "JPY_"))}
    return {**kept, "WORKBENCH_HOME": str(home), "NO_COLOR": "1", **changes}


def start(home: Path, port: int, **changes: str) -> Up:
    """Start ``workbench up`` and return it once it says that every part answers."""
    command = [sys.executable, "-m", "workbench", "up", "--port", str(port), "--no-browser"]
    process = subprocess.Popen(
        command, env=environment(home, **changes), cwd=home, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    running = Up(process=process, home=home, port=port)
    lines: queue.Queue[str] = queue.Queue()

    def listen() -> None:
        for line in process.stdout or ():
            lines.put(line)
        lines.put("")

    threading.Thread(target=listen, daemon=True).start()
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        running.said.append(lines.get(timeout=120))
        if "Ctrl-C" in running.said[-1]:
            return running
        if running.said[-1] == "":
            break
    running.stop()
    pytest.fail(f"workbench up did not start: {''.join(running.said)}")


def gone(processes: list[psutil.Process], seconds: float = 8.0) -> list[psutil.Process]:
    """Return which processes still run after ``seconds``."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return [process for process in alive if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
