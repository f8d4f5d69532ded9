"""A rule tree written as canonical text: parsing it again gives the same tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.rules import tree as t
from workbench.strategy.rules.chains import terms_of
from workbench.strategy.rules.vocabulary import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

# How tightly each form binds; an operand that binds less than its place asks for gets parentheses.
_OR, _AND, _NOT, _LATELY, _COMPARISON, _SUM, _PRODUCT, _FACTOR, _FRAMED, _POSTFIX = range(10)
_RANKS = {
    ("top", "place"): "rank",
    ("bottom", "place"): "bottom_rank",
    ("top", "share"): "rank_share",
    ("bottom", "share"): "bottom_rank_share",
}
"""What each rank is called, by order and unit."""
_BINARY = {"or": _OR, "and": _AND, "+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, **dict.fromkeys(t.COMPARISONS, _COMPARISON)}
_HOUR = 60


def write(tree: t.Node) -> str:
    """Return the canonical text of ``tree``; ``parse_rule(write(tree)).tree == tree``."""
    return _write(tree)[0]


def number(value: float) -> str:
    """Return the shortest decimal text that reads back to the same float, without ``.0``."""
    whole = value.is_integer() and abs(value) < 1e15  # noqa: PLR2004 - larger ones are shorter with an exponent
    return str(int(value)) if whole else repr(value)


def _write(node: t.Node) -> tuple[str, int]:
    """Return the text of ``node`` and how tightly it binds."""
    if isinstance(node, t.Number):
        return number(node.value), _FACTOR if node.value < 0 else _POSTFIX
    if isinstance(node, t.Call):
        arguments = f"({', '.join(_at(argument, _SUM) for argument in node.args)})" if node.args else ""
        return f"{node.name}{arguments}{f'.{node.output}' if node.output else ''}", _POSTFIX
    if isinstance(node, t.Offset):
        return f"{_at(node.node, _POSTFIX)}[{node.bars}]", _POSTFIX
    if isinstance(node, t.Series | t.Clock | t.Param | t.Rank):
        return _name(node), _POSTFIX
    if isinstance(node, t.Higher):
        return f"{_at(node.node, _POSTFIX)} on {node.timeframe}", _FRAMED
    return _write_operator(node)


def _name(node: t.Series | t.Clock | t.Param | t.Rank) -> str:
    if isinstance(node, t.Rank):
        return f"{_RANKS[node.order, node.unit]}({_at(node.node, _SUM)})"
    if isinstance(node, t.Param):
        return f"${node.name}"
    return "time" if node.name == "minute_of_day" else node.name


def _write_operator(node: t.Unary | t.Binary | t.Cross | t.Between | t.Trend | t.Lately) -> tuple[str, int]:
    if isinstance(node, t.Unary):
        return _write_unary(node)
    if isinstance(node, t.Binary):
        return _write_binary(node)
    if isinstance(node, t.Cross):
        left, right = _clock_sides((node.left, node.right))
        return f"{left} crosses {node.direction} {right}", _COMPARISON
    if isinstance(node, t.Between):
        middle, low, high = _clock_sides((node.node, node.low, node.high))
        return f"{middle} between {low} and {high}", _COMPARISON
    if isinstance(node, t.Lately):
        return f"{_at(node.node, _LATELY)} {'within' if node.how == 'once' else 'for'} {node.bars} bars", _LATELY
    return f"{_at(node.node, _SUM)} {node.direction} {node.bars}", _COMPARISON


def _write_unary(node: t.Unary) -> tuple[str, int]:
    if node.op == "abs":
        return f"abs({_at(node.node, _SUM)})", _POSTFIX
    if node.op == "not":
        return f"not {_at(node.node, _NOT)}", _NOT
    operand = _at(node.node, _FACTOR)
    literal = isinstance(node.node, t.Number)  # -(5) keeps its minus as an operation; -5 is a number
    return f"-({operand})" if literal else f"-{operand}", _FACTOR


def _write_binary(node: t.Binary) -> tuple[str, int]:
    if node.op in ("min", "max"):
        return f"{node.op}({_at(node.left, _SUM)}, {_at(node.right, _SUM)})", _POSTFIX
    strength = _BINARY[node.op]
    if node.op in t.COMPARISONS:
        left, right = _clock_sides((node.left, node.right))
        return f"{left} {node.op} {right}", strength
    if node.op in t.LOGIC:
        return f" {node.op} ".join(_at(term, strength + 1) for term in terms_of(node)), strength
    return f"{_at(node.left, strength)} {node.op} {_at(node.right, strength + 1)}", strength


def _at(node: t.Node, place: int) -> str:
    text, strength = _write(node)
    return text if strength >= place else f"({text})"


def _clock_sides(sides: Iterable[t.Node]) -> list[str]:
    """Write the sides of a comparison; numbers beside a clock as times of day or names of days."""
    nodes = tuple(sides)
    clocks = {node.name for node in nodes if isinstance(node, t.Clock)}
    return [_beside_clock(node, clocks.copy().pop() if len(clocks) == 1 else "") for node in nodes]


def _beside_clock(node: t.Node, clock: str) -> str:
    if isinstance(node, t.Number) and node.value.is_integer() and node.value >= 0:
        if clock == "minute_of_day" and node.value < 24 * _HOUR:
            return f"{int(node.value) // _HOUR:02d}:{int(node.value) % _HOUR:02d}"
        if clock == "day_of_week" and node.value < len(DAYS):
            return DAYS[int(node.value)]
    return _at(node, _SUM)
