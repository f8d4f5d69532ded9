"""Pictures of many runs: what each parameter does to a metric, what surrounds a point, and a matrix of strategies and markets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.figures.axes import dress, line, said
from workbench.backtest.figures.sweep import heat_map

if TYPE_CHECKING:
    from workbench.backtest.matrix import MatrixResult
    from workbench.backtest.plateau import Plateau
    from workbench.backtest.sensitivity import Sensitivity

_BAND = "rgba(152,166,180,0.16)"
_ACROSS = 3


def margins(found: Sensitivity) -> Any:  # noqa: ANN401 - a plotly figure
    """Return one panel a parameter, the most important first: mean over quartiles, the best of each group dotted."""
    names = list(found.frame.index)
    across = min(_ACROSS, len(names))
    down = -(-len(names) // across)
    titles = [f"{name} · explains {found.frame.loc[name, 'explained']:.0%}" for name in names]
    figure = make_subplots(
        rows=down, cols=across, shared_yaxes=True, subplot_titles=titles, vertical_spacing=0.28 / down, horizontal_spacing=0.04
    )
    for place, name in enumerate(names):
        part = found.margins[found.margins["parameter"] == name]
        at = {"row": place // across + 1, "col": place % across + 1}
        values = part["value"]
        around = np.concatenate([part["q75"], part["q25"][::-1]])
        band = go.Scatter(
            x=np.concatenate([values, values[::-1]]),
            y=around,
            fill="toself",
            mode="lines",
            fillcolor=_BAND,
            line={"width": 0},
            hoverinfo="skip",
        )
        mean = go.Scatter(x=values, y=part["mean"], mode="lines+markers", line=line(look.TEXT, 1.4), marker={"size": 4}, name="mean")
        best = go.Scatter(x=values, y=part["best"], mode="lines", line=line(look.ACCENT, 1.0) | {"dash": "dot"}, name="best")
        for trace in (band, best, mean):
            trace.update(showlegend=False)
            figure.add_trace(trace, **at)
    figure.update_annotations(font={"size": 11, "color": look.FAINT})
    figure.update_yaxes(side="left")
    basis = ", from a sample" if found.sampled else ""
    dress(
        figure,
        f"{found.subject} · {said(found.metric)} by parameter: mean, quartiles, best dotted{basis}",
        height=90 + 210 * down,
        synthetic=found.synthetic,
    )
    return figure


def surroundings(found: Plateau) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the mean of the neighbourhood over the first two parameters; the most robust point is ringed, the point asked about is a circle."""
    title = f"{found.subject} · {said(found.metric)} of point and neighbours"
    figure = heat_map(
        found.frame.rename(columns={"mean": "neighbourhood"}), found.swept, value="neighbourhood", title=title, synthetic=found.synthetic
    )
    if len(found.swept) > 1:
        ring = {"symbol": "circle-open", "size": 14, "color": look.TEXT, "line": {"width": 2, "color": look.TEXT}}
        across, up = (f"{found.point[name]:g}" for name in found.swept[:2])
        figure.add_trace(
            go.Scatter(x=[across], y=[up], mode="markers", marker=ring, hovertext=["the point"], hoverinfo="text", showlegend=False)
        )
    return figure


def cells(found: MatrixResult, value: str) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the heat map of one metric, strategies down and markets across; a cell that could not run is empty and says why."""
    table = found.table(value)
    numbers = table.to_numpy(dtype=np.float64)
    reach = float(np.nanmax(np.abs(numbers))) if np.isfinite(numbers).any() else 1.0
    why = found.frame.assign(market=found.frame["symbol"] + " " + found.frame["timeframe"])
    why = why.pivot_table(index="strategy", columns="market", values="problem", aggfunc="first", sort=False).reindex_like(table).fillna("")
    heat = go.Heatmap(
        x=list(table.columns),
        y=list(table.index),
        z=np.round(numbers, 4),
        zmid=0.0,
        zmin=-(reach or 1.0),
        zmax=reach or 1.0,
        colorscale=[list(stop) for stop in look.DIVERGING],
        xgap=1,
        ygap=1,
        text=np.vectorize(lambda number: look.number(float(number)))(numbers),
        texttemplate="%{text}",
        customdata=why.to_numpy(),
        hoverongaps=True,
        hovertemplate="%{y} · %{x}<br>" + said(value) + " %{text}<br>%{customdata}<extra></extra>",
        showscale=False,
    )
    figure = go.Figure(heat)
    figure.update_xaxes(type="category", side="top")
    figure.update_yaxes(type="category", side="left", autorange="reversed", showgrid=False)
    dress(
        figure,
        f"{said(value)} of {len(table)} strategies on {len(table.columns)} markets",
        height=150 + 34 * len(table),
        synthetic=found.synthetic,
    )
    figure.update_layout(hovermode="closest", margin_r=24)
    return figure
