"""What a strategy may never exceed: loss in a session, size of a position."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from workbench.portfolio.quantity import fields_of, percent, plain, positive, share

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Ceilings of one bot; None means that this one is not set. Shares are of the bot's own capital."""

    max_daily_loss: float | None = None
    """Loss since the session's start, as a share of the equity then, that closes the position and stops entries until the next session."""
    max_position: float | None = None
    """Position as a share of equity: loss at the stop for futures, notional for cash instruments."""
    max_quantity: float | None = None
    """Contracts (or shares, coins) held at most."""

    def __post_init__(self) -> None:
        """Refuse shares outside 0 to 1 and quantities that are not positive."""
        for name in ("max_daily_loss", "max_position"):
            if getattr(self, name) is not None:
                share(getattr(self, name), f"limits: {name}")
                object.__setattr__(self, name, float(getattr(self, name)))
        if self.max_quantity is not None:
            positive(self.max_quantity, "limits: max_quantity")
            object.__setattr__(self, "max_quantity", float(self.max_quantity))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Limits:
        """Return the limits of a JSON record; missing ones are not set.

        Raises:
            InputError: an unknown field or a value that is not valid.
        """
        return cls(**fields_of(record, (field.name for field in fields(cls)), "limits"))

    def __str__(self) -> str:
        """Say it in words, for example ``daily loss 2%, position 10%``."""
        shown = [
            f"{words} {percent(value)}" for words, value in (("daily loss", self.max_daily_loss), ("position", self.max_position)) if value
        ]
        if self.max_quantity is not None:
            shown.append(f"quantity {plain(self.max_quantity)}")
        return ", ".join(shown) or "none"
