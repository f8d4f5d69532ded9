"""Whether a good point stands on a plateau or on a needle: what its neighbours in the grid give.

1. Each swept parameter's values are numbered in order; neighbours of a point differ from it by at most one step in every parameter.
2. A point's neighbourhood (itself included) has a mean and a worst value of the metric; ``near`` is the share of its neighbours that come close to the
   best point of all: within the share ``close`` of its size.
3. The most robust point has the best mean among those with at least half as many neighbours as any: a corner with two lucky neighbours is none.

Scattered points (random plans) have no steps: there the neighbours are the nearest points after every parameter is scaled to its range. A point that
never traded counts as 0 (where less is better: as the worst), because standing beside it is no comfort.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.sensitivity import known_metric, lower_is_better, records, subject_of
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.backtest.sweep import SweepResult

_MOST_CELLS = 4_000_000
_SPARSE = 64
"""Cells of a grid for each point; where there are more, the points are scattered."""
_LOOKED_AT = 500
_MOST_NEAREST = 26


@dataclass(frozen=True, kw_only=True, eq=False)
class Plateau:
    """The surroundings of one point, and the point with the best surroundings."""

    subject: str
    """Strategy, symbol and timeframe."""
    metric: str
    """What was looked at."""
    close: float
    """How near to the best a neighbour has to be, as a share of its size."""
    point: Mapping[str, float]
    """The point that was asked about: the best one unless another was given."""
    value: float
    """Its metric."""
    mean: float
    """Mean over its neighbourhood, itself included."""
    worst: float
    """Worst of its neighbourhood."""
    near: float
    """Share of its neighbours close to the best point of all; NaN without a neighbour."""
    neighbours: int
    """How many it has."""
    robust: Mapping[str, float]
    """The most robust point."""
    robust_mean: float
    """Mean over its neighbourhood."""
    frame: pd.DataFrame
    """One row a point, the best neighbourhood first: swept parameters, the metric, mean, worst, near, neighbours."""
    swept: tuple[str, ...]
    """Parameters that vary."""
    synthetic: bool
    """True where the bars are made up."""

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return the mean of the neighbourhood over the first two parameters; the point is ringed, the most robust one too."""
        from workbench.backtest.figures.landscape import surroundings  # noqa: PLC0415 - drawing only

        return surroundings(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record with the ten best neighbourhoods."""
        names = ("subject", "metric", "close", "value", "mean", "worst", "near", "neighbours", "robust_mean")
        shown = {name: getattr(self, name) for name in names}
        clean = {name: (None if isinstance(value, float) and not math.isfinite(value) else value) for name, value in shown.items()}
        return clean | {"point": dict(self.point), "robust": dict(self.robust), "best": records(self.frame.head(10))}

    def __repr__(self) -> str:
        """Say whether the point stands alone."""
        where = ", ".join(f"{name} {value:g}" for name, value in self.point.items())
        share = "no neighbours" if math.isnan(self.near) else f"{self.near:.0%} of its {self.neighbours} neighbours close to the best"
        return f"Plateau({self.subject}: {self.metric} {self.value:.3g} at {where}, {self.mean:.3g} around it, {share})"

    def _repr_html_(self) -> str:
        badge = "<p>▨ SYNTHETIC</p>" if self.synthetic else ""
        return f"{badge}<p>{self!r}</p>" + self.frame.head(10).to_html(border=0, na_rep="–", float_format=lambda value: f"{value:.4g}")


@dataclass(frozen=True, eq=False)
class _Around:
    """What surrounds some points."""

    mean: NDArray[np.float64]
    worst: NDArray[np.float64]
    near: NDArray[np.float64]
    neighbours: NDArray[np.int64]


def plateau(swept: SweepResult, point: Mapping[str, float] | None = None, metric: str | None = None, *, close: float = 0.8) -> Plateau:
    """Return the surroundings of ``point`` (the best one) in ``swept``, and the point with the best surroundings.

    Args:
        swept: a sweep that holds all its points.
        point: values of the swept parameters of one of its points.
        metric: what to look at, the ranking metric by default.
        close: how near to the best point a neighbour must come, as a share of its size; 0.8 means within a fifth.

    Raises:
        InputError: nothing was varied, points are missing from the result, no point has a value, or ``point`` is none of them.
        UnknownNameError: no such metric.
    """
    name = known_metric(swept, metric)
    _require_whole(swept, close)
    frame, lower = swept.frame, lower_is_better(name)
    values = frame[name].to_numpy(dtype=np.float64)
    if not np.isfinite(values).any():
        message = f"no point of this sweep has a {name}; loosen the rules or use more bars"
        raise InputError(message)
    score = np.where(np.isfinite(values), -values if lower else values, -np.nanmax(values) if lower else 0.0)  # more is better from here on
    best = float(np.nanmax(-values if lower else values))
    given = frame[list(swept.swept)].to_numpy(dtype=np.float64)
    at = _place(frame, swept, point, score)
    looked, around = _surroundings(given, score, best - (1.0 - close) * abs(best), at)
    table = pd.DataFrame({parameter: given[looked, column] for column, parameter in enumerate(swept.swept)}, index=frame.index[looked])
    sign = -1.0 if lower else 1.0
    table = table.assign(
        **{
            name: values[looked],
            "mean": sign * around.mean,
            "worst": sign * around.worst,
            "near": around.near,
            "neighbours": around.neighbours,
        }
    )
    enough = around.neighbours * 2 >= around.neighbours.max()
    order = np.lexsort((-score[looked], -around.neighbours, -around.mean, ~enough))
    here, robust = int(np.flatnonzero(looked == at)[0]), int(order[0])
    return Plateau(
        subject=subject_of(swept),
        metric=name,
        close=close,
        point=dict(zip(swept.swept, given[at].tolist(), strict=True)),
        value=float(values[at]),
        mean=sign * float(around.mean[here]),
        worst=sign * float(around.worst[here]),
        near=float(around.near[here]),
        neighbours=int(around.neighbours[here]),
        robust=dict(zip(swept.swept, given[looked[robust]].tolist(), strict=True)),
        robust_mean=sign * float(around.mean[robust]),
        frame=table.iloc[order],
        swept=swept.swept,
        synthetic=swept.bars.synthetic,
    )


def _require_whole(swept: SweepResult, close: float) -> None:
    if not swept.swept:
        message = "this sweep varies nothing, so no point has a neighbour; give two values or more for a parameter"
        raise InputError(message)
    if not swept.complete:
        message = (
            f"only the best {len(swept.frame):,} of {swept.finished:,} points are kept, and the neighbours of a good point may be bad; "
            f"sweep around the best point again, or with keep={swept.finished:,}"
        )
        raise InputError(message)
    if not 0.0 < close <= 1.0:
        message = f"close is a share of the best between 0 and 1, for example 0.8, not {close!r}"
        raise InputError(message)


def _place(frame: pd.DataFrame, swept: SweepResult, point: Mapping[str, float] | None, score: NDArray[np.float64]) -> int:
    """Return the row of ``point``."""
    if point is None:
        return int(score.argmax())
    same = np.ones(len(frame), dtype=np.bool_)
    for name in swept.swept:
        if name in point:
            same &= frame[name].to_numpy(dtype=np.float64) == float(point[name])
    found = np.flatnonzero(same)
    if len(found) != 1:
        message = f"{dict(point)} is {'none' if not len(found) else f'{len(found)}'} of the sweep's points; give a value for {', '.join(swept.swept)}"
        raise InputError(message)
    return int(found[0])


def _surroundings(given: NDArray[np.float64], score: NDArray[np.float64], bar: float, at: int) -> tuple[NDArray[np.int64], _Around]:
    """Return the rows that were looked at and what surrounds them."""
    places, shape = [], []
    for column in given.T:
        distinct, place = np.unique(column, return_inverse=True)
        places.append(place.reshape(-1))
        shape.append(len(distinct))
    if math.prod(shape) <= min(_MOST_CELLS, _SPARSE * len(given)):
        return np.arange(len(given)), _in_grid(tuple(places), tuple(shape), score, bar)
    looked = np.unique(np.append(np.argsort(-score, kind="stable")[:_LOOKED_AT], at))
    return looked, _nearest(given, score, bar, looked)


def _in_grid(places: tuple[NDArray[np.int64], ...], shape: tuple[int, ...], score: NDArray[np.float64], bar: float) -> _Around:
    """Return what surrounds every point of a grid: sums over three steps along one parameter after the other."""
    total, worst = np.zeros(shape), np.full(shape, np.inf)
    count, near = np.zeros(shape), np.zeros(shape)
    total[places], worst[places], count[places], near[places] = score, score, 1.0, score >= bar
    own = near[places]
    for axis in range(len(shape)):
        total, count, near = (_three(table, axis, np.add) for table in (total, count, near))
        worst = _three(worst, axis, np.minimum)
    others = count[places] - 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(others > 0, (near[places] - own) / others, np.nan)
    return _Around(total[places] / count[places], worst[places], share, others.astype(np.int64))


def _three(table: NDArray[np.float64], axis: int, join: Any) -> NDArray[np.float64]:  # noqa: ANN401 - a numpy function of two
    """Return each cell joined with the ones before and after it along ``axis``."""
    found = table.copy()
    inner = [slice(None)] * table.ndim
    left, right = list(inner), list(inner)
    left[axis], right[axis] = slice(None, -1), slice(1, None)
    found[tuple(right)] = join(found[tuple(right)], table[tuple(left)])
    found[tuple(left)] = join(found[tuple(left)], table[tuple(right)])
    return found


def _nearest(given: NDArray[np.float64], score: NDArray[np.float64], bar: float, looked: NDArray[np.int64]) -> _Around:
    """Return what surrounds some scattered points: as many nearest ones as a grid point has neighbours."""
    spread = given.max(axis=0) - given.min(axis=0)
    scaled = (given - given.min(axis=0)) / np.where(spread > 0, spread, 1.0)
    count = min(3 ** given.shape[1] - 1, _MOST_NEAREST, len(given) - 1)
    rows = []
    for place in looked:
        apart = ((scaled - scaled[place]) ** 2).sum(axis=1)
        apart[place] = np.inf
        others = score[np.argpartition(apart, count - 1)[:count]]
        rows.append([(others.sum() + score[place]) / (count + 1), min(others.min(), score[place]), (others >= bar).mean()])
    found = np.array(rows)
    return _Around(found[:, 0], found[:, 1], found[:, 2], np.full(len(looked), count, dtype=np.int64))
