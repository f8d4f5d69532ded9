"""The tools that keep the house: format, lint, types, floors."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHECKS = {
    "ruff format": ["-m", "ruff", "format", "--check", "--quiet", "workbench", "tests"],
    "ruff check": ["-m", "ruff", "check", "--quiet", "workbench", "tests"],
    "mypy": ["-m", "mypy", "--no-error-summary"],
    "import-linter": ["-c", "import sys; from importlinter.cli import lint_imports_command as run; sys.exit(run())"],
}


@pytest.mark.parametrize("name", CHECKS)
def test_the_tool_finds_nothing(name: str) -> None:
    """Format, lint, strict types and the import contracts hold over the whole tree."""
    finished = subprocess.run([sys.executable, *CHECKS[name]], cwd=ROOT, capture_output=True, text=True, check=False)

    assert finished.returncode == 0, f"{name}:\n{finished.stdout[-6000:]}\n{finished.stderr[-2000:]}"
