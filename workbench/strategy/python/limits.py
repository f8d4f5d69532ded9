"""What a strategy in Python may reach: libraries, builtins and its bars; not files, the network, the clock of the machine or hidden globals.

These checks keep an honest researcher honest; they are no sandbox. Code that somebody else wrote runs in a child process (``child.py``).
"""

from __future__ import annotations

import ast
import sys
from types import ModuleType
from typing import Any

import numpy as np

from workbench.errors import InputError

OURS = "workbench"
_OURS_ALLOWED = frozenset({"indicator"})
_INSTALLED = ("site-packages", "dist-packages")
_BUILTINS = frozenset({"eval", "exec", "compile", "globals", "locals", "vars", "open", "input", "__import__", "breakpoint", "memoryview"})
_FILES = (
    "builtins",
    "ctypes",
    "gc",
    "glob",
    "importlib",
    "inspect",
    "io",
    "os",
    "pathlib",
    "pickle",
    "shelve",
    "shutil",
    "sqlite3",
    "sys",
    "tempfile",
)
_OUTSIDE = (
    "asyncio",
    "ftplib",
    "http",
    "httpx",
    "multiprocessing",
    "requests",
    "socket",
    "sqlalchemy",
    "subprocess",
    "threading",
    "urllib",
)
_CHANCE = ("random", "secrets", "time", "uuid")
_MODULES = frozenset((*_FILES, *_OUTSIDE, *_CHANCE))
_LOADS = frozenset({"load", "loadtxt", "genfromtxt", "fromfile", "memmap", "save", "savez", "savetxt", "tofile"})
_WRITES = frozenset({"to_csv", "to_parquet", "to_pickle", "to_sql", "to_hdf", "to_feather", "to_excel", "to_json", "to_clipboard"})
_CLOCKS = frozenset({"now", "today", "utcnow"})


def is_library(module: str | None) -> bool:
    """Return whether a module is installed (or part of Python), so that its text changes with its version only."""
    top = (module or "").partition(".")[0]
    if not top or top == "__main__":
        return False
    if top == OURS or top in sys.stdlib_module_names:
        return True
    spec = getattr(sys.modules.get(top), "__spec__", None)
    places = [getattr(spec, "origin", None) or "", *(getattr(spec, "submodule_search_locations", None) or ())]
    return any(folder in str(place) for place in places for folder in _INSTALLED)


def origin_of(value: Any) -> str | None:  # noqa: ANN401 - what a name stands for
    """Return ``"module"`` or ``"module:name"`` for something of a library that may be used, None for anything else."""
    if isinstance(value, ModuleType):
        whole = value.__name__
        return whole if is_library(whole) and not _forbidden(whole) and (whole == OURS or not whole.startswith(f"{OURS}.")) else None
    if isinstance(value, np.ufunc):
        word = str(value.__name__)
        return f"numpy:{word}" if getattr(np, word, None) is value else None
    module: Any = getattr(value, "__module__", None)
    name: Any = getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or not is_library(module) or _forbidden(module):
        return None
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    allowed = not module.startswith(OURS) or name == "values"
    return f"{module}:{name}" if found is value and allowed else None


def refuse(definition: ast.FunctionDef, entry: str) -> None:
    """Check the text of one function.

    Raises:
        InputError: it does something a decision must not do, with the line.
    """
    _check_arguments(definition, entry)
    for node in ast.walk(definition):
        why = _why_not(node)
        if why:
            line = getattr(node, "lineno", definition.lineno) - definition.lineno + 1
            message = (
                f"{entry} {why} (line {line} of {definition.name}); a decision is made from the bars it is given and its parameters alone"
            )
            raise InputError(message)


def refuse_ours(definition: ast.FunctionDef, names: set[str], entry: str) -> None:
    """Check what a function asks of this package under ``names``: indicators, nothing that holds bars of its own.

    Raises:
        InputError: anything but ``indicator``.
    """
    for node in ast.walk(definition):
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in names
            and node.attr not in _OURS_ALLOWED
        ):
            message = f"{entry} uses {node.value.id}.{node.attr}; of this package only {node.value.id}.indicator(name, bars) belongs into a decision"
            raise InputError(message)


def _check_arguments(definition: ast.FunctionDef, entry: str) -> None:
    given = definition.args
    if given.vararg or given.kwarg:
        message = f"{definition.name} takes *arguments or **options; name each parameter, so that a sweep can vary it"
        raise InputError(message)
    for default in (*given.defaults, *(entry_ for entry_ in given.kw_defaults if entry_ is not None)):
        try:
            value = ast.literal_eval(default)
        except ValueError:
            value = []
        if not isinstance(value, bool | int | float | str | tuple | None):
            message = (
                f"a default of {definition.name} is {ast.unparse(default)}; defaults are numbers, texts, True, False or None ({entry})"
            )
            raise InputError(message)


def _why_not(node: ast.AST) -> str:
    """Return what is wrong with one piece of code, or nothing."""
    if isinstance(node, ast.Global):
        return f"changes the global {', '.join(node.names)}"
    if isinstance(node, ast.Name) and node.id in _BUILTINS:
        return f"uses {node.id}"
    if isinstance(node, ast.Attribute):
        return _why_not_attribute(node)
    if isinstance(node, ast.Import | ast.ImportFrom):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        bad = [name for name in names if not _importable(name) or (isinstance(node, ast.ImportFrom) and node.level > 0)]
        return f"imports {', '.join(bad)}" if bad else ""
    return ""


def _why_not_attribute(node: ast.Attribute) -> str:
    if node.attr.startswith("__"):
        return f"reaches into .{node.attr}"
    if node.attr.startswith("read_") or node.attr in _LOADS or node.attr in _WRITES:
        return f"reads or writes a file with .{node.attr}"
    if node.attr in _CLOCKS:
        return f"asks the clock of the machine with .{node.attr}"
    return ""


def _importable(name: str) -> bool:
    from importlib.util import find_spec  # noqa: PLC0415 - only for functions that import inside

    top = name.partition(".")[0]
    if top == OURS or _forbidden(name):
        return False
    if top in sys.stdlib_module_names:
        return True
    try:
        spec = find_spec(top)
    except (ImportError, ValueError):
        return False
    places = [getattr(spec, "origin", None) or "", *(getattr(spec, "submodule_search_locations", None) or ())]
    return any(folder in str(place) for place in places for folder in _INSTALLED)


def _forbidden(module: str) -> bool:
    return module.partition(".")[0] in _MODULES
