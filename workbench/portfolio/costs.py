"""What trading costs: slippage and fees per side, the same record for backtest, paper and cost analysis."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, get_args

from workbench.errors import UnknownNameError
from workbench.portfolio.quantity import fields_of, percent, plain, positive
from workbench.units import AssetClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.units import Instrument

FeeOn = Literal["both", "entry", "exit"]
_LATER = ("fee_minimum", "fee_on", "borrow_rate")


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Costs of one side (an entry or an exit); a round trip pays them twice, unless ``fee_on`` says that fees are due once."""

    slippage_ticks: float = 1.0
    """Ticks by which a market or stop fill is worse than the price it aimed at; targets do not slip."""
    slippage_bps: float = 0.0
    """The same in basis points of the price, added to the ticks."""
    fee_per_contract: float = 0.0
    """Money per contract (or share, or coin)."""
    fee_bps: float = 0.0
    """Basis points of the notional."""
    fee_minimum: float = 0.0
    """Money that a fill with a fee costs at least."""
    fee_on: FeeOn = "both"
    """Which fills cost a fee: ``both``, ``entry`` (once, when the position is opened) or ``exit``. Slippage is paid on both sides."""
    borrow_rate: float = 0.0
    """Share of a short position's notional that borrowing it for a year costs, 0.03 means 3 %; charged for each calendar night."""

    def __post_init__(self) -> None:
        """Refuse negative and infinite costs, and sides that do not exist."""
        for field in fields(self):
            if field.name != "fee_on":
                positive(getattr(self, field.name), f"costs: {field.name}", zero=True)
                object.__setattr__(self, field.name, float(getattr(self, field.name)))
        if self.fee_on not in get_args(FeeOn):
            what = "side that pays a fee"
            raise UnknownNameError(what, str(self.fee_on), get_args(FeeOn))

    @classmethod
    def of(cls, instrument: Instrument) -> Costs:
        """Return sensible costs for ``instrument`` where nobody gave any; ``reason_for`` says why these."""
        return _DEFAULTS[instrument.asset_class][0]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record; what was added to costs later is left out where it is as by default, so that hashes of older costs stay."""
        return {name: value for name, value in asdict(self).items() if name not in _LATER or value != getattr(Costs, name)}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Costs:
        """Return the costs of a JSON record; missing fields take their defaults.

        Raises:
            InputError: an unknown field or a value that is not valid.
        """
        return cls(**fields_of(record, (field.name for field in fields(cls)), "costs"))

    def __str__(self) -> str:
        """Say it in words, for example ``1 tick + 2.5 per contract a side``."""
        parts = [
            (self.slippage_ticks, "tick" if self.slippage_ticks == 1 else "ticks"),
            (self.slippage_bps, "bps slippage"),
            (self.fee_per_contract, "per contract"),
            (self.fee_bps, "bps fee"),
        ]
        shown = [f"{plain(value)} {unit}" for value, unit in parts if value]
        words = [f"{' + '.join(shown)} a side" if shown else "no costs"]
        if self.fee_minimum:
            words.append(f"fee at least {plain(self.fee_minimum)}")
        if self.fee_on != "both":
            words.append(f"fees on the {self.fee_on} only")
        if self.borrow_rate:
            words.append(f"shorts borrow at {percent(self.borrow_rate)} a year")
        return ", ".join(words)


_DEFAULTS: Mapping[AssetClass, tuple[Costs, str]] = MappingProxyType(
    {
        AssetClass.FUTURE: (
            Costs(slippage_ticks=1.0, fee_per_contract=2.5),
            "one tick is the usual spread of a liquid future; 2.50 covers exchange, clearing and a retail broker's commission",
        ),
        AssetClass.EQUITY: (
            Costs(slippage_ticks=1.0, slippage_bps=1.0),
            "brokers charge no commission on US shares; a cent and a basis point stand for half the spread and some impact",
        ),
        AssetClass.INDEX: (
            Costs(slippage_ticks=0.0, slippage_bps=1.0),
            "an index itself cannot be bought; one basis point is the half spread of the large funds that track it",
        ),
        AssetClass.CRYPTO: (
            Costs(slippage_ticks=1.0, fee_bps=5.5),
            "5.5 basis points is the base taker fee of the large perpetual venues; one tick of spread",
        ),
        AssetClass.FX: (
            Costs(slippage_ticks=5.0, fee_bps=0.2),
            "half a pip of spread (five ticks of 0.00001) and 20 per million of commission, as retail ECN accounts charge",
        ),
    }
)


def reason_for(instrument: Instrument) -> str:
    """Return why ``Costs.of(instrument)`` are what they are, one sentence."""
    return _DEFAULTS[instrument.asset_class][1]
