"""The backtest widget: choose, see what it costs in trials, run, stop, look, compare. ``Bench.backtester()`` opens it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.backtest.form import Form, FormError
    from workbench.widgets.backtest.model import Desk
    from workbench.widgets.backtest.outcome import Outcome
    from workbench.widgets.backtest.view import Backtester

_HOME = {"Backtester": "view", "Desk": "model", "Form": "form", "FormError": "form", "Outcome": "outcome"}

__all__ = ["Backtester", "Desk", "Form", "FormError", "Outcome"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a name of this room, imported when first used
    """Return a name of this room; the model is used without ipywidgets."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
