"""The shape of the house: what stands at the top, how long a file may be, what a test says of itself."""

from __future__ import annotations

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOP = {"notebooks", "workbench", "dashboards", "data", "tests", "environment.yml", "pyproject.toml", "README.md", "LICENSE", "NOTICE"}
JUNK_DRAWERS = {"utils", "util", "common", "core", "helpers", "helper", "misc", "manager"}
LONGEST_FILE = 400
LONGEST_FUNCTION = 50
MOST_POSITIONAL = 6
MOST_METHODS = 15
# Files longer than LONGEST_FILE, with their length: it may only shrink, and 600 is never allowed.
LONG_FILES: dict[str, int] = {}


@cache
def tracked() -> tuple[Path, ...]:
    """Return every file of the project, tracked or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\n")
    return tuple(ROOT / name for name in listed if name and (ROOT / name).is_file())


def sources(folder: str) -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py" and path.is_relative_to(ROOT / folder)]


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return 0 if not body else (node.end_lineno or 0) - body[0].lineno + 1


def test_only_the_agreed_names_stand_at_the_top() -> None:
    """The top level holds the owner's names, licences and dot-files, nothing else."""
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}

    assert {name for name in found if name not in TOP and not name.startswith(".")} == set()


def test_no_room_is_a_junk_drawer() -> None:
    """No module or package is called utils, core, common or the like."""
    found = {part for path in sources("workbench") for part in (*path.parent.parts, path.stem)}

    assert found & JUNK_DRAWERS == set()


def test_no_file_is_too_long() -> None:
    """A source or test file stays under 400 lines; the few exceptions only shrink."""
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in sources("workbench") + sources("tests")}

    assert {name: count for name, count in lengths.items() if count > LONG_FILES.get(name, LONGEST_FILE) or count > 600} == {}
    assert {name for name in LONG_FILES if lengths.get(name, 0) <= LONGEST_FILE} == set(), "an exception is no longer needed: remove it"


def test_no_function_is_too_long() -> None:
    """A function of the package stays under 50 lines of code."""
    found = {f"{path.relative_to(ROOT)}:{node.name}": code_lines(node) for path in sources("workbench") for node in functions(path)}

    assert {name: count for name, count in found.items() if count > LONGEST_FUNCTION} == {}


def test_no_function_takes_too_much_by_position() -> None:
    """Outside compiled kernels a function takes at most six positional arguments."""
    kernels = re.compile(r"backtest/engine/|strategy/indicators/")
    found = {
        f"{path.relative_to(ROOT)}:{node.name}": len(node.args.args)
        for path in sources("workbench")
        if not kernels.search(str(path))
        for node in functions(path)
        if not any("kernel" in ast.unparse(decorator) for decorator in node.decorator_list)
    }

    assert {name: count for name, count in found.items() if count > MOST_POSITIONAL + 1} == {}


def test_no_class_does_too_much() -> None:
    """A class has at most fifteen public methods; properties are data and do not count."""
    found = {}
    for path in sources("workbench"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                methods = [
                    item
                    for item in node.body
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_") and not _is_property(item)
                ]
                found[f"{path.relative_to(ROOT)}:{node.name}"] = len(methods)

    assert {name: count for name, count in found.items() if count > MOST_METHODS} == {}


def _is_property(node: ast.FunctionDef) -> bool:
    return any("property" in ast.unparse(decorator) for decorator in node.decorator_list)


def test_every_test_says_what_it_shows() -> None:
    """Each test function has a docstring of one sentence."""
    silent = [
        f"{path.relative_to(ROOT)}:{node.name}"
        for path in sources("tests")
        for node in functions(path)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]

    assert silent == []


SOMEBODYS_FOLDER = re.compile(r"/(?:root|work|Users)/[\w.]|/home/[a-z]{3,}/")


def test_nothing_speaks_of_a_machine() -> None:
    """No file names a path of the machine it was written on."""
    texts = {
        path: path.read_text(errors="replace")
        for path in tracked()
        if path.suffix in {".py", ".md", ".toml", ".yml", ".json", ".ipynb", ".lark", ".j2", ".css"}
    }
    here = Path(__file__)

    assert [str(path.relative_to(ROOT)) for path, text in texts.items() if path != here and SOMEBODYS_FOLDER.search(text)] == []


@pytest.mark.parametrize("folder", ["notebooks/jobs", "dashboards"])
def test_unattended_notebooks_are_stored_stripped(folder: str) -> None:
    """Job notebooks and dashboards carry no outputs."""
    kept = [
        path for path in tracked() if path.suffix == ".ipynb" and path.is_relative_to(ROOT / folder) and '"output_type"' in path.read_text()
    ]

    assert kept == []


def test_no_two_test_files_share_a_name() -> None:
    """Test files are imported by name, so two of one name in different folders would stop the whole suite."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py"]

    assert sorted(name for name in set(names) if names.count(name) > 1) == []
