"""The authoring desk: a sentence becomes a strategy, seen on the price chart while it is written.

``AuthorModel`` is the desk without a screen, ``Author`` its face (``bench.author()``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.authoring.model import AuthorModel, Outcome
    from workbench.widgets.authoring.view import Author

_HOME = {"Author": "view", "AuthorModel": "model", "Outcome": "model"}

__all__ = ["Author", "AuthorModel", "Outcome"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a name of this room, imported when first used
    """Return a name of this room; the model works without a widget library."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
