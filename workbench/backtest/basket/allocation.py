"""How one account is shared: what part of it each symbol is sized on, and what all of them together may not exceed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

from workbench.errors import InputError, UnknownNameError
from workbench.portfolio.quantity import percent, positive, share

if TYPE_CHECKING:
    from collections.abc import Sequence

AllocationKind = Literal["own", "slots", "shares", "weights"]
Ending = Literal["close", "hold", "worthless"]
_ENDINGS = {"hold": 0, "close": 1, "worthless": 2}


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """What part of the account each symbol is sized on; made by ``own``, ``slots``, ``shares`` or ``weights``."""

    kind: AllocationKind = "own"
    """``own``: each strategy's sizing on the whole equity. ``slots``: on an equal part. ``shares``: on a given part of equity. ``weights``: notional as a
    given share of equity, instead of the strategy's sizing."""
    count: int = 0
    """Slots, for ``slots``."""
    parts: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Symbol -> part of equity, for ``shares`` and ``weights``."""

    def __post_init__(self) -> None:
        """Refuse unknown kinds, no slots, and parts that are not positive."""
        if self.kind not in get_args(AllocationKind):
            what = "kind of allocation"
            raise UnknownNameError(what, str(self.kind), get_args(AllocationKind))
        whole = isinstance(self.count, int) and not isinstance(self.count, bool)
        if self.kind == "slots" and not (whole and self.count >= 1):
            message = f"slots are a whole number of positions, at least 1, not {self.count!r}"
            raise InputError(message)
        if self.kind in ("shares", "weights") and not self.parts:
            message = f"an allocation by {self.kind} needs a part for each symbol, for example Allocation.{self.kind}({{'SPY': 0.6, 'IXIC': 0.4}})"
            raise InputError(message)
        for symbol, part in self.parts.items():
            positive(part, f"allocation: the part of {symbol}")
        object.__setattr__(self, "parts", {str(symbol): float(part) for symbol, part in self.parts.items()})

    @classmethod
    def own(cls) -> Allocation:
        """Every strategy sizes itself on the whole equity; what money is left decides."""
        return cls()

    @classmethod
    def slots(cls, count: int) -> Allocation:
        """Equal parts: each position is sized on ``1 / count`` of equity, and there are at most ``count`` positions."""
        return cls(kind="slots", count=count)

    @classmethod
    def shares(cls, parts: Mapping[str, float]) -> Allocation:
        """Each symbol's own sizing sees that part of equity: 0.5 halves its positions."""
        return cls(kind="shares", parts=parts)

    @classmethod
    def weights(cls, parts: Mapping[str, float]) -> Allocation:
        """Each symbol's position is that share of equity as notional, whatever its strategy's sizing says."""
        return cls(kind="weights", parts=parts)

    @classmethod
    def parse(cls, given: Any) -> Allocation:  # noqa: ANN401 - whatever was typed
        """Return the allocation that ``given`` says: a record, None, a number of slots, or weights by symbol.

        Raises:
            InputError: it cannot be read.
        """
        if given is None or isinstance(given, Allocation):
            return given or cls()
        if isinstance(given, Mapping):
            return cls.weights(given)
        if isinstance(given, int) and not isinstance(given, bool):
            return cls.slots(given)
        message = f"allocation {given!r} says neither slots nor weights; write 5, {{'SPY': 0.6, 'IXIC': 0.4}} or Allocation.shares(...)"
        raise InputError(message)

    def part_of(self, symbols: Sequence[str]) -> list[float]:
        """Return each symbol's part of equity, in the order of ``symbols``.

        Raises:
            InputError: a symbol without a part, or a part for a symbol that is not there.
        """
        if self.kind not in ("shares", "weights"):
            return [1.0 / self.count if self.kind == "slots" else 1.0] * len(symbols)
        for name in self.parts:
            if name not in symbols:
                what = "symbol of the basket"
                raise UnknownNameError(what, name, symbols)
        missing = [symbol for symbol in symbols if symbol not in self.parts]
        if missing:
            message = f"the allocation has no part for {', '.join(missing)}; give every symbol one"
            raise InputError(message)
        return [self.parts[symbol] for symbol in symbols]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return {"kind": self.kind, "count": self.count, "parts": dict(self.parts)}

    def __str__(self) -> str:
        """Say it in words."""
        if self.kind == "slots":
            return f"{self.count} equal slot{'' if self.count == 1 else 's'}"
        if self.kind == "own":
            return "each by its own sizing"
        return f"{self.kind} {', '.join(f'{symbol} {percent(part)}' for symbol, part in self.parts.items())}"


@dataclass(frozen=True, kw_only=True)
class BasketLimits:
    """Ceilings of the whole account, beside those of each strategy; None means that this one is not set. Shares are of equity."""

    max_positions: int | None = None
    """Symbols held at once."""
    max_gross: float | None = None
    """Sum of all notionals, long and short, as a share of equity, looked at when a position opens."""
    max_net: float | None = None
    """Size of long less short notional, the same way."""
    max_symbol: float | None = None
    """Notional of one symbol, the same way."""
    max_daily_loss: float | None = None
    """Loss since the session's start that closes every position and stops entries until the next session."""
    ending: Ending = "close"
    """What becomes of a position whose symbol has no more bars while others go on: it is closed at its last close (``close``), kept at its last
    price (``hold``), or written off (``worthless``)."""
    ended_after_days: float = 7.0
    """Days without a bar before the basket's end after which a symbol counts as ended."""

    def __post_init__(self) -> None:
        """Refuse what is no ceiling."""
        if self.max_positions is not None and not (
            isinstance(self.max_positions, int) and not isinstance(self.max_positions, bool) and self.max_positions >= 1
        ):
            message = f"basket limits: max_positions is a whole number, at least 1, not {self.max_positions!r}"
            raise InputError(message)
        for name in ("max_gross", "max_net", "max_symbol"):
            if getattr(self, name) is not None:
                positive(getattr(self, name), f"basket limits: {name}")
        if self.max_daily_loss is not None:
            share(self.max_daily_loss, "basket limits: max_daily_loss")
        positive(self.ended_after_days, "basket limits: ended_after_days", zero=True)
        if self.ending not in _ENDINGS:
            what = "ending of a symbol"
            raise UnknownNameError(what, str(self.ending), _ENDINGS)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self)

    def __str__(self) -> str:
        """Say it in words, for example ``5 positions, gross 150%``."""
        shown = [f"{self.max_positions} positions"] if self.max_positions else []
        for name in ("gross", "net", "symbol"):
            cap = getattr(self, f"max_{name}")
            if cap is not None:
                shown.append(f"{name} {percent(cap)}")
        if self.max_daily_loss is not None:
            shown.append(f"daily loss {percent(self.max_daily_loss)}")
        return ", ".join(shown) or "none"


class Ceilings(NamedTuple):
    """The account's own rules as numbers, all float64; 0 for no limit."""

    initial_cash: float
    max_positions: float
    max_gross: float
    max_net: float
    max_symbol: float
    max_daily_loss: float
    ending: float
    """0 hold, 1 close at the last close, 2 worthless."""


def ceilings(limits: BasketLimits, allocation: Allocation, cash: float) -> Ceilings:
    """Return the numbers that compiled functions take.

    Raises:
        InputError: ``cash`` is not a positive amount.
    """
    positive(cash, "cash")
    caps = [cap for cap in (limits.max_positions, allocation.count if allocation.kind == "slots" else None) if cap is not None]
    return Ceilings(
        initial_cash=float(cash),
        max_positions=float(min(caps, default=0)),
        max_gross=float(limits.max_gross or 0.0),
        max_net=float(limits.max_net or 0.0),
        max_symbol=float(limits.max_symbol or 0.0),
        max_daily_loss=float(limits.max_daily_loss or 0.0),
        ending=float(_ENDINGS[limits.ending]),
    )
