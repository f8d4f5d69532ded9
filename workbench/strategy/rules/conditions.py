"""Conditions from the grammar's alternatives: comparisons, crosses, trends, distances, ranks, memory, lists and choices.

Each function takes the builder, the parts of one alternative and their span, and returns a node.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, cast

from lark import Token, Tree

from workbench.strategy.rules import tree as t
from workbench.strategy.rules.advice import IN_PERCENT_POINTS
from workbench.strategy.rules.chains import joined
from workbench.strategy.rules.parsed import place_of, with_span

if TYPE_CHECKING:
    from typing import Literal

    from workbench.strategy.rules.build import Builder
    from workbench.strategy.rules.parsed import Parsed

_MOST_WAYS = 40
"""Combinations that *at least k of (...)* may mean."""
_LENGTH = 3


def compared(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a < b``, and chains such as ``30 <= a <= 70``."""
    sides = [build.subject_of(parts[0]), *(build.number(part) for part in parts[2::2])]
    return _chain(build, sides, parts[1::2], span)


def continued(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``< 70`` behind ``rsi(14) > 30 and``: the same thing compared once more."""
    return _chain(build, [build.again(span), *(build.number(part) for part in parts[1::2])], parts[::2], span)


def _chain(build: Builder, sides: list[t.Node], said: list[Parsed], span: t.Span) -> t.Node:
    signs = [_sign(build, cast("Tree[Token]", part)) for part in said]
    sides = [
        _in_points(build, side, [*sides[max(0, place - 1) : place], *sides[place + 1 : place + 2]]) for place, side in enumerate(sides)
    ]
    if len(signs) == 2 and signs[0] == signs[1] and signs[0] in ("<=", ">="):  # noqa: PLR2004 - a chain of three
        low, high = (sides[0], sides[2]) if signs[0] == "<=" else (sides[2], sides[0])
        return t.Between(sides[1], low, high, span=span)
    links: list[t.Node] = [
        t.Binary(sign, sides[place], sides[place + 1], span=(sides[place].span[0], sides[place + 1].span[1]))
        for place, sign in enumerate(signs)
    ]
    return with_span(joined("and", links), span)


def _in_points(build: Builder, side: t.Node, beside: list[t.Node]) -> t.Node:
    """Return 2% beside what is measured in percent points as 2."""
    if not isinstance(side, t.Number) or not build.text[side.span[0] : side.span[1]].rstrip().endswith(("%", "percent")):
        return side
    if not any(isinstance(other, t.Call) and other.name in IN_PERCENT_POINTS for other in beside):
        return side
    points = t.Number(round(side.value * 100, 10), span=side.span)
    build.note(side.span, f"{points.value:g} percent points", 0.02)
    return points


def _sign(build: Builder, parsed: Tree[Token]) -> str:
    token = cast("Token", parsed.children[0])
    if token.type == "EQUALS":
        build.note(place_of(token), "==", 0.01)
        return "=="
    return str(token)


def crossed(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a crosses above b``."""
    direction: Literal["above", "below"] = "above" if cast("Token", parts[2]).type == "ABOVE" else "below"
    left = build.subject_of(parts[0])
    return t.Cross(direction, left, _in_points(build, build.number(parts[3]), [left]), span=span)


def crossed_again(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``crosses below b`` behind another condition: the same thing crosses."""
    direction: Literal["above", "below"] = "above" if cast("Token", parts[1]).type == "ABOVE" else "below"
    return t.Cross(direction, build.again(span), build.number(parts[2]), span=span)


def between(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a between b and c``."""
    node = build.subject_of(parts[0])
    low, high = (_in_points(build, build.number(parts[place]), [node]) for place in (2, 4))
    return t.Between(node, low, high, span=span)


def trend(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a rising 3``."""
    direction: Literal["rising", "falling"] = "rising" if cast("Token", parts[1]).type == "RISING" else "falling"
    node = build.subject_of(parts[0])
    if len(parts) < _LENGTH or parts[2] is None:
        return t.Trend(direction, node, 1, span=span)
    return t.Trend(direction, node, build.bars(cast("Token", parts[2]), "a trend"), span=span)


def distant(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a 2% above b``: further away than that."""
    token, above = cast("Token", parts[1]), cast("Token", parts[2]).type == "ABOVE"
    node, base = build.subject_of(parts[0]), build.number(parts[3])
    level = scaled(base, build.share(token), above=above, place=place_of(token))
    return t.Binary(">" if above else "<", node, level, span=span)


def near(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a within 2% of b``, or within a distance in prices."""
    node, base = build.number(parts[0]), build.number(parts[4])
    if isinstance(parts[2], Tree) and parts[2].data == "percent":
        token = cast("Token", parts[2].children[0])
        low, high = (scaled(base, build.share(token), above=above, place=place_of(token)) for above in (False, True))
    else:
        distance = build.number(parts[2])
        around = (distance.span[0], base.span[1])
        low, high = (t.Binary(sign, base, distance, span=around) for sign in ("-", "+"))
    build.grow(base)
    return t.Between(node, low, high, span=span)


def beyond(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a 2 atr above b``: further away than that distance."""
    above = cast("Token", parts[3]).type == "ABOVE"
    node, distance, base = build.subject_of(parts[0]), build.number(parts[2]), build.number(parts[4])
    level = t.Binary("+" if above else "-", base, distance, span=(distance.span[0], base.span[1]))
    return t.Binary(">" if above else "<", node, level, span=span)


def ago(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``rsi(14) < 30 3 bars ago``: the whole condition lies back."""
    return t.Offset(build.condition(parts[0]), build.bars(cast("Token", parts[2]), "an offset"), span=span)


def scaled(base: t.Node, share: float, *, above: bool, place: t.Span) -> t.Node:
    """Return ``base`` times one plus or minus ``share``, written at ``place``."""
    factor = t.Number(float(Decimal(1) + Decimal(repr(share)) * (1 if above else -1)), span=place)
    return t.Binary("*", base, factor, span=(min(place[0], base.span[0]), max(place[1], base.span[1])))


def ranked(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``a in top 10`` and ``a in bottom 20%``."""
    return _ranked(build, parts[0], cast("Token", parts[1]), parts[2], span)


def ranked_by(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``top 10 by a``."""
    return _ranked(build, parts[3], cast("Token", parts[0]), parts[1], span)


def _ranked(build: Builder, value: Parsed, side: Token, count: Parsed, span: t.Span) -> t.Node:
    order: Literal["top", "bottom"] = "top" if side.type == "TOP" else "bottom"
    share = isinstance(count, Tree) and count.data == "percent"
    most, node = build.number(count), build.number(value)
    fixed = not any(isinstance(part, t.Series | t.Clock | t.Call) for part in t.walk(most))
    if not fixed or (isinstance(most, t.Number) and (most.value <= 0 or (not share and not most.value.is_integer()))):
        raise build.refuse(most.span, "this is no count of symbols", f"write for example: in {order} 10, or in {order} 20%")
    rank = build.made(span, lambda: t.Rank(node, order, "share" if share else "place", span=node.span))
    return t.Binary("<=", rank, most, span=span)


def lately(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``... within 3 bars`` and ``... for 3 bars``."""
    how: Literal["once", "held"] = "once" if cast("Token", parts[1]).type == "WITHIN" else "held"
    return t.Lately(how, build.condition(parts[0]), build.bars(cast("Token", parts[2]), "a memory of conditions"), span=span)


def logic(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """Conditions joined by the same ``and`` or ``or``."""
    return with_span(joined(str(parts[1]), [build.condition(part) for part in parts[::2]]), span)


def negated(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``not a``."""
    return t.Unary("not", build.condition(parts[1]), span=span)


def several(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``any of (a, b)``, ``all of (a, b)``, ``at least 2 of (a, b, c)``."""
    opener = cast("Token", parts[0])
    terms = [build.condition(part) for part in parts if isinstance(part, Tree)]
    if opener.type != "ATLEAST":
        return with_span(joined("or" if opener.type == "ANY" else "and", terms), span)
    token = cast("Token", parts[1])
    wanted = build.bars(token, "a count of conditions")
    if wanted > len(terms):
        raise build.refuse(place_of(token), f"only {len(terms)} conditions are listed", f"write at most {len(terms)}")
    if comb(len(terms), wanted) > _MOST_WAYS:
        problem = f"{wanted} of {len(terms)} conditions can come together in more than {_MOST_WAYS} ways"
        raise build.refuse(span, problem, "list fewer, or register a model column that counts them")
    ways = list(combinations(terms, wanted))
    for way in ways[1:]:
        build.grow(*way)
    return with_span(joined("or", [joined("and", way) for way in ways]), span)


def choice(build: Builder, parts: list[Parsed], span: t.Span) -> t.Node:
    """``if a then b else c``, as ``a and b or not a and c``."""
    given, first, second = (build.condition(parts[place]) for place in (1, 3, 5))
    build.grow(given)
    chosen = joined("and", (given, first))
    other = joined("and", (t.Unary("not", given, span=given.span), second))
    return with_span(joined("or", (chosen, other)), span)


def percent_added(build: Builder, node: t.Node, token: Token, *, above: bool) -> t.Node:
    """Return ``close + 2%``: two percent more of it, not the number 0.02 more."""
    build.note((node.span[0], place_of(token)[1]), f"{'more' if above else 'less'} by {token}", 0.05)
    return scaled(node, build.share(token), above=above, place=place_of(token))


HANDLERS = {
    "compared": compared,
    "continued": continued,
    "crossed_again": crossed_again,
    "crossed": crossed,
    "between": between,
    "trend": trend,
    "distant": distant,
    "near": near,
    "beyond": beyond,
    "ago": ago,
    "ranked": ranked,
    "ranked_by": ranked_by,
    "lately": lately,
    "logic": logic,
    "negated": negated,
    "several": several,
    "choice": choice,
}
"""What builds each alternative of the grammar that is a condition."""
