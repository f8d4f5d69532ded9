"""The promotion review widget: argue, ask, decide. ``Bench.review(bot)`` opens it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.promotion.model import Case
    from workbench.widgets.promotion.view import Review

_HOME = {"Case": "model", "Review": "view"}

__all__ = ["Case", "Review"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a name of this room, imported when first used
    """Return a name of this room; the model is used without ipywidgets."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
