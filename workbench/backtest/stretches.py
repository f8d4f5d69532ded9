"""Stretches: parts of the bars that are traded on their own, for walk-forward and cross-validation.

1. ``fold_edges`` cuts the bars at first bars of sessions, so that no session is torn apart.
2. ``signals_on`` computes a point's signals over all bars that are known, so the indicators of a stretch are warm when it begins and equal to those of
   a live session that started at the first bar of the data. They only ever know earlier bars.
3. ``trade`` runs the fill model over one stretch. It begins flat: decisions start at the stretch's first close, no position comes over from before, and
   what is open at the end is marked at the last close, without the cost of closing, unless the strategy's filling closes it. So no trade spans a border.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from workbench.backtest.engine import account as a
from workbench.backtest.engine import tally as t
from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.run import decider_of, distance_of, orders_of, parameter_names, varied_names, varied_rules
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.backtest.run import Setting
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.columns import Columns
    from workbench.strategy.strategy import Strategy

FEWEST_BARS = 32
"""Shortest stretch that is measured."""


class Part:
    """Tells the points of one sweep as a part of all that is to be done, and remembers that somebody stopped it.

    A sweep that is stopped at its last point is whole, so the sweep itself cannot say. A listener that goes on raising is heard once, so that what
    was finished comes home.
    """

    def __init__(self, outside: Progress, before: int, total: int, what: str) -> None:
        """Tell ``outside`` that ``before`` of ``total`` were done when this part begins."""
        self.stopped = False
        self._outside, self._before, self._total, self._what = outside, before, total, what

    def at(self, done: int, total: int, what: str) -> None:
        """Pass on how far the whole is."""
        del total, what
        before, self.stopped = self.stopped, True
        try:
            self._outside.at(self._before + done, self._total, self._what)
        except KeyboardInterrupt:
            if before:
                return
            raise
        self.stopped = before


class Tape(NamedTuple):
    """What the engine reads, bar by bar, over the same n bars."""

    prices: Prices
    hours: Hours
    orders: Orders
    distance: NDArray[np.float64]

    def cut(self, first: int, last: int) -> Tape:
        """Return the tape of the bars from ``first`` to before ``last``; views, no copies."""
        part = slice(first, last)
        return Tape(
            prices=Prices._make(column[part] for column in self.prices),
            hours=Hours._make(column[part] for column in self.hours),
            orders=Orders._make(column[part] for column in self.orders),
            distance=self.distance[part],
        )


class Traded(NamedTuple):
    """What the engine made of a stretch."""

    account: NDArray[np.float64]
    fills: NDArray[np.float64]
    orders: NDArray[np.float64]
    equity: NDArray[np.float64]


def signals_on(
    strategy: Strategy, setting: Setting, values: Mapping[str, float], known: int | None = None, columns: Columns | None = None
) -> tuple[Tape, int]:
    """Return the tape of the first ``known`` bars (all by default) at one point, and the point's warm-up."""
    bars = setting.bars if known is None else setting.bars.head(known)
    decider = decider_of(strategy, parameters_of(strategy, values))
    signals = decider.columns(bars, columns)
    tape = Tape(
        prices=Prices.of(bars),
        hours=Hours._make(column[: len(bars)] for column in setting.hours),
        orders=orders_of(signals),
        distance=distance_of(signals, len(bars)),
    )
    return tape, decider.warmup


def parameters_of(strategy: Strategy, values: Mapping[str, float]) -> dict[str, float]:
    """Return the ``$parameters`` of a point; it may hold brackets and a size besides."""
    return {name: values[name] for name in parameter_names(strategy)}


def rules_of(strategy: Strategy, setting: Setting, values: Mapping[str, float], money: float | None = None) -> FillRules:
    """Return the fill rules of a point, with ``money`` (the setting's when not given) at the start."""
    own = varied_names(strategy.spec, list(values))
    cash = setting.rules.initial_cash if money is None else money
    return varied_rules(strategy, setting.bars.instrument, cash, {name: values[name] for name in own})


def trade(tape: Tape, rules: FillRules) -> Traded:
    """Return what the fill model does on ``tape``, starting flat with the rules' money."""
    account = a.new_account(rules)
    return Traded(account, *simulate(account, rules, tape.prices, tape.hours, tape.orders, tape.distance))


def tallied(done: Traded, initial: float) -> NDArray[np.float64]:
    """Return the row (``POINT_SIZE``,) that ``metrics.table`` reads, as a sweep's; fees and turnover are left at zero."""
    row = np.zeros(t.POINT_SIZE)
    t.tally(done.equity, initial, row)
    bar = done.fills[:, a.FILL_BAR]
    closed = len(bar) // 2
    profits = done.fills[1 : 2 * closed : 2, a.FILL_PNL]
    row[t.TRADES] = closed
    row[t.WINS] = np.count_nonzero(profits > 0.0)
    row[t.GROSS_PROFIT] = profits[profits > 0.0].sum()
    row[t.GROSS_LOSS] = -profits[profits <= 0.0].sum()
    still = len(done.equity) - bar[-1] if len(bar) % 2 else 0.0
    row[t.BARS_IN_MARKET] = (bar[1 : 2 * closed : 2] - bar[0 : 2 * closed : 2]).sum() + still
    return row


def session_starts(bars: Bars) -> NDArray[np.int64]:
    """Return the position of the first bar of each session."""
    return np.flatnonzero(np.concatenate([[True], bars.session[1:] != bars.session[:-1]]))


def fold_edges(bars: Bars, folds: int, train: int) -> NDArray[np.int64]:
    """Return (folds + train + 1,) positions that cut ``bars`` into stretches, each beginning with a session.

    Raises:
        InputError: fewer than two folds, no training stretch, or stretches shorter than 32 bars.
    """
    if folds < 2 or train < 1:  # noqa: PLR2004 - one fold says nothing about how often it holds
        message = f"a walk-forward needs two folds or more and a training stretch, not folds={folds} and train={train}"
        raise InputError(message)
    count = folds + train
    starts = session_starts(bars)
    wanted = (np.arange(count + 1, dtype=np.int64) * len(bars)) // count
    edges = np.append(starts, len(bars))[np.minimum(np.searchsorted(starts, wanted), len(starts))]
    edges[-1] = len(bars)
    if np.diff(edges).min() < FEWEST_BARS:
        message = f"{len(bars)} bars in {count} stretches leave {int(np.diff(edges).min())} bars for one; use fewer folds or more bars"
        raise InputError(message)
    return np.asarray(edges, dtype=np.int64)


def sessions_before(bars: Bars, position: int, sessions: int) -> int:
    """Return the position ``sessions`` whole sessions before ``position``, a session's first bar or the end; the first bar at least."""
    starts = session_starts(bars)
    place = int(np.searchsorted(starts, position)) - sessions
    return int(starts[place]) if 0 <= place < len(starts) else (0 if place < 0 else position)
