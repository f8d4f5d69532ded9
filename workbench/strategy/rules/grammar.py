"""The LALR(1) parser of rules.lark, built once when first needed, and its refusals in human words."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Tree, UnexpectedToken
from lark.lexer import Lexer

from workbench.errors import RuleSyntaxError, nearest
from workbench.units import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.strategy.rules.tokens import Word
    from workbench.strategy.rules.vocabulary import Names

_MANY = 5

_OPERANDS = frozenset({"NUMBER", "PERCENT", "TIME", "DAY", "PARAM", "NAME", "LPAR"})
_UNSAID = frozenset({"FRAME", "ANY", "ALL", "ATLEAST", "TOP", "BOTTOM", "NEAR", "IF", "WITHIN", "FOR", "ON", "SETS", "PERCENT"})
"""Terminals that are seldom what is missing."""
_IN_WORDS = {
    "COMPARE": "a comparison such as < or >",
    "CROSSES": "'crosses above' or 'crosses below'",
    "AND": "'and'",
    "OR": "'or'",
    "NOT": "'not'",
    "ABOVE": "'above'",
    "BELOW": "'below'",
    "BETWEEN": "'between'",
    "RISING": "'rising'",
    "FALLING": "'falling'",
    "RPAR": "')'",
    "RSQB": "']'",
    "COMMA": "','",
    "NUMBER": "a number",
    "NAME": "a name",
    "LPAR": "'('",
    "LSQB": "'[n]' for n bars ago",
    "DOT": "'.' and the name of an output",
    "TO": "what it is near to",
    "BY": "'by' and what to rank by",
    "THEN": "'then'",
    "ELSE": "'else'",
    "UPTO": "'..'",
    "FRAME": "a timeframe such as 1h",
    "RRANGE": "']'",
    "$END": "the end of the rule",
}
_ORDER = tuple(_IN_WORDS)
_TYPED = {
    "OR": ("or",),
    "AND": ("and",),
    "NOT": ("not",),
    "CROSSES": ("crosses",),
    "ABOVE": ("above",),
    "BELOW": ("below",),
    "BETWEEN": ("between",),
    "RISING": ("rising",),
    "FALLING": ("falling",),
    "COMPARE": ("above", "below", "over", "under", "oversold", "overbought"),
}
"""Words a person may have meant where a terminal was expected."""


_HINTS = {
    **dict.fromkeys(
        ("date", "month", "year", "january", "december", "week"), "rules know the time of day, the weekday and the session, no dates"
    ),
    **dict.fromkeys(
        ("position", "profit", "pnl", "equity", "entry_price", "bars_held"),
        "rules know the bars only; stops, targets and time stops are given beside the text",
    ),
    **dict.fromkeys(
        ("earnings", "news", "sentiment", "pe", "dividend"), "rules know prices, volume, indicators and registered model columns"
    ),
    **dict.fromkeys(("sqrt", "log", "exp", "pow", "round"), "rules know + - * /, abs, min and max; register an indicator for more"),
    **dict.fromkeys(("divergence", "diverges"), "say what diverges, as in low < low[5] and rsi(14) > rsi(14)[5]"),
    **dict.fromkeys(("squeeze", "bandwidth"), "say how narrow, as in bb.upper - bb.lower < 2 * atr(14)"),
    **dict.fromkeys(("touches", "touch", "tags", "hits"), "say which price reaches it, as in low <= bb.lower or high >= bb.upper"),
    **dict.fromkeys(("pulls", "pullback", "bounces", "bounce"), "say it with prices, as in low <= ema(20) and close > ema(20)"),
    **dict.fromkeys(("cloud", "kumo"), "name its lines: ichimoku.senkou_a and ichimoku.senkou_b"),
    "outside": "say below the lower or above the upper, or not between",
    "support": "say which level, as in lowest(20)[1]",
    "resistance": "say which level, as in highest(20)[1]",
}
"""What to write instead of words that no rule can mean."""
_SAID = {
    **dict.fromkeys(("when", "whenever", "once"), "leave it out, or begin with 'buy when', 'sell when', 'short when' or 'cover when'"),
    **dict.fromkeys(("any", "all", "none"), "conditions are listed in parentheses: any of (rsi(2) < 5, close < open)"),
    **dict.fromkeys(("true", "false"), "a condition is true or false by itself; leave the comparison out, or write not"),
    **dict.fromkeys(("stop", "target", "trailing", "takeprofit"), "stops and targets are given beside the text: stop='2%'"),
}
_COMPARING = (
    "above",
    "below",
    "greater",
    "less",
    "higher",
    "lower",
    "crosses",
    "between",
    "rising",
    "falling",
    "oversold",
    "overbought",
    "within",
    "equals",
)
"""Words of comparisons that a person may have misspelt."""
_LISTED = 24


class _Words(Lexer):
    """Hands the parser words that are already tokens."""

    def __init__(self, _configuration: object) -> None:
        """Need nothing."""

    def lex(self, words: Any) -> Iterator[Token]:  # type: ignore[override]  # noqa: ANN401 - lark declares text here
        """Yield one lark token for each word."""
        for word in words:
            yield Token(word.type, word.value, start_pos=word.span[0], end_pos=word.span[1])


def build() -> Lark:
    """Return a new parser."""
    grammar = resources.files("workbench.strategy.rules").joinpath("rules.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer=_Words, keep_all_tokens=True)


@cache
def _parser() -> Lark:
    return build()


def parse_words(words: list[Word], text: str, end: int, names: Names) -> Tree[Token]:
    """Return lark's tree of ``words``; ``end`` is where the rule ends in ``text``, ``names`` are those known there.

    Raises:
        RuleSyntaxError: they are no sentence of the grammar; an unknown name before the place is told first.
    """
    try:
        return _parser().parse(words)
    except UnexpectedToken as error:
        raise _unknown_before(words, error, text, names) or _refusal(error, text, end, names) from None


def _unknown_before(words: list[Word], error: UnexpectedToken, text: str, names: Names) -> RuleSyntaxError | None:
    """Return the error of a name nobody knows that stands before the place where parsing failed, if there is one."""
    place = len(text) if error.token.type == "$END" else error.token.start_pos or 0
    known = set(names.suggestions())
    for before, word in zip([None, *words], words, strict=False):
        if word.span[0] >= place:
            return None
        if word.type == "NAME" and word.value not in known and (before is None or before.type not in ("DOT", "LPAR", "COMMA")):
            return unknown_name(text, word.span, word.value, names)
    return None


def unknown_name(text: str, span: tuple[int, int], name: str, names: Names) -> RuleSyntaxError:
    """Return the error of a ``name`` that is no series, indicator or function; a symbol's name gets its own hint."""
    if name.upper() in INSTRUMENTS:
        hint = f"a rule is about the bars of whatever it trades; say what that is with symbols=({name.upper()!r},)"
        return RuleSyntaxError(text, span, f"{name.upper()} is a symbol, and rules name none", hint)
    found = nearest(name, [*_COMPARING, *names.suggestions()])
    hint = _HINTS.get(name) or _SAID.get(name) or (f"did you mean {' or '.join(found)}?" if found else f"known: {_some(names.listed())}")
    return RuleSyntaxError(text, span, f"there is no series or indicator named {name!r}", hint)


def _some(names: list[str]) -> str:
    return ", ".join(names[:_LISTED]) + (", ..." if len(names) > _LISTED else "")


def warm_up() -> None:
    """Build the parser now; it is built at the first rule otherwise."""
    _parser()


def _refusal(error: UnexpectedToken, text: str, end: int, names: Names) -> RuleSyntaxError:
    accepted = _accepted(error)
    token = error.token
    closers = accepted & {"RPAR", "RSQB"}
    expected = expected_words(closers if closers and token.type == "$END" else accepted)
    if token.type == "$END":
        problem = f"the rule ends too early: expected {expected}"
        choice = "a choice is written: if ... then ... else ..." if accepted & {"THEN", "ELSE"} else "say what comes last"
        return RuleSyntaxError(text, (end, end), problem, _left_open(accepted) or choice)
    span = (token.start_pos or 0, token.end_pos or end)
    said = text[span[0] : span[1]]
    return RuleSyntaxError(text, span, f"{said!r} does not fit here: expected {expected}", _suggestion(token, accepted, names))


def _accepted(error: UnexpectedToken) -> frozenset[str]:
    parser = error.interactive_parser
    return frozenset(parser.accepts() if parser is not None else error.expected)  # type: ignore[no-untyped-call]


def expected_words(terminals: Iterable[str]) -> str:
    """Return terminals of the grammar in human words, joined by *or*, the likeliest first."""
    found = set(terminals)
    words = []
    if found >= _OPERANDS:
        words.append("a value (number, series, indicator or $parameter)")
        found -= _OPERANDS | {"MINUS", "NOT"}
    found = found - _UNSAID or found
    arithmetic = {"PLUS", "MINUS", "STAR", "SLASH"}
    words += [_IN_WORDS[name] for name in _ORDER if name in found]
    if arithmetic <= found:
        words.append("arithmetic")
    if len(words) > _MANY:
        words = [*words[:_MANY], "..."]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 and words[-1] != "..." else ", ".join(words)


def _suggestion(token: Token, accepted: frozenset[str], names: Names) -> str:
    if token.type == "NAME":
        typed = [word for name in accepted for word in _TYPED.get(name, ())]
        candidates = [*typed, *names.suggestions()] if "NAME" in accepted else typed
        found = nearest(token.value, candidates)
        if found:
            return f"did you mean {' or '.join(found)}?"
    value = token.type in ("NUMBER", "NAME", "PARAM")
    hints = (
        (token.value in _HINTS, _HINTS.get(token.value, "")),
        (
            token.type == "DURATION" and "NUMBER" in accepted and "NAME" in accepted,
            "minutes are no number here; for a million write 1 million",
        ),
        (
            token.type == "DURATION",
            "a rule counts bars, as in 'within 3 bars'; minutes stand only with the open and the close of the session",
        ),
        (token.type == "FRAME", "a timeframe stands behind its value: sma(50) on 1h"),
        (token.type == "ON", "a timeframe stands behind a value: sma(50) on 1h, (close > sma(50)) on 1h"),
        (token.type in ("IF", "THEN", "ELSE"), "a choice is written: if ... then ... else ..."),
        (token.type == "COLON", "only a direction ends with a colon, as in 'buy: rsi(2) < 10'"),
        (token.type == "UPTO", "a range stands behind the usual value: $fast=10[5..50 step 5]"),
        ("ABOVE" in accepted, "say which way it crosses"),
        (token.type == "RPAR" and "RPAR" not in accepted, "no parenthesis is open here"),
        (token.type == "COMMA", "write numbers without thousands commas"),
        (
            token.type == "LPAR" and "AND" in accepted,
            "only indicators and functions take arguments; the value n bars ago is written close[n]",
        ),
        (token.type in ("COMPARE", "EQUALS") and "COMPARE" not in accepted, "one sign of comparison is enough"),
        (token.type in ("AND", "OR") and "AND" not in accepted, "leave one of the two words out, or say the condition between them"),
        ("LRANGE" in accepted or "UPTO" in accepted or token.type == "RRANGE", "a range is written $fast=10[5..50 step 5]"),
        ("THEN" in accepted and token.type != "NAME", "a choice is written: if ... then ... else ..."),
        (value and "COMMA" in accepted, "a comma seems to be missing before it"),
        (value and "AND" in accepted, "an operator such as 'and', < or * seems to be missing before it"),
        (
            True,
            _left_open(accepted)
            or (
                "say a value, such as close or rsi(14)" if accepted >= _OPERANDS else "say it in other words, or put parentheses around it"
            ),
        ),
    )
    return next(hint for applies, hint in hints if applies)


def _left_open(accepted: frozenset[str]) -> str:
    if "RPAR" in accepted:
        return "a parenthesis was opened and not closed"
    return "an offset such as [1] was opened and not closed" if "RSQB" in accepted else ""
