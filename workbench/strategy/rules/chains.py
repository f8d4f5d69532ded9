"""Chains of *and* and *or*: a flat list of conditions as a tree that stays shallow however long the list, and back.

``and`` and ``or`` may be grouped in any way, so the grouping is ours: up to ``SHORT`` conditions lean to the left, longer lists are halved. The text of a
tree with this grouping is flat; any other grouping is written with parentheses, so that text and tree determine each other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.rules.tree import Binary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.strategy.rules.tree import Node

SHORT = 8
"""Conditions of a list that leans to the left."""


def joined(op: str, terms: Sequence[Node]) -> Node:
    """Return the ``terms`` joined by ``op`` (``and`` or ``or``), one term as it is; at most ``SHORT`` + log2 of their number levels deep."""
    if len(terms) > SHORT:
        middle = len(terms) // 2
        return _pair(op, joined(op, terms[:middle]), joined(op, terms[middle:]))
    node = terms[0]
    for term in terms[1:]:
        node = _pair(op, node, term)
    return node


def terms_of(node: Binary) -> list[Node]:
    """Return the conditions whose flat list gives ``node``; its two sides where no flat list does."""
    found: list[Node] = []
    waiting: list[Node] = [node]
    while waiting:
        current = waiting.pop()
        if isinstance(current, Binary) and current.op == node.op:
            waiting += [current.right, current.left]
        else:
            found.append(current)
    return found if _leans(node, node.op, len(found)) else [node.left, node.right]


def _pair(op: str, left: Node, right: Node) -> Node:
    return Binary(op, left, right, span=(min(left.span[0], right.span[0]), max(left.span[1], right.span[1])))


def _leans(node: Node, op: str, count: int) -> bool:
    """Whether ``node`` is grouped as ``joined`` groups ``count`` conditions; a side that is no chain counts one."""
    if count == 1:
        return not (isinstance(node, Binary) and node.op == op)
    if not (isinstance(node, Binary) and node.op == op):
        return False
    left = count // 2 if count > SHORT else count - 1
    return _leans(node.left, op, left) and _leans(node.right, op, count - left)
