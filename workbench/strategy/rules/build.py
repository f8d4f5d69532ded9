"""From the grammar's tree to the rule's tree: names become series and indicators, arguments are completed, kinds are checked.

``Builder.node`` dispatches on the grammar's alternative; each method returns one node with its span. Conditions and numbers are told apart here
(``_number``, ``_condition``), so that a wrong mixture is refused with words a researcher uses. Indicator calls are ``call.py``'s.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, cast

from lark import Token, Tree

from workbench.errors import RuleSyntaxError
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.call import Arguments, function, indicator
from workbench.strategy.rules.grammar import unknown_name
from workbench.strategy.rules.phrases import Rewrite
from workbench.strategy.rules.vocabulary import ALIASES, CLOCK_NAMES, DAYS, FUNCTIONS, indicator_names

if TYPE_CHECKING:
    from typing import Literal

Parsed = Tree[Token] | Token
MAX_DEPTH = 64
"""Levels of a rule's tree."""
_MAX_NESTING = 3 * MAX_DEPTH
_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_MINUTES = {"am": 0, "pm": 12}


class Builder:
    """Builds one rule of ``text``; ``rewrites`` collects what was filled in."""

    def __init__(self, text: str) -> None:
        """Remember the text, for error messages and spans."""
        self.text = text
        self.rewrites: list[Rewrite] = []

    def rule(self, parsed: Parsed) -> t.Node:
        """Return the tree of a whole rule.

        Raises:
            RuleSyntaxError: a name, argument or mixture that no rule can mean, or a rule nested too deeply.
        """
        self._refuse_deep(parsed)
        node = self.node(parsed)
        if t.depth(node) > MAX_DEPTH:
            raise self._too_deep(node.span)
        return node

    def node(self, parsed: Parsed) -> t.Node:
        """Return the node of any part."""
        assert isinstance(parsed, Tree)  # tokens are consumed by the alternatives below
        build = getattr(self, f"_{parsed.data}")
        return cast("t.Node", build(parsed.children, span_of(parsed)))

    def refuse(self, span: t.Span, problem: str, suggestion: str = "") -> RuleSyntaxError:
        """Return the error that points at ``span``."""
        return RuleSyntaxError(self.text, span, problem, suggestion)

    def note(self, span: t.Span, meant: str, doubt: float) -> None:
        """Record that the text at ``span`` is understood as ``meant``."""
        self.rewrites.append(Rewrite(span=span, said=" ".join(self.text[span[0] : span[1]].lower().split()), meant=meant, doubt=doubt))

    def number(self, parsed: Parsed) -> t.Node:
        """Return a part that must be a number."""
        node = self.node(parsed)
        if t.kind(node) != "number":
            raise self.refuse(node.span, "this is a condition where a number is needed", "conditions are joined by and, or, not")
        return node

    def condition(self, parsed: Parsed) -> t.Node:
        """Return a part that must be a condition."""
        node = self.node(parsed)
        if t.kind(node) != "boolean":
            said = self.text[node.span[0] : node.span[1]]
            raise self.refuse(node.span, f"{said} is a number, not a condition", f"compare it with something, as in {said} > ...")
        return node

    # values

    def _number(self, parts: list[Token], span: t.Span) -> t.Node:
        value = float(parts[0])
        if value > 1e300:  # noqa: PLR2004 - nothing is measured in such numbers
            raise self.refuse(span, "this number is too large")
        return t.Number(value, span=span)

    def _percent(self, parts: list[Token], span: t.Span) -> t.Node:
        value = self._share(parts[0])
        self.note(span, f"{value!r}", 0.0)
        return t.Number(value, span=span)

    def _time(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Number(float(self._minutes(str(parts[0]), span)), span=span)

    def _minutes(self, said: str, span: t.Span) -> int:
        half = said[-2:] if said[-1] == "m" else ""
        hour, minute = (int(part) for part in said.removesuffix(half).split(":"))
        top = 12 if half else 23
        if hour > top or minute > 59 or (half and hour == 0):  # noqa: PLR2004 - minutes of an hour
            raise self.refuse(span, f"{said} is no time of day", "times run from 00:00 to 23:59")
        return (hour % 12 + _MINUTES[half] if half else hour) * 60 + minute

    def _day(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Number(float(DAYS.index(str(parts[0]))), span=span)

    def _param(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Param(str(parts[0])[1:], span=span)

    def _parenthesis(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return _with_span(self.node(parts[1]), span)

    def _bare(self, parts: list[Token], span: t.Span) -> t.Node:
        return self._named(parts[0], None, None, span)

    def _bare_output(self, parts: list[Token], span: t.Span) -> t.Node:
        return self._named(parts[0], None, parts[2], span)

    def _call(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return self._named(cast("Token", parts[0]), cast("Tree[Token]", parts[2]), None, span)

    def _call_output(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return self._named(cast("Token", parts[0]), cast("Tree[Token]", parts[2]), cast("Token", parts[5]), span)

    def _named(self, token: Token, given: Tree[Token] | None, output: Token | None, span: t.Span) -> t.Node:
        place = place_of(token)
        known = indicator_names()
        name = str(token)
        if name not in known and name in ALIASES:
            name = ALIASES[name]
            self.note(place, name, 0.01)
        arguments = self._arguments(given) if given is not None else None
        if name in known:
            return indicator(self, name, arguments, output, span)
        if output is not None:
            raise (
                unknown_name(self.text, place, str(token))
                if name not in t.SERIES
                else self.refuse(place_of(output), f"{name} has no outputs")
            )
        if name in FUNCTIONS:
            return function(self, name, arguments, span)
        if name not in t.SERIES and name not in CLOCK_NAMES:
            raise unknown_name(self.text, place, str(token))
        if arguments is not None:
            hint = f"for the value n bars ago write {name}[n]"
            raise self.refuse(span, f"{name} is a column of the bar and takes no arguments", hint)
        return t.Series(name, span=span) if name in t.SERIES else t.Clock(CLOCK_NAMES[name], span=span)

    def _arguments(self, given: Tree[Token]) -> Arguments:
        positional: list[t.Node] = []
        named: dict[str, t.Node] = {}
        keys: dict[str, t.Span] = {}
        for part in given.children:
            if isinstance(part, Token) or part is None:
                continue
            if part.data != "named":
                if named:
                    raise self.refuse(span_of(part), "a plain argument follows a named one", "put the plain ones first")
                positional.append(self.number(part))
                continue
            key = cast("Token", part.children[0])
            if str(key) in named:
                raise self.refuse(place_of(key), f"{key} is given twice")
            named[str(key)], keys[str(key)] = self.number(part.children[2]), place_of(key)
        return Arguments(positional=positional, named=named, keys=keys)

    # operators

    def _negative(self, parts: list[Parsed], span: t.Span) -> t.Node:
        node = self.number(parts[1])
        literal = isinstance(node, t.Number) and self.text[node.span[0] : node.span[0] + 1] not in ("(", "-", "−")
        return t.Number(-cast("t.Number", node).value, span=span) if literal else t.Unary("-", node, span=span)

    def _arithmetic(self, parts: list[Parsed], span: t.Span) -> t.Node:
        sign = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}[cast("Token", parts[1]).type]
        return t.Binary(sign, self.number(parts[0]), self.number(parts[2]), span=span)

    def _offset(self, parts: list[Parsed], span: t.Span) -> t.Node:
        node = self.node(parts[0])
        place = (span_of(parts[1])[0], span_of(parts[3])[1])
        steps = self.number(parts[2])
        if isinstance(steps, t.Number) and steps.value < 0:
            raise self.refuse(
                place, "a negative offset would look into the future", f"the past is written with a positive number: [{-steps.value:g}]"
            )
        bars = self._whole(steps, place, "an offset")
        if bars == 0:
            self.note(place, "this bar", 0.02)
            return _with_span(node, span)
        return t.Offset(node, bars, span=span)

    def _compared(self, parts: list[Parsed], span: t.Span) -> t.Node:
        sides = [self.number(part) for part in parts[::2]]
        signs = [self._sign(cast("Tree[Token]", part)) for part in parts[1::2]]
        if len(signs) == 2 and signs[0] == signs[1] and signs[0] in ("<=", ">="):  # noqa: PLR2004 - a chain of three
            low, high = (sides[0], sides[2]) if signs[0] == "<=" else (sides[2], sides[0])
            return t.Between(sides[1], low, high, span=span)
        links: list[t.Node] = [
            t.Binary(sign, sides[place], sides[place + 1], span=(sides[place].span[0], sides[place + 1].span[1]))
            for place, sign in enumerate(signs)
        ]
        node = links[0]
        for link in links[1:]:
            node = t.Binary("and", node, link, span=(span[0], link.span[1]))
        return _with_span(node, span)

    def _sign(self, parsed: Tree[Token]) -> str:
        token = cast("Token", parsed.children[0])
        if token.type == "EQUALS":
            self.note(place_of(token), "==", 0.01)
            return "=="
        return str(token)

    def _crossed(self, parts: list[Parsed], span: t.Span) -> t.Node:
        direction: Literal["above", "below"] = "above" if cast("Token", parts[2]).type == "ABOVE" else "below"
        return t.Cross(direction, self.number(parts[0]), self.number(parts[3]), span=span)

    def _between(self, parts: list[Parsed], span: t.Span) -> t.Node:
        node, low, high = (self.number(parts[place]) for place in (0, 2, 4))
        return t.Between(node, low, high, span=span)

    def _trend(self, parts: list[Parsed], span: t.Span) -> t.Node:
        direction: Literal["rising", "falling"] = "rising" if cast("Token", parts[1]).type == "RISING" else "falling"
        node = self.number(parts[0])
        if len(parts) < 3 or parts[2] is None:  # noqa: PLR2004 - the length is the third part
            return t.Trend(direction, node, 1, span=span)
        token = cast("Token", parts[2])
        return t.Trend(direction, node, self._whole(t.Number(float(token)), place_of(token), "a trend", least=1), span=span)

    def _distant(self, parts: list[Parsed], span: t.Span) -> t.Node:
        share, above = self._share(cast("Token", parts[1])), cast("Token", parts[2]).type == "ABOVE"
        node, base = self.number(parts[0]), self.number(parts[3])
        factor = t.Number(float(Decimal(1) + Decimal(repr(share)) * (1 if above else -1)), span=span_of(parts[1]))
        level = t.Binary("*", base, factor, span=(factor.span[0], base.span[1]))
        return t.Binary(">" if above else "<", node, level, span=span)

    def _logic(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return t.Binary(str(parts[1]), self.condition(parts[0]), self.condition(parts[2]), span=span)

    def _negated(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return t.Unary("not", self.condition(parts[1]), span=span)

    # limits

    def _share(self, token: Token) -> float:
        digits = str(token).removesuffix("percent").removesuffix("%").strip()
        value = float(Decimal(digits) / 100)
        if value > 1e300:  # noqa: PLR2004 - nothing is measured in such numbers
            raise self.refuse(place_of(token), "this number is too large")
        return value

    def _whole(self, node: t.Node, place: t.Span, what: str, least: int = 0) -> int:
        if not isinstance(node, t.Number) or not node.value.is_integer():
            raise self.refuse(
                place, f"{what} is a whole number of bars, such as [1]" if least == 0 else f"{what} is a whole number of bars"
            )
        if not least <= node.value <= t.MAX_BARS_BACK:
            raise self.refuse(place, f"{what} looks back 1 to {t.MAX_BARS_BACK} bars")
        return int(node.value)

    def _refuse_deep(self, parsed: Parsed) -> None:
        level: list[Parsed] = [parsed]
        for _ in range(_MAX_NESTING):
            level = [child for part in level if isinstance(part, Tree) for child in part.children if isinstance(child, Tree)]
            if not level:
                return
        raise self._too_deep(span_of(level[0]))

    def _too_deep(self, span: t.Span) -> RuleSyntaxError:
        return self.refuse(
            span, f"the rule is nested more than {MAX_DEPTH} levels deep", "group its conditions with parentheses, or say it with fewer"
        )


def span_of(parsed: Parsed) -> t.Span:
    """Return the characters that a part of the grammar's tree was read from."""
    first: Parsed = parsed
    last: Parsed = parsed
    while isinstance(first, Tree):
        first = next(child for child in first.children if child is not None and not _empty(child))
    while isinstance(last, Tree):
        last = next(child for child in reversed(last.children) if child is not None and not _empty(child))
    (start, first_end), (last_start, end) = place_of(first), place_of(last)
    return (min(start, last_start), max(first_end, end))  # a phrase may have changed the order of its words


def place_of(token: Token) -> t.Span:
    """Return the characters of a token."""
    return (token.start_pos or 0, token.end_pos or 0)


def _empty(parsed: Parsed) -> bool:
    return isinstance(parsed, Tree) and not any(child is not None for child in parsed.children)


def _with_span(node: t.Node, span: t.Span) -> t.Node:
    return replace(node, span=span)
