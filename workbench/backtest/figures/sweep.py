"""Pictures of a sweep: a heat map over two parameters, a line over one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench import look
from workbench.backtest.figures.axes import dress, line, said
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd


def heat_map(frame: pd.DataFrame, parameters: Sequence[str], *, value: str = "sharpe", title: str = "", synthetic: bool = False) -> Any:  # noqa: ANN401 - a plotly figure
    """Return one ``value`` over the first two ``parameters`` of a sweep; the best point is ringed.

    Colours diverge from zero. Where a cell holds several points (a third parameter), its best is shown. A single
    parameter gives a line.

    Raises:
        InputError: a column is missing or there is no parameter.
    """
    missing = [name for name in (*parameters, value) if name not in frame.columns]
    if missing or not parameters:
        message = f"the sweep has no column {missing or 'of a parameter'}; it has {', '.join(map(str, frame.columns))}"
        raise InputError(message)
    if len(parameters) == 1:
        return _sensitivity(frame, parameters[0], value, title, synthetic=synthetic)
    across, up = parameters[0], parameters[1]
    table = frame.pivot_table(index=up, columns=across, values=value, aggfunc="max").sort_index()
    cells = table.to_numpy(dtype=np.float64)
    reach = float(np.nanmax(np.abs(cells))) if np.isfinite(cells).any() else 1.0
    heat = go.Heatmap(
        x=[f"{name:g}" for name in table.columns],
        y=[f"{name:g}" for name in table.index],
        z=np.round(cells, 4),
        zmid=0.0,
        zmin=-(reach or 1.0),
        zmax=reach or 1.0,
        colorscale=[list(stop) for stop in look.DIVERGING],
        xgap=1,
        ygap=1,
        colorbar={
            "thickness": 8,
            "outlinewidth": 0,
            "tickfont": {"family": look.MONO, "size": 11, "color": look.FAINT},
            "title": {"text": said(value)},
        },
        hovertemplate=f"{across} %{{x}} · {up} %{{y}}<br>{value} %{{z:.3f}}<extra></extra>",
    )
    figure = go.Figure(heat)
    best = frame.iloc[int(frame[value].to_numpy(dtype=np.float64, na_value=-np.inf).argmax())] if frame[value].notna().any() else None
    if best is not None:
        ring = {"symbol": "square-open", "size": 14, "color": look.ACCENT, "line": {"width": 2, "color": look.ACCENT}}
        figure.add_trace(
            go.Scatter(x=[f"{best[across]:g}"], y=[f"{best[up]:g}"], mode="markers", marker=ring, hoverinfo="skip", showlegend=False)
        )
    figure.update_xaxes(type="category", title=across)
    figure.update_yaxes(type="category", title=up, side="left", showgrid=False)
    deeper = f", best over {', '.join(parameters[2:])}" if len(parameters) > 2 else ""  # noqa: PLR2004 - two axes
    dress(figure, f"{title or 'sweep'} · {said(value)}{deeper}", height=440, synthetic=synthetic)
    figure.update_layout(hovermode="closest", margin_r=24)
    return figure


def _sensitivity(frame: pd.DataFrame, parameter: str, value: str, title: str, *, synthetic: bool) -> Any:  # noqa: ANN401 - a plotly figure
    ordered = frame.sort_values(parameter)
    marker = {"size": 7, "color": [look.UP if v > 0 else look.DOWN for v in ordered[value].fillna(0.0)]}
    through = go.Scatter(
        x=ordered[parameter], y=ordered[value], mode="lines+markers", line=line(look.FAINT, 1.0), marker=marker, name=value
    )
    figure = go.Figure(through)
    figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1})
    figure.update_xaxes(title=parameter)
    dress(figure, f"{title or 'sweep'} · {said(value)} over {parameter}", height=340, synthetic=synthetic)
    return figure
