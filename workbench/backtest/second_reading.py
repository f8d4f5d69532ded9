"""The fill rules written a second time with numpy, from the specification's words: what vectorbt is handed and what it has no notion of.

Prices, sizes, fees, what is free to spend, what borrowing cost, and when a session or an account is stopped. Nothing here comes from the engine's
kernels, so an error in either shows as a difference. What a run did is read from its fills only where a rule depends on the position.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.engine.account import (
    BY_END,
    BY_ENTRY,
    BY_STOP,
    BY_TARGET,
    BY_TRAILING,
    FILL_BAR,
    FILL_FEE,
    FILL_PRICE,
    FILL_QTY,
    FILL_REASON,
    FILL_SIDE,
)
from workbench.backtest.engine.rules import (
    ENTRIES_ONLY,
    EXITS_ONLY,
    FIXED,
    FRACTION,
    IN_FRACTION,
    IN_TICKS,
    NO_BRACKET,
    OPEN_AT_END,
    SAME_CLOSE,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.timeline import Run

ON_GRID = 1e-6


def grid(prices: NDArray[np.float64], tick: float, direction: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return ``prices`` on the tick grid, up where ``direction`` is positive, down where it is negative."""
    if tick <= 0.0:
        return prices
    ticks = prices / tick
    nearest = np.rint(ticks)
    moved = np.where(np.asarray(direction) > 0.0, np.ceil(ticks), np.floor(ticks))
    return np.round(np.where(np.abs(ticks - nearest) <= ON_GRID, nearest, moved) * tick, 10)


def market(rules: FillRules, prices: NDArray[np.float64], side: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return what market and stop orders pay that aim at ``prices``: slipped and rounded against us."""
    slip = rules.slippage_ticks * rules.tick + prices * (rules.slippage_bps * 1e-4)
    return grid(prices + np.asarray(side) * slip, rules.tick, side)


def rates(rules: FillRules, quantity: NDArray[np.float64], price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what each fill costs by the rates alone."""
    return quantity * (rules.fee_per_contract + price * rules.multiplier * (rules.fee_bps * 1e-4))


def fees(rules: FillRules, quantity: NDArray[np.float64], price: NDArray[np.float64], entry: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the fee of each fill: by the rates, at least the minimum, on the side that pays."""
    free = {ENTRIES_ONLY: ~entry, EXITS_ONLY: entry}.get(int(rules.fee_on), np.zeros(len(price), dtype=np.bool_))
    return np.where(free, 0.0, np.maximum(rates(rules, quantity, price), rules.fee_minimum))


def distance_from(kind: float, value: float, price: NDArray[np.float64], tick: float, column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far a bracket lies from ``price``; NaN without one."""
    if kind == NO_BRACKET:
        return np.full_like(price, np.nan)
    if kind == IN_TICKS:
        return np.full_like(price, value * tick)
    return price * value if kind == IN_FRACTION else value * column


def sizes(run: Run, bars: NDArray[np.int64], price: NDArray[np.float64], money: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantity of an entry filled on each of ``bars`` at ``price``: from the close that decided, the free ``money`` and the volume."""
    rules = run.rules
    decided = bars if rules.fill_at == SAME_CLOSE else bars - 1
    equity, close, distance = valued(run)[decided], run.prices.close[decided], run.distance[decided]
    wanted = _wanted(rules, equity, close, distance)
    if rules.volume_share > 0.0 and len(run.prices.volume):
        most = np.nan_to_num(rules.volume_share * run.prices.volume[bars])
        wanted = np.where(wanted <= most, wanted, _lots(most, rules.lot))
    wanted = _payable(rules, wanted, price, money)
    refused = ~(equity > 0.0) | (3.0 in (rules.stop_kind, rules.target_kind, rules.trail_kind)) & ~(distance > 0.0)  # noqa: PLR2004 - IN_DISTANCE
    return np.where(refused | ~(wanted > 0.0), 0.0, wanted)


def _wanted(
    rules: FillRules, equity: NDArray[np.float64], close: NDArray[np.float64], distance: NDArray[np.float64]
) -> NDArray[np.float64]:
    notional = close * rules.multiplier
    with np.errstate(divide="ignore", invalid="ignore"):
        kind, value = (rules.stop_kind, rules.stop_value) if rules.stop_kind != NO_BRACKET else (rules.trail_kind, rules.trail_value)
        at_risk = distance_from(kind, value, close, rules.tick, distance) * rules.multiplier
        per_unit = {FIXED: np.ones_like(equity), FRACTION: equity * rules.leverage / notional}.get(int(rules.size_kind), equity / at_risk)
        wanted = rules.size_value * per_unit
        if rules.max_position > 0.0:
            base = at_risk if rules.margin > 0.0 else notional
            wanted = np.minimum(wanted, equity * rules.max_position / np.where(base > 0.0, base, notional))
        if rules.max_quantity > 0.0:
            wanted = np.minimum(wanted, rules.max_quantity)
    return _lots(wanted, rules.lot)


def _payable(rules: FillRules, wanted: NDArray[np.float64], price: NDArray[np.float64], money: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return as much of ``wanted`` as the money pays, the entry's fee included."""
    need = np.full_like(price, rules.margin) if rules.margin > 0.0 else price * rules.multiplier / rules.leverage
    if rules.fee_on == EXITS_ONLY:
        most = money / need
    else:
        most = np.minimum(money / (need + rates(rules, np.ones_like(price), price)), (money - rules.fee_minimum) / need)
    with np.errstate(invalid="ignore"):
        return np.where(wanted <= most * (1.0 + 1e-15), wanted, np.minimum(wanted, _lots(most, rules.lot)))


def _lots(quantity: NDArray[np.float64], lot: float) -> NDArray[np.float64]:
    if lot <= 0.0:
        return quantity
    return np.round(np.floor(quantity / lot + ON_GRID) * lot, 12)


class _Book(NamedTuple):
    """What the fills of a run did to money and position; the first entry is before any fill."""

    money: NDArray[np.float64]
    """(k + 1,) starting money and what all fills so far paid and got, notional included, borrowing left out."""
    position: NDArray[np.float64]
    """(k + 1,) signed quantity."""


def _book(run: Run) -> _Book:
    fills = run.fills
    signed = fills[:, FILL_SIDE] * fills[:, FILL_QTY]
    flow = -(signed * fills[:, FILL_PRICE] * run.rules.multiplier) - fills[:, FILL_FEE]
    position = np.concatenate([[0.0], np.cumsum(signed)])
    position[np.abs(position) < ON_GRID * np.abs(signed).max(initial=0.0) * ON_GRID] = 0.0
    return _Book(run.rules.initial_cash + np.concatenate([[0.0], np.cumsum(flow)]), position)


def fills_before_open(run: Run) -> NDArray[np.int64]:
    """Return (n,) how many fills came before each bar."""
    return np.searchsorted(run.fills[:, FILL_BAR], np.arange(len(run.equity)), side="left")


def fills_before_close(run: Run) -> NDArray[np.int64]:
    """Return (n,) how many fills came before the orders of each close: all of the bar, less those that same-close orders and the end made there."""
    bars = np.arange(len(run.equity))
    if run.rules.fill_at != SAME_CLOSE:
        return np.searchsorted(run.fills[:, FILL_BAR], bars, side="right")
    inside = np.isin(run.fills[:, FILL_REASON], (BY_STOP, BY_TRAILING, BY_TARGET))
    if run.rules.end_kind == OPEN_AT_END:
        inside |= run.fills[:, FILL_REASON] == BY_END
    return fills_before_open(run) + np.bincount(run.fills[inside, FILL_BAR].astype(np.int64), minlength=len(bars))[: len(bars)]


def held(run: Run) -> NDArray[np.float64]:
    """Return (n,) the signed quantity that each close decides about."""
    return _book(run).position[fills_before_close(run)]


def valued(run: Run) -> NDArray[np.float64]:
    """Return (n,) the equity that each close decides with; same-close orders change it afterwards."""
    if run.rules.fill_at != SAME_CLOSE:
        return run.equity
    book, before = _book(run), fills_before_close(run)
    return book.money[before] + book.position[before] * run.prices.close * run.rules.multiplier - borrowing(run)


def borrowing(run: Run) -> NDArray[np.float64]:
    """Return (n,) the money paid so far for borrowing: over the nights before a bar, for what was short when it opened."""
    if not len(run.hours.nights) or run.rules.borrow_rate <= 0.0:
        return np.zeros(len(run.equity))
    short = np.maximum(-_book(run).position[fills_before_open(run)], 0.0)
    a_night = short * run.prices.open * run.rules.multiplier * run.rules.borrow_rate / 365.0
    return np.cumsum(a_night * run.hours.nights)


def free_money(run: Run, bars: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the money free for an entry on each of ``bars``: start, less what all fills before it paid out; meaningful while flat."""
    fills = run.fills
    # Where the run entered, what came before that very fill counts: an exit later on the same bar does not.
    before = np.searchsorted(fills[:, FILL_BAR], bars, side="right")
    entries = np.flatnonzero(fills[:, FILL_REASON] == BY_ENTRY)
    place = np.searchsorted(fills[entries, FILL_BAR], bars)
    found = place < len(entries)
    found[found] = fills[entries[place[found]], FILL_BAR] == bars[found]
    before[found] = entries[place[found]]
    return _book(run).money[before] - borrowing(run)[bars]


def halted(run: Run) -> NDArray[np.bool_]:
    """Return (n,) whether the daily loss was reached at or before each close of its session, from the equity alone."""
    limit = run.rules.max_daily_loss
    bars = len(run.equity)
    if limit <= 0.0:
        return np.zeros(bars, dtype=np.bool_)
    fresh = run.hours.new_session != 0
    before = np.concatenate([[run.rules.initial_cash], run.equity[:-1]])
    opening = np.concatenate([[run.rules.initial_cash], before[fresh]])[np.cumsum(fresh)]
    last_start = np.maximum.accumulate(np.where(fresh, np.arange(bars), 0))
    last_breach = np.maximum.accumulate(np.where(run.equity <= opening * (1.0 - limit), np.arange(bars), -1))
    if run.rules.fill_at == SAME_CLOSE:  # what the orders of a close cost counts from the next close on
        last_breach = np.concatenate([[-1], last_breach[:-1]])
        return np.asarray((last_breach >= last_start) | (valued(run) <= opening * (1.0 - limit)))
    return np.asarray(last_breach >= last_start)


def called(run: Run) -> NDArray[np.bool_]:
    """Return (n,) whether the equity at each close no longer keeps the position."""
    rules = run.rules
    if rules.maintenance <= 0.0:
        return np.zeros(len(run.equity), dtype=np.bool_)
    one = rules.margin if rules.margin > 0.0 else run.prices.close * rules.multiplier
    quantity = np.abs(held(run))
    return np.asarray((quantity > 0.0) & (valued(run) < rules.maintenance * quantity * one))


def stopped(run: Run) -> NDArray[np.bool_]:
    """Return (n,) whether a stop was hit on each bar: after it, same-close orders enter nothing there."""
    out = np.zeros(len(run.equity), dtype=np.bool_)
    out[run.fills[np.isin(run.fills[:, FILL_REASON], (BY_STOP, BY_TRAILING)), FILL_BAR].astype(np.int64)] = True
    return out
