"""The picture of a walk-forward: Sharpe by fold in and out of sample, over the stitched out-of-sample equity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.figures.axes import curve, dress, label, line, tag

if TYPE_CHECKING:
    from workbench.backtest.walkforward import WalkForward


def walk_forward(outcome: WalkForward) -> Any:  # noqa: ANN401 - a plotly figure
    """Return Sharpe in sample (dim) and out of sample (by sign) for each fold, over the stitched out-of-sample equity."""
    folds = outcome.folds
    figure = make_subplots(rows=2, cols=1, row_heights=[0.5, 0.5], vertical_spacing=0.12)
    names = [f"{fold} · {start:%b %Y}" for fold, start in zip(folds["fold"], folds["test_from"], strict=True)]
    after = folds["oos_sharpe"].to_numpy(dtype=np.float64)
    colours = [look.UP if value > 0 else look.DOWN for value in np.nan_to_num(after)]
    hover = "%{y:.2f}"
    figure.add_trace(go.Bar(x=names, y=folds["is_sharpe"], name="in sample", marker_color=look.LINE, hovertemplate=hover), row=1, col=1)
    texts = [f"{look.arrow(value)} {look.number(value)}" for value in after]
    shown = {"text": texts, "textposition": "outside", "textfont": {"family": look.MONO, "size": 11}, "cliponaxis": False}
    figure.add_trace(go.Bar(x=names, y=after, name="out of sample", marker_color=colours, hovertemplate=hover, **shown), row=1, col=1)
    figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1}, row=1, col=1)
    figure.add_trace(curve(outcome.equity, "out of sample", line(look.TEXT, 1.6), "%{y:,.2f}"), row=2, col=1)
    figure.update_traces(showlegend=False)
    heights = np.nan_to_num(np.concatenate([after, folds["is_sharpe"].to_numpy(dtype=np.float64), [0.0]]))
    room = 0.3 * (float(np.ptp(heights)) or 1.0)  # for the values over the bars and the label
    figure.update_yaxes(title="Sharpe", range=[heights.min() - room / 2, heights.max() + room], row=1, col=1)
    figure.update_yaxes(tickformat="~s", row=2, col=1)
    last = float(outcome.equity.iloc[-1])
    tag(figure, last, look.number(last, 0), axis="y2")
    held = f"{int((after > 0).sum())} of {outcome.planned} folds hold ({look.percent(outcome.robustness, 0)}, needs {look.percent(outcome.threshold, 0)})"
    dress(figure, f"{outcome.subject} · walk-forward · {held}", height=460, synthetic=outcome.synthetic)
    figure.update_layout(bargap=0.35, bargroupgap=0.05)
    label(figure, "Sharpe by fold, in sample dim", 1.0)
    label(figure, "stitched out-of-sample equity", 0.44)
    return figure
