"""Several runs in one picture: equity rebased to 100, over their drawdowns."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.curves import drawdown
from workbench.backtest.figures.axes import curve, dress, label, line

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd


def comparison(curves: Mapping[str, pd.Series[float]], *, synthetic: bool) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the curves, each rebased to 100 at its first bar and named at its end, over their drawdowns."""
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.7, 0.3], vertical_spacing=0.04)
    ends: list[tuple[float, str, str]] = []
    for place, (name, equity) in enumerate(curves.items()):
        colour = look.CATEGORICAL[place % len(look.CATEGORICAL)]
        rebased = equity / float(equity.iloc[0]) * 100.0
        figure.add_trace(curve(rebased, name, line(colour, 1.5), "%{y:,.1f}"), row=1, col=1)
        figure.add_trace(curve(drawdown(equity), name, line(colour, 1.0), "%{y:.1%}"), row=2, col=1)
        ends.append((float(rebased.iloc[-1]), name, colour))
    for height, (_, name, colour) in zip(_apart([end for end, _, _ in ends], figure), ends, strict=True):
        note = {"text": name, "font": {"size": 11, "color": colour}, "showarrow": False, "xanchor": "left", "xshift": 4}
        figure.add_annotation(x=1.0, xref="paper", y=height, yref="y", **note)
    figure.update_yaxes(side="left")
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", nticks=4, row=2, col=1)
    dress(figure, " · ".join(curves), height=420, synthetic=synthetic)
    figure.update_layout(margin_r=max(90, 7 * max(len(name) for name in curves)))
    label(figure, "equity, first bar = 100", 1.0)
    label(figure, "drawdown", 0.29)
    return figure


def _apart(ends: list[float], figure: Any) -> list[float]:  # noqa: ANN401 - a plotly figure
    """Return heights near ``ends``, at least a line of text apart, so that no name covers another."""
    lowest = min(float(min(trace.y)) for trace in figure.data[::2])
    highest = max(float(max(trace.y)) for trace in figure.data[::2])
    step = (highest - lowest) * 0.06 or 1.0
    heights = list(ends)
    order = sorted(range(len(ends)), key=lambda place: ends[place])
    for before, place in pairwise(order):
        heights[place] = max(heights[place], heights[before] + step)
    return heights
