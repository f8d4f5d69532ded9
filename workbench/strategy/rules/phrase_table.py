"""The phrases of relaxed English as data: what is said, what it means, how much doubt the reading leaves.

In a pattern ``a|b`` is a choice, ``x?`` may be missing, and ``<number>``, ``<time>``, ``<percent>``, ``<series>``, ``<indicator>``, ``<day>``,
``<param>``, ``<duration>`` (minutes) and ``<bars>`` (bar, day, candle ...) stand for any such word; the same name in the meaning puts it there, the
first for the first. ``<macd>`` repeats the macd call written before; ``<oversold>`` and ``<overbought>`` compare with the usual level of the oscillator
written before; ``<average>`` is ``volume_sma`` behind volume and ``sma`` elsewhere.

Doubt: 0 for another spelling, 0.02 for a synonym nobody would read otherwise, 0.05 for a reading that fixes something left open (a
period, which bars), 0.1 where a reader could have meant something else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from itertools import product
from types import MappingProxyType

from workbench.strategy.rules import clock_phrases, comparison_phrases, indicator_phrases

NOISE = frozenset(
    [
        *("the", "a", "an", "'s", "its", "it", "of", "both", "also", "just", "currently", "current", "please", "strictly", "value", "that"),
        *("there", "been", "only", "simply", "already", "now", "again", "yet", "still", "clearly"),
    ]
)
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
        "within": "WITHIN",
        "for": "FOR",
        "if": "IF",
        "then": "THEN",
        "else": "ELSE",
    }
)
"""Words of the strict grammar."""

MEANT = MappingProxyType(
    {
        "near": "NEAR",
        "beyond": "BEYOND",
        "ago": "AGO",
        "to": "TO",
        "in_top": "TOP",
        "in_bottom": "BOTTOM",
        "ranked_by": "BY",
        "any_of": "ANY",
        "all_of": "ALL",
        "at_least": "ATLEAST",
        "(": "LPAR",
        ")": "RPAR",
        "[": "LSQB",
        "]": "RSQB",
        ".": "DOT",
        ",": "COMMA",
        "*": "STAR",
        "/": "SLASH",
        "+": "PLUS",
        "-": "MINUS",
        **dict.fromkeys(("<", "<=", ">", ">=", "==", "!="), "COMPARE"),
    }
)
"""Terminals of what only phrases produce."""

CONDITION_SIGNS = frozenset({"<", "<=", ">", ">=", "==", "!=", "crosses", "between", "rising", "falling"})
_OPEN = (CONDITION_SIGNS | {"<percent>", "near", "beyond"}) - {"between"}


@dataclass(frozen=True, slots=True)
class Phrase:
    """A pattern of words and classes of words, what replaces it, and the doubt that leaves."""

    pattern: tuple[str, ...]
    meaning: tuple[str, ...]
    doubt: float
    whole: bool
    """Whether the meaning is a condition by itself, so that behind another one an *and* is meant."""
    open: bool
    """Whether the meaning begins with a comparison, so that at the beginning of a rule the close is what is compared."""


@dataclass(slots=True)
class Branch:
    """What may follow the words so far, and the phrase they are."""

    after: dict[str, Branch] = field(default_factory=dict)
    phrase: Phrase | None = None


def _choices(part: str) -> tuple[str, ...]:
    words = tuple(part.removesuffix("?").split("|"))
    return (*words, "") if part.endswith("?") else words


def _whole(meaning: tuple[str, ...]) -> bool:
    start = meaning[1:] if meaning[:1] == ("not",) else meaning
    return bool(start) and start[0] not in CONDITION_SIGNS and not start[0].startswith("<") and not CONDITION_SIGNS.isdisjoint(start)


@cache
def phrases() -> Branch:
    """Return all phrases as branches from their first words; where two lines say the same, the earlier one wins. Built once."""
    root = Branch()
    for table in (comparison_phrases, clock_phrases, indicator_phrases):
        for lines in (value for name, value in vars(table).items() if name.isupper() and not name.startswith("_")):
            for said, meant, doubt in lines:
                meaning = tuple(meant.split())
                for combination in product(*map(_choices, said.split())):
                    pattern = tuple(word for word in combination if word)
                    branch = root
                    for word in pattern:
                        branch = branch.after.setdefault(word, Branch())
                    if branch.phrase is None:
                        branch.phrase = Phrase(pattern, meaning, doubt, _whole(meaning), meaning[:1] != () and meaning[0] in _OPEN)
    return root
