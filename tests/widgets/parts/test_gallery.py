from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.widgets import gallery, parts
from workbench.widgets.parts.part import STATES

if TYPE_CHECKING:
    import ipywidgets

NOTEBOOK = Path(__file__).parents[3] / "dashboards" / "gallery.ipynb"
DRAWN = {
    getattr(parts, name)
    for name in parts.__all__
    if isinstance(getattr(parts, name), type) and issubclass(getattr(parts, name), parts.Part)
} - {parts.Part}


def inside(widget: ipywidgets.Widget) -> list[ipywidgets.Widget]:
    """Return ``widget`` and all it holds."""
    return [widget, *(found for child in getattr(widget, "children", ()) for found in inside(child))]


@pytest.fixture(scope="module")
def shown() -> list[ipywidgets.Widget]:
    """Everything on the gallery's page."""
    return inside(gallery.show(live=False))


def test_every_part_is_in_the_gallery(shown: list[ipywidgets.Widget]) -> None:
    """No part is without a picture; cards come alone and in a row."""
    there = {type(widget).__mro__[1] for widget in shown}

    assert {part.__name__ for part in DRAWN if part not in there} == set()


def test_every_state_is_in_the_gallery(shown: list[ipywidgets.Widget]) -> None:
    """Each state is shown by several parts."""
    seen = [widget.state for widget in shown if isinstance(widget, parts.Part)]

    assert {state for state in STATES if seen.count(state) < 3} == set()


def test_a_name_made_to_break_pages_is_in_the_gallery(shown: list[ipywidgets.Widget]) -> None:
    """The browser tests look for it as text."""
    rows = [row for widget in shown if isinstance(widget, parts.Table) for row in widget.rows]

    assert any(str(row.get("bot", "")).startswith("<img") for row in rows)


def test_the_notebook_is_one_call() -> None:
    """The dashboard holds one cell without output."""
    notebook = json.loads(NOTEBOOK.read_text())
    (cell,) = notebook["cells"]

    assert "gallery.show()" in "".join(cell["source"])
    assert cell["outputs"] == []
