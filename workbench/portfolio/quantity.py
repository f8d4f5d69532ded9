"""Reading amounts as people write them: ``2%``, ``16 ticks``, ``2 atr``, ``1 contract``, ``1% risk``."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_TEXT = 60
_AMOUNT = re.compile(
    r"(?P<number>\d{1,15}(?:\.\d{0,15})?|\.\d{1,15}) ?(?:[x*] ?)?(?P<unit>% ?(?:risk|of equity)?|[a-z]+)? ?(?:\( ?(?P<argument>\d{1,6}) ?\))?"
)


@dataclass(frozen=True, kw_only=True)
class Amount:
    """A number with its unit as written, lower case, ``""`` where there was none, and the argument of ``atr(20)``."""

    number: float
    unit: str
    argument: int | None


def amount(text: str, what: str, example: str) -> Amount:
    """Return the amount that ``text`` says; ``what`` and ``example`` make the message of a refusal.

    Raises:
        InputError: the text is no amount.
    """
    folded = " ".join(text.lower().replace("percent", "%").split())
    match = _AMOUNT.fullmatch(folded) if len(folded) <= MAX_TEXT else None
    if match is None:
        message = f"{what} {text[:MAX_TEXT]!r} cannot be read; write for example {example}"
        raise InputError(message)
    argument = match["argument"]
    return Amount(number=float(match["number"]), unit=(match["unit"] or "").replace(" ", ""), argument=int(argument) if argument else None)


def positive(value: Any, what: str, *, zero: bool = False) -> None:  # noqa: ANN401 - it is what is being checked
    """Refuse a ``value`` that is not a finite positive number (or zero, where ``zero`` allows it).

    Raises:
        InputError: it is not.
    """
    number = not isinstance(value, bool) and isinstance(value, Real) and math.isfinite(value)
    if not number or value < 0 or (value == 0 and not zero):
        message = f"{what} must be {'zero or more' if zero else 'more than zero'}, not {value!r}"
        raise InputError(message)


def share(value: float, what: str) -> None:
    """Refuse a ``value`` that is not a share, more than 0 and at most 1.

    Raises:
        InputError: it is not.
    """
    positive(value, what)
    if value > 1:
        message = f"{what} is a share and must be at most 1 (100%), not {value:g}"
        raise InputError(message)


def fields_of(record: Mapping[str, Any], known: Iterable[str], what: str) -> dict[str, Any]:
    """Return ``record`` as keyword arguments.

    Raises:
        UnknownNameError: a key that is no field of this kind of record.
    """
    names = list(known)
    for key in record:
        if key not in names:
            kind = f"field of {what}"
            raise UnknownNameError(kind, str(key), names)
    return dict(record)


def plain(value: float) -> str:
    """Return ``value`` in its shortest text that reads back the same, without ``.0``."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))  # noqa: PLR2004 - exact integers


def percent(fraction: float) -> str:
    """Return a share such as 0.02 as ``2%``."""
    return f"{fraction * 100:.10g}%"
