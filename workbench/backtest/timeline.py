"""A run unrolled into rows that vectorbt can decide by itself, and the fill rules written a second time.

vectorbt handles one order per row and lets a stop beat a signal, so every bar becomes up to four rows:

1. *exit* (only where an exit is due): signals alone, no prices, so that no stop can come before the exit at the open.
2. *open*: open = high = low = close = the bar's open, with the entries. A position that is still held meets its gap here.
3. *replay* (only where an exit is replayed inside the bar): one signal, no prices.
4. *rest*: the full bar, no signals. High and low are widened by 1e-12 against ties in the last digit.

Prices, sizes and fees are computed here with numpy from the specification's words, not by the engine's kernels: an error in either
shows as a difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import (
    BY_ENTRY,
    BY_TIME,
    BY_TRAILING,
    FILL_BAR,
    FILL_FEE,
    FILL_PRICE,
    FILL_QTY,
    FILL_REASON,
    FILL_SIDE,
)
from workbench.backtest.engine.rules import FIXED, FRACTION, IN_FRACTION, IN_TICKS, NO_BRACKET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.arrays import Hours, Orders, Prices
    from workbench.backtest.engine.rules import FillRules

EXIT, OPEN, REPLAY, REST = 0, 1, 2, 3
WIDER = 1e-12
_ON_GRID = 1e-6


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """What a run was given and what it did, as arrays over n bars and k fills."""

    prices: Prices
    hours: Hours
    signals: Orders
    """The program's columns at each close."""
    rules: FillRules
    distance: NDArray[np.float64]
    """(n,) what brackets of kind 3 multiply."""
    fills: NDArray[np.float64]
    """(k, FILL_SIZE) as the engine wrote them."""
    equity: NDArray[np.float64]
    """(n,) money at each close."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Timeline:
    """Rows for vectorbt; all arrays have one entry a row."""

    bar: NDArray[np.int64]
    kind: NDArray[np.int64]
    long_entry: NDArray[np.bool_]
    short_entry: NDArray[np.bool_]
    leave_long: NDArray[np.bool_]
    leave_short: NDArray[np.bool_]
    open: NDArray[np.float64]
    high: NDArray[np.float64]
    low: NDArray[np.float64]
    close: NDArray[np.float64]
    price: NDArray[np.float64]
    """What an entry on this row pays."""
    stop: NDArray[np.float64]
    """Stop of an entry on this row as a fraction of its price; NaN for none."""
    target: NDArray[np.float64]
    trailing: bool
    """Whether the stop follows the best price."""


def trailing_by_itself(run: Run) -> bool:
    """Whether vectorbt can follow the trailing stop: a fraction of the peak, no fixed stop beside it, and no rounding in its way."""
    rules = run.rules
    if rules.trail_kind != IN_FRACTION or rules.stop_kind != NO_BRACKET:
        return False
    columns = (run.prices.open, run.prices.high, run.prices.low)
    return rules.tick <= 0.0 or all(np.abs(c / rules.tick - np.rint(c / rules.tick)).max(initial=0.0) <= _ON_GRID for c in columns)


def replayed_reasons(run: Run) -> frozenset[str]:
    """Return the names of the exits that vectorbt cannot decide for this run and is told."""
    told = {"time", "session", "daily_loss", "ruin"}
    return frozenset(told if trailing_by_itself(run) else told | {"trailing"})


def timeline(run: Run) -> Timeline:
    """Return the rows of ``run``."""
    wants = _wants(run)
    inside = np.zeros(len(run.equity), dtype=np.bool_)
    if "trailing" in replayed_reasons(run):
        inside[_bars_of(run, BY_TRAILING)] = True
    due = wants["leave_long"] | wants["leave_short"]
    rows = np.column_stack([due, np.ones_like(due), inside, np.ones_like(due)])
    bar, kind = np.nonzero(rows)
    return _filled(run, bar, kind, wants)


def grid(prices: NDArray[np.float64], tick: float, direction: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return ``prices`` on the tick grid, up where ``direction`` is positive, down where it is negative."""
    if tick <= 0.0:
        return prices
    ticks = prices / tick
    nearest = np.rint(ticks)
    moved = np.where(np.asarray(direction) > 0.0, np.ceil(ticks), np.floor(ticks))
    return np.round(np.where(np.abs(ticks - nearest) <= _ON_GRID, nearest, moved) * tick, 10)


def market(rules: FillRules, prices: NDArray[np.float64], side: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Return what market and stop orders pay that aim at ``prices``: slipped and rounded against us."""
    slip = rules.slippage_ticks * rules.tick + prices * (rules.slippage_bps * 1e-4)
    return grid(prices + np.asarray(side) * slip, rules.tick, side)


def fees(rules: FillRules, quantity: NDArray[np.float64], price: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the fee of each fill."""
    return quantity * (rules.fee_per_contract + price * rules.multiplier * (rules.fee_bps * 1e-4))


def sizes(run: Run, bars: NDArray[np.int64], price: NDArray[np.float64], money: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantity that an entry filled on each of ``bars`` at ``price`` should have, from the close before and the free ``money``."""
    rules, decided = run.rules, bars - 1
    equity, close, distance = run.equity[decided], run.prices.close[decided], run.distance[decided]
    notional = close * rules.multiplier
    with np.errstate(divide="ignore", invalid="ignore"):
        kind, value = (rules.stop_kind, rules.stop_value) if rules.stop_kind != NO_BRACKET else (rules.trail_kind, rules.trail_value)
        at_risk = _distance(kind, value, close, rules.tick, distance) * rules.multiplier
        per_unit = {FIXED: np.ones_like(equity), FRACTION: equity / notional}.get(int(rules.size_kind), equity / at_risk)
        wanted = rules.size_value * per_unit
        if rules.max_position > 0.0:
            base = at_risk if rules.margin > 0.0 else notional
            wanted = np.minimum(wanted, equity * rules.max_position / np.where(base > 0.0, base, notional))
        if rules.max_quantity > 0.0:
            wanted = np.minimum(wanted, rules.max_quantity)
        wanted = _lots(wanted, rules.lot)
        one = (rules.margin if rules.margin > 0.0 else price * rules.multiplier) + fees(rules, np.ones_like(price), price)
        wanted = np.where(wanted * one <= money, wanted, np.minimum(wanted, _lots(money / one, rules.lot)))
        refused = ~(equity > 0.0) | (3.0 in (rules.stop_kind, rules.target_kind, rules.trail_kind)) & ~(distance > 0.0)  # noqa: PLR2004 - IN_DISTANCE
    return np.where(refused | ~(wanted > 0.0), 0.0, wanted)


def free_money(run: Run, bars: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the money free for an entry on each of ``bars``: start, less what all fills before it paid out; meaningful while flat."""
    fills = run.fills
    flow = -(fills[:, FILL_SIDE] * fills[:, FILL_QTY] * fills[:, FILL_PRICE] * run.rules.multiplier) - fills[:, FILL_FEE]
    total = np.concatenate([[0.0], np.cumsum(flow)])
    # Where the run entered, what came before that very fill counts: an exit later on the same bar does not.
    before = np.searchsorted(fills[:, FILL_BAR], bars, side="right")
    entries = np.flatnonzero(fills[:, FILL_REASON] == BY_ENTRY)
    place = np.searchsorted(fills[entries, FILL_BAR], bars)
    found = place < len(entries)
    found[found] = fills[entries[place[found]], FILL_BAR] == bars[found]
    before[found] = entries[place[found]]
    return run.rules.initial_cash + total[before]


def halted(run: Run) -> NDArray[np.bool_]:
    """Return (n,) whether the daily loss was reached at or before each close of its session, from the equity alone."""
    limit = run.rules.max_daily_loss
    if limit <= 0.0:
        return np.zeros(len(run.equity), dtype=np.bool_)
    start = np.flatnonzero(run.hours.new_session != 0)
    session = np.cumsum(run.hours.new_session != 0)
    before = np.concatenate([[run.rules.initial_cash], run.equity[:-1]])
    opening = np.concatenate([[run.rules.initial_cash], before[start]])[session]
    breached = run.equity <= opening * (1.0 - limit)
    last_start = np.maximum.accumulate(np.where(run.hours.new_session != 0, np.arange(len(session)), 0))
    last_breach = np.maximum.accumulate(np.where(breached, np.arange(len(session)), -1))
    return np.asarray(last_breach >= last_start)


def _wants(run: Run) -> dict[str, NDArray[np.bool_]]:
    """What is due at the open of each bar, from the signals of the close before."""
    long, short = run.signals.entry_long != 0, run.signals.entry_short != 0
    leave_long, leave_short = run.signals.exit_long != 0, run.signals.exit_short != 0
    go_long, go_short = long & ~leave_long & ~short, short & ~leave_short & ~long
    stopped = halted(run)
    forced = (run.hours.must_flat != 0) | stopped | (run.equity <= 0.0)
    open_ = (run.hours.can_enter != 0) & (run.hours.must_flat == 0) & ~stopped
    due = {
        "long_entry": go_long & open_,
        "short_entry": go_short & open_,
        "leave_long": leave_long | go_short | forced,
        "leave_short": leave_short | go_long | forced,
    }
    due = {name: np.concatenate([[False], column[:-1]]) for name, column in due.items()}
    timed = _bars_of(run, BY_TIME)
    for name, value in (("leave_long", True), ("leave_short", True), ("long_entry", False), ("short_entry", False)):
        due[name][timed] = value
    _unaffordable(run, due)
    return due


def _unaffordable(run: Run, due: dict[str, NDArray[np.bool_]]) -> None:
    """Drop the entries that the sizing rule refuses: no vectorbt order has size zero."""
    bars = np.flatnonzero(due["long_entry"] | due["short_entry"])
    side = np.where(due["long_entry"][bars], 1.0, -1.0)
    size = sizes(run, bars, market(run.rules, run.prices.open[bars], side), free_money(run, bars))
    # While a position is held the free money says nothing, and the entry is ignored by vectorbt anyway.
    position = np.concatenate([[0.0], np.cumsum(run.fills[:, FILL_SIDE] * run.fills[:, FILL_QTY])])
    held = np.abs(position[np.searchsorted(run.fills[:, FILL_BAR], bars, side="left")]) > 0.0
    leaving = due["leave_long"][bars] | due["leave_short"][bars]
    none = bars[(size <= 0.0) & (~held | leaving)]
    due["long_entry"][none] = due["short_entry"][none] = False


def _filled(run: Run, bar: NDArray[np.int64], kind: NDArray[np.int64], wants: dict[str, NDArray[np.bool_]]) -> Timeline:
    rules, prices = run.rules, run.prices
    at_open, rest = kind == OPEN, kind == REST
    columns = {}
    for name, column, wider in (
        ("open", prices.open, 0.0),
        ("high", prices.high, WIDER),
        ("low", prices.low, -WIDER),
        ("close", prices.close, 0.0),
    ):
        columns[name] = np.where(rest, column[bar] * (1.0 + wider), np.where(at_open, prices.open[bar], np.nan))
    long, short = wants["long_entry"][bar] & at_open, wants["short_entry"][bar] & at_open
    side = np.where(short, -1.0, 1.0)
    price = market(rules, prices.open[bar], side)
    distance = run.distance[np.maximum(bar - 1, 0)]
    stop_kind, stop_value = (rules.stop_kind, rules.stop_value)
    if trailing_by_itself(run):
        stop = np.full(len(bar), rules.trail_value)
    else:
        away = _distance(stop_kind, stop_value, price, rules.tick, distance)
        stop = np.abs(grid(price - side * away, rules.tick, -side) / price - 1.0)
    away = _distance(rules.target_kind, rules.target_value, price, rules.tick, distance)
    target = np.abs(grid(price + side * away, rules.tick, side) / price - 1.0)
    return Timeline(
        bar=bar,
        kind=kind,
        long_entry=long,
        short_entry=short,
        leave_long=((kind == EXIT) & wants["leave_long"][bar]) | (kind == REPLAY),
        leave_short=((kind == EXIT) & wants["leave_short"][bar]) | (kind == REPLAY),
        price=price,
        stop=stop,
        target=target,
        trailing=trailing_by_itself(run),
        **columns,
    )


def _distance(kind: float, value: float, price: NDArray[np.float64], tick: float, distance: NDArray[np.float64]) -> NDArray[np.float64]:
    """How far a bracket lies from ``price``; NaN without one."""
    if kind == NO_BRACKET:
        return np.full_like(price, np.nan)
    if kind == IN_TICKS:
        return np.full_like(price, value * tick)
    return price * value if kind == IN_FRACTION else value * distance


def _lots(quantity: NDArray[np.float64], lot: float) -> NDArray[np.float64]:
    if lot <= 0.0:
        return quantity
    return np.round(np.floor(quantity / lot + _ON_GRID) * lot, 12)


def _bars_of(run: Run, reason: int) -> NDArray[np.int64]:
    return np.asarray(run.fills[run.fills[:, FILL_REASON] == reason, FILL_BAR], dtype=np.int64)
