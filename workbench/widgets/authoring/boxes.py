"""Boxes of the desk's own layout, and what is seen of them."""

from __future__ import annotations

from typing import Any

import ipywidgets


def box(*classes: str) -> Any:  # noqa: ANN401 - an ipywidgets box
    """Return an empty box that the desk's style lays out."""
    made = ipywidgets.Box()
    for name in classes:
        made.add_class(name)
    return made


def show(widget: Any, *, when: bool = True) -> None:  # noqa: ANN401 - an ipywidgets widget
    """Let ``widget`` be seen only ``when`` that holds; one that is not seen takes no room and no focus."""
    wanted = None if when else "none"
    if widget.layout.display != wanted:
        widget.layout.display = wanted
