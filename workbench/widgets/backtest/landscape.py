"""The points of a sweep as a landscape: cells of a heat map, rows of a table, how each parameter matters, and whether the best point stands alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.backtest.metrics import Metrics
from workbench.backtest.plateau import plateau
from workbench.backtest.sensitivity import sensitivity
from workbench.backtest.sweep.harvest import SMALLER_IS_BETTER
from workbench.errors import InputError
from workbench.widgets.backtest.present import SHARES, WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.plateau import Plateau
    from workbench.backtest.saved import SavedSweep
    from workbench.backtest.sensitivity import Sensitivity
    from workbench.backtest.sweep import SweepResult

HEAT_VALUES = ("sharpe", "total_return", "max_drawdown", "profit_factor", "win_rate", "trades")
MOST_ROWS = 1_000
"""Points that travel to the table, the best first."""
_MOST_CELLS = 40
_BINS = 24
_PLATEAU = 0.5
_FEWEST = 3  # neighbours that say something
_FLAT = 2  # parameters that a heat map shows all of
_TITLES = {"time_stop": "time stop", "trailing": "trailing stop"}
_BRACKETS = frozenset({"stop", "target", "trailing", "time_stop", "size"})


@dataclass(frozen=True, kw_only=True, eq=False)
class Landscape:
    """Points of a sweep, just made or read back from the ledger."""

    subject: str
    """Strategy, instrument and bar length."""
    frame: pd.DataFrame
    """One row a point, best first: parameters, then metrics."""
    parameters: tuple[str, ...]
    """Columns that are parameters, brackets or the size."""
    swept: tuple[str, ...]
    """Those of them that vary."""
    rank: str
    """The metric that orders the points."""
    planned: int
    """Points that were asked for."""
    finished: int
    """Points that were evaluated."""
    synthetic: bool
    """Whether the bars are made up."""
    source: Any
    """The sweep, or what stands for it where sensitivity and plateau look."""

    @classmethod
    def of(cls, sweep: SweepResult, subject: str) -> Landscape:
        """Return the landscape of a sweep that was just made."""
        return cls(
            subject=subject,
            frame=sweep.frame,
            parameters=sweep.parameters,
            swept=sweep.swept,
            rank=sweep.rank,
            planned=sweep.planned,
            finished=sweep.finished,
            synthetic=sweep.bars.synthetic,
            source=sweep,
        )

    @classmethod
    def of_saved(cls, sweep: SavedSweep, frame: pd.DataFrame) -> Landscape:
        """Return the landscape of a recorded sweep from the points that the ledger holds."""
        parameters = tuple(str(name) for name in frame.columns if name not in Metrics.__dataclass_fields__)
        varied = sweep.swept or tuple(name for name in parameters if float(np.ptp(frame[name].to_numpy(dtype=np.float64))) > 0.0)
        bars = SimpleNamespace(
            instrument=SimpleNamespace(symbol=sweep.symbol), timeframe=SimpleNamespace(value=sweep.timeframe), synthetic=sweep.synthetic
        )
        seen = SimpleNamespace(
            spec=SimpleNamespace(name=sweep.name),
            bars=bars,
            frame=frame,
            swept=varied,
            rank=sweep.rank,
            parameters=parameters,
            complete=True,
        )
        seen.finished = len(frame)
        return cls(
            subject=f"{sweep.name} · {sweep.symbol} {sweep.timeframe}",
            frame=frame,
            parameters=parameters,
            swept=varied,
            rank=sweep.rank,
            planned=len(frame),
            finished=len(frame),
            synthetic=sweep.synthetic,
            source=seen,
        )

    @property
    def axes(self) -> tuple[str, ...]:
        """What a heat map can have on its sides."""
        return self.swept or self.parameters

    @property
    def note(self) -> str:
        """How many points there are, and which are missing."""
        parts = [f"{self.finished:,} points", self.subject]
        if self.finished > len(self.frame):
            parts.append(f"the best {len(self.frame):,} are kept")
        if self.finished < self.planned:
            parts.append(f"stopped, {self.planned - self.finished:,} points missing")
        return " · ".join(parts)

    def surveyed(self) -> Landscape:
        """Return itself with plateau and sensitivity worked out, which takes a while for many points: call it beside the event loop."""
        assert (self.plateau, self.sensitivity) is not None  # asking is what counts: the landscape keeps the answers
        return self

    def values(self, place: int) -> dict[str, float]:
        """Return parameters, brackets and size of a row."""
        return {name: float(self.frame[name].iloc[place]) for name in self.parameters}

    def words(self, place: int) -> str:
        """Return which point a row is, in words."""
        return "best point" if place == 0 else f"point #{place + 1}"

    def row_of(self, values: Mapping[str, float]) -> int | None:
        """Return the first row at ``values``; None where there is none."""
        same = np.ones(len(self.frame), dtype=np.bool_)
        for name, value in values.items():
            same &= self.frame[name].to_numpy(dtype=np.float64) == value
        found = np.flatnonzero(same)
        return int(found[0]) if len(found) else None

    @cached_property
    def sensitivity(self) -> Sensitivity | None:
        """How each parameter matters; None where nothing can be said."""
        try:
            return sensitivity(self.source)
        except InputError:
            return None

    @cached_property
    def plateau(self) -> Plateau | None:
        """What surrounds the best point; None where nothing can be said."""
        try:
            return plateau(self.source)
        except InputError:
            return None


@dataclass(frozen=True, kw_only=True, eq=False)
class Heat:
    """Cells of a heat map, and the row of the point that each shows."""

    drawn: Mapping[str, Any]
    """What ``HeatMap`` shows."""
    rows: NDArray[np.int64]
    """Row of the frame by cell; -1 where there is no point."""


def titled(name: str) -> str:
    """Return what a person calls a parameter, bracket or size."""
    return _TITLES.get(name, name) if name in _BRACKETS else f"${name}"


def heat(land: Landscape, value: str, across: str = "", up: str = "", plateau: Plateau | None = None) -> Heat:
    """Return the cells over two parameters, the best point marked; a cell with several points shows its best."""
    first = across if across in land.axes else land.axes[0]
    others = [name for name in land.axes if name != first]
    second = up if up in others else (others[0] if others else "")
    frame = land.frame
    xs, x = _places(frame[first].to_numpy(dtype=np.float64))
    ys, y = _places(frame[second].to_numpy(dtype=np.float64)) if second else (np.array([0.0]), np.zeros(len(frame), dtype=np.int64))
    y = len(ys) - 1 - y  # rows run from high to low
    score = frame[value].to_numpy(dtype=np.float64)
    order = np.argsort(np.where(np.isfinite(score), -score if value in SMALLER_IS_BETTER else score, -np.inf), kind="stable")
    rows = np.full((len(ys), len(xs)), -1, dtype=np.int64)
    rows[y[order], x[order]] = order  # the last one written is the best
    cells = np.where(rows >= 0, score[np.maximum(rows, 0)], np.nan)
    marks = _marks(land, x, y, plateau)
    drawn = {
        "x": [f"{one:g}" for one in xs],
        "y": [f"{one:g}" for one in ys[::-1]] if second else [""],
        "z": cells,
        "marks": marks,
        "x_name": titled(first),
        "y_name": titled(second) if second else "",
        "z_name": f"{'best ' if len(land.axes) > _FLAT else ''}{WORDS.get(value, value)}",
        "kind": "percent" if value in SHARES else "number",
        "digits": 0 if value == "trades" else 1 if value in SHARES else 2,
        "diverging": value in {"sharpe", "total_return"},
    }
    return Heat(drawn=drawn, rows=rows)


def _places(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Distinct values and the place of each; of very many the middles of equal stretches."""
    distinct, place = np.unique(values, return_inverse=True)
    if len(distinct) <= _MOST_CELLS:
        return distinct, place.reshape(-1)
    edges = np.linspace(distinct[0], distinct[-1], _BINS + 1)
    return (edges[1:] + edges[:-1]) / 2.0, np.clip(np.searchsorted(edges, values, side="right") - 1, 0, _BINS - 1)


def _marks(land: Landscape, x: NDArray[np.int64], y: NDArray[np.int64], found: Plateau | None) -> list[dict[str, Any]]:
    if not len(land.frame) or not math.isfinite(float(land.frame[land.rank].iloc[0])):
        return []
    marks = [{"x": int(x[0]), "y": int(y[0]), "text": "best"}]
    steady = land.row_of(found.robust) if found is not None else None
    if steady:
        marks.append({"x": int(x[steady]), "y": int(y[steady]), "text": "steadiest"})
    return marks


def point_columns(land: Landscape) -> list[dict[str, Any]]:
    """Return the columns of a sweep's points."""
    head: list[dict[str, Any]] = [{"key": "point", "title": "Point", "kind": "text", "main": True}]
    head += [
        {"key": f"p_{name}", "title": titled(name), "kind": "number", "digits": _digits(land.frame[name].to_numpy())} for name in land.axes
    ]
    shown = ("sharpe", "total_return", "max_drawdown", "trades", "win_rate", "profit_factor")
    kinds = {"sharpe": "signed", **dict.fromkeys(SHARES, "percent")}
    return head + [
        {
            "key": name,
            "title": WORDS[name][0].upper() + WORDS[name][1:],
            "kind": kinds.get(name, "number"),
            "digits": 0 if name == "trades" else 1 if name in SHARES else 2,
            "main": name in {"sharpe", "total_return"},
        }
        for name in shown
    ]


def _digits(column: NDArray[np.float64]) -> int:
    return 0 if bool((column == np.round(column)).all()) else 2


def point_rows(land: Landscape) -> list[dict[str, Any]]:
    """Return the points of a sweep, best first, at most ``MOST_ROWS``."""
    rows = land.frame.head(MOST_ROWS)[[*land.parameters, *HEAT_VALUES]].to_dict("records")
    return [
        {
            "id": str(place),
            "point": f"#{place + 1}",
            **{f"p_{name}": float(row[name]) for name in land.parameters},
            **{name: _number(row[name]) for name in HEAT_VALUES},
        }
        for place, row in enumerate(rows)
    ]


def margins(found: Sensitivity, name: str) -> dict[str, Any]:
    """Return the margin of one parameter as ``Plot.show`` takes it."""
    part = found.margins[found.margins["parameter"] == name]
    across = part["value"].to_numpy(dtype=np.float64)
    share = found.metric in SHARES
    return {
        "lines": [
            {"name": "mean", "x": across, "y": part["mean"].to_numpy(dtype=np.float64), "tone": "accent", "dots": True},
            {"name": "best", "x": across, "y": part["best"].to_numpy(dtype=np.float64), "tone": "dim", "dashed": True},
        ],
        "bands": [{"name": "middle half", "x": across, "low": part["q25"].to_numpy(), "high": part["q75"].to_numpy(), "tone": "info"}],
        "x_name": titled(name),
        "y_name": WORDS.get(found.metric, found.metric),
        "x_digits": 4,
        "y_kind": "percent" if share else "number",
        "y_digits": 1 if share else 2,
        "zero_line": 0.0 if found.metric in {"sharpe", "total_return"} else None,
        "badge": "SYNTHETIC" if found.synthetic else "",
    }


def margin_words(found: Sensitivity, name: str) -> str:
    """Return what a parameter explains."""
    explained, best = (float(found.frame[column].loc[name]) for column in ("explained", "best"))
    return "changes nothing" if math.isnan(explained) else f"explains {look.percent(explained, 0)} · best on average at {best:g}"


def sensitivity_words(found: Sensitivity) -> str:
    """Return a sentence about all parameters."""
    top = str(found.frame.index[0])
    share = float(found.frame["explained"].iloc[0])
    rest = 1.0 - float(np.nansum(found.frame["explained"]))
    looked = " (from a random sample)" if found.sampled else ""
    if math.isnan(share):
        return "No parameter changes the outcome."
    together = f", {look.percent(max(0.0, rest), 0)} only parameters together" if len(found.frame) > 1 else ""
    return f"{titled(top)} explains {look.percent(share, 0)} of how the {WORDS.get(found.metric, found.metric)} varies{together}{looked}."


def judged(found: Plateau) -> bool:
    """Whether enough points lie around the best one to say whether it stands alone."""
    return found.neighbours >= _FEWEST


def plateau_words(found: Plateau) -> tuple[str, str, str]:
    """Return kind, sentence and advice about what surrounds the best point."""
    share = found.metric in SHARES

    def written(value: float) -> str:
        return look.percent(value) if share else look.number(value)

    around = f"The best point has {written(found.value)}, the points around it {written(found.mean)} on average and {written(found.worst)} at worst"
    if not judged(found):
        return (
            "info",
            f"The best point has {written(found.value)}; too few points lie beside it to say whether it stands alone.",
            "Try more values beside it.",
        )
    near = f"{look.percent(found.near, 0)} of its {found.neighbours} neighbours come close to it"
    alone = found.near < _PLATEAU
    steadier = dict(found.robust) != dict(found.point)
    where = ", ".join(f"{titled(name)} {value:g}" for name, value in found.robust.items())
    advice = f"Steadiest: {where}, {written(found.robust_mean)} on average around it." if steadier else "It is the steadiest point as well."
    return ("warning" if alone else "ok", f"{around}; {near}: it {'stands alone' if alone else 'stands on a plateau'}.", advice)


def axis_options(land: Landscape) -> Sequence[tuple[str, str]]:
    """Return what can go on a side of the heat map."""
    return [(name, titled(name)) for name in land.axes]


def _number(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
