"""Ranges of ``$parameters`` written into a rule: ``$fast=10[5..50 step 5]``, or ``$fast = 10 from 5 to 50 by 5``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.strategy.parameter_range import ParameterRange

if TYPE_CHECKING:
    from lark import Token, Tree

    from workbench.strategy.rules.build import Builder
    from workbench.strategy.rules.tokens import Word
    from workbench.strategy.rules.tree import Span

_VALUES = frozenset({"NUMBER", "PERCENT"})
_WORDS = {"to": "UPTO", "through": "UPTO", "step": "STEP", "steps": "STEP", "by": "STEP"}
_INSIDE = _VALUES | {"MINUS", "UPTO"}


def marked(words: list[Word]) -> list[Word]:
    """Return ``words`` with the signs of each range as terminals of their own, so that ``=`` and ``[`` mean one thing in the grammar."""
    found = list(words)
    for place, word in enumerate(words):
        if word.type == "PARAM" and _type(words, place + 1) == "EQUALS" and _ends(words, place + 2):
            found[place + 1] = replace(words[place + 1], type="SETS")
            _mark_range(found, _ends(words, place + 2))
    return found


def given(build: Builder, token: Token, parsed: list[Tree[Token] | None], span: Span) -> None:
    """Record the range that a ``$name=...`` gives; ``parsed`` are the grammar's default, low, high and step.

    Raises:
        RuleSyntaxError: no such range, or two different ones for one name.
    """
    default, low, high, step = (None if part is None else build.literal(part) for part in parsed)
    values = (default,) if low is None else (default, low, high, step)
    try:
        range_ = ParameterRange.parse(default if len(values) == 1 else tuple(value for value in values if value is not None))
    except InputError as error:
        problem, _, hint = str(error).partition("; ")
        raise build.refuse(span, problem, hint) from None
    name = str(token)[1:]
    known = build.ranges.setdefault(name, range_)
    if known != range_:
        raise build.refuse(span, f"${name} has a range already: {known}", "give it once and write only its name elsewhere")
    build.note(span, f"${name}, {range_}", 0.0)


def _ends(words: list[Word], place: int) -> int:
    """Return the place after a number that may have a sign, 0 where there is none."""
    start = place + 1 if _type(words, place) == "MINUS" else place
    return start + 1 if _type(words, start) in _VALUES else 0


def _type(words: list[Word], place: int) -> str:
    return words[place].type if place < len(words) else ""


def _mark_range(words: list[Word], place: int) -> None:
    opens = _type(words, place)
    named = opens == "NAME" and words[place].value == "from"
    if not named and opens != "LSQB":
        return
    words[place] = replace(words[place], type="FROM" if named else "LRANGE")
    for at in range(place + 1, min(place + 12, len(words))):  # a range has at most ten words
        word = words[at]
        if word.value in _WORDS and word.type == "NAME":
            words[at] = replace(word, type=_WORDS[word.value])
            if named and words[at].type == "STEP":
                return
        elif word.type == "RSQB" and not named:
            words[at] = replace(word, type="RRANGE")
            return
        elif word.type not in _INSIDE:
            return
