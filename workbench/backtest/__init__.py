"""What would have happened: engine, sweep, walk-forward, second engine, trial ledger, evidence, pictures.

The functions ``sweep`` and ``crosscheck`` are imported from the modules of their names, ``workbench.backtest.sweep`` and ``.crosscheck``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.backtest.crosscheck import CrossCheck
    from workbench.backtest.engine.rules import FILL_MODEL, FillRules, fill_rules
    from workbench.backtest.ledger import Ledger
    from workbench.backtest.metrics import Metrics, measure
    from workbench.backtest.result import Result
    from workbench.backtest.run import backtest
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.walkforward import WalkForward, walk_forward

_HOME = {
    "FILL_MODEL": "engine.rules",
    "CrossCheck": "crosscheck",
    "FillRules": "engine.rules",
    "Ledger": "ledger",
    "Metrics": "metrics",
    "Result": "result",
    "SweepResult": "sweep",
    "WalkForward": "walkforward",
    "backtest": "run",
    "fill_rules": "engine.rules",
    "measure": "metrics",
    "walk_forward": "walkforward",
}

__all__ = [
    "FILL_MODEL",
    "CrossCheck",
    "FillRules",
    "Ledger",
    "Metrics",
    "Result",
    "SweepResult",
    "WalkForward",
    "backtest",
    "fill_rules",
    "measure",
    "walk_forward",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a name of this room, imported when first used
    """Return a name of this room; parts that nobody asks for are not imported."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
