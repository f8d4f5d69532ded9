"""The rules of filling as plain numbers, the form in which compiled functions take them.

Naming ``workbench.compiled`` here puts this file into the address of the compiled code on disk: a change of the record recompiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workbench.errors import InputError, SpecError
from workbench.portfolio import Costs, Sizing

if TYPE_CHECKING:
    from workbench.portfolio import Bracket, Brackets, Limits
    from workbench.strategy.spec import StrategySpec
    from workbench.units import Instrument

FILL_MODEL = 1
"""Version of the fill model; part of a trial's address, raised whenever the same input may give other fills."""

NO_BRACKET = 0
IN_TICKS = 1
IN_FRACTION = 2
IN_DISTANCE = 3
_BRACKET_KINDS = {"ticks": IN_TICKS, "percent": IN_FRACTION, "atr": IN_DISTANCE}

FIXED = 1
FRACTION = 2
RISK = 3
_SIZE_KINDS = {"fixed": FIXED, "fraction": FRACTION, "risk": RISK}


class FillRules(NamedTuple):
    """Everything but the bars and the signals that decides what fills where. All float64: one uniform record for numba."""

    tick: float
    """Smallest price step; 0 leaves prices as they come."""
    multiplier: float
    """Money per 1.0 of price and contract."""
    lot: float
    """Smallest quantity step; 0 allows any quantity."""
    slippage_ticks: float
    slippage_bps: float
    fee_per_contract: float
    fee_bps: float
    stop_kind: float
    """0 none, 1 ticks, 2 fraction of the fill price, 3 multiple of the distance column (ATR at the decision)."""
    stop_value: float
    target_kind: float
    target_value: float
    trail_kind: float
    """As ``stop_kind``, but a fraction is one of the best price since the fill."""
    trail_value: float
    time_stop_bars: float
    """Bars that a position lasts; 0 for no time stop."""
    size_kind: float
    """1 fixed quantity, 2 notional as a fraction of equity, 3 loss at the stop as a fraction of equity."""
    size_value: float
    max_quantity: float
    """Contracts at most; 0 for no limit."""
    max_position: float
    """Share of equity at most, as loss at the stop for margined instruments and as notional otherwise; 0 for no limit."""
    max_daily_loss: float
    """Share of the session's first equity; 0 for no limit."""
    margin: float
    """Money that one contract needs; 0 for cash instruments, which are paid in full."""
    initial_cash: float


def fill_rules(spec: StrategySpec, instrument: Instrument, cash: float = 100_000.0) -> FillRules:
    """Return the fill rules of ``spec`` traded on ``instrument`` with ``cash`` money at the start.

    Costs and sizing that the spec leaves open are the instrument's own defaults.

    Raises:
        InputError: ``cash`` is not a positive number.
        SpecError: risk sizing without a stop.
    """
    if not 0 < cash < float("inf"):
        message = f"cash must be a positive amount of money, not {cash!r}"
        raise InputError(message)
    sizing = spec.sizing or Sizing.of(instrument)
    costs = spec.costs or Costs.of(instrument)
    _check(sizing, spec.brackets)
    return FillRules(
        tick=float(instrument.tick),
        multiplier=float(instrument.multiplier),
        lot=float(instrument.lot),
        slippage_ticks=costs.slippage_ticks,
        slippage_bps=costs.slippage_bps,
        fee_per_contract=costs.fee_per_contract,
        fee_bps=costs.fee_bps,
        **_bracket_rules(spec.brackets),
        size_kind=float(_SIZE_KINDS[sizing.kind]),
        size_value=sizing.value,
        **_limit_rules(sizing, spec.limits),
        margin=float(instrument.margin or 0.0),
        initial_cash=float(cash),
    )


def _bracket_rules(brackets: Brackets) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, bracket in (("stop", brackets.stop), ("target", brackets.target), ("trail", brackets.trailing)):
        found[f"{name}_kind"], found[f"{name}_value"] = _kind_and_value(bracket)
    return found | {"time_stop_bars": float(brackets.time_stop_bars or 0)}


def _kind_and_value(bracket: Bracket | None) -> tuple[float, float]:
    return (float(NO_BRACKET), 0.0) if bracket is None else (float(_BRACKET_KINDS[bracket.kind]), bracket.value)


def _limit_rules(sizing: Sizing, limits: Limits | None) -> dict[str, float]:
    caps = [cap for cap in (sizing.max_quantity, limits.max_quantity if limits else None) if cap is not None]
    return {
        "max_quantity": min(caps, default=0.0),
        "max_position": (limits.max_position if limits else None) or 0.0,
        "max_daily_loss": (limits.max_daily_loss if limits else None) or 0.0,
    }


def _check(sizing: Sizing, brackets: Brackets) -> None:
    if sizing.kind == "risk" and brackets.stop is None and brackets.trailing is None:
        message = 'sizing by risk needs a stop to measure the risk; add stop="2%" or size with "1 contract"'
        raise SpecError(message)
