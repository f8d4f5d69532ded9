from __future__ import annotations

import os
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
