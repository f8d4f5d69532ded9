"""What would have happened: engine, sweep, walk-forward, second engine, trial ledger, evidence, pictures.

The functions ``sweep`` and ``crosscheck`` are imported from the modules of their names, ``workbench.backtest.sweep`` and ``.crosscheck``.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.backtest.basket import Allocation, BasketLimits, BasketResult, rebalance, run_basket
    from workbench.backtest.bootstrap import Bootstrap
    from workbench.backtest.comparison import Comparison, compare
    from workbench.backtest.cpcv import Cpcv
    from workbench.backtest.crosscheck import CrossCheck
    from workbench.backtest.engine.rules import FILL_MODEL, FillRules, fill_rules
    from workbench.backtest.ledger import Ledger
    from workbench.backtest.metrics import Metrics, measure
    from workbench.backtest.montecarlo import MonteCarlo, monte_carlo
    from workbench.backtest.paths import Paths, rerun_on_paths
    from workbench.backtest.result import Result
    from workbench.backtest.run import backtest
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.trace_table import Trace, trace
    from workbench.backtest.walkforward import WalkForward, walk_forward

_HOME = {
    "Allocation": "basket",
    "BasketLimits": "basket",
    "BasketResult": "basket",
    "Bootstrap": "bootstrap",
    "Comparison": "comparison",
    "Cpcv": "cpcv",
    "CrossCheck": "crosscheck",
    "FILL_MODEL": "engine.rules",
    "FillRules": "engine.rules",
    "Ledger": "ledger",
    "Metrics": "metrics",
    "MonteCarlo": "montecarlo",
    "Paths": "paths",
    "Result": "result",
    "SweepResult": "sweep",
    "Trace": "trace_table",
    "WalkForward": "walkforward",
    "backtest": "run",
    "compare": "comparison",
    "fill_rules": "engine.rules",
    "measure": "metrics",
    "monte_carlo": "montecarlo",
    "rebalance": "basket",
    "rerun_on_paths": "paths",
    "run_basket": "basket",
    "trace": "trace_table",
    "walk_forward": "walkforward",
}

__all__ = [
    "FILL_MODEL",
    "Allocation",
    "BasketLimits",
    "BasketResult",
    "Bootstrap",
    "Comparison",
    "Cpcv",
    "CrossCheck",
    "FillRules",
    "Ledger",
    "Metrics",
    "MonteCarlo",
    "Paths",
    "Result",
    "SweepResult",
    "Trace",
    "WalkForward",
    "backtest",
    "compare",
    "fill_rules",
    "measure",
    "monte_carlo",
    "rebalance",
    "rerun_on_paths",
    "run_basket",
    "trace",
    "walk_forward",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a name of this room, imported when first used
    """Return a name of this room; parts that nobody asks for are not imported."""
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
