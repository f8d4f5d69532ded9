"""What is legal but hardly meant: a comparison that is never true, a price held against an oscillator, an unusual period."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from workbench.strategy.rules import tree as t
from workbench.strategy.rules.text import number, write

if TYPE_CHECKING:
    from collections.abc import Iterator

Unit = Literal["price", "oscillator", "volume"]

_RANGES = MappingProxyType({"rsi": (0.0, 100.0)})
"""Lowest and highest value an indicator can take."""
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
_IN_PERCENT_POINTS = frozenset({"rsi", "roc"})
_OF_ITS_INPUT = frozenset({"sma", "ema", "donchian", "highest", "lowest"})
_BB_LEVELS = frozenset({"upper", "middle", "lower"})
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


def advise(tree: t.Node, text: str) -> tuple[Advice, ...]:
    """Return what is worth a second look in ``tree``, in reading order, each once."""
    found: dict[tuple[str, t.Span], Advice] = {}
    for node in t.walk(tree):
        for advice in (*_comparison(node, text), *_call(node)):
            found.setdefault((advice.code, advice.span), advice)
    return tuple(found.values())


def unit_of(node: t.Node) -> Unit | None:
    """Return what a number measures: ``price``, ``oscillator``, ``volume``, or None where it is something else or not known."""
    return _unit(node)


def _comparison(node: t.Node, text: str) -> Iterator[Advice]:
    if isinstance(node, t.Binary) and node.op in t.COMPARISONS:
        yield from _pair(node, node.left, node.op, node.right, text)
    elif isinstance(node, t.Cross):
        yield from _pair(node, node.left, ">" if node.direction == "above" else "<", node.right, text)
    elif isinstance(node, t.Between):
        if isinstance(node.low, t.Number) and isinstance(node.high, t.Number) and node.low.value > node.high.value:
            yield Advice(span=node.span, code="never-true", message=f"{write(node)} is never true: the lower bound comes first")
        yield from _pair(node, node.node, ">=", node.low, text)
        yield from _pair(node, node.node, "<=", node.high, text)


def _pair(node: t.Node, left: t.Node, op: str, right: t.Node, text: str) -> Iterator[Advice]:
    if _constant(left) and _constant(right):
        yield Advice(span=node.span, code="constant", message=f"{write(node)} compares constants: it is the same on every bar")
    elif left == right:
        yield Advice(span=node.span, code="same-sides", message=f"both sides of {write(node)} are the same")
    else:
        yield from _range(node, left, op, right)
        units = {_unit(left), _unit(right)}
        if None not in units and len(units) > 1:
            said = f"{write(left)} is {_named(left)} and {write(right)} is {_named(right)}: comparing them hardly makes sense"
            yield Advice(span=node.span, code="units", message=said)
    for side, other in ((left, right), (right, left)):
        percent = isinstance(other, t.Number) and text[other.span[0] : other.span[1]].rstrip().endswith(("%", "percent"))
        if percent and isinstance(side, t.Call) and side.name in _IN_PERCENT_POINTS:
            said = f"{side.name} is in percent points: write {number(_value(other) * 100)} without the percent sign"
            yield Advice(span=other.span, code="percent", message=said)


def _value(node: t.Node) -> float:
    return round(node.value, 10) if isinstance(node, t.Number) else 0.0


_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}


def _range(node: t.Node, left: t.Node, op: str, right: t.Node) -> Iterator[Advice]:
    if isinstance(left, t.Number):
        left, op, right = right, _MIRRORED.get(op, op), left
    call = left.node if isinstance(left, t.Offset) else left
    if not (isinstance(call, t.Call) and call.name in _RANGES and isinstance(right, t.Number)):
        return
    low, high = _RANGES[call.name]
    bound = f"{call.name} stays between {number(low)} and {number(high)}"
    value = right.value
    never = (value >= high and op == ">") or (value <= low and op == "<") or (value > high and op == ">=") or (value < low and op == "<=")
    never = never or (op == "==" and not low <= value <= high)
    always = (value > high and op in ("<", "<=")) or (value < low and op in (">", ">=")) or (op == "!=" and not low <= value <= high)
    if never or always:
        outcome = "never true" if never else "always true"
        yield Advice(span=node.span, code=outcome.replace(" ", "-"), message=f"{bound}: {write(node)} is {outcome}")


def _call(node: t.Node) -> Iterator[Advice]:
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
    return not any(isinstance(part, t.Series | t.Clock | t.Call | t.Param) for part in t.walk(node))


def _named(node: t.Node) -> str:
    unit = _unit(node)
    return f"an {unit}" if unit == "oscillator" else f"a {unit}"


def _unit(node: t.Node) -> Unit | None:
    if isinstance(node, t.Series):
        return "volume" if node.name == "volume" else "price"
    if isinstance(node, t.Offset):
        return _unit(node.node)
    if isinstance(node, t.Binary) and node.op in ("+", "-", "min", "max"):
        return _unit(node.left) if _unit(node.left) == _unit(node.right) and node.op != "-" else None
    if isinstance(node, t.Binary) and node.op == "*":
        return next((_unit(a) for a, b in ((node.left, node.right), (node.right, node.left)) if isinstance(b, t.Number)), None)
    return _unit_of_call(node) if isinstance(node, t.Call) else None


def _unit_of_call(node: t.Call) -> Unit | None:
    inputs = [argument for argument in node.args if not isinstance(argument, t.Number | t.Param)]
    if node.name == "rsi":
        return "oscillator"
    if node.name == "volume_sma":
        return "volume"
    if node.name in _OF_ITS_INPUT or (node.name == "bb" and node.output in _BB_LEVELS):
        return _unit(inputs[0]) if inputs else "price"
    return None
