"""What a person writes into a field: values to try, dates; read with the error that belongs at that field."""

from __future__ import annotations

import math
import re
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_VALUES = 10_000
_NUMBER = r"[-+−]?\d+(?:\.\d+)?"
_SPAN = re.compile(rf"^\s*(?:from\s+)?({_NUMBER})\s*(?:\.\.+|to|–|—)\s*({_NUMBER})\s*(?:(?:by|step|/)\s*({_NUMBER}))?\s*$", re.IGNORECASE)
_EXAMPLE = "write 10..40 by 10, or 10 20 30"
_ROUND = 12
_TIE = 1e-9


def values(text: str) -> list[float]:
    """Return the numbers that ``text`` lists: ``10..40 by 10``, ``10 to 40``, ``10 20 30`` or ``10, 20, 30``, ascending, each once.

    Raises:
        InputError: it lists none; the message has an example.
    """
    if not text.strip():
        message = f"no values to try; {_EXAMPLE}"
        raise InputError(message)
    span = _SPAN.match(text)
    if span:
        return _spread(*(None if part is None else _number(part) for part in span.groups()))
    parts = [part for part in re.split(r"[;,\s]+", text.strip()) if part]
    return sorted({_number(part) for part in parts})


def written(found: Iterable[float]) -> str:
    """Return values as a person would write them: ``10..40 by 10`` where they are evenly spread."""
    listed = list(found)
    steps = {round(after - before, _ROUND) for before, after in pairwise(listed)}
    if len(listed) > 2 and len(steps) == 1:  # noqa: PLR2004 - two numbers are shorter as they are
        return f"{listed[0]:g}..{listed[-1]:g} by {steps.pop():g}"
    return " ".join(f"{value:g}" for value in listed)


def day(text: str) -> date | None:
    """Return the date that ``text`` says, ``2026-01-31``; None where it is empty.

    Raises:
        InputError: it is no date.
    """
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        message = f"{text.strip()[:40]!r} is no date; write 2026-01-31, or leave it empty"
        raise InputError(message) from None


def _number(text: str) -> float:
    try:
        number = float(text.replace("−", "-"))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        message = f"{text[:40]!r} is no number; {_EXAMPLE}"
        raise InputError(message)
    return number


def _spread(low: float | None, high: float | None, step: float | None) -> list[float]:
    assert low is not None  # the pattern has both
    assert high is not None
    by = 1.0 if step is None else step
    if by <= 0 or high < low:
        message = f"{low:g} to {high:g} by {by:g} holds nothing; the second number is the larger, the step above zero"
        raise InputError(message)
    count = math.floor((high - low) / by + _TIE) + 1
    if count > MOST_VALUES:
        message = f"{low:g} to {high:g} by {by:g} are {count:,} values; take a larger step"
        raise InputError(message)
    return [round(low + place * by, _ROUND) for place in range(count)]
