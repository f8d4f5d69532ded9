"""A run unrolled into rows that vectorbt can decide by itself.

vectorbt handles one order per row and lets a stop beat a signal, so every bar becomes up to six rows:

1. *exit* (only where an exit is due): signals alone, no prices, so that no stop can come before the exit at the open.
2. *open*: open = high = low = close = the bar's open, with the entries. A position that is still held meets its gap here.
3. *replay* (only where an exit is replayed inside the bar): one signal, no prices.
4. *rest*: the full bar, no signals. High and low are widened by 1e-12 against ties in the last digit.
5. *close out* and *close in* (only with same-close fills, and for an end at the last close): the exits, then the entries of this close at this close,
   signals alone.

Prices, sizes and fees come from ``second_reading``, not from the engine's kernels: an error in either shows as a difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import BY_TIME, BY_TRAILING, FILL_BAR, FILL_REASON
from workbench.backtest.engine.rules import CLOSE_AT_END, HOLD_AT_END, IN_FRACTION, NO_BRACKET, OPEN_AT_END, SAME_CLOSE
from workbench.backtest.second_reading import (
    ON_GRID,
    called,
    distance_from,
    fees,
    free_money,
    grid,
    halted,
    held,
    market,
    sizes,
    stopped,
    valued,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.arrays import Hours, Orders, Prices
    from workbench.backtest.engine.rules import FillRules

__all__ = [
    "CLOSE_IN", "CLOSE_OUT", "EXIT", "OPEN", "REPLAY", "REST", "Run", "Timeline", "fees", "free_money", "grid", "halted", "last_rows", "market",
    "replayed_reasons", "sizes", "timeline", "trailing_by_itself",
]  # fmt: skip

EXIT, OPEN, REPLAY, REST, CLOSE_OUT, CLOSE_IN = 0, 1, 2, 3, 4, 5
WIDER = 1e-12


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
    return rules.tick <= 0.0 or all(np.abs(c / rules.tick - np.rint(c / rules.tick)).max(initial=0.0) <= ON_GRID for c in columns)


def replayed_reasons(run: Run) -> frozenset[str]:
    """Return the names of the exits that vectorbt cannot decide for this run and is told."""
    told = {"time", "session", "daily_loss", "ruin", "margin", "end"}
    return frozenset(told if trailing_by_itself(run) else told | {"trailing"})


def timeline(run: Run) -> Timeline:
    """Return the rows of ``run``."""
    wants = _wants(run)
    inside = np.zeros(len(run.equity), dtype=np.bool_)
    if "trailing" in replayed_reasons(run):
        inside[_bars_of(run, BY_TRAILING)] = True
    leave = wants["leave_long"] | wants["leave_short"]
    enter = wants["long_entry"] | wants["short_entry"]
    always, never = np.ones_like(leave), np.zeros_like(leave)
    if run.rules.fill_at == SAME_CLOSE:
        rows = np.column_stack([wants["end_open"], always, inside, always, leave | wants["end_close"], enter])
    else:
        rows = np.column_stack([leave | wants["end_open"], always, inside, always, wants["end_close"], never])
    bar, kind = np.nonzero(rows)
    return _filled(run, bar, kind, wants)


def last_rows(rows: Timeline) -> NDArray[np.bool_]:
    """Whether each row is the last of its bar."""
    return np.append(np.diff(rows.bar) > 0, True)


def _wants(run: Run) -> dict[str, NDArray[np.bool_]]:
    """What is due on each bar: at its open from the signals of the close before, or at its close from its own."""
    rules = run.rules
    at_close = rules.fill_at == SAME_CLOSE
    long, short = run.signals.entry_long != 0, run.signals.entry_short != 0
    leave_long, leave_short = run.signals.exit_long != 0, run.signals.exit_short != 0
    go_long, go_short = long & ~leave_long & ~short, short & ~leave_short & ~long
    no_more, call = halted(run), called(run)
    forced = (run.hours.must_flat != 0) | no_more | call | (valued(run) <= 0.0)
    open_ = (run.hours.can_enter != 0) & (run.hours.must_flat == 0) & ~no_more & ~call
    if at_close:
        open_ &= ~stopped(run)
    due = {
        "long_entry": go_long & open_,
        "short_entry": go_short & open_ & (rules.short_allowed != 0.0),
        "leave_long": leave_long | go_short | forced,
        "leave_short": leave_short | go_long | forced,
    }
    if not at_close:
        due = {name: np.concatenate([[False], column[:-1]]) for name, column in due.items()}
    timed = _bars_of(run, BY_TIME)
    for name, value in (("leave_long", True), ("leave_short", True), ("long_entry", False), ("short_entry", False)):
        due[name][timed] = value
    last = np.arange(len(run.equity)) == len(run.equity) - 1
    if rules.end_kind != HOLD_AT_END and (at_close or rules.end_kind == OPEN_AT_END):
        for name in due if at_close else ("long_entry", "short_entry"):
            due[name][last] = False
    _unaffordable(run, due)
    return due | {"end_open": last & (rules.end_kind == OPEN_AT_END), "end_close": last & (rules.end_kind == CLOSE_AT_END)}


def _unaffordable(run: Run, due: dict[str, NDArray[np.bool_]]) -> None:
    """Drop the entries that the sizing rule refuses: no vectorbt order has size zero."""
    bars = np.flatnonzero(due["long_entry"] | due["short_entry"])
    side = np.where(due["long_entry"][bars], 1.0, -1.0)
    at_close = run.rules.fill_at == SAME_CLOSE
    aimed = run.prices.close if at_close else run.prices.open
    size = sizes(run, bars, market(run.rules, aimed[bars], side), free_money(run, bars))
    # While a position is held the free money says nothing, and the entry is ignored by vectorbt anyway.
    position = held(run) if at_close else np.concatenate([[0.0], held(run)[:-1]])
    leaving = due["leave_long"][bars] | due["leave_short"][bars]
    none = bars[(size <= 0.0) & ((position[bars] == 0.0) | leaving)]
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
    same = rules.fill_at == SAME_CLOSE
    entering, leaving = (kind == CLOSE_IN, kind == CLOSE_OUT) if same else (at_open, kind == EXIT)
    long, short = wants["long_entry"][bar] & entering, wants["short_entry"][bar] & entering
    side = np.where(short, -1.0, 1.0)
    price = market(rules, np.where(kind >= CLOSE_OUT, prices.close[bar], prices.open[bar]), side)
    distance = run.distance[bar if same else np.maximum(bar - 1, 0)]
    told = (kind == REPLAY) | ((kind == EXIT) & wants["end_open"][bar]) | ((kind == CLOSE_OUT) & wants["end_close"][bar])
    stop_kind, stop_value = (rules.stop_kind, rules.stop_value)
    if trailing_by_itself(run):
        stop = np.full(len(bar), rules.trail_value)
    else:
        away = distance_from(stop_kind, stop_value, price, rules.tick, distance)
        stop = np.abs(grid(price - side * away, rules.tick, -side) / price - 1.0)
    away = distance_from(rules.target_kind, rules.target_value, price, rules.tick, distance)
    target = np.abs(grid(price + side * away, rules.tick, side) / price - 1.0)
    return Timeline(
        bar=bar,
        kind=kind,
        long_entry=long,
        short_entry=short,
        leave_long=(leaving & wants["leave_long"][bar]) | told,
        leave_short=(leaving & wants["leave_short"][bar]) | told,
        price=price,
        stop=stop,
        target=target,
        trailing=trailing_by_itself(run),
        **columns,
    )


def _bars_of(run: Run, reason: int) -> NDArray[np.int64]:
    return np.asarray(run.fills[run.fills[:, FILL_REASON] == reason, FILL_BAR], dtype=np.int64)
