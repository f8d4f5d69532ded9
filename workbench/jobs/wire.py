"""The line from a run's child to its runner: JSON messages, one a line."""

from __future__ import annotations

import json
import os
import threading
from typing import Any

_lock = threading.Lock()
_line = {"to": -1}


def open_line() -> None:
    """Keep standard output for messages; from now on what prints goes to standard error, the run's log."""
    _line["to"] = os.dup(1)  # not inherited by the kernel
    os.dup2(2, 1)


def report(kind: str, **fields: Any) -> None:  # noqa: ANN401 - JSON values
    """Send one message to the parent; silent when nobody reads any more."""
    line = json.dumps({"kind": kind, **fields}) + "\n"
    try:
        with _lock:
            os.write(_line["to"], line.encode())
    except OSError:
        return
