"""A guard that a search may choose: its unit and the values to try."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio import Bracket

if TYPE_CHECKING:
    from collections.abc import Mapping

SpanKind = Literal["atr", "percent", "ticks", "bars"]
TEMPLATE, NONE = "template", "none"
_MOST = 1_000


@dataclass(frozen=True, kw_only=True)
class Span:
    """Evenly spaced values of one kind of guard."""

    kind: SpanKind
    """``atr`` (multiples of the average true range), ``percent`` of the price, ``ticks``, or ``bars`` for a time stop."""
    low: float
    """Least value, in the unit of ``kind``; 2 means 2 % for ``percent``."""
    high: float
    """Greatest value."""
    step: float
    """Distance of neighbouring values."""

    def __post_init__(self) -> None:
        """Refuse what is no range of positive values."""
        if self.kind not in get_args(SpanKind):
            what = "kind of guard"
            raise UnknownNameError(what, str(self.kind), get_args(SpanKind))
        for name in ("low", "high", "step"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
                message = f"{name} of a guard in {self.kind} must be a positive number, not {value!r}"
                raise InputError(message)
            object.__setattr__(self, name, float(value))
        whole = self.kind not in ("bars", "ticks") or all(float(getattr(self, name)).is_integer() for name in ("low", "high", "step"))
        if self.high < self.low or (self.high - self.low) / self.step > _MOST or not whole:
            message = f"{self} is no range to choose from; low is not above high, at most {_MOST} steps, whole numbers for bars and ticks"
            raise InputError(message)
        if self.kind == "percent" and self.high >= 100:  # noqa: PLR2004 - the whole price
            message = f"{self} goes beyond the whole price"
            raise InputError(message)

    @property
    def steps(self) -> int:
        """Number of the last value, counted from 0."""
        return math.floor((self.high - self.low) / self.step + 1e-9)

    def value(self, place: int) -> float:
        """Return value number ``place``."""
        return min(self.high, round(self.low + place * self.step, 12))

    def bracket(self, place: int, period: int) -> Bracket:
        """Return the bracket of value number ``place``; ATR over ``period`` bars."""
        assert self.kind != "bars"
        value = self.value(place)
        return Bracket(kind=self.kind, value=round(value / 100, 12) if self.kind == "percent" else value, period=period)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Span:
        """Return the span of a JSON record.

        Raises:
            InputError: fields are missing or unknown, or no range.
        """
        names = [entry.name for entry in fields(cls)]
        if set(record) != set(names):
            message = f"a guard to choose has the fields {', '.join(names)}, not {', '.join(map(str, record))}"
            raise InputError(message)
        return cls(**record)

    def __str__(self) -> str:
        """Say it in words, for example ``1 to 6 atr by 0.5``."""
        return f"{self.low:g} to {self.high:g} {self.kind} by {self.step:g}"


Guard = str | Span
"""``template``, ``none``, or values to choose from."""
