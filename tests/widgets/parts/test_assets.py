from __future__ import annotations

import re
import subprocess
import sys

import pytest

from workbench.widgets import css, parts
from workbench.widgets.parts import assets, library

HEAVY = {"pandas", "numpy", "vectorbt", "torch", "mlflow", "plotly", "sqlalchemy", "pyarrow"}


def test_the_script_imports_nothing() -> None:
    """The joined script is one module: no import statement is left, of ours or of anyone."""
    assert re.findall(r"^\s*import\b.*|\bimport\(", assets.bundle(), flags=re.MULTILINE) == []
    assert assets.bundle().count("export default") == 1


def test_every_script_file_is_in_it() -> None:
    """No file is forgotten by the order of imports."""
    assert sorted(assets.sources()) == sorted(assets._order(assets.sources()))


def test_a_name_is_exported_where_it_is_imported() -> None:
    """What a file imports from another is exported there."""
    files = assets.sources()
    wanted = {
        (found[2], name.strip().split(" as ")[0])
        for text in files.values()
        for found in assets._IMPORT.finditer(text)
        for name in found[1].split(",")
        if name.strip()
    }

    assert {(file, name) for file, name in wanted if name not in assets._NAMES.findall(files[file])} == set()


@pytest.mark.parametrize("name", sorted(assets.sources()))
def test_data_never_becomes_markup_or_code(name: str) -> None:
    """No script file parses markup or evaluates text, and none is long."""
    text = assets.sources()[name]

    assert (
        re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|\beval\(|new Function|srcdoc|javascript:", text) == []
    )
    assert len(text.splitlines()) <= 400


def test_outside_our_server_the_script_travels_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hidden library carries the whole text, each part a few lines that wait for it."""
    monkeypatch.delenv("WORKBENCH_SERVER", raising=False)
    table, badge = parts.Table(), parts.Badge()

    assert assets.version() in table.get_state()["_esm"]
    assert len(table.get_state()["_esm"]) == len(badge.get_state()["_esm"]) < 500
    assert library._kept[0].get_state()["_esm"].count("createElement") == assets.bundle().count("createElement")


def test_in_our_server_parts_fetch_the_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel of ours sends the address below the page's own base, with the content hash."""
    monkeypatch.setenv("WORKBENCH_SERVER", "http://127.0.0.1:8888/")
    script = parts.Badge().get_state()["_esm"]

    assert f"workbench/static/parts.js?v={assets.version()}" in script
    assert "jupyter-config-data" in script
    assert len(script) < 500


def test_the_server_hands_out_script_and_style() -> None:
    """Two files: the joined script and the stylesheet."""
    assert parts.static_files() == {"parts.css": css.stylesheet().encode(), "parts.js": assets.bundle().encode()}


def test_the_parts_are_cheap_to_import() -> None:
    """No heavy library comes with the parts; numpy only when arrays travel."""
    code = f"import sys, workbench.widgets.parts as p; p.Table([{{'key': 'a'}}], [{{'id': 1, 'a': 2.0}}]); print(sorted({HEAVY!r} & set(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert finished.stdout.strip() == "[]"


def test_the_names_of_the_room_are_sorted_and_real() -> None:
    """Every name in ``__all__`` is there, and has a docstring."""
    assert sorted(parts.__all__) == parts.__all__
    assert [name for name in parts.__all__ if not (getattr(parts, name).__doc__ or "").strip()] == []
