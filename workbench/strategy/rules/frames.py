"""Words that say how long bars are: *on 1h*, *on the daily chart*, *4-hour ema(20)*, *daily close*.

A length is read as a timeframe only behind *on* or before the name of a value; everywhere else it stays a count (*20d high*, *first 30m*).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import RuleSyntaxError, UnknownNameError
from workbench.strategy.rules.tokens import Word
from workbench.units import Timeframe, timeframe

if TYPE_CHECKING:
    from workbench.strategy.rules.vocabulary import Names

_NAMES = frozenset({"daily", "hourly", "weekly", "monthly", "intraday"})
_UNITS = {"m": "minute", "min": "minute", "mins": "minutes", "h": "hour", "hr": "hour", "hrs": "hours", "d": "day", "w": "week"}
_ADJECTIVES = frozenset({"minute", "min", "hour", "hr"})
_AFTER = frozenset({"chart", "charts", "bar", "bars", "candle", "candles", "timeframe", "tf", "basis", "minutes", "mins", "hours", "hrs"})
_COUNTED = frozenset({"within", "first", "last", "final", "opening", "closing", "after", "before", "next", "past", "than", "for", "over"})
"""Words before a length that make it a stretch of time: *within 15 minute close* is no 15-minute close."""
_BEGINNINGS = frozenset({"moving", "simple", "exponential", "relative", "average", "upper", "lower", "middle", "highest", "lowest"})


def frames(words: list[Word], text: str, names: Names) -> list[Word]:
    """Return ``words`` with each timeframe as one ``FRAME`` word, an ``ON`` before it where it stands behind its value.

    A length that is no timeframe becomes a number and a unit.

    Raises:
        RuleSyntaxError: *on* a timeframe that no bars have.
    """
    found: list[Word] = []
    place = 0
    while place < len(words):
        word = words[place]
        size = _length(words, place + 1) if word.value == "on" and word.type == "NAME" else 0
        if size:
            said = words[place + 1 : place + 1 + size]
            frame = _frame(said, text)
            place += 1 + size
            while place < len(words) and words[place].value in _AFTER and words[place].type == "NAME":
                place += 1
            found += [Word("ON", "on", word.span), frame]
            continue
        size = _length(words, place)
        if size and _begins_value(words, place, size, names):
            found.append(_frame(words[place : place + size], text))
            place += size
        else:
            found += _counted(word)
            place += 1
    return found


def _length(words: list[Word], place: int) -> int:
    """Return how many words at ``place`` say a length of bars, 0 where none does."""
    if place >= len(words):
        return 0
    word = words[place]
    if word.type == "FRAME" or (word.type == "NAME" and word.value in _NAMES):
        return 1
    if word.type != "NUMBER":
        return 0
    unit = place + (2 if place + 1 < len(words) and words[place + 1].type == "MINUS" else 1)
    called = unit + 1 < len(words) and words[unit + 1].type == "LPAR" and words[unit].value == "min"  # 0 - min(open, close)
    return unit - place + 1 if unit < len(words) and words[unit].value in _ADJECTIVES and not called else 0


def _begins_value(words: list[Word], place: int, size: int, names: Names) -> bool:
    before = words[place - 1] if place else None
    after = words[place + size] if place + size < len(words) else None
    if before is not None and (before.value in _COUNTED or before.type == "FRAME"):
        return False
    if before is not None and before.type in ("LPAR", "COMMA", "EQUALS") and after is not None and after.type in ("COMMA", "RPAR"):
        return words[place].type == "FRAME" or words[place].value in _NAMES  # an argument; refused with the right place for it
    if after is not None and after.type == "NUMBER":
        return words[place].value in _NAMES  # the daily 200 day moving average
    if after is None or not (after.type == "LPAR" or names.is_value(after.value) or after.value in _BEGINNINGS):
        return False
    if words[place].type == "FRAME" and words[place].value[-1] in "dw":
        called = place + size + 1 < len(words) and words[place + size + 1].type == "LPAR"
        return words[place].value == "1d" and (called or after.type == "LPAR")  # 20d sma is a period, 1d sma(50) a timeframe
    return words[place].type != "FRAME" or words[place].value in {entry.value for entry in Timeframe}


def _frame(said: list[Word], text: str) -> Word:
    span = (said[0].span[0], said[-1].span[1])
    name = "".join(word.value for word in said if word.type != "MINUS")
    try:
        return Word("FRAME", timeframe(name).value, span)
    except UnknownNameError:
        known = ", ".join(entry.value for entry in Timeframe)
        problem = f"there are no bars of {text[span[0] : span[1]]}"
        raise RuleSyntaxError(text, span, problem, f"timeframes are {known}") from None


def _counted(word: Word) -> list[Word]:
    if word.type != "FRAME":
        return [word]
    digits = word.value.rstrip("abcdefghijklmnopqrstuvwxyz")
    cut = word.span[0] + len(digits)
    return [Word("NUMBER", digits, (word.span[0], cut)), Word("NAME", _UNITS[word.value[len(digits) :]], (cut, word.span[1]))]
