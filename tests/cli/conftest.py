"""The command line as a person starts it: a child process in a fresh home."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


def environment(home: Path, **changes: str) -> dict[str, str]:
    """Return the environment of a command: this one's, another home, no leftovers of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WORKBENCH_", "DATABASE_"))}
    return {**kept, "WORKBENCH_HOME": str(home), "NO_COLOR": "1", **changes}


@pytest.fixture
def cli(home: Path) -> Callable[..., Said]:
    """Return a function that runs ``workbench`` with the given words in the fresh home."""

    def run(*words: str, **changes: str) -> Said:
        command = [sys.executable, "-m", "workbench", *words]
        done = subprocess.run(command, env=environment(home, **changes), cwd=home, capture_output=True, text=True, timeout=120, check=False)
        return Said(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def notebook(home: Path) -> Callable[..., Path]:
    """Return a function that writes a job notebook of a parameters cell and one more cell."""

    def write(source: str, parameters: str = "fast = 10", name: str = "probe") -> Path:
        common = {"outputs": [], "execution_count": None}
        cells = [
            {"cell_type": "code", "id": "p", "source": parameters, "metadata": {"tags": ["parameters"]}, **common},
            {"cell_type": "code", "id": "c", "source": source, "metadata": {}, **common},
        ]
        path = home / "notebooks" / "jobs" / f"{name}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}))
        return path

    return write
