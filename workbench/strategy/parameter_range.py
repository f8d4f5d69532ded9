"""The range of a ``$parameter``: its default and what a sweep may try."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from numbers import Real
from typing import Any

from workbench.errors import InputError, SpecError, UnknownNameError

_MAX_POINTS = 100_000
_TIE = 1e-9
_LONGEST = 4


@dataclass(frozen=True, kw_only=True)
class ParameterRange:
    """A number that a rule leaves open, in the unit of its place in the rule."""

    default: float
    """Used where nothing else is said."""
    low: float
    """Least value a sweep may try."""
    high: float
    """Greatest value a sweep may try."""
    step: float = 1.0
    """Distance of neighbouring values in a sweep."""

    def __post_init__(self) -> None:
        """Refuse ranges that hold nothing, or not their own default."""
        for field in fields(self):
            value: Any = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
                message = f"{field.name} of a parameter must be a finite number, not {value!r}"
                raise InputError(message)
            object.__setattr__(self, field.name, float(value) + 0.0)  # minus zero has no place in a record
        if not self.low <= self.default <= self.high:
            message = (
                f"the default {self.default:g} is not between {self.low:g} and {self.high:g}; a parameter is (default, low, high, step)"
            )
            raise SpecError(message)
        if self.step <= 0 or (self.high - self.low) / self.step > _MAX_POINTS:
            message = f"a step of {self.step:g} from {self.low:g} to {self.high:g} is no sensible sweep; steps are positive"
            raise SpecError(message)

    @classmethod
    def parse(cls, given: Any) -> ParameterRange:  # noqa: ANN401 - whatever was typed
        """Return the range that ``given`` says: a number (no range), ``(default, low, high)`` with an optional step, or a record.

        Raises:
            InputError: it says none.
        """
        if isinstance(given, ParameterRange):
            return given
        if isinstance(given, Mapping):
            for key in given:
                if key not in (field.name for field in fields(cls)):
                    kind = "field of a parameter"
                    raise UnknownNameError(kind, str(key), [field.name for field in fields(cls)])
            return cls._of(
                [given.get("default"), given.get("low", given.get("default")), given.get("high", given.get("default")), given.get("step")]
            )
        if not isinstance(given, bool) and isinstance(given, Real):
            return cls(default=float(given), low=float(given), high=float(given))
        if isinstance(given, Sequence) and not isinstance(given, str) and len(given) in (_LONGEST - 1, _LONGEST):
            return cls._of([*given, None][:_LONGEST])
        message = f"a parameter is a number or (default, low, high, step), for example (10, 5, 50, 1); not {given!r}"
        raise InputError(message)

    @classmethod
    def _of(cls, values: Sequence[Any]) -> ParameterRange:
        default, low, high, step = values
        if default is None:
            message = "a parameter needs a default; write (default, low, high, step), for example (10, 5, 50, 1)"
            raise InputError(message)
        if step is None:
            whole = all(isinstance(value, Real) and float(value).is_integer() for value in (default, low, high))
            step = 1.0 if whole or low == high else (high - low) / 10
        return cls(default=default, low=low, high=high, step=step)

    @property
    def fixed(self) -> bool:
        """Whether there is nothing to sweep."""
        return self.low == self.high

    @property
    def whole(self) -> bool:
        """Whether every value of the range is a whole number."""
        return self.low.is_integer() and self.default.is_integer() and (self.fixed or self.step.is_integer())

    def values(self) -> tuple[float, ...]:
        """Return the values of a full sweep: low, low + step, ... up to high."""
        count = math.floor((self.high - self.low) / self.step + _TIE) + 1
        return tuple(min(self.high, round(self.low + place * self.step, 12)) for place in range(count))

    def to_dict(self) -> dict[str, float]:
        """Return a JSON record."""
        return asdict(self)

    def __str__(self) -> str:
        """Say it in words, for example ``10, from 5 to 50 by 1``."""
        return f"{self.default:g}" if self.fixed else f"{self.default:g}, from {self.low:g} to {self.high:g} by {self.step:g}"
