"""Orders that guard a position: stop, target, trailing stop and time stop. Levels in ATR come in as a column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio.quantity import amount, fields_of, percent, plain, positive

BracketKind = Literal["ticks", "percent", "atr"]
_EXAMPLE = "'2%', '16 ticks' or '2 atr'"
_MAX_PERIOD = 1000


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """A distance from the fill price (from the best price since, for a trailing stop)."""

    kind: BracketKind
    """``ticks``, ``percent`` (a share of the fill price) or ``atr`` (a multiple of the average true range when decided)."""
    value: float
    """Ticks; a share for ``percent``, 0.02 means 2 %; a multiple for ``atr``."""
    period: int = 14
    """Bars of the average true range; counts for ``atr`` only."""

    def __post_init__(self) -> None:
        """Refuse unknown kinds and distances that are not positive."""
        if self.kind not in get_args(BracketKind):
            what = "kind of bracket"
            raise UnknownNameError(what, str(self.kind), get_args(BracketKind))
        positive(self.value, f"a bracket in {self.kind}")
        if self.kind == "percent" and self.value >= 1:
            message = f"a bracket of {percent(self.value)} is not below the whole price; percent brackets are shares, 0.02 means 2%"
            raise InputError(message)
        if not (isinstance(self.period, int) and 1 <= self.period <= _MAX_PERIOD):
            message = f"the period of an atr bracket is 1 to {_MAX_PERIOD} bars, not {self.period!r}"
            raise InputError(message)
        object.__setattr__(self, "value", float(self.value))

    @classmethod
    def parse(cls, given: Any) -> Bracket:  # noqa: ANN401 - whatever was typed
        """Return the bracket that ``given`` says: a record or a text such as ``2%``, ``16 ticks``, ``2 atr``, ``1.5 atr(20)``.

        Raises:
            InputError: it cannot be read.
        """
        if isinstance(given, Bracket):
            return given
        if isinstance(given, Mapping):
            return cls.from_dict(given)
        if not isinstance(given, str):
            message = f"a bracket needs a unit, {given!r} has none; write {_EXAMPLE}"
            raise InputError(message)
        found = amount(given, "a bracket", _EXAMPLE)
        if found.unit in ("atr", "atrs"):
            return (
                cls(kind="atr", value=found.number)
                if found.argument is None
                else cls(kind="atr", value=found.number, period=found.argument)
            )
        if found.argument is None and found.unit in ("tick", "ticks"):
            return cls(kind="ticks", value=found.number)
        if found.argument is None and found.unit == "%":
            return cls(kind="percent", value=round(found.number / 100, 12))
        message = f"a bracket {given!r} has no unit we know; write {_EXAMPLE}"
        raise InputError(message)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Bracket:
        """Return the bracket of a JSON record.

        Raises:
            InputError: an unknown or missing field, or a value that is not valid.
        """
        if not {"kind", "value"} <= set(record):
            message = f"a bracket record needs kind and value; or write {_EXAMPLE}"
            raise InputError(message)
        return cls(**fields_of(record, (field.name for field in fields(cls)), "a bracket"))

    def __str__(self) -> str:
        """Say it in the words that ``parse`` reads."""
        if self.kind == "percent":
            return percent(self.value)
        if self.kind == "ticks":
            return f"{plain(self.value)} {'tick' if self.value == 1 else 'ticks'}"
        return f"{plain(self.value)} atr({self.period})"


@dataclass(frozen=True, kw_only=True)
class Brackets:
    """The guards of every position of a strategy; each may be missing."""

    stop: Bracket | None = None
    """Loss at which the position closes, worked as a stop order from the entry bar on."""
    target: Bracket | None = None
    """Gain at which the position closes, worked as a limit order."""
    trailing: Bracket | None = None
    """Distance of a stop that follows the best price since the fill."""
    time_stop_bars: int | None = None
    """Bars after the fill at which the position closes at the next open."""

    def __post_init__(self) -> None:
        """Refuse a time stop that is no count of bars, and two different ATR periods."""
        bars = self.time_stop_bars
        if bars is not None and not (isinstance(bars, int) and not isinstance(bars, bool) and bars >= 1):
            message = f"a time stop is a whole number of bars, at least 1, not {bars!r}"
            raise InputError(message)
        periods = {guard.period for guard in self.guards.values() if guard.kind == "atr"}
        if len(periods) > 1:
            message = f"one strategy measures its brackets with one atr, not with periods {sorted(periods)}; use the same period"
            raise InputError(message)

    @property
    def guards(self) -> dict[str, Bracket]:
        """The price brackets that are set, by name."""
        named = {"stop": self.stop, "target": self.target, "trailing": self.trailing}
        return {name: guard for name, guard in named.items() if guard is not None}

    @property
    def closes(self) -> bool:
        """Whether any of them can close a position."""
        return bool(self.guards) or self.time_stop_bars is not None

    @property
    def atr_period(self) -> int | None:
        """Bars of the average true range that the brackets need, or None."""
        return next((guard.period for guard in self.guards.values() if guard.kind == "atr"), None)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Brackets:
        """Return the brackets of a JSON record; missing ones are not set; texts such as ``2%`` are read.

        Raises:
            InputError: an unknown field or a value that is not valid.
        """
        found = fields_of(record, (field.name for field in fields(cls)), "brackets")
        read: dict[str, Any] = {
            name: found[name] if name == "time_stop_bars" or found[name] is None else Bracket.parse(found[name]) for name in found
        }
        return cls(**read)

    def __str__(self) -> str:
        """Say it in words, for example ``stop 2%, target 5%``."""
        shown = [f"{name} {guard}" for name, guard in self.guards.items()]
        if self.time_stop_bars is not None:
            shown.append(f"time stop {self.time_stop_bars} bar{'s' if self.time_stop_bars > 1 else ''}")
        return ", ".join(shown) or "none"
