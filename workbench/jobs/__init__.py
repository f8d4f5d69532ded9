"""What runs unattended: notebooks as jobs, executed in child processes, kept, hashed and sealed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.jobs.catalogue import Job, available, find, from_notebook
    from workbench.jobs.desk import find_notebook, lay_out
    from workbench.jobs.doctor import Check, examine
    from workbench.jobs.parameters import Parameter
    from workbench.jobs.record import JobRun, recent
    from workbench.jobs.runner import recover, run
    from workbench.jobs.summary import Summary

_HOMES = {
    "Check": "doctor",
    "Job": "catalogue",
    "JobRun": "record",
    "Parameter": "parameters",
    "Summary": "summary",
    "available": "catalogue",
    "examine": "doctor",
    "find": "catalogue",
    "find_notebook": "desk",
    "from_notebook": "catalogue",
    "lay_out": "desk",
    "recent": "record",
    "recover": "runner",
    "run": "runner",
}

__all__ = [
    "Check",
    "Job",
    "JobRun",
    "Parameter",
    "Summary",
    "available",
    "examine",
    "find",
    "find_notebook",
    "from_notebook",
    "lay_out",
    "recent",
    "recover",
    "run",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Import a name when it is first used: listing jobs needs neither the store nor nbconvert."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
