"""Which parameters of a sweep matter: what each value gives on average over all others, and the share of the variance that a parameter explains.

1. Points are grouped by the value of one parameter; where it has many values (random points, a range), by twelve groups of equal size.
2. Each group's mean, best and quartiles of the metric are the parameter's margin.
3. The variance of the group means over the variance of all points is the share that the parameter explains by itself; over a full grid these are
   first-order Sobol indices, and what they leave is explained by parameters together.

Points without a value of the metric (they never traded) are counted and left out.

Source: I. M. Sobol, "Sensitivity Estimates for Nonlinear Mathematical Models", Mathematical Modelling and Computational Experiments 1, 1993.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.sweep import SweepResult

_MOST_VALUES = 40
_GROUPS = 12
_QUARTILES = (25, 50, 75)


@dataclass(frozen=True, kw_only=True, eq=False)
class Sensitivity:
    """How a metric depends on each parameter."""

    subject: str
    """Strategy, symbol and timeframe."""
    metric: str
    """What was looked at."""
    points: int
    """Points with a value of it."""
    missing: int
    """Points without one."""
    sampled: bool
    """Whether it was worked out on the sweep's random sample, because the sweep keeps its best points only."""
    frame: pd.DataFrame
    """One row a parameter, the most important first: explained (share of variance), lowest, highest (means of its groups), best (value of the group with
    the highest mean, the lowest where less is better)."""
    margins: pd.DataFrame
    """One row a parameter and group: parameter, value (the middle of a group), low, high, points, mean, best, q25, median, q75."""
    synthetic: bool
    """True where the bars are made up."""

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return one panel a parameter: mean and quartiles of the metric over its values."""
        from workbench.backtest.figures.landscape import margins  # noqa: PLC0415 - drawing only

        return margins(self)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return {
            "subject": self.subject,
            "metric": self.metric,
            "points": self.points,
            "missing": self.missing,
            "sampled": self.sampled,
            "parameters": records(self.frame),
            "margins": records(self.margins),
        }

    def __repr__(self) -> str:
        """Say what explains most."""
        told = ", ".join(f"{name} {row['explained']:.0%}" for name, row in self.frame.iterrows())
        return f"Sensitivity({self.subject}: variance of {self.metric} explained by {told})"

    def _repr_html_(self) -> str:
        return _html(self.frame, self.synthetic)


def sensitivity(swept: SweepResult, metric: str | None = None) -> Sensitivity:
    """Return how ``metric`` (the ranking one) depends on each parameter that ``swept`` varies.

    A sweep that keeps only its best points is looked at through its random sample.

    Raises:
        InputError: nothing was varied, or fewer than two points have a value.
        UnknownNameError: no such metric.
    """
    name = known_metric(swept, metric)
    if not swept.swept:
        message = "this sweep varies nothing; give two values or more for a parameter"
        raise InputError(message)
    frame = everything(swept)
    values = frame[name].to_numpy(dtype=np.float64)
    rated = np.isfinite(values)
    if np.count_nonzero(rated) < 2:  # noqa: PLR2004 - a spread needs two
        message = f"fewer than two points of this sweep have a {name}; loosen the rules or use more bars"
        raise InputError(message)
    better = np.nanmin if lower_is_better(name) else np.nanmax
    margins, summary = [], {}
    for parameter in swept.swept:
        found = _margin(parameter, frame[parameter].to_numpy(dtype=np.float64)[rated], values[rated], better)
        margins.append(found)
        means, sizes = found["mean"].to_numpy(), found["points"].to_numpy()
        total = float(((values[rated] - values[rated].mean()) ** 2).sum())
        between = float((sizes * (means - values[rated].mean()) ** 2).sum())
        summary[parameter] = {
            "explained": between / total if total > 0.0 else math.nan,
            "lowest": float(means.min()),
            "highest": float(means.max()),
            "best": float(found["value"].iloc[int(means.argmin() if lower_is_better(name) else means.argmax())]),
        }
    table = pd.DataFrame.from_dict(summary, orient="index").sort_values("explained", ascending=False, kind="stable")
    table.index.name = "parameter"
    return Sensitivity(
        subject=subject_of(swept),
        metric=name,
        points=int(np.count_nonzero(rated)),
        missing=int(np.count_nonzero(~rated)),
        sampled=not swept.complete,
        frame=table,
        margins=pd.concat(margins, ignore_index=True),
        synthetic=swept.bars.synthetic,
    )


def _margin(parameter: str, at: NDArray[np.float64], values: NDArray[np.float64], better: Any) -> pd.DataFrame:  # noqa: ANN401 - a numpy function
    """Return one row a group of values of one parameter."""
    distinct, which = np.unique(at, return_inverse=True)
    if len(distinct) > _MOST_VALUES:
        edges = np.unique(np.quantile(at, np.linspace(0.0, 1.0, _GROUPS + 1)))
        which = np.clip(np.searchsorted(edges, at, side="right") - 1, 0, len(edges) - 2)
    rows = []
    for group in np.unique(which):
        inside = which == group
        low, high = float(at[inside].min()), float(at[inside].max())
        quartiles = np.percentile(values[inside], _QUARTILES)
        rows.append(
            [
                parameter,
                (low + high) / 2.0,
                low,
                high,
                int(inside.sum()),
                float(values[inside].mean()),
                float(better(values[inside])),
                *quartiles,
            ]
        )
    return pd.DataFrame(rows, columns=["parameter", "value", "low", "high", "points", "mean", "best", "q25", "median", "q75"])


def everything(swept: SweepResult) -> pd.DataFrame:
    """Return a frame of all points in the order of the plan, or of the random sample where only the best are kept."""
    if swept.complete:
        return swept.frame.sort_index()
    from workbench.backtest.metrics import table  # noqa: PLC0415 - huge sweeps only

    kept = swept.sampled
    columns = {name: kept.given[:, place] for place, name in enumerate(swept.parameters)}
    metrics = table(kept.rows, len(swept.bars), swept.bars_per_year, swept.rules.initial_cash)
    return pd.DataFrame(columns | metrics, index=pd.Index(kept.places, name="point"))


def known_metric(swept: SweepResult, metric: str | None) -> str:
    """Return ``metric``, the ranking one by default.

    Raises:
        UnknownNameError: no such metric.
    """
    name = metric or swept.rank
    known = [column for column in swept.frame.columns if column not in swept.parameters]
    if name not in known:
        kind = "metric"
        raise UnknownNameError(kind, name, known)
    return name


def lower_is_better(metric: str) -> bool:
    """Whether less of ``metric`` is better."""
    from workbench.backtest.sweep.harvest import SMALLER_IS_BETTER  # noqa: PLC0415 - sweeps only

    return metric in SMALLER_IS_BETTER


def subject_of(swept: SweepResult) -> str:
    """Return strategy, symbol and timeframe, for titles."""
    return f"{swept.spec.name} · {swept.bars.instrument.symbol} {swept.bars.timeframe.value}"


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of ``frame`` as JSON records, with their index where it has a name; what has no value is None."""
    table = frame.reset_index() if frame.index.name else frame
    return [
        {str(name): (None if isinstance(value, float) and not math.isfinite(value) else value) for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _html(frame: pd.DataFrame, synthetic: bool) -> str:  # noqa: FBT001 - of the badge
    badge = "<p>▨ SYNTHETIC</p>" if synthetic else ""
    return badge + frame.to_html(border=0, na_rep="–", float_format=lambda value: f"{value:.4g}")
