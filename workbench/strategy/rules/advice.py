"""What is legal but hardly meant: a comparison that is never true, a price held against an oscillator, an unusual period."""

from __future__ import annotations

import math
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from workbench.strategy.rules import tree as t
from workbench.strategy.rules.text import number, write

if TYPE_CHECKING:
    from collections.abc import Iterator

Unit = Literal["price", "oscillator", "volume"]

_PERCENT = (0.0, 100.0)
_RANGES: MappingProxyType[str, tuple[float, float]] = MappingProxyType(
    {
        **dict.fromkeys(
            ("rsi", "mfi", "adx", "stoch.k", "stoch.d", "aroon.up", "aroon.down", "adx.adx", "adx.plus_di", "adx.minus_di"), _PERCENT
        ),
        "williams": (-100.0, 0.0),
        "aroon.oscillator": (-100.0, 100.0),
    }
)
"""Lowest and highest value an indicator, or one of its outputs, can take."""
_USUAL = MappingProxyType(
    {
        "rsi": (2, 60),
        "sma": (2, 400),
        "ema": (2, 400),
        "bb": (5, 200),
        "atr": (2, 100),
        "donchian": (2, 300),
        "roc": (1, 300),
        "volume_sma": (2, 300),
    }
)
"""Periods that published rules use; others are allowed and only pointed at."""
IN_PERCENT_POINTS = frozenset({"rsi", "roc", "mfi", "adx", "stoch", "williams", "natr"})
_OF_ITS_INPUT = frozenset({"sma", "ema", "wma", "vwma", "donchian", "highest", "lowest", "linreg"})
_LEVELS = frozenset(
    [
        *("bb.upper", "bb.middle", "bb.lower", "keltner.upper", "keltner.middle", "keltner.lower", "donchian.upper", "donchian.middle"),
        *("donchian.lower", "orb.high", "orb.low", "orb.middle", "vwap_bands.upper", "vwap_bands.middle", "vwap_bands.lower", "psar.psar"),
        *("supertrend.supertrend", "ichimoku.tenkan", "ichimoku.kijun", "ichimoku.senkou_a", "ichimoku.senkou_b", "vwap", "session_open"),
        *("session_high", "session_low", "prior_high", "prior_low", "prior_close"),
    ]
)
"""Outputs that are prices."""
_MACD_PERIODS = 2


@dataclass(frozen=True, kw_only=True)
class Advice:
    """One thing to look at again."""

    span: t.Span
    """Characters of the text."""
    code: str
    """Short name, stable, such as ``never-true``."""
    message: str
    """One sentence for a person."""


def advise(tree: t.Node) -> tuple[Advice, ...]:
    """Return what is worth a second look in ``tree``, in reading order, each once."""
    found: dict[tuple[str, t.Span], Advice] = {}
    for node in t.walk(tree):
        for advice in (*_comparison(node), *_call(node)):
            found.setdefault((advice.code, advice.span), advice)
    for advice in _contradictions(tree):
        found.setdefault((advice.code, advice.span), advice)
    return tuple(found.values())


def unit_of(node: t.Node) -> Unit | None:
    """Return what a number measures: ``price``, ``oscillator``, ``volume``, or None where it is something else or not known."""
    return _unit(node)


def _contradictions(tree: t.Node) -> Iterator[Advice]:
    """Yield where conditions that must hold together leave no value for what they compare: ``rsi(14) < 30 and rsi(14) > 70``."""
    inside: set[int] = set()
    for node in t.walk(tree):
        if not (isinstance(node, t.Binary) and node.op == "and") or id(node) in inside:
            continue
        bounds: dict[t.Node, tuple[float, float]] = {}
        waiting: list[t.Node] = [node]
        while waiting:
            part = waiting.pop()
            inside.add(id(part))
            if isinstance(part, t.Binary) and part.op == "and":
                waiting += [part.right, part.left]
            for value, low, high in _bounds(part):
                known = bounds.get(value, (-math.inf, math.inf))
                bounds[value] = (max(known[0], low), min(known[1], high))
        for value, (low, high) in bounds.items():
            if low > high:
                told = f"{write(value)} cannot be above {number(low)} and below {number(high)} on the same bar: this is never true"
                yield Advice(span=node.span, code="never-true", message=told)


def _bounds(part: t.Node) -> Iterator[tuple[t.Node, float, float]]:
    if not (isinstance(part, t.Binary) and part.op in _MIRRORED):
        return
    left, op, right = part.left, part.op, part.right
    if isinstance(left, t.Number):
        left, op, right = right, _MIRRORED[op], left
    if isinstance(right, t.Number) and not isinstance(left, t.Number):
        yield (left, -math.inf, right.value) if op[0] == "<" else (left, right.value, math.inf)


def _comparison(node: t.Node) -> Iterator[Advice]:
    if isinstance(node, t.Binary) and node.op in t.COMPARISONS:
        yield from _pair(node, node.left, node.op, node.right)
    elif isinstance(node, t.Cross):
        yield from _pair(node, node.left, ">" if node.direction == "above" else "<", node.right)
    elif isinstance(node, t.Between):
        if isinstance(node.low, t.Number) and isinstance(node.high, t.Number) and node.low.value > node.high.value:
            yield Advice(span=node.span, code="never-true", message=f"{write(node)} is never true: the lower bound comes first")
        yield from _pair(node, node.node, ">=", node.low)
        yield from _pair(node, node.node, "<=", node.high)


def _pair(node: t.Node, left: t.Node, op: str, right: t.Node) -> Iterator[Advice]:
    if _constant(left) and _constant(right):
        yield Advice(span=node.span, code="constant", message=f"{write(node)} compares constants: it is the same on every bar")
    elif left == right:
        yield Advice(span=node.span, code="same-sides", message=f"both sides of {write(node)} are the same")
    else:
        yield from _range(node, left, op, right)
        if op == "==":
            yield from _equality(node, left, right)
        units = {_unit(left), _unit(right)}
        if None not in units and len(units) > 1:
            said = f"{write(left)} is {_named(left)} and {write(right)} is {_named(right)}: comparing them hardly makes sense"
            yield Advice(span=node.span, code="units", message=said)


_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _range(node: t.Node, left: t.Node, op: str, right: t.Node) -> Iterator[Advice]:
    if isinstance(left, t.Number):
        left, op, right = right, _MIRRORED.get(op, op), left
    call = left.node if isinstance(left, t.Offset | t.Higher) else left
    if not (isinstance(call, t.Call) and _full(call) in _RANGES and isinstance(right, t.Number)):
        return
    low, high = _RANGES[_full(call)]
    bound = f"{_full(call)} stays between {number(low)} and {number(high)}"
    value = right.value
    never = (value >= high and op == ">") or (value <= low and op == "<") or (value > high and op == ">=") or (value < low and op == "<=")
    never = never or (op == "==" and not low <= value <= high)
    always = (value > high and op in ("<", "<=")) or (value < low and op in (">", ">=")) or (op == "!=" and not low <= value <= high)
    if never or always:
        outcome = "never true" if never else "always true"
        yield Advice(span=node.span, code=outcome.replace(" ", "-"), message=f"{bound}: {write(node)} is {outcome}")


def _full(call: t.Call) -> str:
    return f"{call.name}.{call.output}" if call.output else call.name


def _equality(node: t.Node, left: t.Node, right: t.Node) -> Iterator[Advice]:
    """Yield where two numbers that vary freely are asked to be the same."""
    for side in (left, right):
        free = isinstance(side, t.Binary) and side.op in ("+", "-", "*", "/") and not _constant(side)
        if free or _unit(side) == "oscillator":
            said = f"{write(side)} hardly ever equals another number exactly; write >= or <=, or that it crosses"
            yield Advice(span=node.span, code="equality", message=said)
            return


def _call(node: t.Node) -> Iterator[Advice]:
    if isinstance(node, t.Offset) and _constant(node.node):
        said = f"{write(node)}: the number is the same on every bar; put the whole condition in parentheses if that is meant"
        yield Advice(span=node.span, code="constant", message=said)
    if not isinstance(node, t.Call):
        return
    numbers = [argument.value for argument in node.args if isinstance(argument, t.Number)]
    if node.name == "macd" and len(numbers) >= _MACD_PERIODS and numbers[0] >= numbers[1]:
        yield Advice(span=node.span, code="order", message=f"the fast period of {write(node)} is not shorter than the slow one")
    if node.name in _USUAL and numbers:
        low, high = _USUAL[node.name]
        if not low <= numbers[0] <= high:
            said = f"{number(numbers[0])} bars are unusual for {node.name}; {low} to {high} are common"
            yield Advice(span=node.span, code="unusual", message=said)


def _constant(node: t.Node) -> bool:
    return not any(isinstance(part, t.Series | t.Clock | t.Call | t.Param | t.Rank) for part in t.walk(node))


def _named(node: t.Node) -> str:
    unit = _unit(node)
    return f"an {unit}" if unit == "oscillator" else f"a {unit}"


def _unit(node: t.Node) -> Unit | None:
    if isinstance(node, t.Series):
        return "volume" if node.name == "volume" else "price"
    if isinstance(node, t.Offset | t.Higher):
        return _unit(node.node)
    if isinstance(node, t.Binary) and node.op in ("+", "-", "min", "max"):
        return _unit(node.left) if _unit(node.left) == _unit(node.right) and node.op != "-" else None
    if isinstance(node, t.Binary) and node.op == "*":
        return next((_unit(a) for a, b in ((node.left, node.right), (node.right, node.left)) if isinstance(b, t.Number)), None)
    return _unit_of_call(node) if isinstance(node, t.Call) else None


def _unit_of_call(node: t.Call) -> Unit | None:
    inputs = [argument for argument in node.args if not isinstance(argument, t.Number | t.Param)]
    if _full(node) in _RANGES:
        return "oscillator"
    if node.name == "volume_sma":
        return "volume"
    if node.name in _OF_ITS_INPUT or _full(node) in _LEVELS:
        return _unit(inputs[0]) if inputs else "price"
    return None
