"""What every point of a search earned, side by side: the matrix of returns that SPA, correlations and clusters are about.

A sweep keeps sums, not returns. ``track_records`` runs a fair sample of its points again through the same engine and keeps returns over longer
periods, so that the matrix stays small whatever the number of points and bars.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.run import backtest
from workbench.errors import InputError
from workbench.strategy.columns import Columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from workbench.market import Bars
    from workbench.strategy.strategy import Strategy

MOST_TRIALS = 500
MOST_PERIODS = 2_000


@dataclass(frozen=True, kw_only=True, eq=False)
class TrackRecords:
    """Returns of several trials over the same periods."""

    returns: NDArray[np.float64]
    """(T, N) simple returns, one row a period, one column a trial."""
    points: tuple[Mapping[str, float], ...]
    """Parameters of each column."""
    trials: int
    """Points that there are in all."""
    bars: int
    """Bars in a period."""


def track_records(
    strategy: Strategy,
    bars: Bars,
    points: Sequence[Mapping[str, float]],
    *,
    first: int = 1,
    most: int = MOST_TRIALS,
    periods: int = MOST_PERIODS,
    cash: float = 100_000.0,
    seed: int = 0,
) -> TrackRecords:
    """Return the track records of ``points``, or of a fair sample of them that holds the ``first`` ones in any case.

    Args:
        strategy: as for ``backtest``.
        bars: checked bars.
        points: parameter values, best first as a sweep has them.
        first: how many of the first points are always in the sample: the best must be, since it is the one to be judged.
        most: columns at most.
        periods: rows at most; bars are taken together, equally many a row, to get there.
        cash: starting money.
        seed: of the sample.

    Raises:
        InputError: no point.
    """
    if not points:
        message = "there is no point to run; give the parameters of a sweep"
        raise InputError(message)
    rest = np.arange(first, len(points))
    picked = np.arange(min(first, len(points)))
    if len(points) > most:
        rest = np.sort(np.random.default_rng(seed).choice(rest, max(0, most - len(picked)), replace=False))
    chosen = tuple(points[place] for place in [*picked, *rest])
    length = max(1, -(-len(bars) // periods))
    edges = np.append(np.arange(0, len(bars), length), len(bars))
    columns = Columns(bars)
    returns = np.empty((len(edges) - 1, len(chosen)))
    for place, point in enumerate(chosen):
        equity = backtest(strategy, bars, cash=cash, parameters=point, columns=columns).run.equity
        returns[:, place] = period_returns(equity, edges, cash)
    return TrackRecords(returns=returns, points=chosen, trials=len(points), bars=length)


def period_returns(equity: NDArray[np.float64], edges: NDArray[np.int64], cash: float) -> NDArray[np.float64]:
    """Return simple returns between ``edges`` (k + 1,), the first from ``cash``; 0 once nothing is left."""
    marks = np.concatenate([[cash], equity[edges[1:] - 1]])
    before = marks[:-1]
    return np.where(before > 0.0, marks[1:] / np.where(before > 0.0, before, 1.0) - 1.0, 0.0)
