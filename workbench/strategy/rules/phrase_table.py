"""The phrases of relaxed English as data: what is said, what it means, how much doubt the reading leaves.

In a pattern ``a|b`` is a choice, ``x?`` may be missing, and ``<number>``, ``<time>``, ``<percent>``, ``<series>``, ``<indicator>``, ``<day>`` and
``<bars>`` (bar, day, candle ...) stand for any such word; the same name in the meaning puts it there. ``<macd>`` repeats the macd call
written before.

Doubt: 0 for another spelling, 0.02 for a synonym nobody would read otherwise, 0.05 for a reading that fixes something left open (a
period, which bars), 0.1 where a reader could have meant something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern of words and classes of words, what replaces it, and the doubt that leaves."""

    pattern: tuple[str, ...]
    meaning: tuple[str, ...]
    doubt: float


NOISE = frozenset({"the", "a", "an", "'s", "its", "of", "then"})
"""Words that carry no meaning in a rule."""

KEYWORDS = MappingProxyType(
    {
        "and": "AND",
        "or": "OR",
        "not": "NOT",
        "crosses": "CROSSES",
        "above": "ABOVE",
        "below": "BELOW",
        "between": "BETWEEN",
        "rising": "RISING",
        "falling": "FALLING",
    }
)

_UP = "crosses|cross|crossed|crossing|goes|moves|breaks|rises|climbs|gets|pushes"
_DOWN = "crosses|cross|crossed|crossing|goes|moves|breaks|falls|drops|dips|slips|gets|sinks"
_IS = "is|are|was|stays|stay|remains|trades"

_TABLE: tuple[tuple[str, str, float], ...] = (
    # crossing: the moment, not the state
    ("crosses above", "crosses above", 0.0),
    ("crosses below", "crosses below", 0.0),
    (f"{_UP} back? above", "crosses above", 0.02),
    (f"{_DOWN} back? below", "crosses below", 0.02),
    (f"{_UP} over|through|up", "crosses above", 0.05),
    (f"{_UP} up through|over|above|past", "crosses above", 0.02),
    ("breaks out above", "crosses above", 0.02),
    (f"{_DOWN} under|down", "crosses below", 0.02),
    (f"{_DOWN} down through|under|below|past", "crosses below", 0.02),
    ("breaks down below", "crosses below", 0.02),
    ("golden cross", "sma ( 50 ) crosses above sma ( 200 )", 0.05),
    ("death cross", "sma ( 50 ) crosses below sma ( 200 )", 0.05),
    ("price? closes above|over", "close >", 0.1),
    ("price? closes below|under", "close <", 0.1),
    # distance
    (f"{_IS}? <percent> above|over", "<percent> above", 0.0),
    (f"{_IS}? <percent> below|under", "<percent> below", 0.0),
    # comparing: the state
    (f"{_IS}? above|over", ">", 0.02),
    (f"{_IS}? below|under|beneath", "<", 0.02),
    (f"{_IS}? greater|higher|more|bigger|larger than", ">", 0.01),
    (f"{_IS}? less|lower|smaller|fewer than", "<", 0.01),
    (f"{_IS}? greater than or equal to?", ">=", 0.01),
    (f"{_IS}? less than or equal to?", "<=", 0.01),
    (f"{_IS}? at or above", ">=", 0.01),
    (f"{_IS}? at or below", "<=", 0.01),
    (f"{_IS}? at least", ">=", 0.01),
    (f"{_IS}? at most", "<=", 0.01),
    (f"{_IS}? no less than", ">=", 0.01),
    (f"{_IS}? no more than", "<=", 0.01),
    (f"{_IS} not above|over", "<=", 0.02),
    (f"{_IS} not below|under", ">=", 0.02),
    ("exceeds", ">", 0.02),
    ("equals", "==", 0.01),
    ("is equal to", "==", 0.01),
    ("is not equal? to?", "!=", 0.02),
    ("is", "==", 0.05),
    (f"{_IS} in? between", "between", 0.01),
    ("in between", "between", 0.01),
    ("is oversold", "< 30", 0.05),
    ("oversold", "< 30", 0.05),
    ("is overbought", "> 70", 0.05),
    ("overbought", "> 70", 0.05),
    # trend
    ("is|has? rising|increasing|climbing|risen", "rising", 0.01),
    ("is|has? falling|decreasing|declining|fallen", "falling", 0.01),
    ("is? rising|increasing|up for|over? last|past? <number> <bars> straight?", "rising <number>", 0.02),
    ("is? falling|decreasing|declining|down for|over? last|past? <number> <bars> straight?", "falling <number>", 0.02),
    ("has? risen for|over? last|past? <number> <bars> straight?", "rising <number>", 0.02),
    ("has? fallen for|over? last|past? <number> <bars> straight?", "falling <number>", 0.02),
    ("is? rising|up <number> <bars> in row", "rising <number>", 0.02),
    ("is? falling|down <number> <bars> in row", "falling <number>", 0.02),
    # the past
    ("<number> <bars> ago", "[ <number> ]", 0.01),
    ("previous|prior|yesterday|last <bars>? <series>", "<series> [ 1 ]", 0.02),
    # indicators as people say them
    ("<number> x? atr|atrs", "<number> * atr", 0.05),
    ("<number> -? <bars> <indicator>", "<indicator> ( <number> )", 0.02),
    ("<number> <indicator>", "<indicator> ( <number> )", 0.02),
    ("<indicator> <number>", "<indicator> ( <number> )", 0.05),
    ("<number> -? <bars>? simple? moving average", "sma ( <number> )", 0.02),
    ("<number> -? <bars>? exponential moving average", "ema ( <number> )", 0.02),
    ("simple moving average", "sma", 0.01),
    ("exponential moving average", "ema", 0.01),
    ("moving average", "sma", 0.05),
    ("relative strength index", "rsi", 0.01),
    ("average true range", "atr", 0.01),
    ("rate change", "roc", 0.01),
    ("<number> -? <bars> high", "highest ( <number> ) [ 1 ]", 0.05),
    ("<number> -? <bars> low", "lowest ( <number> ) [ 1 ]", 0.05),
    ("highest high last|past? <number> <bars>", "highest ( <number> ) [ 1 ]", 0.05),
    ("lowest low last|past? <number> <bars>", "lowest ( <number> ) [ 1 ]", 0.05),
    ("average volume", "volume_sma", 0.02),
    ("<number> -? <bars> average volume", "volume_sma ( <number> )", 0.02),
    ("volume is? above average", "volume > volume_sma", 0.02),
    ("volume is? below average", "volume < volume_sma", 0.02),
    ("upper bollinger? band", "bb . upper", 0.05),
    ("lower bollinger? band", "bb . lower", 0.05),
    ("middle bollinger? band", "bb . middle", 0.05),
    ("macd? signal line", "<macd> . signal", 0.02),
    ("macd signal", "<macd> . signal", 0.02),
    ("signal", "<macd> . signal", 0.05),
    ("macd line", "macd . macd", 0.02),
    ("macd? histogram", "<macd> . histogram", 0.02),
    ("<number> x|times", "<number> *", 0.02),
    ("times", "*", 0.02),
    # time
    ("after <time>", "time >= <time>", 0.02),
    ("before <time>", "time < <time>", 0.02),
    ("time is? after", "time >=", 0.01),
    ("time is? before", "time <", 0.01),
    ("between <time>", "time between <time>", 0.02),
    ("on <day>", "day_of_week == <day>", 0.02),
    ("not on <day>", "day_of_week != <day>", 0.02),
    # joining
    ("as well as", "and", 0.02),
    ("but", "and", 0.02),
    ("while", "and", 0.02),
    ("with", "and", 0.05),
    ("unless", "and not", 0.1),
)


def _choices(part: str) -> tuple[str, ...]:
    words = tuple(part.removesuffix("?").split("|"))
    return (*words, "") if part.endswith("?") else words


def _compiled() -> dict[str, tuple[Phrase, ...]]:
    """Return the phrases by their first word or class; where two say the same, the earlier line of the table wins."""
    found: dict[tuple[str, ...], Phrase] = {}
    for said, meant, doubt in _TABLE:
        for combination in product(*map(_choices, said.split())):
            pattern = tuple(word for word in combination if word)
            found.setdefault(pattern, Phrase(pattern, tuple(meant.split()), doubt))
    by_first: dict[str, list[Phrase]] = {}
    for phrase in found.values():
        by_first.setdefault(phrase.pattern[0], []).append(phrase)
    return {first: tuple(phrases) for first, phrases in by_first.items()}


PHRASES = MappingProxyType(_compiled())
"""Phrases by the word or class they begin with."""
