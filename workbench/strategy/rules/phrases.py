"""Relaxed English: a table of phrases, each rewritten to words of the strict grammar that keep their place in the text.

1. ``spoken.plain`` drops fillers, ``ranges.marked`` finds parameter ranges, ``frames.frames`` timeframes, ``spoken.durations`` stretches of time.
2. ``spoken.opened`` opens names with their length attached (``sma200`` becomes ``sma(200)``).
3. ``_pass_over`` walks once from left to right and replaces the longest phrase of ``phrase_table`` at each place; what a phrase
   produced is not searched again, so the time is bounded by words times the longest phrase.
4. ``_commas`` reads a comma outside parentheses as ``and``.
5. ``_keywords`` gives the words that are left their terminals.

Every replacement is recorded as a ``Rewrite`` with what was said, what was understood, and how much doubt that leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.strategy.rules import ranges, spoken
from workbench.strategy.rules.ahead import refuse_ahead
from workbench.strategy.rules.frames import frames
from workbench.strategy.rules.phrase_table import KEYWORDS, MEANT, Phrase, phrases
from workbench.strategy.rules.tokens import Word
from workbench.strategy.rules.tree import SERIES
from workbench.strategy.rules.vocabulary import ALIASES, DAYS

if TYPE_CHECKING:
    from workbench.strategy.rules.tree import Span
    from workbench.strategy.rules.vocabulary import Names

_BARS = frozenset(
    ["bar", "bars", "day", "days", "candle", "candles", "period", "periods", "session", "sessions", "closes", "candlestick", "candlesticks"]
)
_DAY_NAMES = frozenset({*DAYS, *(f"{day}s" for day in DAYS)})
_LONGEST_CALL = 24  # words; what is copied stays short however long the text
_ADVERBS = frozenset(
    {"after", "before", "on", "not", "at", "in", "during", "within", "until", "from", "since", "except", "never", "outside", "between"}
)
"""First words of phrases that limit a condition said before, without a doubt of their own: *rsi < 10 on mondays*."""
_VALUE_ENDS = frozenset({"NUMBER", "PERCENT", "TIME", "DAY", "PARAM", "RPAR", "RSQB", "FRAME"})
"""Words that end a value; known names do too."""
_OPERATORS = frozenset({"COMPARE", "EQUALS", "PLUS", "MINUS", "STAR", "SLASH"})
_SPOKEN = frozenset({"NAME", "NUMBER", "LPAR", "COMMA", "MINUS", "PERCENT"})
"""Words that a phrase may spell out; others are terminals already."""
_LEVELS = MappingProxyType(
    {"rsi": (30, 70), "stoch": (20, 80), "stochrsi": (20, 80), "mfi": (20, 80), "cci": (-100, 100), "williams": (-80, -20)}
)
"""Where each oscillator is called oversold and overbought."""
_BACK = ("[", "<number>", "]")
_COMMA_DOUBT = 0.1
_JOINED_DOUBT = 0.05


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


def rewrite(words: list[Word], text: str, names: Names) -> tuple[list[Word], list[Rewrite]]:
    """Return the ``words`` of ``text`` in the strict grammar's terminals, and what was rewritten.

    A phrase never hides one of the known ``names``.

    Raises:
        RuleSyntaxError: a timeframe that no bars have, or a word that looks ahead.
    """
    record: list[Rewrite] = []

    def note(word: Word, meant: str, doubt: float) -> None:
        record.append(Rewrite(span=word.span, said=word.value, meant=meant, doubt=doubt))

    refuse_ahead(words, text, names)
    kept = frames(ranges.marked(spoken.plain(words, names)), text, names)
    opened = spoken.opened(spoken.durations(kept, names), names, note)
    passed = _pass_over(opened, text, names, record)
    return _keywords(_commas(passed, record)), record


def _pass_over(words: list[Word], text: str, names: Names, record: list[Rewrite]) -> list[Word]:
    classes = [_class(word, names) for word in words]
    found: list[Word] = []
    place = 0
    while place < len(words):
        named = found and found[-1].type == "DOT"  # what follows a dot is the name of an output
        phrase = None if named else _longest(words, classes, place, names)
        after_value = bool(found) and _ends_value(found[-1], names)
        if phrase is not None and not _fits(phrase, found[-1] if found else None, after_value=after_value):
            phrase = None
        if phrase is None:
            found.append(words[place])
            place += 1
            continue
        said = words[place : place + len(phrase.pattern)]
        meant = _replacement(phrase, said, classes[place : place + len(said)], found)
        doubt = phrase.doubt
        if phrase.meaning == _BACK and found and found[-1].type != "NAME":
            meant, doubt = _back(meant, found[-1]), _JOINED_DOUBT
        if not after_value and phrase.open and all(word.type == "LPAR" or word.value == "not" for word in found):
            meant, doubt = [Word("NAME", "close", said[0].span), *meant], max(doubt, _COMMA_DOUBT)
        if after_value and phrase.whole:
            meant = [Word("NAME", "and", said[0].span), *meant]
            doubt = max(doubt, 0.0 if phrase.pattern[0] in _ADVERBS else _JOINED_DOUBT)
        if [word.value for word in meant] == [word.value for word in said]:
            meant = [replace(word, span=own.span) for word, own in zip(meant, said, strict=True)]
        else:
            span = (said[0].span[0], said[-1].span[1])
            written = " ".join(text[span[0] : span[1]].lower().split())
            record.append(Rewrite(span=span, said=written, meant=spell(meant), doubt=doubt))
        found.extend(meant)
        place += len(said)
    return found


def _back(meant: list[Word], before: Word) -> list[Word]:
    """Return *3 bars ago* behind a plain number as said of the whole comparison, behind a call as said of its value."""
    if before.type in ("RPAR", "RSQB"):
        return meant
    return [Word("AGO", "ago", meant[0].span), meant[1]]


def _fits(phrase: Phrase, before: Word | None, *, after_value: bool) -> bool:
    if phrase.whole and before is not None and (before.type in _OPERATORS or before.value == "between"):
        return False  # between monday and thursday: those days are no list
    if phrase.pattern[0] == "between":
        return not after_value  # x between 09:30 and ...: that x is what is compared, not the time
    return after_value or phrase.meaning[:1] != ("and",)


def _ends_value(word: Word, names: Names) -> bool:
    return word.type in _VALUE_ENDS or (word.type == "NAME" and (names.is_value(word.value) or word.value in ("rising", "falling")))


def _longest(words: list[Word], classes: list[str], place: int, names: Names) -> Phrase | None:
    best: Phrase | None = None
    waiting = [(phrases(), place)]
    while waiting:
        branch, at = waiting.pop()
        if branch.phrase is not None and (best is None or len(branch.phrase.pattern) > len(best.pattern)):
            best = best if _hides(branch.phrase, words, classes, place, names) else branch.phrase
        if at < len(words):
            literal = words[at].value if words[at].type in _SPOKEN else ""
            keys = (classes[at], literal)  # the literal word is taken from the list first
            waiting += [(branch.after[key], at + 1) for key in keys if key and key in branch.after]
    return best


def _hides(phrase: Phrase, words: list[Word], classes: list[str], place: int, names: Names) -> bool:
    """Whether ``phrase`` would take a known name for a word of English, or tear a call from its arguments."""
    size = len(phrase.pattern)
    if any(word.value in names.defined for word in words[place : place + size]):
        return True
    if size == 1 and classes[place] == "<indicator>":
        return True
    called = place + size < len(words) and words[place + size].type == "LPAR"
    return called and (phrase.pattern[-1] == "<indicator>" or phrase.pattern in (("rising",), ("falling",)))


def _replacement(phrase: Phrase, said: list[Word], classes: list[str], before: list[Word]) -> list[Word]:
    span = (said[0].span[0], said[-1].span[1])
    holes: dict[str, list[Word]] = {}
    for kind, word in zip(classes, said, strict=True):
        if kind:
            holes.setdefault(kind, []).append(word)
    meant: list[Word] = []
    for part in phrase.meaning:
        if part == "<macd>":
            meant.extend(replace(word, span=span) for word in _last_macd(before, said[0].span))
        elif part in ("<oversold>", "<overbought>"):
            meant.extend(_level(part, before, span))
        elif part == "<average>":
            meant.append(Word("NAME", _average(before), span))
        elif part == "<stretch>":
            meant.append(said[-1])  # refused by the grammar, which counts bars
        elif part in holes:
            given = holes[part]
            meant.append(_canonical(part, given.pop(0) if len(given) > 1 else given[0]))
        else:
            meant.append(Word(_terminal(part), part.removesuffix("%"), span))
    return meant


def _canonical(kind: str, word: Word) -> Word:
    if kind == "<day>":
        return Word("DAY", word.value.removesuffix("s"), word.span)
    if kind == "<duration>":
        return replace(word, type="NUMBER")
    return replace(word, value=ALIASES.get(word.value, word.value)) if kind == "<series>" else word


def _level(part: str, before: list[Word], span: Span) -> list[Word]:
    """Return the comparison with the usual level of the oscillator that was named last."""
    name = next((word.value for word in reversed(before) if word.type == "NAME" and word.value in _LEVELS), "rsi")
    low, high = _LEVELS[name]
    sign, value = ("<", low) if part == "<oversold>" else (">", high)
    minus = [Word("MINUS", "-", span)] if value < 0 else []
    return [Word("COMPARE", sign, span), *minus, Word("NUMBER", str(abs(value)), span)]


def _average(before: list[Word]) -> str:
    """Return the average of what was named last: *volume above its 20 day average* is one of volumes."""
    named = next((word.value for word in reversed(before) if word.type == "NAME" and word.value in (*SERIES, *ALIASES)), "")
    return "volume_sma" if ALIASES.get(named, named) == "volume" else "sma"


def _last_macd(words: list[Word], place: Span) -> list[Word]:
    """Return the macd call written before, with its arguments, so that *its signal* is the signal of the same macd."""
    starts = [place for place, word in enumerate(words) if word.value == "macd" and word.type == "NAME"]
    if not starts:
        return [Word("NAME", "macd", place)]
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
        elif place + 1 < len(words) and words[place + 1].value not in ("and", "or", "then", "else") and found and found[-1].value != "and":
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
        if word.type != "NAME" or (found and found[-1].type == "DOT"):
            found.append(word)
        elif word.value in KEYWORDS and not (called and word.value in ("rising", "falling")):
            found.append(replace(word, type=KEYWORDS[word.value]))
        elif word.value in _DAY_NAMES:
            found.append(Word("DAY", word.value.removesuffix("s"), word.span))
        else:
            found.append(word)
    return found


def _class(word: Word, names: Names) -> str:
    if word.type in ("NUMBER", "TIME", "PERCENT", "PARAM", "DURATION"):
        return f"<{word.type.lower()}>"
    meant = names.spelled(word.value)
    if word.type != "NAME" or word.value in names.defined:
        return ""
    if meant in names.indicators:
        return "<indicator>"
    if meant in SERIES:
        return "<series>"
    if word.value in _DAY_NAMES:
        return "<day>"
    return "<bars>" if word.value in _BARS else ""


def _terminal(part: str) -> str:
    if part in MEANT:
        return MEANT[part]
    if part.endswith("%"):
        return "PERCENT"
    return KEYWORDS.get(part) or ("NUMBER" if part.replace(".", "").isdigit() else "TIME" if part[0].isdigit() else "NAME")


def spell(words: list[Word]) -> str:
    """Return ``words`` as a person would type them, for messages."""
    text = ""
    for word in words:
        tight = not text or word.value in (")", "]", "[", ",", ".") or text[-1] in "([." or (word.value == "(" and text[-1].isalnum())
        text += word.value if tight else f" {word.value}"
    return text
