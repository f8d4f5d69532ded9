"""What a job notebook can be told: the names, defaults and notes of its ``parameters`` cell, and the check of what a person gives.

Read from the source by ``ast``, never executed: a job with a wrong parameter is refused before a process is started. papermill itself
only warns about unknown names and hands text through uncast.
"""

from __future__ import annotations

import ast
import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.errors import DataUnavailableError, InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

TRUE = frozenset({"true", "yes", "on", "1"})
FALSE = frozenset({"false", "no", "off", "0"})


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One assignment of the ``parameters`` cell."""

    name: str
    """The variable it sets."""
    default: Any
    """Its value unless given; the type of what is given follows it. None accepts any JSON value."""
    note: str = ""
    """The comment behind the assignment."""


def read_notebook(path: Path) -> dict[str, Any]:
    """Return the notebook at ``path`` as JSON.

    Raises:
        DataUnavailableError: no such file.
        InputError: the file is not a notebook.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        message = f"there is no notebook {path}; `workbench job list` shows those that exist"
        raise DataUnavailableError(message) from error
    except (OSError, UnicodeDecodeError) as error:
        message = f"the notebook {path} cannot be read: {error}"
        raise DataUnavailableError(message) from error
    try:
        notebook = json.loads(text)
    except ValueError as error:
        message = f"{path} is not a notebook: it is not JSON ({error})"
        raise InputError(message) from error
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        message = f"{path} is not a notebook of format 4: it has no list of cells"
        raise InputError(message)
    return notebook


def declared(notebook: Mapping[str, Any]) -> dict[str, Parameter]:
    """Return the parameters of a ``notebook`` (as JSON) by name, in the order of its cell tagged ``parameters``.

    An assignment whose value is no literal is left out: its default would have to be executed to be known.

    Raises:
        InputError: the cell is not Python.
    """
    for cell in notebook["cells"]:
        if "parameters" in cell.get("metadata", {}).get("tags", []):
            source = cell.get("source", "")
            return _assignments(source if isinstance(source, str) else "".join(source))
    return {}


def checked(parameters: Mapping[str, Any], known: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return ``parameters`` with text cast to the type of each default.

    Raises:
        UnknownNameError: a name that the notebook does not declare, with the nearest one.
        InputError: a value that is not of the default's type.
    """
    return {name: _cast(name, value, known) for name, value in parameters.items()}


def _assignments(source: str) -> dict[str, Parameter]:
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        message = f"the parameters cell is not Python: line {error.lineno}: {error.msg}"
        raise InputError(message) from error
    lines = source.splitlines()
    found: dict[str, Parameter] = {}
    for statement in tree.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if not isinstance(target, ast.Name) or value is None:
            continue
        try:
            default = ast.literal_eval(value)
        except ValueError:
            continue
        _, _, note = lines[(statement.end_lineno or 1) - 1][statement.end_col_offset or 0 :].partition("#")
        found[target.id] = Parameter(name=target.id, default=default, note=note.strip())
    return found


def _cast(name: str, value: Any, known: Mapping[str, Parameter]) -> Any:  # noqa: ANN401 - any JSON value
    if name not in known:
        kind = "parameter"
        if not known:
            message = f"no parameter named {name!r}; this notebook declares none (tag a cell `parameters`)"
            raise InputError(message)
        raise UnknownNameError(kind, name, known)
    default = known[name].default
    cast = _from_text(value, default) if isinstance(value, str) else _from_value(value, default)
    if cast is _REFUSED or (isinstance(cast, float) and not math.isfinite(cast)):
        message = (
            f"parameter {name} is {value!r}; it must be {_TYPES.get(type(default), type(default).__name__)} like its default {default!r}"
        )
        raise InputError(message)
    return cast


_REFUSED = object()
_TYPES: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a JSON list",
    tuple: "a JSON list",
    dict: "a JSON object",
}


def _from_text(text: str, default: Any) -> Any:  # noqa: ANN401 - any JSON value
    folded = text.strip().lower()
    if isinstance(default, str):
        return text
    if isinstance(default, bool):
        return folded in TRUE if folded in TRUE | FALSE else _REFUSED
    try:
        if isinstance(default, int):
            return int(folded.replace("_", ""))
        if isinstance(default, float):
            return float(folded)
        value = json.loads(text)
    except ValueError:
        return text if default is None else _REFUSED
    return value if default is None else _from_value(value, default)


def _from_value(value: Any, default: Any) -> Any:  # noqa: ANN401 - any JSON value
    if default is None or value is None:
        return value if default is None else _REFUSED
    if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(default, list | tuple):
        return list(value) if isinstance(value, list | tuple) else _REFUSED
    return value if isinstance(value, type(default)) and isinstance(value, bool) == isinstance(default, bool) else _REFUSED
