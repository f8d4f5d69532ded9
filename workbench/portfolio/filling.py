"""How orders become fills: at which price of which bar, how much of it, with whose money, and what becomes of a position at the end of the data."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio.quantity import fields_of, percent, plain, positive, share

if TYPE_CHECKING:
    from collections.abc import Mapping

FillAt = Literal["next_open", "close"]
AtEnd = Literal["hold", "close", "open"]
_MAX_LEVERAGE = 100.0


@dataclass(frozen=True, kw_only=True)
class Filling:
    """The conventions of filling. The defaults are what can be traded live; the others reproduce results that were published elsewhere."""

    fill_at: FillAt = "next_open"
    """``next_open``: a decision at a close fills at the open of the next bar. ``close``: at that very close, which nobody can trade for certain."""
    at_end: AtEnd = "hold"
    """A position on the last bar: ``hold`` leaves it open and marks it, ``close`` leaves it at the last close, ``open`` at the last open."""
    volume_share: float | None = None
    """Share of a bar's volume that an entry takes at most; what is over is dropped. None: no limit. Exits fill in full."""
    leverage: float = 1.0
    """Buying power of cash instruments in multiples of equity, and what a size in percent is a share of. Futures have their margin instead."""
    maintenance: float | None = None
    """Equity that a position needs at each close, as a share of its margin (futures) or notional (cash); less, and it is closed. None: no such need."""
    fractional: bool | None = None
    """True: any fraction of a share may be traded; False: whole ones only; None: the instrument's own lot."""
    short: bool = True
    """Whether anything may be sold short; where not, ``short when`` only closes a long position."""

    def __post_init__(self) -> None:
        """Refuse names that do not exist, shares outside 0 to 1 and leverage outside 1 to 100."""
        for name, known in (("fill_at", get_args(FillAt)), ("at_end", get_args(AtEnd))):
            if getattr(self, name) not in known:
                raise UnknownNameError(name, str(getattr(self, name)), known)
        for name in ("volume_share", "maintenance"):
            if getattr(self, name) is not None:
                share(getattr(self, name), f"filling: {name}")
                object.__setattr__(self, name, float(getattr(self, name)))
        positive(self.leverage, "filling: leverage")
        if not 1.0 <= self.leverage <= _MAX_LEVERAGE:
            message = f"filling: leverage is 1 (own money only) to {_MAX_LEVERAGE:g}, not {self.leverage:g}"
            raise InputError(message)
        object.__setattr__(self, "leverage", float(self.leverage))
        said: tuple[Any, Any] = (self.fractional, self.short)
        if not (said[0] is None or isinstance(said[0], bool)) or not isinstance(said[1], bool):
            message = f"filling: fractional is True, False or None and short is True or False, not {self.fractional!r} and {self.short!r}"
            raise InputError(message)

    @property
    def changed(self) -> dict[str, Any]:
        """The fields that are not as by default."""
        return {field.name: getattr(self, field.name) for field in fields(self) if getattr(self, field.name) != field.default}

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Filling:
        """Return the filling of a JSON record; missing fields take their defaults.

        Raises:
            InputError: an unknown field or a value that is not valid.
        """
        return cls(**fields_of(record, (field.name for field in fields(cls)), "filling"))

    def __str__(self) -> str:
        """Say it in words, for example ``at the close that decides, closed at the last close``."""
        words = ["at the next open" if self.fill_at == "next_open" else "at the close that decides"]
        if self.at_end != "hold":
            words.append(f"closed at the last {self.at_end}")
        if self.volume_share is not None:
            words.append(f"entries at most {percent(self.volume_share)} of a bar's volume")
        if self.leverage != 1.0:
            words.append(f"leverage {plain(self.leverage)}")
        if self.maintenance is not None:
            words.append(f"maintenance {percent(self.maintenance)}")
        if self.fractional is not None:
            words.append("fractions" if self.fractional else "whole units")
        return ", ".join(words if self.short else [*words, "no shorts"])
