"""Prices and quantities: onto the tick grid, worsened by slippage, floored to lots; the distance of a bracket; the fee of a fill.

Only + - * / and rounding to whole numbers happen here, so that every machine and the plain twin agree to the bit. These functions become part of
compiled ones; naming ``workbench.compiled`` here puts this file into the address of the compiled code on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.rules import ENTRIES_ONLY, EXITS_ONLY, FIXED, FRACTION, IN_DISTANCE, IN_FRACTION, IN_TICKS, NO_BRACKET
from workbench.compiled import inlined_kernel

if TYPE_CHECKING:
    from workbench.backtest.engine.rules import FillRules

_WHOLE = 1e-9  # 1/step counts as whole when it is that near: 1/0.01 is 100 up to rounding
_ON_GRID = 1e-6  # share of a step by which a value may miss the grid and still count as lying on it


@inlined_kernel
def steps_per_unit(step: float) -> float:
    """Return how many grid steps make 1.0; a whole number where the step is a decimal fraction such as 0.01.

    Dividing a whole number of steps by it gives the double nearest to the decimal price: 10123 / 100 is 101.23, 10123 * 0.01 is not.
    """
    per = 1.0 / step
    whole = np.rint(per)
    return whole if abs(per - whole) <= _WHOLE * per else per


@inlined_kernel
def on_grid(price: float, tick: float, direction: float) -> float:
    """Return ``price`` on the tick grid, moved up (``direction`` > 0) or down; ``tick`` 0 leaves it alone."""
    if tick <= 0.0:
        return price
    per = steps_per_unit(tick)
    ticks = price * per
    nearest = np.rint(ticks)
    if abs(ticks - nearest) > _ON_GRID:
        nearest = np.ceil(ticks) if direction > 0.0 else np.floor(ticks)
    return float(nearest / per)


@inlined_kernel
def whole_lots(quantity: float, lot: float) -> float:
    """Return ``quantity`` floored to whole lots, 0 if it is not positive; ``lot`` 0 leaves it alone."""
    if not quantity > 0.0:
        return 0.0
    if lot <= 0.0:
        return quantity
    per = steps_per_unit(lot)
    return float(np.floor(quantity * per + _ON_GRID) / per)


@inlined_kernel
def market_price(rules: FillRules, price: float, side: float) -> float:
    """Return what a market or stop order gets that aims at ``price``: slipped and rounded against us. ``side`` +1 buys, -1 sells."""
    slipped = price + side * (rules.slippage_ticks * rules.tick + price * rules.slippage_bps / 10000.0)
    return on_grid(slipped, rules.tick, side)


@inlined_kernel
def level(kind: float, value: float, price: float, away: float, tick: float, distance: float) -> float:
    """Return the price that lies a bracket's distance from ``price``: above for ``away`` +1, below for -1; NaN without bracket."""
    if kind == IN_TICKS:
        return price + away * (value * tick)
    if kind == IN_FRACTION:
        return price * (1.0 + away * value)
    if kind == IN_DISTANCE:
        return price + away * (value * distance)
    return np.nan


@inlined_kernel
def trailing_level(rules: FillRules, peak: float, distance: float, side: float) -> float:
    """Return the trailing stop that hangs from ``peak``, on the grid, against us; ``distance`` is that fixed at the fill."""
    if rules.trail_kind == IN_FRACTION:
        return on_grid(peak * (1.0 - side * rules.trail_value), rules.tick, -side)
    return on_grid(peak - side * distance, rules.tick, -side)


@inlined_kernel
def fee(rules: FillRules, quantity: float, price: float) -> float:
    """Return the money that ``quantity`` (positive) costs, before any minimum and wherever fees are due."""
    return quantity * rules.fee_per_contract + quantity * price * rules.multiplier * rules.fee_bps / 10000.0


@inlined_kernel
def entry_fee(rules: FillRules, quantity: float, price: float) -> float:
    """Return the fee of a fill that opens a position."""
    return 0.0 if rules.fee_on == EXITS_ONLY else max(fee(rules, quantity, price), rules.fee_minimum)


@inlined_kernel
def exit_fee(rules: FillRules, quantity: float, price: float) -> float:
    """Return the fee of a fill that closes a position."""
    return 0.0 if rules.fee_on == ENTRIES_ONLY else max(fee(rules, quantity, price), rules.fee_minimum)


@inlined_kernel
def borrowing(rules: FillRules, held: float, price: float, nights: float) -> float:
    """Return what ``nights`` of borrowing cost a short position (``held`` negative) at ``price``."""
    return -held * price * rules.multiplier * rules.borrow_rate * nights / 365.0 if held < 0.0 else 0.0


@inlined_kernel
def called(rules: FillRules, held: float, equity: float, close: float) -> bool:
    """Return whether ``equity`` no longer keeps the position: a margin call."""
    if rules.maintenance <= 0.0:
        return False
    one = rules.margin if rules.margin > 0.0 else close * rules.multiplier
    return equity < rules.maintenance * (abs(held) * one)


@inlined_kernel
def takeable(rules: FillRules, quantity: float, volume: float) -> float:
    """Return how much of an entry of ``quantity`` a bar with ``volume`` takes, in whole lots; NaN takes nothing."""
    if rules.volume_share <= 0.0:
        return quantity
    most = rules.volume_share * volume
    return quantity if quantity <= most else whole_lots(most, rules.lot)


@inlined_kernel
def stop_distance(rules: FillRules, price: float, distance: float) -> float:
    """Return how far below ``price`` a long position is stopped, in price units; the trailing stop stands in; NaN without either."""
    if rules.stop_kind != NO_BRACKET:
        return price - level(rules.stop_kind, rules.stop_value, price, -1.0, rules.tick, distance)
    return price - level(rules.trail_kind, rules.trail_value, price, -1.0, rules.tick, distance)


@inlined_kernel
def needs_distance(rules: FillRules) -> bool:
    """Return whether a bracket is measured by the distance column."""
    # One by one: compiled code would build a tuple.
    return rules.stop_kind == IN_DISTANCE or rules.target_kind == IN_DISTANCE or rules.trail_kind == IN_DISTANCE  # noqa: PLR1714 - see above


@inlined_kernel
def order_size(rules: FillRules, equity: float, close: float, distance: float) -> float:
    """Return the quantity of an entry decided at ``close`` with ``equity``: sized, capped and floored to lots; 0 refuses the entry."""
    if not equity > 0.0 or (needs_distance(rules) and not distance > 0.0):
        return 0.0
    notional = close * rules.multiplier
    at_risk = stop_distance(rules, close, distance) * rules.multiplier
    if rules.size_kind == FIXED:
        quantity = rules.size_value
    elif rules.size_kind == FRACTION:
        quantity = equity * rules.leverage * rules.size_value / notional
    else:
        quantity = equity * rules.size_value / at_risk
    if rules.max_position > 0.0:
        share_of = at_risk if rules.margin > 0.0 and at_risk > 0.0 else notional
        quantity = min(quantity, equity * rules.max_position / share_of)
    if rules.max_quantity > 0.0:
        quantity = min(quantity, rules.max_quantity)
    return whole_lots(quantity, rules.lot)


@inlined_kernel
def affordable(rules: FillRules, money: float, quantity: float, price: float) -> float:
    """Return how much of ``quantity`` the free ``money`` pays for at ``price``, fees included, in whole lots."""
    one = rules.margin if rules.margin > 0.0 else price * rules.multiplier / rules.leverage
    rated = 0.0 if rules.fee_on == EXITS_ONLY else fee(rules, 1.0, price)
    least = 0.0 if rules.fee_on == EXITS_ONLY else rules.fee_minimum
    most = min(money / (one + rated), (money - least) / one)
    return quantity if quantity <= most else whole_lots(most, rules.lot)
