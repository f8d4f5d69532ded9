"""What the README shows is what happens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
import pytest
from nbclient import NotebookClient
from typer.main import get_command

from workbench.cli import app

if TYPE_CHECKING:
    import click

README = (Path(__file__).parents[2] / "README.md").read_text()


def commands(group: click.Group, before: tuple[str, ...] = ()) -> set[str]:
    found: set[str] = set()
    for name, command in group.commands.items():
        found |= commands(command, (*before, name)) if hasattr(command, "commands") else {" ".join((*before, name))}
    return found


def test_the_python_of_the_readme_runs(home: Path) -> None:
    """Every Python block, one after another as cells of one notebook, in a home of its own."""
    cells = [nbformat.v4.new_code_cell(block) for block in re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)]
    notebook = nbformat.v4.new_notebook(cells=cells)
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(home)}}).execute()
    shown = [output.get("data", {}) for cell in notebook.cells for output in cell.outputs]

    assert len(cells) == 8
    assert any("text/html" in data for data in shown)


@pytest.mark.parametrize("line", re.findall(r"^workbench ([a-z]+(?: [a-z]+)?)", README, flags=re.MULTILINE))
def test_the_commands_of_the_readme_exist(line: str) -> None:
    """Every line of the command table begins with a command that is there."""
    known = commands(get_command(app))

    assert line in known or line.split(maxsplit=1)[0] in known
