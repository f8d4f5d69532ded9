"""What is kept of a sweep's points while they come in: the best, a sample of all, and exact totals, in memory that does not grow with their number.

1. Points come in the order of the plan. ``Harvest.add`` measures them and updates everything at once, by exchanging one record: an interrupt between two
   instructions finds the state before or after, never half of it.
2. Up to ``keep`` points all are kept. Beyond, the best ``keep`` by the ranking metric are (equal ones: the first of the plan), found in a buffer of
   twice as many that is cut back when it is full.
3. The sample is drawn from the whole plan beforehand, so it knows nothing of the results; totals are sums in the order of the plan. Neither depends on
   how the work was cut into pieces or how often it was resumed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.tally import POINT_SIZE
from workbench.backtest.metrics import table
from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

SAMPLED = 1_000
"""Points of the sample at most: what the effective number of trials is clustered on."""
SMALLER_IS_BETTER = frozenset({"max_drawdown", "max_drawdown_bars", "volatility", "fees", "turnover"})
EDGES = np.linspace(-10.0, 10.0, 201)
"""Bins of the histogram of annual Sharpe ratios; what lies outside counts in the first and the last."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Totals:
    """Exact counts and sums over all finished points, whether they are kept or not."""

    points: int = 0
    """Finished points."""
    traded: int = 0
    """Points with at least one closed trade."""
    rated: int = 0
    """Points with a Sharpe ratio."""
    positive: int = 0
    """Points with a Sharpe ratio above zero."""
    sharpe_sum: float = 0.0
    """Sum of the annual Sharpe ratios; a point without one counts as 0, as in the ledger."""
    sharpe_square_sum: float = 0.0
    """Sum of their squares."""
    histogram: NDArray[np.int64]
    """Rated points by Sharpe ratio, in the bins of ``EDGES``, (200,)."""

    @property
    def mean(self) -> float:
        """Mean annual Sharpe ratio; NaN without points."""
        return self.sharpe_sum / self.points if self.points else float("nan")

    @property
    def variance(self) -> float:
        """Variance (ddof 1) of the annual Sharpe ratios; 0 for fewer than two points."""
        if self.points < 2:  # noqa: PLR2004 - a spread needs two
            return 0.0
        return max(0.0, (self.sharpe_square_sum - self.sharpe_sum**2 / self.points) / (self.points - 1))

    def plus(self, metrics: Mapping[str, NDArray[np.float64]]) -> Totals:
        """Return the totals with more points, added one after the other."""
        sharpe = metrics["sharpe"]
        rated = sharpe[np.isfinite(sharpe)]
        ratios = np.nan_to_num(sharpe)
        counts, _ = np.histogram(np.clip(rated, EDGES[0], EDGES[-1]), EDGES)
        return Totals(
            points=self.points + len(sharpe),
            traded=self.traded + int(np.count_nonzero(metrics["trades"] > 0)),
            rated=self.rated + len(rated),
            positive=self.positive + int(np.count_nonzero(rated > 0)),
            sharpe_sum=_onto(self.sharpe_sum, ratios),
            sharpe_square_sum=_onto(self.sharpe_square_sum, ratios * ratios),
            histogram=self.histogram + counts,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        names = ("points", "traded", "rated", "positive", "sharpe_sum", "sharpe_square_sum")
        return {name: getattr(self, name) for name in names} | {"histogram": self.histogram.tolist()}


def _onto(total: float, values: NDArray[np.float64]) -> float:
    """Return ``total`` plus the values, one after the other: the same however they are cut into pieces."""
    return float(np.add.accumulate(np.concatenate([[total], values]))[-1])


@dataclass(frozen=True, kw_only=True, eq=False)
class Kept:
    """Some points of a sweep."""

    places: NDArray[np.int64]
    """(points,) their numbers in the plan."""
    given: Rows
    """(points, names) their parameters, brackets and sizes."""
    rows: Rows
    """(points, ``POINT_SIZE``) what the engine counted."""

    def of(self, chosen: NDArray[Any]) -> Kept:
        """Return some of them."""
        return Kept(places=self.places[chosen], given=self.given[chosen], rows=self.rows[chosen])


@dataclass(frozen=True)
class _State:
    """Everything that changes; exchanged whole."""

    held: Kept  # room for the best; the first ``count`` are filled
    keys: NDArray[np.float64]
    count: int
    sample: Kept
    sampled: int
    totals: Totals


@dataclass(frozen=True, kw_only=True)
class Scale:
    """What turns the engine's rows into metrics."""

    bars: int
    """Bars of the run."""
    bars_per_year: float
    """What ratios are annualised with."""
    cash: float
    """Starting money."""
    rank: str
    """The metric that orders the points."""

    def __post_init__(self) -> None:
        """Refuse a metric that does not exist."""
        known = table(np.ones((1, POINT_SIZE)), 2, 1.0, 1.0)
        if self.rank not in known:
            kind = "metric"
            raise UnknownNameError(kind, self.rank, known)

    def metrics(self, rows: Rows) -> dict[str, NDArray[np.float64]]:
        """Return metrics by name, one value a row."""
        return table(rows, self.bars, self.bars_per_year, self.cash)

    def keys(self, metrics: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        """Return what the points are ordered by, smallest first; infinite without a value."""
        value = metrics[self.rank]
        key = value if self.rank in SMALLER_IS_BETTER else -value
        return np.where(np.isnan(key), np.inf, key)


class Harvest:
    """The kept points of one sweep."""

    def __init__(self, points: int, names: int, keep: int, scale: Scale, sampled: NDArray[np.int64]) -> None:
        """Make room for all of ``points``, or for twice ``keep`` where there are more; ``sampled`` are the places of the sample, in order."""
        self.keep, self.scale, self._sampled = keep, scale, sampled
        room = points if points <= keep else min(points, 2 * keep)
        none = Totals(histogram=np.zeros(len(EDGES) - 1, dtype=np.int64))
        self._now = _State(_room(room, names), np.empty(room), 0, _room(len(sampled), names), 0, none)

    @property
    def totals(self) -> Totals:
        """Counts and sums so far."""
        return self._now.totals

    def add(self, first: int, values: Rows, rows: Rows) -> None:
        """Take finished points, later ones than all before."""
        metrics = self.scale.metrics(rows)
        places = np.arange(first, first + len(rows))
        keys = self.scale.keys(metrics)
        now = self._now
        inside = slice(*np.searchsorted(self._sampled, [first, first + len(rows)]))
        wanted = self._sampled[inside] - first
        _put(now.sample, now.sampled, Kept(places=places, given=values, rows=rows).of(wanted))
        now = replace(now, totals=now.totals.plus(metrics), sampled=now.sampled + len(wanted))
        for start in range(0, len(rows), self.keep):
            part = slice(start, start + self.keep)
            now = self._held(now, Kept(places=places[part], given=values[part], rows=rows[part]), keys[part])
        self._now = now

    def _held(self, now: _State, more: Kept, keys: NDArray[np.float64]) -> _State:
        """Return the state with ``more`` points among the best."""
        if now.count + len(keys) > len(now.keys):
            best = _order(now.keys[: now.count], now.held.places[: now.count])[: self.keep]
            held, kept = _room(len(now.keys), more.given.shape[1]), np.empty(len(now.keys))
            _put(held, 0, now.held.of(best))
            kept[: len(best)] = now.keys[best]
            now = replace(now, held=held, keys=kept, count=len(best))
        _put(now.held, now.count, more)
        now.keys[now.count : now.count + len(keys)] = keys
        return replace(now, count=now.count + len(keys))

    def best(self) -> Kept:
        """Return the kept points, best first, those without a value last; equal ones in the order of the plan."""
        now = self._now
        return now.held.of(_order(now.keys[: now.count], now.held.places[: now.count])[: self.keep])

    def sample(self) -> Kept:
        """Return the finished points of the sample, in the order of the plan."""
        return self._now.sample.of(np.arange(self._now.sampled))


def places_to_sample(points: int, seed: int, most: int = SAMPLED) -> NDArray[np.int64]:
    """Return the numbers of at most ``most`` points drawn without repeating from a plan of ``points``, in order."""
    if points <= most:
        return np.arange(points)
    return np.sort(np.random.default_rng(seed).choice(points, most, replace=False, shuffle=False))


def _room(points: int, names: int) -> Kept:
    return Kept(places=np.empty(points, dtype=np.int64), given=np.empty((points, names)), rows=np.empty((points, POINT_SIZE)))


def _put(held: Kept, at: int, more: Kept) -> None:
    part = slice(at, at + len(more.places))
    held.places[part], held.given[part], held.rows[part] = more.places, more.given, more.rows


def _order(keys: NDArray[np.float64], places: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.lexsort((places, keys))
