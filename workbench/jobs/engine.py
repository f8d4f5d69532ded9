"""papermill as a run needs it: a kernel of this interpreter, every cell reported, the notebook whole at every moment.

Imported by the child alone; papermill takes a second.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.iorw import LocalHandler, papermill_io

from workbench.jobs.wire import report

_WIDEST = 64  # characters of a label on a progress line
_LONGEST = 50  # characters of a folder whose kernel sockets keep below the system's 104


def plug_in() -> None:
    """Register what is below with papermill: the engine ``workbench``, and atomic writes for absolute paths."""
    papermill_engines.register("workbench", ReportingEngine)
    papermill_io.register("/", AtomicFile())


def label(cells: list[Any], index: int) -> str:
    """Return what a person reads while cell ``index`` runs: its first comment line, else the nearest heading above, else its first line."""
    text = _label(cells, index)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1].rstrip()}…"


def _label(cells: list[Any], index: int) -> str:
    if {"parameters", "injected-parameters"} & set(cells[index].get("metadata", {}).get("tags", [])):
        return "parameters"
    lines = [line.strip() for line in cells[index]["source"].splitlines() if line.strip()]
    for line in lines[:1]:
        if line.startswith("#") and line.strip("# "):
            return str(line.strip("# "))
    for above in reversed(cells[:index]):
        if above["cell_type"] == "markdown":
            for line in reversed(above["source"].splitlines()):
                if line.startswith("#"):
                    return str(line.strip("# "))
    return lines[0] if lines else f"cell {index + 1}"


class NativeKernelManager(AsyncKernelManager):
    """Starts a kernel of this interpreter (a kernelspec named python3 may belong to another environment), spoken to by sockets in files.

    Ports on the local host could be reached by other users of the computer; the files lie in a folder of this run alone.
    """

    transport = "ipc" if len(os.environ.get("JUPYTER_RUNTIME_DIR", "x" * 99)) < _LONGEST else "tcp"

    @property
    def kernel_spec(self) -> Any:  # noqa: ANN401 - the foreign class's property
        """How the kernel is started."""
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Workbench", language="python")


class AtomicFile(LocalHandler):  # type: ignore[misc] # papermill has no types
    """Replaces the notebook in one step, so that it is whole at every moment."""

    def write(self, buf: str, path: str) -> None:
        """Write ``buf`` beside ``path`` and put it in its place."""
        partial = Path(f"{path}.partial")
        partial.write_text(buf, encoding="utf-8")
        partial.replace(path)


class ReportingEngine(Engine):  # type: ignore[misc] # papermill has no types
    """Executes like papermill's own engine, tells the parent each cell, and shuts the kernel down at once."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **_kwargs: Any) -> Any:  # noqa: ANN401 - papermill's signature
        """Execute the notebook of ``nb_man`` and return it; a failed cell ends it."""
        order = [index for index, cell in enumerate(nb_man.nb.cells) if cell.cell_type == "code" and cell.source.strip()]
        start = nb_man.cell_start

        def cell_start(cell: Any, cell_index: int | None = None, **kwargs: Any) -> None:  # noqa: ANN401 - papermill's signature
            if cell_index in order:
                done = order.index(cell_index)
                report("cell", done=done, total=len(order), label=label(nb_man.nb.cells, cell_index), id=cell.get("id", ""))
            start(cell, cell_index, **kwargs)

        nb_man.cell_start = cell_start
        client = PapermillNotebookClient(
            nb_man,
            kernel_name=kernel_name,
            kernel_manager_class=NativeKernelManager,
            shutdown_kernel="immediate",  # a graceful one can take 4 s and nothing of the kernel is needed
            startup_timeout=120,
            timeout=None,
        )
        return client.execute()
