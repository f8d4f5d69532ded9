"""The catalogue: every job that can run here. A job is a parametrised notebook with a deadline.

The tour is named below; every notebook in ``notebooks/jobs/`` is a job under its file name, and its metadata may carry
``{"workbench": {"title": ..., "timeout": seconds}}``. A path to any notebook works as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from workbench.errors import InputError, UnknownNameError
from workbench.jobs.desk import find_notebook, sources
from workbench.jobs.parameters import Parameter, declared, read_notebook

TOUR_NOTEBOOK = "tutorials/01_first_promotion.ipynb"
TOUR_TIMEOUT = 1800.0  # the tour takes under 5 minutes on 2 cores; a slow laptop gets six times that
DEFAULT_TIMEOUT = 7200.0  # SPEC §11: training of one symbol stays below 2 h, the longest of the catalogue


@dataclass(frozen=True, kw_only=True)
class Job:
    """Something that can run unattended."""

    name: str
    """How it is called: ``tour``, ``daily-report``."""
    notebook: Path
    """The notebook it executes."""
    title: str
    """One line for people."""
    timeout: float = DEFAULT_TIMEOUT
    """Seconds from start to end, kernel start included; then it is stopped with all its processes."""

    def parameters(self) -> dict[str, Parameter]:
        """Return what the notebook can be told, by name."""
        return declared(read_notebook(self.notebook))


def available(home: Path) -> list[Job]:
    """Return the jobs that can run from ``home``, the tour first, then by name. A notebook that cannot be read is left out."""
    found: dict[str, Job] = {}
    for folder in sources(home):
        tour = folder / "notebooks" / TOUR_NOTEBOOK
        if tour.is_file():
            found.setdefault("tour", _tour(tour))
        for path in sorted((folder / "notebooks" / "jobs").glob("*.ipynb")):
            try:
                found.setdefault(_name(path), from_notebook(path))
            except InputError:
                continue
    return sorted(found.values(), key=lambda job: (job.name != "tour", job.name))


def find(name: str, home: Path) -> Job:
    """Return the job called ``name``, or made of the notebook at that path.

    Raises:
        DataUnavailableError: the notebook is not there.
        UnknownNameError: no such job, with the nearest names.
    """
    if name == "tour":
        return _tour(find_notebook(TOUR_NOTEBOOK, home))
    if name.endswith(".ipynb"):
        return from_notebook(Path(name).expanduser().absolute())
    jobs = {job.name: job for job in available(home)}
    if name not in jobs:
        kind = "job"
        raise UnknownNameError(kind, name, jobs)
    return jobs[name]


def from_notebook(path: Path) -> Job:
    """Return the job that executes the notebook at ``path``.

    Raises:
        DataUnavailableError: no such file.
        InputError: it is no notebook, or its metadata is not valid.
    """
    notebook = read_notebook(path)
    entry = notebook.get("metadata", {}).get("workbench", {})
    timeout = entry.get("timeout", DEFAULT_TIMEOUT) if isinstance(entry, dict) else None
    if isinstance(timeout, bool) or not isinstance(timeout, int | float) or timeout <= 0:
        message = f"{path}: metadata workbench.timeout must be a positive number of seconds"
        raise InputError(message)
    return Job(name=_name(path), notebook=path, title=str(entry.get("title") or _heading(notebook) or path.stem), timeout=float(timeout))


def _tour(path: Path) -> Job:
    return replace(from_notebook(path), name="tour", timeout=TOUR_TIMEOUT)


def _name(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", re.sub(r"^\d+[_-]", "", path.stem).lower()).strip("-") or "notebook"


def _heading(notebook: dict[str, Any]) -> str:
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "markdown":
            source = cell.get("source", "")
            for line in (source if isinstance(source, str) else "".join(source)).splitlines():
                if line.startswith("#"):
                    return line.lstrip("# ").strip()
    return ""
