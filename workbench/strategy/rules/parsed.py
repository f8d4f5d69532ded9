"""The grammar's own tree: where its parts stand in the text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from lark import Token, Tree

if TYPE_CHECKING:
    from workbench.strategy.rules.tree import Node, Span

Parsed: TypeAlias = Tree[Token] | Token


def span_of(parsed: Parsed) -> Span:
    """Return the characters that a part of the grammar's tree was read from."""
    first: Parsed = parsed
    last: Parsed = parsed
    while isinstance(first, Tree):
        first = next(child for child in first.children if child is not None and not _empty(child))
    while isinstance(last, Tree):
        last = next(child for child in reversed(last.children) if child is not None and not _empty(child))
    (start, first_end), (last_start, end) = place_of(first), place_of(last)
    return (min(start, last_start), max(first_end, end))  # a phrase may have changed the order of its words


def place_of(token: Token) -> Span:
    """Return the characters of a token."""
    return (token.start_pos or 0, token.end_pos or 0)


def with_span(node: Node, span: Span) -> Node:
    """Return ``node`` as read from ``span``."""
    return replace(node, span=span)


def _empty(parsed: Parsed) -> bool:
    return isinstance(parsed, Tree) and not any(child is not None for child in parsed.children)
