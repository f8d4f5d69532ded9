"""The Lab extension as files: what Lab loads is there, nothing is read as markup, nothing comes from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import workbench
from workbench.server.menu import tutorials

EXTENSION = Path(workbench.__file__).parent / "jupyter" / "lab" / "labextensions" / "workbench-lab"
SCRIPTS = sorted((EXTENSION / "static").glob("*.js"))


def test_the_package_names_a_script_that_registers_under_its_name() -> None:
    """Lab finds the container by the package's name; a wrong one fails silently in the browser."""
    package = json.loads((EXTENSION / "package.json").read_text())
    build = package["jupyterlab"]["_build"]
    entry = (EXTENSION / build["load"]).read_text()
    assert f'window._JUPYTERLAB["{package["name"]}"]' in entry
    assert f'"{build["extension"]}"' in entry


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_no_script_reads_text_as_markup_or_asks_another_server(script: Path) -> None:
    """Whatever a bot is called stays text, and every address is below this server's base."""
    text = script.read_text()
    found = re.findall(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|https?://(?!www\.w3\.org/2000/svg)", text
    )
    assert found == []
    assert len(text.splitlines()) < 400


def test_every_import_of_a_script_is_beside_it() -> None:
    """Modules are loaded by the names of their files."""
    wanted = {
        name
        for script in SCRIPTS
        for name in re.findall(r'from "\./([\w.]+)"|URL\("([\w.]+)"', script.read_text())
        for name in name
        if name
    }
    assert wanted - {path.name for path in (EXTENSION / "static").iterdir()} == set()


def test_tutorials_are_listed_by_number_and_a_broken_one_is_left_out(tmp_path: Path) -> None:
    """Title from the notebook, else from its name; what is no notebook or has no number is not offered."""
    folder = tmp_path / "notebooks" / "tutorials"
    folder.mkdir(parents=True)
    empty = {"cells": [], "nbformat": 4, "nbformat_minor": 5}
    (folder / "02_own_data.ipynb").write_text(json.dumps({**empty, "metadata": {}}))
    (folder / "01_first.ipynb").write_text(json.dumps({**empty, "metadata": {"workbench": {"title": "First steps"}}}))
    (folder / "03_broken.ipynb").write_text("{")
    (folder / "scratch.ipynb").write_text(json.dumps({**empty, "metadata": {}}))
    assert [(each["number"], each["title"], each["path"]) for each in tutorials(tmp_path)] == [
        ("01", "First steps", "notebooks/tutorials/01_first.ipynb"),
        ("02", "Own data", "notebooks/tutorials/02_own_data.ipynb"),
    ]
