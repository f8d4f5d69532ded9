"""The LALR(1) parser of rules.lark, built once when first needed, and its refusals in human words."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from lark import Lark, Token, Tree, UnexpectedToken
from lark.lexer import Lexer

from workbench.errors import RuleSyntaxError, nearest
from workbench.strategy.rules.vocabulary import ALIASES, known_names
from workbench.units import INSTRUMENTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from workbench.strategy.rules.tokens import Word

_MANY = 5

_OPERANDS = frozenset({"NUMBER", "PERCENT", "TIME", "DAY", "PARAM", "NAME", "LPAR"})
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


class _Words(Lexer):
    """Hands the parser words that are already tokens."""

    def __init__(self, _configuration: object) -> None:
        """Need nothing."""

    def lex(self, words: Any) -> Iterator[Token]:  # type: ignore[override]  # noqa: ANN401 - lark declares text here
        """Yield one lark token for each word."""
        for word in words:
            yield Token(word.type, word.value, start_pos=word.span[0], end_pos=word.span[1])


@cache
def _parser() -> Lark:
    grammar = resources.files("workbench.strategy.rules").joinpath("rules.lark").read_text("utf-8")
    return Lark(grammar, parser="lalr", lexer=_Words, keep_all_tokens=True)


def parse_words(words: list[Word], text: str, end: int) -> Tree[Token]:
    """Return lark's tree of ``words``; ``end`` is where the rule ends in ``text``.

    Raises:
        RuleSyntaxError: they are no sentence of the grammar; an unknown name before the place is told first.
    """
    try:
        return _parser().parse(words)
    except UnexpectedToken as error:
        raise _unknown_before(words, error, text) or _refusal(error, text, end) from None


def _unknown_before(words: list[Word], error: UnexpectedToken, text: str) -> RuleSyntaxError | None:
    """Return the error of a name nobody knows that stands before the place where parsing failed, if there is one."""
    place = len(text) if error.token.type == "$END" else error.token.start_pos or 0
    known = {*known_names(), *ALIASES}
    for before, word in zip([None, *words], words, strict=False):
        if word.span[0] >= place:
            return None
        if word.type == "NAME" and word.value not in known and (before is None or before.type not in ("DOT", "LPAR", "COMMA")):
            return unknown_name(text, word.span, word.value)
    return None


def unknown_name(text: str, span: tuple[int, int], name: str) -> RuleSyntaxError:
    """Return the error of a ``name`` that is no series, indicator or function; a symbol's name gets its own hint."""
    if name.upper() in INSTRUMENTS:
        hint = f"a rule is about the bars of whatever it trades; say what that is with symbols=({name.upper()!r},)"
        return RuleSyntaxError(text, span, f"{name.upper()} is a symbol, and rules name none", hint)
    found = nearest(name, [*known_names(), *ALIASES])
    hint = f"did you mean {' or '.join(found)}?" if found else f"known: {', '.join(known_names())}"
    return RuleSyntaxError(text, span, f"there is no series or indicator named {name!r}", hint)


def warm_up() -> None:
    """Build the parser now; it is built at the first rule otherwise."""
    _parser()


def _refusal(error: UnexpectedToken, text: str, end: int) -> RuleSyntaxError:
    accepted = _accepted(error)
    token = error.token
    closers = accepted & {"RPAR", "RSQB"}
    expected = expected_words(closers if closers and token.type == "$END" else accepted)
    if token.type == "$END":
        problem = f"the rule ends too early: expected {expected}"
        return RuleSyntaxError(text, (end, end), problem, _left_open(accepted))
    span = (token.start_pos or 0, token.end_pos or end)
    said = text[span[0] : span[1]]
    return RuleSyntaxError(text, span, f"{said!r} does not fit here: expected {expected}", _suggestion(token, accepted))


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
    arithmetic = {"PLUS", "MINUS", "STAR", "SLASH"}
    words += [_IN_WORDS[name] for name in _ORDER if name in found]
    if arithmetic <= found:
        words.append("arithmetic")
    if len(words) > _MANY:
        words = [*words[:_MANY], "..."]
    return " or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 and words[-1] != "..." else ", ".join(words)


def _suggestion(token: Token, accepted: frozenset[str]) -> str:
    if token.type == "NAME":
        typed = [word for name in accepted for word in _TYPED.get(name, ())]
        candidates = [*typed, *known_names()] if "NAME" in accepted else typed
        found = nearest(token.value, candidates)
        if found:
            return f"did you mean {' or '.join(found)}?"
    value = token.type in ("NUMBER", "NAME", "PARAM")
    hints = (
        ("ABOVE" in accepted, "say which way it crosses"),
        (token.type == "RPAR" and "RPAR" not in accepted, "no parenthesis is open here"),
        (token.type == "COMMA", "write numbers without thousands commas"),
        (value and "COMMA" in accepted, "a comma seems to be missing before it"),
        (value and "AND" in accepted, "an operator such as 'and', < or * seems to be missing before it"),
        (True, _left_open(accepted)),
    )
    return next(hint for applies, hint in hints if applies)


def _left_open(accepted: frozenset[str]) -> str:
    if "RPAR" in accepted:
        return "a parenthesis was opened and not closed"
    return "an offset such as [1] was opened and not closed" if "RSQB" in accepted else ""
