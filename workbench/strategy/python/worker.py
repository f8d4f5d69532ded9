"""The child process: sets its own limits, builds the function from its text, and answers one question after the other.

It opens nothing and keeps nothing. Printing inside the function goes nowhere: standard output is the wire.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np

from workbench.errors import WorkbenchError
from workbench.strategy.python.frame import WIDTH
from workbench.strategy.python.runner import Here
from workbench.strategy.python.source import PythonSource
from workbench.strategy.python.wire import EndedError, Wire


def main() -> None:
    """Answer until the parent goes away."""
    wire = Wire(os.dup(0), os.dup(1))
    silence = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1):
        os.dup2(silence, standard)
    try:
        header, body = wire.receive()
        asked = _prepared(wire, header, body)
        while asked is not None:
            header, body = wire.receive()
            _answer(wire, asked, header, body)
    except EndedError:
        return


def _prepared(wire: Wire, header: dict[str, Any], body: bytes) -> Here | None:
    """Build the function and set the limits; say so."""
    try:
        limit_memory(int(header["memory"]))
        asked = Here(PythonSource.model_validate_json(body))
    except Exception as error:  # noqa: BLE001 - the parent tells it
        wire.send({"error": str(error) if isinstance(error, WorkbenchError) else f"{type(error).__name__}: {error}"})
        return None
    wire.send({})
    return asked


def _answer(wire: Wire, asked: Here, header: dict[str, Any], body: bytes) -> None:
    count = int(header["bars"])
    signal.alarm(int(header["seconds"]) + 5)  # where the parent is gone and this never ends
    try:
        times = np.frombuffer(body[: 8 * count], dtype=np.int64)
        rows = np.frombuffer(body[8 * count :]).reshape(WIDTH, count)
        said = asked.ask(times, rows, header["values"]).tobytes()
    except MemoryError:
        wire.send({"error": "memory"})
    except WorkbenchError as error:
        wire.send({"error": "memory" if isinstance(error.__cause__, MemoryError) else "input", "words": str(error)})
    except BaseException as error:  # noqa: BLE001 - SystemExit of a function too: the parent tells it
        wire.send({"error": "input", "words": f"{asked.source.entry} ended with {type(error).__name__}: {error}"})
    else:
        wire.send({}, said)
    finally:
        signal.alarm(0)


def limit_memory(more: int) -> None:
    """Allow ``more`` bytes on top of what this process has mapped by now, and no core files."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - there is none on Windows

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    status = Path("/proc/self/statm")
    if status.exists():
        mapped = int(status.read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (mapped + more, mapped + more))


if __name__ == "__main__":
    main()
