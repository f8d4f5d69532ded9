"""What the rule editor shows beside the text itself: the colour of each word, and what could come next at the caret."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from workbench.errors import RuleSyntaxError
from workbench.strategy.indicators import find, names
from workbench.strategy.rules.phrase_table import KEYWORDS
from workbench.strategy.rules.statements import WORDS_OF
from workbench.strategy.rules.text import number
from workbench.strategy.rules.tokens import MAX_TEXT, scan
from workbench.strategy.rules.tree import SERIES
from workbench.strategy.rules.vocabulary import ALIASES, CLOCK_NAMES, DAYS, FUNCTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.strategy.rules.tokens import Word

MOST_OFFERED = 8
_LONGEST_HINT = 34
_MOST_PIECES = 40  # stretches between characters without meaning; a binary pasted by mistake is not coloured to its end
_VERBS = frozenset(
    [
        "buy",
        "sell",
        "short",
        "cover",
        "exit",
        "enter",
        "long",
        "flat",
        "close",
        "go",
        "when",
        "if",
        "once",
        "whenever",
        "crosses",
        "cross",
        "crossed",
        "above",
        "below",
        "is",
        "of",
    ]
)
_KINDS = MappingProxyType(
    {"TIME": "time", "PERCENT": "number", "NUMBER": "number", "PARAM": "param", "COMPARE": "operator", "AND": "keyword", "OR": "keyword"}
)
_PHRASES = MappingProxyType(
    {
        "and": "both hold",
        "or": "one of them holds",
        "not": "it does not hold",
        "crosses above": "passes it upwards on this bar",
        "crosses below": "passes it downwards on this bar",
        "between": "between 20 and 40, both included",
        "rising": "rising 3: three bars in a row",
        "falling": "falling 3: three bars in a row",
        "highest(20)": "highest high of 20 bars; [1] for those before",
        "lowest(20)": "lowest low of 20 bars; [1] for those before",
    }
)
_TAIL = re.compile(
    r"(?P<owner>[a-z_][a-z0-9_]*(?:\([^()]*\))?)\.(?P<part>[a-z_0-9]*)$|(?P<word>\$?[a-z_][a-z0-9_]*|\$)$", re.IGNORECASE | re.ASCII
)


def colours(text: str) -> list[dict[str, Any]]:
    """Return ``{from, to, kind}`` for each word of ``text`` that has a meaning of its own, also where the text cannot be read."""
    known, found = frozenset(names()), []
    for word in _words(text):
        kind = _kind(word, known)
        if kind and word.span[1] > word.span[0]:
            found.append({"from": word.span[0], "to": word.span[1], "kind": kind})
    return found


def offers(text: str, caret: int, parameters: Iterable[str] = (), *, directed: bool = True, asked: bool = False) -> list[dict[str, Any]]:
    """Return what could complete the word before the ``caret``: ``{from, to, insert, title, hint}``; where no word is begun, only if ``asked``.

    ``parameters`` are the ``$names`` known so far; ``directed`` says whether the text names directions (*buy when*).
    """
    at = max(0, min(caret, len(text)))
    choices: Mapping[str, str]
    begun = _TAIL.search(text[:at])
    if (begun is None and not asked) or re.match(r"[\w(.]", text[at:]):
        return []
    if begun is None:
        start, choices = at, _names(parameters, directed=directed, first=_starts(text[:at]))
    elif begun["owner"]:
        name, start = begun["owner"].partition("(")[0].lower(), begun.start("part")
        choices = _outputs(ALIASES.get(name, name))
    else:
        start = begun.start("word")
        choices = _names(parameters, directed=directed, first=_starts(text[:start]))
    typed = text[start:at].lower()
    fitting = [(insert, hint) for insert, hint in choices.items() if insert.lower().startswith(typed) and insert.lower() != typed]
    return [{"from": start, "to": at, "insert": insert, "title": insert, "hint": _brief(hint)} for insert, hint in fitting[:MOST_OFFERED]]


def repair(said: str, suggestion: str) -> str:
    """Return the text that would stand instead of ``said`` where the ``suggestion`` names exactly one word to write, else an empty text."""
    found = re.match(r"did you mean (\$?[\w.]+)", suggestion)
    return found[1] if found and re.fullmatch(r"\$?[\w.]+", said, re.ASCII) else ""


def _words(text: str) -> list[Word]:
    found: list[Word] = []
    start = 0
    for _ in range(_MOST_PIECES):
        piece = " " * start + text[start:MAX_TEXT]  # spans count from the text's beginning
        try:
            return [*found, *scan(piece)]
        except RuleSyntaxError as error:
            try:
                found += scan(" " * start + text[start : error.start])
            except RuleSyntaxError:
                return found
            start = max(error.end, start + 1)
    return found


def _kind(word: Word, known: frozenset[str]) -> str:
    if word.type != "NAME":
        return _KINDS.get(word.type, "")
    name = ALIASES.get(word.value, word.value)
    stem = name.rstrip("0123456789").rstrip("_")
    if name in known or name in FUNCTIONS or name in ("highest", "lowest") or ALIASES.get(stem, stem) in known:
        return "indicator"
    if name in SERIES:
        return "price"
    if name in CLOCK_NAMES or name.rstrip("s") in DAYS:
        return "time"
    return "keyword" if name in KEYWORDS or name in _VERBS else "name"


def _outputs(name: str) -> dict[str, str]:
    if name not in names():
        return {}
    return dict.fromkeys(find(name).outputs, f"output of {name}") if len(find(name).outputs) > 1 else {}


def _names(parameters: Iterable[str], *, directed: bool, first: bool) -> Mapping[str, str]:
    verbs = {f"{words} ": "begins a rule" for words in WORDS_OF.values()} if directed and first else {}
    known = {entry.name: entry for entry in (find(name) for name in names())}
    calls = {
        f"{name}{_defaults(entry)}": re.split(r"[;:]", entry.convention.removeprefix("Wilder: "))[0].replace("`", "")
        for name, entry in known.items()
    }
    return {**verbs, **{f"${name}": "a parameter" for name in parameters}, **calls, **dict.fromkeys(SERIES, "of the bar"), **_PHRASES}


def _defaults(entry: Any) -> str:  # noqa: ANN401 - an indicator
    values = ", ".join(number(float(parameter.default)) for parameter in entry.parameters)
    return f"({values})" if values else ""


def _brief(hint: str) -> str:
    return hint if len(hint) <= _LONGEST_HINT else f"{hint[: _LONGEST_HINT - 1].rstrip()}…"


def _starts(before: str) -> bool:
    """Return whether a statement may begin here."""
    return not before.strip() or before.rstrip(" \t").endswith((";", "\n", "."))
