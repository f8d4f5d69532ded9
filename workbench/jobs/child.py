"""The process that executes one notebook: ``python -m workbench.jobs.child RUN.json``.

1. Standard output becomes a private line of JSON messages to the parent (``wire``); whatever prints goes to the run's log instead.
2. Standard input is the parent's life line: when it closes, the parent has died and so do we (``_end_with_parent``).
3. A heartbeat every second says that we live (``_beat``).
4. papermill executes the notebook with a kernel of *this* interpreter, whatever kernelspecs exist (``engine.NativeKernelManager``), and saves it
   after every cell, each time whole (``engine.AtomicFile``): a killed run leaves a readable notebook.
5. The exit code is the status: 0 completed, 1 a cell failed, 2 the runner's own fault, 130 interrupted. Nothing reads the status from the notebook.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from importlib import metadata
from pathlib import Path
from typing import Any

from workbench.jobs.wire import open_line, report

COMPLETED, CELL_FAILED, BROKEN, INTERRUPTED = 0, 1, 2, 130
HEARTBEAT = 1.0  # s
SCRATCH = "wb-"  # how the folder of a run's sockets begins
GRACE = 5.0  # s between the polite stop and the hard one
_PACKAGES = ("workbench", "numpy", "pandas", "numba", "vectorbt", "arch", "plotly", "papermill", "ipykernel")


def execute(spec: dict[str, Any]) -> int:
    """Execute the notebook of ``spec`` and return the exit code."""
    import nbformat  # noqa: PLC0415 - the watchers run before these slow imports begin
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415
    from papermill.execute import execute_notebook  # noqa: PLC0415

    from workbench.jobs.engine import plug_in  # noqa: PLC0415

    plug_in()
    try:
        notebook = nbformat.read(spec["notebook"], as_version=4)  # type: ignore[no-untyped-call,unused-ignore]
        notebook.metadata.setdefault("papermill", {})
        notebook.metadata["workbench"] = {**notebook.metadata.get("workbench", {}), **_self_description(spec)}
        execute_notebook(
            notebook,
            spec["output"].replace("{", "{{").replace("}", "}}"),  # papermill formats its paths
            parameters=spec["parameters"],
            engine_name="workbench",
            kernel_name="python3",
            language="python",
            progress_bar=False,
            autosave_cell_every=10,
        )
    except PapermillExecutionError as error:
        report("failed", name=error.ename, value=_first_line(error.evalue), cell=error.exec_count)
        return CELL_FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the boundary of the process: told to the parent, kept in the log
        import traceback  # noqa: PLC0415 - on the way out

        traceback.print_exc()
        report("failed", name=type(error).__name__, value=_first_line(str(error)), cell=None)
        return BROKEN
    return COMPLETED


def main(arguments: list[str]) -> int:
    """Take over the streams, start the watchers and execute."""
    spec = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    open_line()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs inherit "ignore"
    report("started")
    threading.Thread(target=_end_with_parent, name="life line", daemon=True).start()
    threading.Thread(target=_beat, name="heartbeat", daemon=True).start()
    try:
        return execute(spec)
    except KeyboardInterrupt:
        return INTERRUPTED
    finally:
        _tidy()


def _tidy() -> None:
    scratch = Path(os.environ.get("JUPYTER_RUNTIME_DIR", "")).parent
    if scratch.name.startswith(SCRATCH):  # the runner may be gone
        shutil.rmtree(scratch, ignore_errors=True)


def _end_with_parent() -> None:
    while True:
        try:
            if not os.read(0, 1):
                break
        except OSError:
            break
    os.kill(os.getpid(), signal.SIGINT)
    threading.Event().wait(GRACE)
    from workbench.jobs.process import end_tree  # noqa: PLC0415 - only on this way out

    end_tree(os.environ.get("WORKBENCH_RUN_ID", ""), keep=os.getpid())
    _tidy()
    os._exit(INTERRUPTED)


def _beat() -> None:
    pause = threading.Event()
    while not pause.wait(HEARTBEAT):
        report("heartbeat")


def _first_line(text: str | None) -> str:
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[0] if lines else ""


def _self_description(spec: dict[str, Any]) -> dict[str, Any]:
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for package in _PACKAGES:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return {
        "job": spec["job"],
        "run": spec["run_id"],
        "source_hash": spec["source_hash"],
        "parameters": spec["parameters"],
        "versions": versions,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
