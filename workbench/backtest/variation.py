"""Brackets and size as things to vary: a grid or a run may name ``stop``, ``target``, ``trailing``, ``time_stop`` and ``size`` beside ``$parameters``.

A value is a number in the unit in which the strategy's own bracket or size is written: with ``stop="2%"`` the value 1.5 means 1.5 %, with
``stop="2 atr"`` 1.5 times the range, with ``size="1 contract"`` contracts.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.rules import RULES_SIZE, FillRules, fill_rules
from workbench.errors import InputError
from workbench.portfolio import Sizing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from workbench.portfolio import Bracket
    from workbench.strategy.spec import StrategySpec
    from workbench.strategy.strategy import Strategy
    from workbench.units import Instrument

_FIELD = {"stop": "stop_value", "target": "target_value", "trailing": "trail_value", "time_stop": "time_stop_bars", "size": "size_value"}
VARIED = tuple(_FIELD)
"""Names that a grid may use beside the strategy's own parameters."""
_WRITE = {"time_stop": "time_stop=10"}


def varied_names(spec: StrategySpec, names: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``names`` that vary a bracket or the size; a ``$parameter`` of that name is a parameter.

    Raises:
        InputError: the strategy has no such bracket, or has both it and a ``$parameter`` of its name.
    """
    found = [name for name in names if name in VARIED and (name not in spec.parameters or _has(spec, name))]
    for name in found:
        if name in spec.parameters:
            message = (
                f"{name!r} is a $parameter of this strategy and its {_called(name)} as well; rename the parameter to vary one of the two"
            )
            raise InputError(message)
        if not _has(spec, name):
            example = _WRITE.get(name, f"{name}='2%'")
            message = f"{name!r} cannot be varied: the strategy has no {_called(name)}; give it one first, for example {example}"
            raise InputError(message)
    return tuple(found)


def varied_rules(strategy: Strategy, instrument: Instrument, cash: float, values: Mapping[str, float]) -> FillRules:
    """Return the fill rules of ``strategy`` with the brackets and the size that ``values`` names; other names are left alone.

    Raises:
        InputError: a bracket that the strategy does not have, or a value that it cannot take.
    """
    spec = strategy.spec
    changed = {_FIELD[name]: _number(spec, instrument, name, values[name]) for name in varied_names(spec, list(values))}
    return fill_rules(spec, instrument, cash)._replace(**changed)


def rules_table(
    strategy: Strategy, instrument: Instrument, cash: float, names: Sequence[str], values: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a row of fill rules for each row of ``values`` (points, names): float64 (points, ``RULES_SIZE``), as ``varied_rules`` gives one by one.

    Raises:
        InputError: as ``varied_rules``.
    """
    spec = strategy.spec
    table = np.empty((len(values), RULES_SIZE))
    table[:] = fill_rules(spec, instrument, cash)
    for name in varied_names(spec, names):
        different, place = np.unique(values[:, list(names).index(name)], return_inverse=True)
        numbers = np.array([_number(spec, instrument, name, float(value)) for value in different])
        table[:, FillRules._fields.index(_FIELD[name])] = numbers[place]
    return table


def varied_spec(spec: StrategySpec, instrument: Instrument, values: Mapping[str, float]) -> StrategySpec:
    """Return ``spec`` as if it had been written with the brackets and the size of ``values``; itself where none is varied.

    Raises:
        InputError: as ``varied_rules``.
    """
    names = varied_names(spec, list(values))
    if not names:
        return spec
    brackets: dict[str, Any] = {}
    for name in names:
        number = _number(spec, instrument, name, values[name])
        if name == "time_stop":
            brackets["time_stop_bars"] = int(number)
        elif name != "size":
            brackets[name] = replace(_bracket(spec, name), value=number)
    sizing = spec.sizing
    if "size" in names:
        sizing = replace(sizing, value=_number(spec, instrument, "size", values["size"]))
    return spec.revised(brackets=replace(spec.brackets, **brackets), sizing=sizing)


def _number(spec: StrategySpec, instrument: Instrument, name: str, value: float) -> float:
    """Return ``value`` as the engine's rules say it, checked by the record that it stands in."""
    if name == "time_stop":
        if not (np.isfinite(value) and value >= 1 and float(value).is_integer()):
            message = f"time_stop is a whole number of bars, at least 1, not {value!r}"
            raise InputError(message)
        return float(value)
    if name == "size":
        sizing = spec.sizing or Sizing.of(instrument)
        return float(replace(sizing, value=value if sizing.kind == "fixed" else _share(value)).value)
    bracket = _bracket(spec, name)
    return float(replace(bracket, value=_share(value) if bracket.kind == "percent" else value).value)


def _share(percent: float) -> float:
    return round(float(percent) / 100, 12)


def _has(spec: StrategySpec, name: str) -> bool:
    if name == "size":
        return True
    return spec.brackets.time_stop_bars is not None if name == "time_stop" else name in spec.brackets.guards


def _bracket(spec: StrategySpec, name: str) -> Bracket:
    return spec.brackets.guards[name]


def _called(name: str) -> str:
    return {"time_stop": "time stop", "trailing": "trailing stop"}.get(name, name)
