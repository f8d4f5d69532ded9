"""From the grammar's tree to the rule's tree: names become series and indicators, arguments are completed, kinds are checked.

``Builder._node`` dispatches on the grammar's alternative; conditions are ``conditions.py``'s, indicator calls ``call.py``'s, values are here. Conditions
and numbers are told apart (``number``, ``condition``), so that a wrong mixture is refused with words a researcher uses.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, cast

from lark import Token, Tree

from workbench.errors import InputError, RuleSyntaxError
from workbench.strategy.rules import ranges
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.advice import unit_of
from workbench.strategy.rules.call import Arguments, function, indicator, output_of
from workbench.strategy.rules.conditions import HANDLERS, percent_added
from workbench.strategy.rules.grammar import unknown_name
from workbench.strategy.rules.parsed import place_of, span_of, with_span
from workbench.strategy.rules.phrases import Rewrite
from workbench.strategy.rules.text import write
from workbench.strategy.rules.vocabulary import CLOCK_NAMES, DAYS, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.strategy.parameter_range import ParameterRange
    from workbench.strategy.rules.parsed import Parsed
    from workbench.strategy.rules.vocabulary import Names

MAX_DEPTH = 64
"""Levels of a rule's tree; a list joined by *and* or *or* counts few, however long it is."""
MAX_NODES = 8_000
"""Nodes that names and repetitions may add to a rule."""
_MAX_NESTING = 3 * MAX_DEPTH
_MINUTES = {"am": 0, "pm": 12}


class Builder:
    """Builds the rules of one ``text``; ``rewrites`` collects what was filled in, ``ranges`` what the text says of its parameters."""

    def __init__(self, text: str, names: Names) -> None:
        """Remember the text, for error messages and spans, and the names known in it."""
        self.text = text
        self.names = names
        self.ranges: dict[str, ParameterRange] = {}
        self.rewrites: list[Rewrite] = []
        self.used: set[str] = set()
        self._grown = 0
        self._subject: t.Node | None = None

    def rule(self, parsed: Parsed) -> t.Node:
        """Return the tree of a whole rule or definition; ``rewrites`` are then its own.

        Raises:
            RuleSyntaxError: a name, argument or mixture that no rule can mean, or a rule nested too deeply.
        """
        self.rewrites = []
        self._subject = None
        self._refuse_deep(parsed)
        node = self._node(parsed)
        self.refuse_deep_tree(node)
        return node

    def _node(self, parsed: Parsed) -> t.Node:
        """Return the node of any part."""
        assert isinstance(parsed, Tree)  # tokens are consumed by the alternatives below
        handler = HANDLERS.get(parsed.data)
        if handler is not None:
            return handler(self, parsed.children, span_of(parsed))
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
        node = self._node(parsed)
        if t.kind(node) != "number":
            raise self.refuse(node.span, "this is a condition where a number is needed", "conditions are joined by and, or, not")
        return node

    def condition(self, parsed: Parsed) -> t.Node:
        """Return a part that must be a condition."""
        node = self._node(parsed)
        if t.kind(node) != "boolean":
            said = self.text[node.span[0] : node.span[1]]
            raise self.refuse(node.span, f"{said} is a number, not a condition", f"compare it with something, as in {said} > ...")
        return node

    def subject_of(self, parsed: Parsed) -> t.Node:
        """Return the number that a comparison is about, and remember it for what follows."""
        self._subject = self.number(parsed)
        return self._subject

    def again(self, span: t.Span) -> t.Node:
        """Return what the comparison before was about, for one at ``span`` that names nothing.

        Raises:
            RuleSyntaxError: there was none.
        """
        if self._subject is None:
            raise self.refuse(span, "nothing stands before this comparison", "say what is compared, as in rsi(14) < 30")
        self.grow(self._subject)
        self.note(span, f"{write(self._subject)} {self.text[span[0] : span[1]]}", 0.05)
        return with_span(self._subject, span)

    def made(self, span: t.Span, make: Callable[[], t.Node]) -> t.Node:
        """Return what ``make`` makes; what the tree refuses is refused at ``span``."""
        try:
            return make()
        except InputError as error:
            problem, _, hint = str(error).partition("; ")
            raise self.refuse(span, problem, hint) from None

    # values

    def _number(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Number(self._read(str(parts[0]), span), span=span)

    def _read(self, digits: str, span: t.Span) -> float:
        value = float(digits)
        if value > 1e300:  # noqa: PLR2004 - nothing is measured in such numbers
            raise self.refuse(span, "this number is too large", "nothing is measured in such numbers")
        return value

    def _percent(self, parts: list[Token], span: t.Span) -> t.Node:
        value = self.share(parts[0])
        self.note(span, f"{value!r}", 0.0)
        return t.Number(value, span=span)

    def share(self, token: Token) -> float:
        """Return the number that a percentage says, 0.02 for 2%."""
        digits = str(token).removesuffix("percent").removesuffix("%").strip()
        return self._read(repr(float(Decimal(digits) / 100)), place_of(token))

    def literal(self, parsed: Tree[Token]) -> float:
        """Return a number of a parameter's range, with its sign."""
        *minus, token = cast("list[Token]", parsed.children)
        value = self.share(token) if token.type == "PERCENT" else self._read(str(token), place_of(token))
        return -value if minus and minus[0] is not None else value

    def _time(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Number(float(self._minutes(str(parts[0]).replace(" ", ""), span)), span=span)

    def _minutes(self, said: str, span: t.Span) -> int:
        half = said[-2:] if said[-1] == "m" else ""
        hours, _, minutes = said.removesuffix(half).partition(":")
        hour, minute = int(hours), int(minutes or "0")
        top = 12 if half else 23
        if hour > top or minute > 59 or (half and hour == 0):  # noqa: PLR2004 - minutes of an hour
            raise self.refuse(span, f"{said} is no time of day", "times run from 00:00 to 23:59")
        return (hour % 12 + _MINUTES[half] if half else hour) * 60 + minute

    def _day(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Number(float(DAYS.index(str(parts[0]))), span=span)

    def _param(self, parts: list[Token], span: t.Span) -> t.Node:
        return t.Param(str(parts[0])[1:], span=span)

    def _param_given(self, parts: list[Parsed], span: t.Span) -> t.Node:
        token, default, range_ = cast("Token", parts[0]), cast("Tree[Token]", parts[2]), cast("Tree[Token] | None", parts[3])
        limits = [part for part in range_.children if part is None or isinstance(part, Tree)] if range_ is not None else []
        numbers = [*[part for part in limits if part is not None], None, None, None][:3]
        ranges.given(self, token, [default, *numbers], span)
        return t.Param(str(token)[1:], span=span)

    def _parenthesis(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return with_span(self._node(parts[1]), span)

    # names

    def _bare(self, parts: list[Token], span: t.Span) -> t.Node:
        return self._named(parts[0], None, None, span)

    def _bare_output(self, parts: list[Token], span: t.Span) -> t.Node:
        return self._named(parts[0], None, parts[2], span)

    def _call(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return self._named(cast("Token", parts[0]), cast("Tree[Token]", parts[2]), None, span)

    def _call_output(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return self._named(cast("Token", parts[0]), cast("Tree[Token]", parts[2]), cast("Token", parts[5]), span)

    def _named(self, token: Token, given: Tree[Token] | None, output: Token | None, span: t.Span) -> t.Node:
        place, said = place_of(token), str(token)
        if said in self.names.defined:
            return self._defined(said, given or output, span)
        name = self.names.spelled(said)
        if name != said:
            self.note(place, name, 0.01)
        arguments = self._arguments(given) if given is not None else None
        if name in self.names.indicators:
            return indicator(self, name, arguments, output, span)
        whole = output_of(name, self.names) if output is None and name not in FUNCTIONS and name not in CLOCK_NAMES else None
        if whole is not None:
            self.note(place, f"{whole[0]}.{whole[1]}", 0.01)
            return indicator(self, whole[0], arguments, Token("NAME", whole[1], token.start_pos, end_pos=token.end_pos), span)
        if output is not None:
            raise (
                unknown_name(self.text, place, said, self.names)
                if name not in t.SERIES
                else self.refuse(place_of(output), f"{name} has no outputs", "leave the dot and what follows out")
            )
        if name in FUNCTIONS:
            return function(self, name, arguments, span)
        if name not in t.SERIES and name not in CLOCK_NAMES:
            raise unknown_name(self.text, place, said, self.names)
        if arguments is not None:
            hint = f"for the value n bars ago write {name}[n]"
            raise self.refuse(span, f"{name} is a column of the bar and takes no arguments", hint)
        return t.Series(name, span=span) if name in t.SERIES else t.Clock(CLOCK_NAMES[name], span=span)

    def _defined(self, name: str, more: Tree[Token] | Token | None, span: t.Span) -> t.Node:
        node = self.names.defined[name]
        if more is not None:
            raise self.refuse(span, f"{name} is a name that this text gives, it takes no arguments and has no outputs", f"write {name}")
        self.used.add(name)
        self.grow(node)
        return with_span(node, span)

    def _arguments(self, given: Tree[Token]) -> Arguments:
        positional: list[t.Node] = []
        named: dict[str, t.Node] = {}
        keys: dict[str, t.Span] = {}
        for part in given.children:
            if isinstance(part, Token) or part is None:
                continue
            if part.data == "frame":
                raise self.refuse(span_of(part), "a timeframe is no argument", f"it stands behind: rsi(14) on {part.children[-1]}")
            if part.data != "named":
                if named:
                    raise self.refuse(span_of(part), "a plain argument follows a named one", "put the plain ones first")
                positional.append(self.number(part))
                continue
            key = cast("Token", part.children[0])
            if str(key) in named:
                raise self.refuse(place_of(key), f"{key} is given twice", "leave one of them out")
            named[str(key)], keys[str(key)] = self.number(part.children[2]), place_of(key)
        return Arguments(positional=positional, named=named, keys=keys)

    # operators on values

    def _negative(self, parts: list[Parsed], span: t.Span) -> t.Node:
        node = self.number(parts[1])
        literal = isinstance(node, t.Number) and self.text[node.span[0] : node.span[0] + 1] not in ("(", "-", "−")
        return t.Number(-cast("t.Number", node).value, span=span) if literal else t.Unary("-", node, span=span)

    def _arithmetic(self, parts: list[Parsed], span: t.Span) -> t.Node:
        sign = {"PLUS": "+", "MINUS": "-", "STAR": "*", "SLASH": "/"}[cast("Token", parts[1]).type]
        left = self.number(parts[0])
        if sign in "+-" and isinstance(parts[2], Tree) and parts[2].data == "percent" and unit_of(left) == "price":
            return with_span(percent_added(self, left, cast("Token", parts[2].children[0]), above=sign == "+"), span)
        return t.Binary(sign, left, self.number(parts[2]), span=span)

    def _offset(self, parts: list[Parsed], span: t.Span) -> t.Node:
        node = self._node(parts[0])
        place = (span_of(parts[1])[0], span_of(parts[3])[1])
        steps = self.number(parts[2])
        if isinstance(steps, t.Number) and steps.value < 0:
            raise self.future(place, f"[{-steps.value:g}]")
        bars = self.whole(steps, place, "an offset")
        if bars == 0:
            self.note(place, "this bar", 0.02)
            return with_span(node, span)
        return t.Offset(node, bars, span=span)

    def _on_frame(self, parts: list[Parsed], span: t.Span) -> t.Node:
        return self._framed(parts[0], cast("Token", parts[2]), span)

    def _of_frame(self, parts: list[Parsed], span: t.Span) -> t.Node:
        self.note(place_of(cast("Token", parts[0])), f"... on {parts[0]}", 0.02)
        return self._framed(parts[1], cast("Token", parts[0]), span)

    def _framed(self, parsed: Parsed, frame: Token, span: t.Span) -> t.Node:
        node = self._node(parsed)
        if not any(isinstance(part, t.Series | t.Clock | t.Call | t.Rank) for part in t.walk(node)):
            raise self.refuse(span, "this number is the same on every timeframe", "leave the timeframe out")
        return self.made(span, lambda: t.Higher(node, str(frame), span=span))

    # limits

    def future(self, place: t.Span, past: str) -> RuleSyntaxError:
        """Return the error of an offset to later bars."""
        return self.refuse(place, "a negative offset would look into the future", f"the past is written with a positive number: {past}")

    def bars(self, token: Token, what: str) -> int:
        """Return a number of bars, at least 1."""
        return self.whole(t.Number(self._read(str(token), place_of(token))), place_of(token), what, least=1)

    def whole(self, node: t.Node, place: t.Span, what: str, least: int = 0) -> int:
        """Return a number of bars that ``what`` looks back, at least ``least``."""
        if not isinstance(node, t.Number) or not node.value.is_integer():
            hint = "write it out, as in [1]; only indicators take $parameters" if least == 0 else "write it out, as in 3"
            raise self.refuse(place, f"{what} is a whole number of bars", hint)
        if not least <= node.value <= t.MAX_BARS_BACK:
            raise self.refuse(place, f"{what} looks back 1 to {t.MAX_BARS_BACK} bars", "write a number in between")
        return int(node.value)

    def grow(self, *nodes: t.Node) -> None:
        """Count ``nodes`` that stand in the tree once more than in the text.

        Raises:
            RuleSyntaxError: names and repetitions have made the rule too large.
        """
        self._grown += sum(1 for node in nodes for _ in t.walk(node))
        if self._grown > MAX_NODES:
            raise self.refuse(nodes[0].span, f"written out, this rule has more than {MAX_NODES} parts", "name and repeat less")

    def refuse_deep_tree(self, node: t.Node) -> None:
        """Refuse a tree of more than ``MAX_DEPTH`` levels."""
        if t.depth(node) > MAX_DEPTH:
            raise self._too_deep(node.span)

    def _refuse_deep(self, parsed: Parsed) -> None:
        level: list[Parsed] = [parsed]
        for _ in range(_MAX_NESTING):
            level = [child for part in level if isinstance(part, Tree) for child in part.children if isinstance(child, Tree)]
            if not level:
                return
        raise self._too_deep(span_of(level[0]))

    def _too_deep(self, span: t.Span) -> RuleSyntaxError:
        problem = f"the rule is nested more than {MAX_DEPTH} levels deep"
        return self.refuse(span, problem, "name its parts with 'let dip = ...;', or say it with fewer parentheses")
