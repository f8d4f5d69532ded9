"""A rule as an indented outline: what must hold together, what is enough alone, each condition in canonical words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.strategy.rules import tree as t
from workbench.strategy.rules.statements import WORDS_OF
from workbench.strategy.rules.text import write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from workbench.strategy.rules.parse import ParsedRule

_JOINS = {"and": "all of", "or": "any of"}


@dataclass(frozen=True, kw_only=True)
class Line:
    """One line of the outline."""

    depth: int
    """0 for the direction."""
    kind: str
    """``direction``, ``join`` or ``condition``."""
    text: str
    direction: str
    """Which rule it belongs to."""


def outline(rules: Mapping[str, ParsedRule]) -> tuple[Line, ...]:
    """Return the lines of all rules, direction by direction."""
    lines: list[Line] = []
    for direction, rule in rules.items():
        lines.append(Line(depth=0, kind="direction", text=WORDS_OF[direction], direction=direction))
        lines += [Line(depth=depth, kind=kind, text=text, direction=direction) for depth, kind, text in _lines(rule.tree, 1)]
    return tuple(lines)


def _lines(node: t.Node, depth: int) -> Iterator[tuple[int, str, str]]:
    if isinstance(node, t.Binary) and node.op in _JOINS:
        yield depth, "join", _JOINS[node.op]
        for part in _flat(node, node.op):
            yield from _lines(part, depth + 1)
    elif isinstance(node, t.Unary) and node.op == "not":
        yield depth, "join", "not"
        yield from _lines(node.node, depth + 1)
    else:
        yield depth, "condition", write(node)


def _flat(node: t.Node, op: str) -> Iterator[t.Node]:
    """Yield the operands of a chain of the same operator, left to right."""
    if isinstance(node, t.Binary) and node.op == op:
        yield from _flat(node.left, op)
        yield from _flat(node.right, op)
    else:
        yield node
