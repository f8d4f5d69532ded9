from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from workbench import compiled

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_the_cache_folder_is_known_to_numba() -> None:
    """Numba's cache stands where the bench put it, and child processes inherit that."""
    import numba

    assert os.environ["NUMBA_CACHE_DIR"] == numba.config.CACHE_DIR


def test_a_changed_source_changes_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hash of the sources follows files with compiled functions and no others."""
    room = tmp_path / "backtest"
    room.mkdir()
    monkeypatch.setattr(compiled, "_PACKAGE", tmp_path)
    (room / "fill.py").write_text("from workbench.compiled import kernel\n")
    first = compiled.sources_hash()
    (room / "report.py").write_text("x = 1\n")
    second = compiled.sources_hash()
    (room / "fill.py").write_text("from workbench.compiled import kernel\n# changed\n")

    assert first == second
    assert compiled.sources_hash() != first


def test_a_given_folder_is_named_by_the_sources_as_well(tmp_path: Path) -> None:
    """Code compiled from older sources is not found again in a folder that somebody chose, and a child process uses its parent's."""
    ask = "import os, workbench.compiled; print(os.environ['NUMBA_CACHE_DIR'])"

    def folder(given: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", ask], env=os.environ | {"NUMBA_CACHE_DIR": given}, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    chosen = folder(str(tmp_path))
    assert chosen == str(tmp_path / f"workbench-{compiled.sources_hash()}")
    assert folder(chosen) == chosen
