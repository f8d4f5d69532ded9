"""Strategies in Python: a function of a notebook cell becomes a strategy like any sentence.

    @wb.python_strategy(symbols="SPX", warmup=200, parameters={"fast": (20, 5, 50, 5)}, stop="2 atr")
    def trend(bars, fast=20, slow=200):
        return bars.close.rolling(fast).mean() > bars.close.rolling(slow).mean()

The function gets a frame of bars (index ``open_time`` in UTC; open, high, low, close, volume) and returns one value a bar: booleans (long while
True), positions -1, 0, 1, or a dictionary with entry_long, exit_long, entry_short, exit_short (``python/answer.py`` has the conventions).

Its text is the strategy: it is stored in the specification, hashed, and run from there, so it may use libraries, builtins, its parameters and other
such functions, and nothing else of the notebook.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError, UnknownNameError
from workbench.strategy.parameter_range import ParameterRange
from workbench.strategy.python.reading import read
from workbench.strategy.python.runner import written_here
from workbench.strategy.spec import Provenance, StrategySpec
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_STANDS_IN = "buy when close > open; sell when close < open"
"""Read with the options in place of the function: the options mean the same for both."""


def python_strategy(
    *,
    name: str | None = None,
    warmup: int,
    parameters: Mapping[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - the options of `strategy`
) -> Callable[[Callable[..., Any]], Strategy]:
    """Return a decorator that makes a function of bars a strategy.

    Args:
        name: what people call it; the function's name by default.
        warmup: bars before the one decided that the function needs. Live it sees these and the new bar, nothing older; the proof compares.
        parameters: a number or ``(default, low, high, step)`` by name, for what a sweep may vary; other arguments of the function stay at their defaults.
        options: as for ``strategy``: symbols, timeframe, stop, target, trailing, time_stop, sizing, costs, filling, limits, archetype, session_mode,
            window, note.

    Raises:
        InputError: the function reads names of the notebook that its hash would not see change, or has no text; an argument without a value.
        UnknownNameError: a parameter that the function does not take; an option that does not exist.
    """

    def make(function: Callable[..., Any]) -> Strategy:
        return from_function(function, name=name, warmup=warmup, parameters=parameters, **options)

    return make


def from_function(
    function: Callable[..., Any],
    *,
    name: str | None = None,
    warmup: int | None = None,
    parameters: Mapping[str, Any] | None = None,
    **options: Any,  # noqa: ANN401 - the options of `strategy`
) -> Strategy:
    """Return the strategy that ``function`` is; see ``python_strategy`` for the options."""
    if warmup is None:
        message = f"how many bars before the one decided does {function.__name__} need? Say warmup=200, for example: live it sees no more than these"
        raise InputError(message)
    source = read(function, warmup=warmup)
    ranges = _ranges(function, parameters or {})
    written_here(source)
    options.setdefault("note", (inspect.getdoc(function) or "").partition("\n")[0])
    read_options = strategy(_STANDS_IN, name=name or source.entry, **options).spec
    kept = {field: getattr(read_options, field) for field in type(read_options).model_fields}
    stated = read_options.provenance
    provenance = Provenance(note=stated.note, defaults=stated.defaults)
    return Strategy(StrategySpec(**kept | {"rules": {}, "python": source, "parameters": ranges, "provenance": provenance}))


def _ranges(function: Callable[..., Any], given: Mapping[str, Any]) -> dict[str, ParameterRange]:
    """Return the range of every number the function takes: as given, else its default alone."""
    arguments = list(inspect.signature(function).parameters.values())
    if not arguments or arguments[0].kind is inspect.Parameter.KEYWORD_ONLY:
        message = f"{function.__name__} takes no bars; write def {function.__name__}(bars, ...)"
        raise InputError(message)
    takes = {entry.name: entry for entry in arguments[1:]}
    for name in given:
        if name not in takes:
            kind = f"parameter of {function.__name__}"
            raise UnknownNameError(kind, name, takes)
    ranges = {}
    for name, entry in takes.items():
        default = entry.default
        if name in given:
            ranges[name] = ParameterRange.parse(given[name])
        elif default is inspect.Parameter.empty:
            message = (
                f"{function.__name__} takes {name} and nothing says its value; give parameters={{{name!r}: (10, 5, 50, 1)}} or a default"
            )
            raise InputError(message)
        elif isinstance(default, int | float) and not isinstance(default, bool):
            ranges[name] = ParameterRange.parse(default)
    return ranges
