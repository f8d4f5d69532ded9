"""Relaxed English: a table of phrases, each rewritten to words of the strict grammar that keep their place in the text.

1. ``_noise`` drops articles.
2. ``_glued`` opens names with their length attached (``sma200`` becomes ``sma(200)``).
3. ``_pass_over`` walks once from left to right and replaces the longest phrase of ``phrase_table`` at each place; what a phrase
   produced is not searched again, so the time is bounded by words times the longest phrase.
4. ``_commas`` reads a comma outside parentheses as ``and``.
5. ``_keywords`` gives the words that are left their terminals.

Every replacement is recorded as a ``Rewrite`` with what was said, what was understood, and how much doubt that leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.strategy.rules.phrase_table import KEYWORDS, NOISE, PHRASES, Phrase
from workbench.strategy.rules.tokens import Word
from workbench.strategy.rules.tree import SERIES
from workbench.strategy.rules.vocabulary import ALIASES, CLOCK_NAMES, DAYS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.strategy.rules.tree import Span

_BARS = frozenset({"bar", "bars", "day", "days", "candle", "candles", "period", "periods", "session", "sessions"})
_DAY_NAMES = frozenset({*DAYS, *(f"{day}s" for day in DAYS)})
_LONGEST_CALL = 24  # words; what is copied stays short however long the text
_ADVERBS = frozenset({"after", "before", "on", "not"})
"""First words of phrases that limit a condition said before: *rsi < 10 on mondays*."""
_VALUE_ENDS = frozenset({"NUMBER", "PERCENT", "TIME", "DAY", "PARAM", "RPAR", "RSQB"})
"""Words that end a value; known names do too."""
_COMMA_DOUBT = 0.1


@dataclass(frozen=True, kw_only=True)
class Rewrite:
    """One place where what was understood differs from what was written."""

    span: Span
    """Characters of the text, end exclusive."""
    said: str
    """The words as written, lower case."""
    meant: str
    """The words as understood."""
    doubt: float
    """Share of confidence this costs, 0 (only spelling) to 1."""

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.said!r} is read as {self.meant!r}"


def rewrite(words: list[Word], text: str, indicators: Iterable[str]) -> tuple[list[Word], list[Rewrite]]:
    """Return the ``words`` of ``text`` in the strict grammar's terminals, and what was rewritten.

    ``indicators`` are the names registered now; a phrase never hides one of them.
    """
    known = frozenset(indicators)
    record: list[Rewrite] = []
    kept = [word for word in words if word.value not in NOISE]
    opened = _glued(kept, known, record)
    passed = _pass_over(opened, text, known, record)
    return _keywords(_commas(passed, record)), record


def _glued(words: list[Word], known: frozenset[str], record: list[Rewrite]) -> list[Word]:
    found: list[Word] = []
    for place, word in enumerate(words):
        stem = word.value.rstrip("0123456789")
        digits = word.value[len(stem) :]
        name = stem.rstrip("_")
        name = name if name in known else ALIASES.get(name, name)
        called = place + 1 < len(words) and words[place + 1].type == "LPAR"
        if word.type == "NAME" and digits and not called and word.value not in known and name in known:
            record.append(Rewrite(span=word.span, said=word.value, meant=f"{name}({digits})", doubt=0.01))
            parts = (("NAME", name), ("LPAR", "("), ("NUMBER", digits), ("RPAR", ")"))
            found.extend(Word(kind, value, word.span) for kind, value in parts)
        else:
            found.append(word)
    return found


def _pass_over(words: list[Word], text: str, known: frozenset[str], record: list[Rewrite]) -> list[Word]:
    classes = [_class(word, known) for word in words]
    found: list[Word] = []
    place = 0
    while place < len(words):
        named = found and found[-1].type == "DOT"  # what follows a dot is the name of an output
        phrase = None if named else _longest(words, classes, place)
        after_value = bool(found) and _ends_value(found[-1], known)
        if phrase is not None and after_value and phrase.pattern == ("between", "<time>"):
            phrase = None  # x between 09:30 and ...: that x is what is compared, not the time
        if phrase is None:
            found.append(words[place])
            place += 1
            continue
        said = words[place : place + len(phrase.pattern)]
        meant = _replacement(phrase, said, classes[place : place + len(said)], found)
        if after_value and phrase.pattern[0] in _ADVERBS:
            meant = [Word("NAME", "and", said[0].span), *meant]
        if [word.value for word in meant] != [word.value for word in said]:
            span = (said[0].span[0], said[-1].span[1])
            written = " ".join(text[span[0] : span[1]].lower().split())
            record.append(Rewrite(span=span, said=written, meant=spell(meant), doubt=phrase.doubt))
        found.extend(meant)
        place += len(said)
    return found


def _ends_value(word: Word, known: frozenset[str]) -> bool:
    return word.type in _VALUE_ENDS or (word.type == "NAME" and (word.value in known or word.value in SERIES or word.value in CLOCK_NAMES))


def _longest(words: list[Word], classes: list[str], place: int) -> Phrase | None:
    candidates = [*PHRASES.get(words[place].value, ()), *PHRASES.get(classes[place], ())]
    best: Phrase | None = None
    for phrase in candidates:
        size = len(phrase.pattern)
        if place + size > len(words) or (best is not None and size <= len(best.pattern)):
            continue
        if _hides(phrase, words, classes, place):
            continue
        if all(part in (words[place + step].value, classes[place + step]) for step, part in enumerate(phrase.pattern)):
            best = phrase
    return best


def _hides(phrase: Phrase, words: list[Word], classes: list[str], place: int) -> bool:
    """Whether ``phrase`` would take a registered name for a word of English, or tear a call from its arguments."""
    size = len(phrase.pattern)
    if size == 1 and classes[place] == "<indicator>":
        return True
    called = place + size < len(words) and words[place + size].type == "LPAR"
    return called and (phrase.pattern[-1] == "<indicator>" or phrase.pattern in (("rising",), ("falling",)))


def _replacement(phrase: Phrase, said: list[Word], classes: list[str], before: list[Word]) -> list[Word]:
    span = (said[0].span[0], said[-1].span[1])
    holes = {kind: word for kind, word in zip(classes, said, strict=True) if kind}
    meant: list[Word] = []
    for part in phrase.meaning:
        if part == "<macd>":
            meant.extend(replace(word, span=span) for word in _last_macd(before))
        elif part in holes:
            meant.append(_canonical(part, holes[part]))
        else:
            meant.append(Word(_terminal(part), part, span))
    return meant


def _canonical(kind: str, word: Word) -> Word:
    if kind == "<day>":
        return Word("DAY", word.value.removesuffix("s"), word.span)
    return replace(word, value=ALIASES.get(word.value, word.value)) if kind in ("<series>", "<indicator>") else word


def _last_macd(words: list[Word]) -> list[Word]:
    """Return the macd call written before, with its arguments, so that *its signal* is the signal of the same macd."""
    starts = [place for place, word in enumerate(words) if word.value == "macd" and word.type == "NAME"]
    if not starts:
        return [Word("NAME", "macd", (0, 0))]
    start = end = starts[-1]
    if end + 1 < len(words) and words[end + 1].type == "LPAR":
        reach = range(end, min(end + _LONGEST_CALL, len(words)))
        end = next((place for place in reach if words[place].type == "RPAR"), end)
    return words[start : end + 1]


def _commas(words: list[Word], record: list[Rewrite]) -> list[Word]:
    found: list[Word] = []
    nesting = 0
    for place, word in enumerate(words):
        nesting += {"LPAR": 1, "LSQB": 1, "RPAR": -1, "RSQB": -1}.get(word.type, 0)
        if word.type != "COMMA" or nesting > 0:
            found.append(word)
        elif _thousands(words[max(0, place - 1) : place + 2]):
            found.append(word)  # the parser refuses it and says so
        elif place + 1 < len(words) and words[place + 1].value not in ("and", "or"):
            record.append(Rewrite(span=word.span, said=",", meant="and", doubt=_COMMA_DOUBT))
            found.append(Word("NAME", "and", word.span))
    return found


def _thousands(around: list[Word]) -> bool:
    """Whether a comma stands inside a number such as 1,000."""
    if len(around) < 3 or around[0].type != "NUMBER" or around[2].type != "NUMBER":  # noqa: PLR2004 - a word on each side
        return False
    return len(around[2].value) == 3 and around[0].span[1] + 1 == around[2].span[0]  # noqa: PLR2004 - digits of a group


def _keywords(words: list[Word]) -> list[Word]:
    found: list[Word] = []
    for place, word in enumerate(words):
        called = place + 1 < len(words) and words[place + 1].type == "LPAR"
        if word.type != "NAME":
            found.append(word)
        elif word.value in KEYWORDS and not (called and word.value in ("rising", "falling")):
            found.append(replace(word, type=KEYWORDS[word.value]))
        elif word.value in DAYS:
            found.append(replace(word, type="DAY"))
        else:
            found.append(word)
    return found


def _class(word: Word, known: frozenset[str]) -> str:
    if word.type in ("NUMBER", "TIME", "PERCENT"):
        return f"<{word.type.lower()}>"
    if word.type != "NAME":
        return ""
    name = word.value if word.value in known else ALIASES.get(word.value, word.value)
    if name in known:
        return "<indicator>"
    if name in SERIES:
        return "<series>"
    if word.value in _DAY_NAMES:
        return "<day>"
    return "<bars>" if word.value in _BARS else ""


_TERMINALS = {
    "(": "LPAR",
    ")": "RPAR",
    "[": "LSQB",
    "]": "RSQB",
    ".": "DOT",
    "*": "STAR",
    **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), "COMPARE"),
}


def _terminal(part: str) -> str:
    if part in _TERMINALS:
        return _TERMINALS[part]
    return KEYWORDS.get(part) or ("NUMBER" if part.isdigit() else "NAME")


def spell(words: list[Word]) -> str:
    """Return ``words`` as a person would type them, for messages."""
    text = ""
    for word in words:
        tight = not text or word.value in (")", "]", "[", ",", ".") or text[-1] in "([." or (word.value == "(" and text[-1].isalnum())
        text += word.value if tight else f" {word.value}"
    return text
