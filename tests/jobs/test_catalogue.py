from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.errors import DataUnavailableError, InputError, UnknownNameError
from workbench.jobs import catalogue

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_every_notebook_of_the_folder_is_a_job(home: Path, notebook: Callable[..., Path]) -> None:
    """Name from the file, title from the heading, deadline from the metadata."""
    notebook("", "md:# Daily report\n\ntext", name="02_daily_report", metadata={"workbench": {"timeout": 90}})
    found = {job.name: job for job in catalogue.available(home)}["daily-report"]
    assert (found.title, found.timeout) == ("Daily report", 90.0)
    assert found == catalogue.find("daily-report", home)


def test_a_path_is_a_job_too(home: Path, notebook: Callable[..., Path]) -> None:
    """Any notebook runs by its path."""
    path = notebook("fast = 3", "1")
    assert catalogue.find(str(path), home).parameters()["fast"].default == 3


def test_an_unknown_job_suggests_the_nearest(home: Path, notebook: Callable[..., Path]) -> None:
    """A misspelt name is answered with the right one."""
    notebook("", "1", name="daily_report")
    with pytest.raises(UnknownNameError, match="no job named 'dayly-report'; did you mean daily-report"):
        catalogue.find("dayly-report", home)
    with pytest.raises(DataUnavailableError, match="there is no notebook"):
        catalogue.find("none.ipynb", home)


@pytest.mark.parametrize("timeout", [0, -1, "long", True])
def test_a_deadline_that_is_no_time_is_refused(notebook: Callable[..., Path], timeout: object) -> None:
    """A wrong deadline never becomes an endless one."""
    with pytest.raises(InputError, match="positive number of seconds"):
        catalogue.from_notebook(notebook("", "1", metadata={"workbench": {"timeout": timeout}}))


def test_a_broken_notebook_does_not_hide_the_others(home: Path, notebook: Callable[..., Path]) -> None:
    """The catalogue leaves out what cannot be read."""
    notebook("", "1", name="good")
    (home / "notebooks" / "jobs" / "bad.ipynb").write_text("{")
    names = {job.name for job in catalogue.available(home)}
    assert "good" in names
    assert "bad" not in names
