"""The words of a rule with their places: one linear scan, lower case, nothing decided yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import RuleSyntaxError

if TYPE_CHECKING:
    from workbench.strategy.rules.tree import Span

MAX_TEXT = 4000
"""Characters of one strategy text."""

_SCAN = re.compile(
    r"""
    (?P<SPACE>(?:[^\S\n]|\xa0)+)
  | (?P<BREAK>[;\n])
  | (?P<TIME>\d{1,2}:\d{2}(?!\d)(?:\s?[ap]m\b)?|\d{1,2}\s?[ap]m\b)
  | (?P<PERCENT>(?:\d+(?:\.\d+)?|\.\d+)(?:\s?%|\ percent\b))
  | (?P<FRAME>\d{1,4}(?:m|mins?|h|hrs?|d|w)\b)
  | (?P<NUMBER>(?:\d+(?:_\d{3})*(?:\.\d+)?|\.\d+)(?:e[+-]?\d+|k\b|\ ?(?:thousand|million|billion)\b)?)
  | (?P<UPTO>\.\.)
  | (?P<PARAM>\$[a-z_][a-z_0-9]*)
  | (?P<NAME>[a-z_][a-z_0-9]*|['’]s\b)
  | (?P<COMPARE><=|>=|==|!=|<>|=<|=>|[<>≤≥≠])
  | (?P<EQUALS>:?=)
  | (?P<AND>&&?)
  | (?P<OR>\|\|?)
  | (?P<MARK>[-+*/()\[\].,:!×÷−])
    """,
    re.VERBOSE | re.IGNORECASE | re.ASCII,
)
_MARKS = {
    "+": "PLUS",
    "-": "MINUS",
    "−": "MINUS",
    "*": "STAR",
    "×": "STAR",
    "/": "SLASH",
    "÷": "SLASH",
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    ",": "COMMA",
    ".": "DOT",
    ":": "COLON",
    "!": "NOT",
}
_POWERS = {"thousand": 3, "k": 3, "million": 6, "billion": 9}
_COMPARE = {"<>": "!=", "≠": "!=", "=<": "<=", "≤": "<=", "=>": ">=", "≥": ">="}


@dataclass(frozen=True, slots=True)
class Word:
    """One token: its terminal in the grammar, its value in lower case and where it stands."""

    type: str
    value: str
    span: Span


def scan(text: str) -> list[Word]:
    """Return the words of ``text``.

    Raises:
        RuleSyntaxError: the text is empty, longer than ``MAX_TEXT``, or holds a character that no rule uses.
    """
    if len(text) > MAX_TEXT:
        problem = f"the text has {len(text)} characters, at most {MAX_TEXT} are read"
        raise RuleSyntaxError(text[: MAX_TEXT + 1], (MAX_TEXT, MAX_TEXT + 1), problem, "split it into several strategies")
    words: list[Word] = []
    place = 0
    while place < len(text):
        match = _SCAN.match(text, place)
        if match is None:
            raise _foreign(text, place)
        if match.lastgroup != "SPACE":
            words.append(_word(match))
        place = match.end()
    if not words:
        raise RuleSyntaxError(text, (0, len(text)), "there is no rule in this text", "write for example: rsi(2) < 10")
    return words


def _word(match: re.Match[str]) -> Word:
    found = match.lastgroup or ""
    value = match[0].lower()
    if found == "MARK":
        found = _MARKS[value]
    elif found == "COMPARE":
        value = _COMPARE.get(value, value)
    elif found in ("AND", "OR"):
        value = found.lower()
    elif found == "EQUALS":
        value = "="
    elif found == "NUMBER":
        value = _plain(value)
    elif value == "’s":
        value = "'s"
    return Word(found, value, match.span())


def _plain(said: str) -> str:
    """Return a number without its separators and its word: 500k and 1.5 million as digits with an exponent."""
    digits = said.replace("_", "")
    for word, zeros in _POWERS.items():
        if digits.endswith(word):
            return f"{digits.removesuffix(word).rstrip()}e{zeros}"
    return digits


def _foreign(text: str, place: int) -> RuleSyntaxError:
    character = text[place]
    hints = {
        "$": "a parameter is written $name",
        "}": "use round parentheses",
        '"': "rules need no quotation marks",
        "'": "rules need no quotation marks",
        "%": "a percent sign follows a number, as in 2%",
        "^": "write a product instead of a power",
        "#": "leave comments out",
        "?": "a choice is written: if ... then ... else ...",
        "@": "a timeframe is written behind: sma(50) on 1h",
        "{": "use round parentheses",
    }
    if character == "$" and text[place + 1 : place + 2].isdigit():
        hints["$"] = "leave the dollar sign out; $name is a parameter"
    hint = hints.get(character, "rules are written in plain Latin letters, numbers and signs")
    return RuleSyntaxError(text, (place, place + 1), f"the character {character!r} has no meaning here", hint)
