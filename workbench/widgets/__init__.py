"""Faces in Jupyter and Voila: the parts everything is composed of, and the rooms that compose them.

``workbench.widgets.parts`` are the parts, ``workbench.widgets.css`` their stylesheet, ``workbench.widgets.gallery`` shows each in every state.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets import css, gallery, parts

__all__ = ["css", "gallery", "parts"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module of this room, imported when first used
    """Return a module of this room; faces that nobody opens are not imported."""
    if name not in __all__:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return import_module(f"{__name__}.{name}")
