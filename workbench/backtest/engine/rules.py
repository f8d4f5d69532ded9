"""The rules of filling as plain numbers, the form in which compiled functions take them.

Naming ``workbench.compiled`` here puts this file into the address of the compiled code on disk: a change of the record recompiles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from workbench.compiled import inlined_kernel
from workbench.errors import InputError, SpecError
from workbench.portfolio import Costs, Sizing

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.portfolio import Bracket, Brackets, Filling, Limits
    from workbench.strategy.spec import StrategySpec
    from workbench.units import Instrument

FILL_MODEL = 2
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

NEXT_OPEN = 0
SAME_CLOSE = 1
_FILL_AT = {"next_open": NEXT_OPEN, "close": SAME_CLOSE}

HOLD_AT_END = 0
CLOSE_AT_END = 1
OPEN_AT_END = 2
_END_KINDS = {"hold": HOLD_AT_END, "close": CLOSE_AT_END, "open": OPEN_AT_END}

BOTH_SIDES = 0
ENTRIES_ONLY = 1
EXITS_ONLY = 2
_FEE_ON = {"both": BOTH_SIDES, "entry": ENTRIES_ONLY, "exit": EXITS_ONLY}


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
    """1 fixed quantity, 2 notional as a fraction of equity times leverage, 3 loss at the stop as a fraction of equity."""
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
    fill_at: float = 0.0
    """0: an order fills at the next open; 1: at the close that decided it."""
    end_kind: float = 0.0
    """What is open on the last bar: 0 stays open, 1 is closed at its close, 2 at its open."""
    fee_minimum: float = 0.0
    """Money that a fill costs at least, where it costs a fee at all."""
    fee_on: float = 0.0
    """Fills that cost a fee: 0 all, 1 entries, 2 exits."""
    borrow_rate: float = 0.0
    """Share of a short position's notional that a year of borrowing costs, charged by the night."""
    leverage: float = 1.0
    """Buying power of cash instruments, in multiples of equity."""
    maintenance: float = 0.0
    """Equity that a position needs to be kept, as a share of its margin, or of its notional for cash instruments; 0 for no such need."""
    volume_share: float = 0.0
    """Share of a bar's volume that an entry takes at most; 0 for no limit."""
    short_allowed: float = 1.0
    """0 where nothing may be sold short."""


RULES_SIZE = len(FillRules._fields)
"""Columns of a table with one row of rules a point."""


@inlined_kernel
def rules_at(table: NDArray[np.float64], point: int) -> FillRules:
    """Return the rules in row ``point`` of a float64 table (points, ``RULES_SIZE``)."""
    row = table[point]
    return FillRules(
        row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10], row[11], row[12], row[13], row[14],
        row[15], row[16], row[17], row[18], row[19], row[20], row[21], row[22], row[23], row[24], row[25], row[26], row[27], row[28], row[29],
    )  # fmt: skip


@inlined_kernel
def plain(rules: FillRules) -> bool:
    """Return whether ``rules`` fill at the next open and leave out all that only some markets have: the case that may skip bars."""
    return (
        rules.fill_at == NEXT_OPEN
        and rules.end_kind == HOLD_AT_END
        and rules.fee_minimum == 0.0
        and rules.fee_on == BOTH_SIDES
        and rules.borrow_rate == 0.0
        and rules.leverage == 1.0
        and rules.maintenance == 0.0
        and rules.volume_share == 0.0
        and rules.short_allowed != 0.0
    )


def fill_rules(spec: StrategySpec, instrument: Instrument, cash: float = 100_000.0) -> FillRules:
    """Return the fill rules of ``spec`` traded on ``instrument`` with ``cash`` money at the start.

    Costs and sizing that the spec leaves open are the instrument's own defaults.

    Raises:
        InputError: ``cash`` is not a positive number.
        SpecError: risk sizing without a stop.
    """
    sizing = spec.sizing or Sizing.of(instrument)
    _check(sizing, spec.brackets)
    units = Units(float(instrument.tick), float(instrument.multiplier), float(instrument.lot), float(instrument.margin or 0.0))
    terms = Terms(sizing, spec.brackets, spec.costs or Costs.of(instrument), spec.filling, spec.limits)
    return rules_from(units, terms, cash)


class Units(NamedTuple):
    """The numbers of an instrument."""

    tick: float
    multiplier: float
    lot: float
    margin: float
    """0 for cash instruments."""


class Terms(NamedTuple):
    """The records of a strategy that decide fills."""

    sizing: Sizing
    brackets: Brackets
    costs: Costs
    filling: Filling
    limits: Limits


def rules_from(units: Units, terms: Terms, cash: float) -> FillRules:
    """Return the fill rules of ``terms`` on something with these ``units``.

    Raises:
        InputError: ``cash`` is not a positive number.
        SpecError: risk sizing without a stop.
    """
    if not 0 < cash < float("inf"):
        message = f"cash must be a positive amount of money, not {cash!r}"
        raise InputError(message)
    _check(terms.sizing, terms.brackets)
    fractional = terms.filling.fractional
    return FillRules(
        tick=units.tick,
        multiplier=units.multiplier,
        lot=units.lot if fractional is None else float(not fractional),
        margin=units.margin,
        initial_cash=float(cash),
        size_kind=float(_SIZE_KINDS[terms.sizing.kind]),
        size_value=terms.sizing.value,
        **_cost_rules(terms.costs),
        **_bracket_rules(terms.brackets),
        **_limit_rules(terms.sizing, terms.limits),
        **_filling_rules(terms.filling, cash_instrument=units.margin <= 0.0),
    )


def _cost_rules(costs: Costs) -> dict[str, float]:
    return {
        "slippage_ticks": costs.slippage_ticks,
        "slippage_bps": costs.slippage_bps,
        "fee_per_contract": costs.fee_per_contract,
        "fee_bps": costs.fee_bps,
        "fee_minimum": costs.fee_minimum,
        "fee_on": float(_FEE_ON[costs.fee_on]),
        "borrow_rate": costs.borrow_rate,
    }


def _filling_rules(filling: Filling, *, cash_instrument: bool) -> dict[str, float]:
    return {
        "fill_at": float(_FILL_AT[filling.fill_at]),
        "end_kind": float(_END_KINDS[filling.at_end]),
        "leverage": filling.leverage if cash_instrument else 1.0,
        "maintenance": filling.maintenance or 0.0,
        "volume_share": filling.volume_share or 0.0,
        "short_allowed": float(filling.short),
    }


def _bracket_rules(brackets: Brackets) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, bracket in (("stop", brackets.stop), ("target", brackets.target), ("trail", brackets.trailing)):
        found[f"{name}_kind"], found[f"{name}_value"] = _kind_and_value(bracket)
    return found | {"time_stop_bars": float(brackets.time_stop_bars or 0)}


def _kind_and_value(bracket: Bracket | None) -> tuple[float, float]:
    return (float(NO_BRACKET), 0.0) if bracket is None else (float(_BRACKET_KINDS[bracket.kind]), bracket.value)


def _limit_rules(sizing: Sizing, limits: Limits) -> dict[str, float]:
    caps = [cap for cap in (sizing.max_quantity, limits.max_quantity) if cap is not None]
    return {
        "max_quantity": min(caps, default=0.0),
        "max_position": limits.max_position or 0.0,
        "max_daily_loss": limits.max_daily_loss or 0.0,
    }


def _check(sizing: Sizing, brackets: Brackets) -> None:
    if sizing.kind == "risk" and brackets.stop is None and brackets.trailing is None:
        message = 'sizing by risk needs a stop to measure the risk; add stop="2%" or size with "1 contract"'
        raise SpecError(message)
