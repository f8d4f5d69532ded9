from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import home
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_named_home_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WORKBENCH_HOME decides."""
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "desk"))

    assert home.home() == tmp_path / "desk"
    assert home.data_folder() == tmp_path / "desk" / "data"


def test_a_checkout_is_found_from_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a folder below, the nearest ancestor with data/ and pyproject.toml is the home."""
    (tmp_path / "data").mkdir()
    (tmp_path / "pyproject.toml").touch()
    below = tmp_path / "notebooks" / "tutorials"
    below.mkdir(parents=True)
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    monkeypatch.chdir(below)

    assert home.home() == tmp_path


def test_elsewhere_the_platforms_folder_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a checkout the home is the platform's folder for application data."""
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg"))
    monkeypatch.chdir(tmp_path)

    assert home.home() == tmp_path / "xdg" / "workbench"


def test_a_file_as_home_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A home that is a file is an error that names it."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "file"))

    with pytest.raises(SettingsError, match="which is a file"):
        home.home()


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder below a file is an error that says what to set; caches fall back to the temporary folder."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "file" / "below"))

    with pytest.raises(SettingsError, match="set WORKBENCH_HOME"):
        home.data_folder()
    assert home.cache_folder("numba").is_dir()
