"""The doctor: looks at every component of a bench, says how it is and what to do. Changes nothing."""

from __future__ import annotations

import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from importlib import import_module, metadata
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal

from workbench import settings
from workbench.errors import WorkbenchError
from workbench.home import data_folder, home

if TYPE_CHECKING:
    from collections.abc import Callable

State = Literal["ok", "warn", "fail"]
PYTHON = (3, 11)
ROOM_WARN, ROOM_FAIL = 5e9, 5e8  # bytes free: the tour and its caches need less than 1 GB, a year of minute bars of 50 symbols about 4 GB


@dataclass(frozen=True, kw_only=True)
class Check:
    """How one component is."""

    component: str
    """What was looked at."""
    state: State
    """ok, warn (works, but worse than it should) or fail (something will not work)."""
    found: str
    """What was seen."""
    remedy: str = ""
    """What to do; empty when all is well."""


def examine() -> list[Check]:
    """Return one check per component. A check that cannot be made is a failed one; none of them raises."""
    return [_safely(name, look) for name, look in _COMPONENTS.items()]


def _safely(component: str, look: Callable[[], tuple[State, str, str]]) -> Check:
    try:
        state, found, remedy = look()
    except WorkbenchError as error:
        state, found, remedy = "fail", str(error), "do what the message says, then run: workbench doctor"
    except Exception as error:  # noqa: BLE001 - the doctor must reach a verdict on everything
        state, found, remedy = "fail", f"{type(error).__name__}: {error}", "reinstall: python -m pip install -e ."
    return Check(component=component, state=state, found=found, remedy=remedy)


def _python() -> tuple[State, str, str]:
    found = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info[:2] < PYTHON:
        return "fail", found, "make a virtual environment with Python 3.11 or newer"
    return "ok", found, ""


def _settings() -> tuple[State, str, str]:
    loaded = settings.load()
    return "ok", f"environment {loaded.environment}, trading mode {loaded.trading_mode}, log level {loaded.log_level}", ""


def _packages() -> tuple[State, str, str]:
    from packaging.requirements import Requirement  # noqa: PLC0415 - comes with plotly and Jupyter

    try:
        wanted = [Requirement(line) for line in metadata.requires("workbench") or []]
    except metadata.PackageNotFoundError:
        return "warn", "workbench runs from a folder and is not installed", "run: python -m pip install -e ."
    wrong = []
    needed = [each for each in wanted if each.marker is None or each.marker.evaluate({"extra": ""})]
    for requirement in needed:
        try:
            version = metadata.version(requirement.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{requirement.name} is missing")
            continue
        if not requirement.specifier.contains(version, prereleases=True):
            wrong.append(f"{requirement.name} is {version}, needs {requirement.specifier}")
    if wrong:
        return "fail", "; ".join(wrong), "run: python -m pip install -e ."
    return "ok", f"{len(needed)} required packages are there", ""


def _home() -> tuple[State, str, str]:
    folder = data_folder()
    with tempfile.TemporaryFile(dir=folder):
        pass
    return "ok", f"{home()}, data/ can be written", ""


def _disk() -> tuple[State, str, str]:
    free = shutil.disk_usage(data_folder()).free
    found = f"{free / 1e9:,.1f} GB free under data/"
    if free < ROOM_FAIL:
        return "fail", found, "make room: nothing can be stored safely"
    if free < ROOM_WARN:
        return "warn", found, "make room: clear data/cache, or move old folders out of data/runs"
    return "ok", found, ""


def _store() -> tuple[State, str, str]:
    if _absent():
        return "warn", "no database yet; the first command that needs it makes it", "run: workbench db upgrade"
    from workbench.store.database import Database  # noqa: PLC0415 - the doctor's other checks work without the store

    database = Database.open(settings.current().database_url, create=False)
    database.close()
    return "ok", f"{database.place}, schema as expected", ""


def _audit() -> tuple[State, str, str]:
    if _absent():
        return "ok", "no event yet", ""
    from workbench.lifecycle.audit import verify  # noqa: PLC0415
    from workbench.store.database import Database  # noqa: PLC0415

    database = Database.open(settings.current().database_url, create=False, validate=False)
    try:
        seen = verify(database)
    finally:
        database.close()
    if not seen.ok:
        return "fail", str(seen.problem), "trust nothing after that event; compare with a backup, then run: workbench audit verify"
    return "ok", f"{seen.events:,} events, chain unbroken", ""


def _compiler() -> tuple[State, str, str]:
    from workbench.home import cache_folder  # noqa: PLC0415 - one of many checks

    folder = cache_folder("numba")
    with tempfile.TemporaryFile(dir=folder):
        pass
    if not folder.is_relative_to(home()):
        return "warn", f"compiled code is kept in {folder}", "make data/ writable, or every start compiles anew"
    kept = sum(1 for _ in folder.rglob("*.nbc"))
    return (
        "ok",
        f"numba {metadata.version('numba')}, {kept} compiled functions kept"
        if kept
        else f"numba {metadata.version('numba')}, cache is empty: the first run compiles for about a minute",
        "",
    )


def _second_engine() -> tuple[State, str, str]:
    if find_spec("vectorbt") is None:
        return "warn", "vectorbt is not installed; backtests are not cross-checked", "run: python -m pip install 'vectorbt[rust]'"
    version = metadata.version("vectorbt")
    if find_spec("vectorbt_rust") is None:
        return "warn", f"vectorbt {version} without its rust engine; cross-checks are slow", "run: python -m pip install 'vectorbt[rust]'"
    import_module("vectorbt_rust")  # a binary that does not load shows only here

    return "ok", f"vectorbt {version} with its rust engine", ""


def _kernel() -> tuple[State, str, str]:
    if find_spec("ipykernel") is None:
        return "fail", "ipykernel is not installed; no notebook can run", "run: python -m pip install ipykernel"
    return "ok", f"ipykernel {metadata.version('ipykernel')}, papermill {metadata.version('papermill')}", ""


def _absent() -> bool:
    url = settings.current().database_url
    return url is None and not (data_folder() / "workbench.sqlite").exists()


_COMPONENTS: dict[str, Callable[[], tuple[State, str, str]]] = {
    "python": _python,
    "packages": _packages,
    "settings": _settings,
    "home": _home,
    "disk": _disk,
    "store": _store,
    "audit chain": _audit,
    "compiler": _compiler,
    "second engine": _second_engine,
    "kernel": _kernel,
}
