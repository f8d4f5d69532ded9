"""Workbench: from a notebook cell to live money, with proof at every step.

>>> import workbench as wb
>>> bench = wb.open()
>>> s = wb.strategy("buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60")
>>> bench.backtest(s, bench.bars("SPX"))

Names are resolved when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.app import Bench, parse
    from workbench.app import open_bench as open  # noqa: A004 - wb.open() is the word for it
    from workbench.backtest.evidence.sharpe import deflated_sharpe, probabilistic_sharpe
    from workbench.backtest.sweep import Between, Plan
    from workbench.market.bars import Bars, validate
    from workbench.market.files import read
    from workbench.market.quality import check
    from workbench.market.samples import sample
    from workbench.market.synthetic import synthetic
    from workbench.portfolio import Bracket, Brackets, Costs, Filling, Limits, Sizing
    from workbench.strategy.in_python import python_strategy
    from workbench.strategy.indicators import indicator as custom_indicator
    from workbench.strategy.indicators import values as indicator
    from workbench.strategy.indicators.functions import model_column, register_function
    from workbench.strategy.strategy import Strategy, strategy
    from workbench.units import Instrument, instrument

__version__ = "0.1.0"

_HOMES = {
    "Bars": ("market.bars", "Bars"),
    "Bench": ("app", "Bench"),
    "Between": ("backtest.sweep", "Between"),
    "Bracket": ("portfolio", "Bracket"),
    "Brackets": ("portfolio", "Brackets"),
    "Costs": ("portfolio", "Costs"),
    "Filling": ("portfolio", "Filling"),
    "Instrument": ("units", "Instrument"),
    "Limits": ("portfolio", "Limits"),
    "Plan": ("backtest.sweep", "Plan"),
    "Sizing": ("portfolio", "Sizing"),
    "Strategy": ("strategy.strategy", "Strategy"),
    "check": ("market.quality", "check"),
    "custom_indicator": ("strategy.indicators", "indicator"),
    "deflated_sharpe": ("backtest.evidence.sharpe", "deflated_sharpe"),
    "indicator": ("strategy.indicators", "values"),
    "instrument": ("units", "instrument"),
    "model_column": ("strategy.indicators.functions", "model_column"),
    "open": ("app", "open_bench"),
    "parse": ("app", "parse"),
    "probabilistic_sharpe": ("backtest.evidence.sharpe", "probabilistic_sharpe"),
    "python_strategy": ("strategy.in_python", "python_strategy"),
    "read": ("market.files", "read"),
    "register_function": ("strategy.indicators.functions", "register_function"),
    "sample": ("market.samples", "sample"),
    "synthetic": ("market.synthetic", "synthetic"),
    "validate": ("market.bars", "validate"),
}

_ROOMS = ("errors", "look", "strategy")  # `wb.strategy` is a room that can be called

__all__ = [
    "Bars",
    "Bench",
    "Between",
    "Bracket",
    "Brackets",
    "Costs",
    "Filling",
    "Instrument",
    "Limits",
    "Plan",
    "Sizing",
    "Strategy",
    "check",
    "custom_indicator",
    "deflated_sharpe",
    "errors",
    "indicator",
    "instrument",
    "look",
    "model_column",
    "open",
    "parse",
    "probabilistic_sharpe",
    "python_strategy",
    "read",
    "register_function",
    "sample",
    "strategy",
    "synthetic",
    "validate",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    """Import what ``name`` stands for when it is first asked for."""
    if name in _ROOMS:
        return import_module(f"workbench.{name}")
    if name not in _HOMES:
        message = f"module 'workbench' has no attribute {name!r}"
        raise AttributeError(message)
    room, attribute = _HOMES[name]
    found = getattr(import_module(f"workbench.{room}"), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return the public names."""
    return [*__all__, "__version__"]
