from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from workbench.errors import DataUnavailableError, InputError, UnknownNameError
from workbench.jobs.parameters import Parameter, checked, declared, read_notebook

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CELL = """fast = 10  # bars of the fast average
share: float = 0.5
symbol = "ES"
deep = False
days = None
levels = [1, 2]
table = {"a": 1}
later = fast * 2
"""


@pytest.fixture
def known(notebook: Callable[..., Path]) -> dict[str, Parameter]:
    return declared(read_notebook(notebook(CELL)))


def test_names_defaults_and_notes_come_from_the_tagged_cell(known: dict[str, Parameter]) -> None:
    """Literals are parameters with their comment; what would have to be executed is not."""
    defaults = {name: parameter.default for name, parameter in known.items()}
    assert defaults == {"fast": 10, "share": 0.5, "symbol": "ES", "deep": False, "days": None, "levels": [1, 2], "table": {"a": 1}}
    assert known["fast"].note == "bars of the fast average"


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("fast", "12", 12),
        ("fast", "1_000", 1000),
        ("share", "0.25", 0.25),
        ("share", 1, 1.0),
        ("symbol", "12", "12"),
        ("deep", "Yes", True),
        ("deep", "0", False),
        ("days", "30", 30),
        ("days", "all", "all"),
        ("days", None, None),
        ("levels", "[3]", [3]),
        ("levels", (4, 5), [4, 5]),
        ("table", '{"b": 2}', {"b": 2}),
    ],
)
def test_text_is_cast_to_the_type_of_the_default(known: dict[str, Parameter], name: str, given: object, expected: object) -> None:
    """What a command line hands over arrives with the type the notebook works with."""
    result = checked({name: given}, known)[name]
    assert expected == result
    assert type(expected) is type(result)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("fast", "ten"),
        ("fast", "1.5"),
        ("fast", True),
        ("fast", None),
        ("share", "nan"),
        ("share", "wide"),
        ("deep", "maybe"),
        ("deep", 1),
        ("symbol", 5),
        ("levels", "3"),
        ("table", "[1]"),
    ],
)
def test_a_value_of_another_type_is_refused_with_the_default(known: dict[str, Parameter], name: str, given: Any) -> None:
    """The sentence names the parameter and shows its default."""
    with pytest.raises(InputError, match=f"parameter {name} is .* like its default"):
        checked({name: given}, known)


def test_an_unknown_name_suggests_the_nearest(known: dict[str, Parameter]) -> None:
    """A misspelt parameter is an error, not a warning as in papermill."""
    with pytest.raises(UnknownNameError, match="no parameter named 'symbl'; did you mean symbol"):
        checked({"symbl": "ES"}, known)


def test_a_notebook_without_the_cell_takes_no_parameter(notebook: Callable[..., Path]) -> None:
    """The sentence says how a cell becomes the parameters cell."""
    with pytest.raises(InputError, match="declares none"):
        checked({"fast": 1}, declared(read_notebook(notebook("", "1 + 1"))))


def test_sources_as_lists_of_lines_are_read_too(home: Path) -> None:
    """Jupyter stores a source as a list of lines."""
    path = home / "lines.ipynb"
    path.write_text(
        json.dumps({"cells": [{"cell_type": "code", "source": ["a = 1\n", "b = 2"], "metadata": {"tags": ["parameters"]}}], "metadata": {}})
    )
    assert list(declared(read_notebook(path))) == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [(None, DataUnavailableError, "there is no notebook"), ("{", InputError, "not JSON"), ("[]", InputError, "no list of cells")],
)
def test_what_is_no_notebook_is_refused_in_words(home: Path, text: str | None, kind: type[Exception], words: str) -> None:
    """Missing, broken and foreign files each get their sentence."""
    path = home / "x.ipynb"
    if text is not None:
        path.write_text(text)
    with pytest.raises(kind, match=words):
        read_notebook(path)


def test_a_parameters_cell_that_is_no_python_is_refused(notebook: Callable[..., Path]) -> None:
    """The line is named."""
    with pytest.raises(InputError, match="not Python: line 1"):
        declared(read_notebook(notebook("fast = = 1")))
