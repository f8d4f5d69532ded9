from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.errors import DataUnavailableError, InputError
from workbench.home import home as found_home
from workbench.jobs import desk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for an installed package that carries one tutorial."""
    package = tmp_path / "site" / "workbench"
    tutorial = package / "_desk" / "notebooks" / "tutorials" / "01.ipynb"
    tutorial.parent.mkdir(parents=True)
    tutorial.write_text("shipped")
    monkeypatch.setattr(desk, "_PACKAGE", package)
    return package


def test_a_new_desk_has_notebooks_dashboards_data_and_a_readme(tmp_path: Path, shipped: Path) -> None:
    """``init`` lays out what a researcher needs."""
    assert shipped.is_dir()
    laid = desk.lay_out(tmp_path / "desk")
    assert laid.kept == ()
    assert {"notebooks", "dashboards", "data", "README.md", "pyproject.toml", ".gitignore"} == {path.name for path in laid.folder.iterdir()}
    assert (laid.folder / "notebooks" / "tutorials" / "01.ipynb").read_text() == "shipped"


def test_a_desk_is_the_home_of_the_commands_started_in_it(tmp_path: Path, shipped: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The laid out folder is found as home from below."""
    assert shipped.is_dir()
    laid = desk.lay_out(tmp_path / "desk")
    monkeypatch.delenv("WORKBENCH_HOME", raising=False)
    monkeypatch.chdir(laid.folder / "notebooks")
    assert laid.folder == found_home()


def test_nothing_is_overwritten(tmp_path: Path, shipped: Path) -> None:
    """A second ``init`` keeps what a person changed and says so."""
    assert shipped.is_dir()
    first = desk.lay_out(tmp_path / "desk")
    changed = first.folder / "notebooks" / "tutorials" / "01.ipynb"
    changed.write_text("mine")
    second = desk.lay_out(tmp_path / "desk")
    assert changed.read_text() == "mine"
    assert second.made == ()
    assert set(first.made) == set(second.kept)


def test_a_notebook_on_the_desk_wins_over_the_shipped_one(tmp_path: Path, shipped: Path) -> None:
    """A researcher's copy is the one that runs; without it the shipped one does."""
    own = tmp_path / "desk" / "notebooks" / "tutorials" / "01.ipynb"
    packaged = shipped / "_desk" / "notebooks" / "tutorials" / "01.ipynb"
    assert desk.find_notebook("tutorials/01.ipynb", tmp_path / "desk") == packaged
    own.parent.mkdir(parents=True)
    own.write_text("mine")
    assert desk.find_notebook("tutorials/01.ipynb", tmp_path / "desk") == own


def test_a_missing_notebook_says_where_it_was_looked_for(tmp_path: Path, shipped: Path) -> None:
    """The sentence lists the folders."""
    with pytest.raises(DataUnavailableError, match=str(shipped / "_desk" / "notebooks")):
        desk.find_notebook("jobs/none.ipynb", tmp_path)


def test_a_desk_cannot_be_a_file(tmp_path: Path) -> None:
    """One sentence instead of a traceback."""
    (tmp_path / "desk").write_text("")
    with pytest.raises(InputError, match="is a file; name a folder"):
        desk.lay_out(tmp_path / "desk")
    with pytest.raises(InputError, match="cannot lay out a desk"):
        desk.lay_out(tmp_path / "desk" / "below")
