"""The tree of a rule: what a sentence means, as frozen records with the place each was read from.

Two trees are equal when they mean the same; where they stood in the text (``span``) does not count. A node is a *number* (one
float64 per bar) or a *boolean* (one truth per bar); ``kind`` tells which. Nothing here evaluates anything: the compiler turns a tree into a
register program.

Arguments of a ``Call`` are canonical after parsing: either exactly the indicator's parameters (its default series are meant), or all its
input series first and then all its parameters. Parameters are ``Number``, ``Param`` or arithmetic of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

from workbench.errors import InputError
from workbench.units import timeframe

if TYPE_CHECKING:
    from collections.abc import Iterator

Span: TypeAlias = tuple[int, int]
Kind: TypeAlias = Literal["number", "boolean"]

SERIES = ("open", "high", "low", "close", "volume")
"""Columns of a bar that a rule may name."""
CLOCKS = ("minute_of_day", "day_of_week", "session_bar", "minutes_since_open", "minutes_to_close")
"""Columns of the exchange's clock: minutes from midnight to the bar's open; the day with Monday = 0; the bar's number in its session from 0;
minutes from the session's open to the bar's open; minutes from the bar's close to the session's close."""
ARITHMETIC = ("+", "-", "*", "/", "min", "max")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
LOGIC = ("and", "or")
BINARY = (*ARITHMETIC, *COMPARISONS, *LOGIC)
UNARY = ("-", "abs", "not")
MAX_BARS_BACK = 10_000
"""Longest offset or trend, bars: the live form keeps that many values in memory."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant, finite."""

    value: float
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what no rule can mean."""
        if not math.isfinite(self.value):
            message = f"{self.value!r} is no number a rule can use"
            raise InputError(message)


@dataclass(frozen=True, slots=True)
class Series:
    """A column of the bar: open, high, low, close or volume."""

    name: str
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown columns."""
        _one_of("series", self.name, SERIES)


@dataclass(frozen=True, slots=True)
class Clock:
    """A column of the exchange's clock, one of ``CLOCKS``; known from the calendar and the bar's own time."""

    name: str
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown columns."""
        _one_of("clock", self.name, CLOCKS)


@dataclass(frozen=True, slots=True)
class Param:
    """A named number that is given when the program is bound, written ``$fast``; ``name`` is without the dollar."""

    name: str
    span: Span = field(default=(0, 0), compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Call:
    """One output of an indicator; ``output`` is None where it has only one."""

    name: str
    args: tuple[Node, ...] = ()
    output: str | None = None
    span: Span = field(default=(0, 0), compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Offset:
    """The number or truth ``bars`` bars ago; at least 1, so that it never looks ahead."""

    node: Node
    bars: int
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse the present, the future and what memory cannot hold."""
        _bars_back("an offset", self.bars)


@dataclass(frozen=True, slots=True)
class Unary:
    """``-x``, ``abs(x)`` or ``not x``."""

    op: str
    node: Node
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown operators."""
        _one_of("operator", self.op, UNARY)


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, a comparison (False when a side is NaN) or ``and``/``or`` of two nodes."""

    op: str
    left: Node
    right: Node
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown operators."""
        _one_of("operator", self.op, BINARY)


@dataclass(frozen=True, slots=True)
class Cross:
    """True on the bar where ``left`` passes ``right``: above is ``left > right`` now and ``left <= right`` one bar ago."""

    direction: Literal["above", "below"]
    left: Node
    right: Node
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown directions."""
        _one_of("direction", self.direction, ("above", "below"))


@dataclass(frozen=True, slots=True)
class Between:
    """True while ``low <= node <= high``, both ends included."""

    node: Node
    low: Node
    high: Node
    span: Span = field(default=(0, 0), compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Trend:
    """True when the last ``bars`` steps from bar to bar were all strictly up (rising) or down (falling)."""

    direction: Literal["rising", "falling"]
    node: Node
    bars: int = 1
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown directions and lengths."""
        _one_of("direction", self.direction, ("rising", "falling"))
        _bars_back("a trend", self.bars)


@dataclass(frozen=True, slots=True)
class Lately:
    """A truth over the last ``bars`` bars, this one included: ``once`` is true where it held on one of them, ``held`` where on all of them.

    Written ``... within 3 bars`` and ``... for 3 bars``. A bar before the first counts as false.
    """

    how: Literal["once", "held"]
    node: Node
    bars: int
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown kinds and lengths."""
        _one_of("kind of memory", self.how, ("once", "held"))
        _bars_back("a memory of conditions", self.bars)


@dataclass(frozen=True, slots=True)
class Higher:
    """A number or truth of longer bars, written ``sma(50) on 1h``: that of the last higher bar that is finished when this bar closes.

    ``timeframe`` is a normalised name such as ``1h`` or ``1d``. What stands inside is about the higher bars alone, so neither the clock, nor the
    universe, nor a third timeframe can stand there.
    """

    node: Node
    timeframe: str
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown timeframes and what higher bars do not have."""
        object.__setattr__(self, "timeframe", timeframe(self.timeframe).value)
        for part in walk(self.node):
            if isinstance(part, Higher | Rank | Clock):
                told = {Higher: "another timeframe", Rank: "a rank over the universe", Clock: "the clock"}[type(part)]
                message = f"what stands on {self.timeframe} bars cannot use {told}; say it outside, joined with 'and'"
                raise InputError(message)


@dataclass(frozen=True, slots=True)
class Rank:
    """The place of this symbol among the strategy's symbols by a number, on the same bar: 1 is the largest (``top``) or smallest (``bottom``).

    With ``unit`` ``share`` it is the place over the count of symbols that have the number, in (0, 1]. Written ``rank(x)``, ``bottom_rank(x)``,
    ``rank_share(x)`` and ``bottom_rank_share(x)``.
    """

    node: Node
    order: Literal["top", "bottom"] = "top"
    unit: Literal["place", "share"] = "place"
    span: Span = field(default=(0, 0), compare=False, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse unknown orders and a rank of ranks."""
        _one_of("order", self.order, ("top", "bottom"))
        _one_of("unit", self.unit, ("place", "share"))
        if any(isinstance(part, Rank) for part in walk(self.node)):
            message = "a rank of a rank is not computed; rank by one number"
            raise InputError(message)


Node: TypeAlias = Number | Series | Clock | Param | Call | Offset | Unary | Binary | Cross | Between | Trend | Lately | Higher | Rank


def kind(node: Node) -> Kind:
    """Return what ``node`` yields per bar: ``"number"`` or ``"boolean"``."""
    if isinstance(node, Cross | Between | Trend | Lately):
        return "boolean"
    if isinstance(node, Binary):
        return "number" if node.op in ARITHMETIC else "boolean"
    if isinstance(node, Unary):
        return "boolean" if node.op == "not" else "number"
    return kind(node.node) if isinstance(node, Offset | Higher) else "number"


def children(node: Node) -> tuple[Node, ...]:
    """Return the direct operands of ``node``, left to right."""
    if isinstance(node, Binary | Cross):
        return (node.left, node.right)
    if isinstance(node, Offset | Unary | Trend | Lately | Higher | Rank):
        return (node.node,)
    if isinstance(node, Between):
        return (node.node, node.low, node.high)
    return node.args if isinstance(node, Call) else ()


def walk(node: Node) -> Iterator[Node]:
    """Yield ``node`` and everything under it, parents first, left to right; does not recurse."""
    waiting = [node]
    while waiting:
        current = waiting.pop()
        yield current
        waiting.extend(reversed(children(current)))


def depth(node: Node) -> int:
    """Return how many nodes lie on the longest way down, 1 for a leaf."""
    deepest, level = 0, [node]
    while level:
        deepest += 1
        level = [child for parent in level for child in children(parent)]
    return deepest


def parameters(node: Node) -> tuple[str, ...]:
    """Return the names of the ``$parameters`` used, sorted, each once."""
    return tuple(sorted({found.name for found in walk(node) if isinstance(found, Param)}))


def calls(node: Node) -> tuple[Call, ...]:
    """Return the distinct indicator calls used, in reading order."""
    return tuple(dict.fromkeys(found for found in walk(node) if isinstance(found, Call)))


def _one_of(what: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        message = f"a rule tree has no {what} {given!r}; one of {', '.join(allowed)}"
        raise InputError(message)


def _bars_back(what: str, bars: int) -> None:
    if not 1 <= bars <= MAX_BARS_BACK:
        message = f"{what} looks back 1 to {MAX_BARS_BACK} bars, not {bars}; later bars are not known when a rule decides"
        raise InputError(message)
