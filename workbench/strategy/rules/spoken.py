"""Words as people speak them, before any phrase is looked for: fillers, numbers in words, stretches of time, names with their length attached."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.strategy.rules.phrase_table import NOISE
from workbench.strategy.rules.text import number
from workbench.strategy.rules.tokens import Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.strategy.rules.vocabulary import Names

_NUMBERS = MappingProxyType(
    {
        **{
            word: value
            for value, word in enumerate(
                ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
            )
        },
        "fifteen": 15,
        "twenty": 20,
        "thirty": 30,
        "forty": 40,
        "fifty": 50,
        "sixty": 60,
        "ninety": 90,
        "hundred": 100,
    }
)
_TIMES = MappingProxyType({"noon": "12:00", "midday": "12:00", "midnight": "00:00"})
_MINUTES = MappingProxyType({**dict.fromkeys(("minute", "minutes", "min", "mins"), 1), **dict.fromkeys(("hour", "hours", "hr", "hrs"), 60)})
_HALF = 30


def plain(words: list[Word], names: Names) -> list[Word]:
    """Return ``words`` without fillers, with numbers and noon in digits."""
    found: list[Word] = []
    chosen = False
    for place, word in enumerate(words):
        chosen = chosen or word.value == "if"
        output = bool(found) and found[-1].type == "DOT"
        if word.type != "NAME" or output or names.is_value(word.value) or _lists(words, place, found):
            found.append(word)
        elif word.value in NOISE or (word.value == "then" and not chosen):
            continue
        elif word.value in _NUMBERS:
            found.append(Word("NUMBER", str(_NUMBERS[word.value]), word.span))
        elif word.value in _TIMES:
            found.append(Word("TIME", _TIMES[word.value], word.span))
        else:
            found.append(word)
    return found


def _lists(words: list[Word], place: int, found: list[Word]) -> bool:
    """Whether this is the *of* of a list: *any of (*, *2 of (*."""
    counted = bool(found) and (found[-1].value in ("any", "all", "none") or found[-1].type == "NUMBER")
    return words[place].value == "of" and counted and _opens(words, place + 1)


def _opens(words: list[Word], place: int) -> bool:
    return place < len(words) and words[place].type == "LPAR"


def durations(words: list[Word], names: Names) -> list[Word]:
    """Return ``words`` with each stretch of time as one ``DURATION`` word, in minutes."""
    found: list[Word] = []
    for place, word in enumerate(words):
        called = word.value == "min" and _opens(words, place + 1)
        minutes = 0 if word.type != "NAME" or called or names.is_value(word.value) else _MINUTES.get(word.value, 0)
        before = found[-1] if found else None
        if minutes and before is not None and before.type == "MINUS" and len(found) > 1 and found[-2].type == "NUMBER":
            found.pop()
            before = found[-1]
        if minutes and before is not None and before.type == "NUMBER":
            found[-1] = Word("DURATION", number(float(before.value) * minutes), (before.span[0], word.span[1]))
        elif minutes > 1 and before is not None and before.value == "half":
            found[-1] = Word("DURATION", str(_HALF), (before.span[0], word.span[1]))
        elif minutes > 1:
            found.append(Word("DURATION", str(minutes), word.span))
        else:
            found.append(word)
    return found


def opened(words: list[Word], names: Names, note: Callable[[Word, str, float], None]) -> list[Word]:
    """Return ``words`` with lengths taken off the names they are attached to: ``sma200`` is ``sma(200)``; ``note`` is told of each."""
    found: list[Word] = []
    for place, word in enumerate(words):
        stem = word.value.rstrip("0123456789")
        digits = word.value[len(stem) :]
        glued = word.type == "NAME" and digits and not names.is_value(word.value) and not _opens(words, place + 1)
        name = names.spelled(stem.rstrip("_")) if glued else ""
        if glued and name in names.indicators:
            note(word, f"{name}({digits})", 0.01)
            parts = (("NAME", name), ("LPAR", "("), ("NUMBER", digits), ("RPAR", ")"))
            found.extend(Word(kind, value, word.span) for kind, value in parts)
        else:
            found.append(word)
    return found
