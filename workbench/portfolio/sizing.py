"""How much to trade: a fixed quantity, a fraction of equity, or a share of equity risked at the stop."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio.quantity import amount, fields_of, percent, plain, positive, share

if TYPE_CHECKING:
    from workbench.units import Instrument

SizingKind = Literal["fixed", "fraction", "risk"]
_EXAMPLE = "'1 contract', '100 shares', '95%' of equity or '1% risk'"
_UNITS = ("contract", "contracts", "share", "shares", "unit", "units", "lot", "lots", "coin", "coins")
_CASH_FRACTION = 0.95


@dataclass(frozen=True, kw_only=True)
class Sizing:
    """The quantity of one entry; decided at the close from known values and floored to the instrument's lot."""

    kind: SizingKind
    """``fixed``: a quantity; ``fraction``: notional as a share of equity; ``risk``: loss at the stop as a share of equity."""
    value: float
    """Contracts (or shares, coins) for ``fixed``, a share such as 0.95 or 0.01 otherwise."""
    max_quantity: float | None = None
    """Contracts (or shares, coins) at most, or None."""

    def __post_init__(self) -> None:
        """Refuse unknown kinds, quantities that are not positive and shares over 1."""
        if self.kind not in get_args(SizingKind):
            what = "kind of sizing"
            raise UnknownNameError(what, str(self.kind), get_args(SizingKind))
        if self.kind == "fixed":
            positive(self.value, "sizing: the quantity")
        else:
            share(self.value, f"sizing: {self.kind}")
        object.__setattr__(self, "value", float(self.value))
        if self.max_quantity is not None:
            positive(self.max_quantity, "sizing: max_quantity")
            object.__setattr__(self, "max_quantity", float(self.max_quantity))

    @classmethod
    def of(cls, instrument: Instrument) -> Sizing:
        """Return a sensible size where nobody gave any.

        Margined instruments trade 1 contract: results read in money per contract and no leverage hides in them. Cash instruments invest
        95 % of equity: the rest keeps a gap up at the next open and the costs from making the order unpayable.
        """
        return cls(kind="fixed", value=1.0) if instrument.margined else cls(kind="fraction", value=_CASH_FRACTION)

    @classmethod
    def parse(cls, given: Any) -> Sizing:  # noqa: ANN401 - whatever was typed
        """Return the sizing that ``given`` says: a record, a text such as ``1% risk`` or a whole number of contracts.

        Raises:
            InputError: it cannot be read.
        """
        if isinstance(given, Sizing):
            return given
        if isinstance(given, str):
            return cls._from_text(given)
        if isinstance(given, Mapping):
            return cls.from_dict(given)
        if isinstance(given, int | float) and not isinstance(given, bool) and float(given).is_integer():
            return cls(kind="fixed", value=given)
        message = f"sizing {given!r} says neither a quantity nor a share; write {_EXAMPLE}"
        raise InputError(message)

    @classmethod
    def _from_text(cls, text: str) -> Sizing:
        found = amount(re.sub(r"^\s*risk\s+(.*)$", r"\1 risk", text.lower()), "sizing", _EXAMPLE)
        if found.argument is None and found.unit in _UNITS:
            return cls(kind="fixed", value=found.number)
        if found.argument is None and found.unit.startswith("%"):
            return cls(kind="risk" if found.unit == "%risk" else "fraction", value=round(found.number / 100, 12))
        message = f"sizing {text!r} has no unit we know; write {_EXAMPLE}"
        raise InputError(message)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Sizing:
        """Return the sizing of a JSON record.

        Raises:
            InputError: an unknown or missing field, or a value that is not valid.
        """
        if not {"kind", "value"} <= set(record):
            message = f"a sizing record needs kind and value; or write {_EXAMPLE}"
            raise InputError(message)
        return cls(**fields_of(record, (field.name for field in fields(cls)), "sizing"))

    def __str__(self) -> str:
        """Say it in the words that ``parse`` reads; units are contracts, shares or coins: a sizing does not know the instrument."""
        if self.kind == "fixed":
            words = f"{plain(self.value)} {'unit' if self.value == 1 else 'units'}"
        else:
            words = percent(self.value) + (" risk" if self.kind == "risk" else " of equity")
        return words if self.max_quantity is None else f"{words}, at most {plain(self.max_quantity)}"
