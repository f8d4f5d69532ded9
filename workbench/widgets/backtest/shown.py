"""The shape in which a study of robustness reaches its page, and what all studies share: histograms, tables of quantiles, times."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench import look
from workbench.widgets.backtest.present import SHARES, WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_BINS = 40
_FEW_PATHS = 12
_NUMBERS = {
    "final": "final money",
    "lowest": "lowest money",
    "losing_streak": "losing trades in a row",
    "market_return": "return of the prices",
}
_QUANTILES = ("q5", "q25", "q50", "q75", "q95")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One picture: lines over time, or a plot over a number."""

    title: str
    """What is shown."""
    over_time: bool
    """Whether ``drawn`` goes to a ``Curve``; else to a ``Plot``."""
    drawn: Mapping[str, Any] = field(hash=False)
    """What its ``show`` takes, and traits."""


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A study as a page shows it."""

    kind: str
    """ok, warning or info."""
    words: str
    """What it says, in a sentence or two."""
    cards: Sequence[Mapping[str, Any]] = field(hash=False)
    """Headline figures."""
    pictures: Sequence[Picture] = field(hash=False)
    """At most two."""
    columns: Sequence[Mapping[str, Any]] = field(hash=False)
    """Columns of the table."""
    rows: Sequence[Mapping[str, Any]] = field(hash=False)
    """Its rows."""
    synthetic: bool
    """Whether the numbers are about made-up bars."""
    partial: str = ""
    """What is missing because somebody stopped it; empty where nothing is."""


def times(index: Any, daily: bool) -> NDArray[np.float64]:  # noqa: ANN401, FBT001 - a pandas index; bars are daily or not
    """Return times as seconds since 1970: of daily bars whole days."""
    moments = pd.DatetimeIndex(index)
    return np.asarray((moments.normalize() if daily else moments).asi8, dtype=np.float64) / 1e9


def spread(
    values: NDArray[np.float64], across: str, what: str, marks: Sequence[Mapping[str, Any]], *, kind: str = "number"
) -> dict[str, Any]:
    """Return a histogram, clipped to where all but a hundredth of the values lie."""
    real = values[np.isfinite(values)]
    if not len(real):
        return {"x_name": across, "y_name": what}
    low, high = np.quantile(real, [0.005, 0.995]) if len(real) > _FEW_PATHS else (real.min(), real.max())
    inside = real[(real >= low) & (real <= high)]
    heights, edges = np.histogram(inside, min(_BINS, max(5, len(inside) // 4)))
    return {
        "bars": [{"name": what, "edges": edges, "heights": heights, "tone": "info"}],
        "marks": [mark for mark in marks if math.isfinite(float(mark["x"]))],
        "x_name": across,
        "y_name": what,
        "x_kind": kind,
        "x_digits": 1 if kind == "percent" else 2,
        "y_digits": 0,
    }


def mark(at: float, text: str, tone: str = "accent") -> dict[str, Any]:
    """Return an upright mark."""
    return {"x": float(at), "text": text, "tone": tone}


def quantile_columns(own: str) -> list[dict[str, Any]]:
    """Return the columns of a table of quantiles; ``own`` is what the run itself is called."""
    names = {"own": own, "mean": "mean", "q5": "5 %", "q25": "25 %", "q50": "50 %", "q75": "75 %", "q95": "95 %"}
    return [{"key": "number", "title": "Number", "kind": "text", "main": True}] + [
        {"key": key, "title": title, "kind": "text", "align": "right", "main": key in {"own", "q5", "q95"}} for key, title in names.items()
    ]


def quantile_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return its rows."""
    return [
        {
            "id": row["number"],
            "number": _NUMBERS.get(row["number"], WORDS.get(row["number"], row["number"].replace("_", " "))),
            **{name: written(row["number"], row[name]) for name in ("own", "mean", *_QUANTILES)},
        }
        for row in frame.to_dict("records")
    ]


def written(metric: str, value: float) -> str:
    """Return a metric's value as text."""
    if metric in SHARES or metric == "market_return":
        return look.percent(value)
    whole = metric in {"final", "lowest", "max_drawdown_bars", "trades", "expectancy"}
    return look.number(value, 0 if whole else 1 if metric == "losing_streak" else 2)


def metric_columns(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return columns of metrics."""
    kinds = {"sharpe": "signed", **dict.fromkeys(SHARES, "percent")}
    return [
        {
            "key": name,
            "title": WORDS[name][0].upper() + WORDS[name][1:],
            "kind": kinds.get(name, "number"),
            "digits": 0 if name == "trades" else 1 if name in SHARES else 2,
            "main": name in {"sharpe", "total_return", "max_drawdown"},
        }
        for name in names
    ]


def finite(value: float) -> float | None:
    """Return ``value``; None where it is NaN or infinite."""
    return None if not math.isfinite(value) else float(value)
