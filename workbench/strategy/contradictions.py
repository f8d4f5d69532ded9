"""Whether a specification contradicts itself: every check names what is wrong and what would be right."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from workbench.errors import InputError, SpecError, nearest
from workbench.strategy.indicators.step import find
from workbench.strategy.rules import tree as t
from workbench.units import SessionMode, instrument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.market.windows import TradingWindow
    from workbench.strategy.parameter_range import ParameterRange
    from workbench.strategy.spec import StrategySpec

_SIDES = MappingProxyType({"long": ("buy when", "sell when"), "short": ("short when", "cover when")})
_HOURS = MappingProxyType({SessionMode.RTH_US: (570, 960), SessionMode.EXT_US: (240, 1200)})
"""First and last minute of the day in New York."""
_EXCHANGE = "America/New_York"


def refuse(spec: StrategySpec, trees: Mapping[str, t.Node]) -> None:
    """Check ``spec``, whose rules read as ``trees``.

    Raises:
        SpecError: it contradicts itself or misses a needed part.
    """
    if spec.python is None:
        _sides(spec)
        _parameters(spec.parameters, trees)
    elif spec.rules:
        message = f"the strategy has rules and the function {spec.python.entry}; one of them decides, so leave the other out"
        raise SpecError(message)
    if spec.sizing.kind == "risk" and not (spec.brackets.stop or spec.brackets.trailing):
        message = "a size by risk needs to know the loss at the stop, and there is none; add for example stop='2%'"
        raise SpecError(message)
    if spec.window is not None:
        _window(spec, spec.window)


def _sides(spec: StrategySpec) -> None:
    entries = [side for side in _SIDES if f"entry_{side}" in spec.rules]
    if not entries:
        message = "the strategy never enters: it needs 'buy when ...' or 'short when ...'"
        raise SpecError(message)
    for side, (enter, leave) in _SIDES.items():
        if f"exit_{side}" in spec.rules and side not in entries:
            message = f"'{leave}' has nothing to close because there is no '{enter}'; add one or leave it out"
            raise SpecError(message)
    flat = spec.window is not None and spec.window.flat and spec.timeframe.intraday
    for side in entries:
        if f"exit_{side}" not in spec.rules and not spec.brackets.closes and not flat:
            enter, leave = _SIDES[side]
            message = f"'{enter}' opens a position that nothing closes; add '{leave} ...', a stop, a target or a time stop"
            raise SpecError(message)


def _parameters(given: Mapping[str, ParameterRange], trees: Mapping[str, t.Node]) -> None:
    used = {name for node in trees.values() for name in t.parameters(node)}
    for name in sorted(used - set(given)):
        near = nearest(name, given)
        hint = f"did you mean ${near[0]}?" if near else f"give it, for example parameters={{{name!r}: (10, 5, 50, 1)}}"
        message = f"the rules use ${name} and no such parameter is given; {hint}"
        raise SpecError(message)
    for name in sorted(set(given) - used):
        near = nearest(name, used)
        hint = f"did you mean ${near[0]}?" if near else "leave it out, or use it in a rule"
        message = f"the parameter ${name} is given and no rule uses it; {hint}"
        raise SpecError(message)
    for node in trees.values():
        for call in t.calls(node):
            _bounds(call, given)


def _bounds(call: t.Call, given: Mapping[str, ParameterRange]) -> None:
    """Every value that a sweep may try must be one the indicator takes."""
    entry = find(call.name)
    placed = call.args[len(call.args) - len(entry.parameters) :] if entry.parameters else ()
    for parameter, argument in zip(entry.parameters, placed, strict=True):
        if not isinstance(argument, t.Param):
            continue
        range_ = given[argument.name]
        try:
            for value in (range_.default, range_.low, range_.high):
                parameter.checked(value, entry.name)
        except InputError as error:
            message = f"${argument.name} ({range_}) leaves what {entry.name} takes: {error}"
            raise SpecError(message) from None
        if parameter.integer and not range_.whole:
            message = f"${argument.name} ({range_}) leaves what {entry.name} takes: its {parameter.name} must be a whole number"
            raise SpecError(message)


def _window(spec: StrategySpec, window: TradingWindow) -> None:
    if not spec.timeframe.intraday:
        message = "a daily bar is its whole session, so a trading window cannot limit it; leave the window out or use an intraday timeframe"
        raise SpecError(message)
    mode = spec.session_mode or instrument(spec.symbols[0]).session_mode
    if mode not in _HOURS:
        return
    opens, closes = _HOURS[mode]
    start, end = _in_exchange_time(window.start, window.zone), _in_exchange_time(window.end, window.zone)
    if not (opens <= start < closes and start < end <= closes):
        hours = f"{opens // 60:02d}:{opens % 60:02d} to {closes // 60:02d}:{closes % 60:02d} New York"
        message = f"the window {window.start} to {window.end} {window.zone} is not inside the session {mode.value}, {hours}"
        raise SpecError(message)


def _in_exchange_time(clock: str, zone: str) -> int:
    """Return the minute of the day in New York; zones are compared on a winter day, when both keep standard time."""
    hour, minute = (int(part) for part in clock.split(":"))
    if zone == _EXCHANGE or hour == 24:  # noqa: PLR2004 - the end of the day
        return hour * 60 + minute
    there = datetime(2024, 1, 16, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo(_EXCHANGE))
    return there.hour * 60 + there.minute
