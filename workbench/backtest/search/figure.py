"""The picture of a search: its course, and what the best were worth on bars it did not see."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.figures.axes import VEIL, dress, line

if TYPE_CHECKING:
    from workbench.backtest.search.result import SearchResult


def course(result: SearchResult) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the score of each trial with the running best and the hurdle; beside it training and held-out Sharpe ratios of the candidates."""
    figure = make_subplots(rows=1, cols=2, column_widths=[0.62, 0.38], horizontal_spacing=0.12)
    _scores(figure, result)
    _candidates(figure, result)
    figure.update_xaxes(title="trial", row=1, col=1)
    figure.update_yaxes(title="standard errors from the hurdle", side="left", row=1, col=1)
    figure.update_xaxes(title="Sharpe ratio a year: ○ training, ● held out", row=1, col=2)
    figure.update_yaxes(side="left", type="category", autorange="reversed", showgrid=False, row=1, col=2)
    where = f"{result.bars.instrument.symbol} {result.bars.timeframe.value}"
    left = len(result.survivors)
    dress(figure, f"search · {where} · {left or 'nothing'} survive{'s' if left < 2 else ''}", height=360, synthetic=result.bars.synthetic)  # noqa: PLR2004
    return figure.update_layout(hovermode="closest", margin_r=24, showlegend=False)


def _scores(figure: Any, result: SearchResult) -> None:  # noqa: ANN401 - a plotly figure
    frame = result.frame[result.frame["score"].notna()]
    scores = frame["score"].to_numpy(dtype=np.float64)
    numbers = frame["trial"].to_numpy()
    colours = [look.UP if score > 0 else look.FAINT for score in scores]
    dots = go.Scatter(x=numbers, y=np.round(scores, 4), mode="markers", marker={"size": 5, "color": colours}, customdata=frame["archetype"])
    figure.add_trace(dots.update(hovertemplate="trial %{x} · %{customdata} %{y:.2f}<extra></extra>"), row=1, col=1)
    if len(scores):
        best = np.round(np.maximum.accumulate(scores), 4)
        running = go.Scatter(x=numbers, y=best, mode="lines", line={**line(look.ACCENT, 1.5), "shape": "hv"}, hoverinfo="skip")
        figure.add_trace(running, row=1, col=1)
        low = float(np.quantile(scores, 0.05))
        figure.update_yaxes(range=[min(low, -1.0) - 0.5, max(float(scores.max()), 0.0) + 0.8], row=1, col=1)
    figure.add_hline(y=0.0, line={"color": look.WARN, "width": 1, "dash": "dot"}, row=1, col=1)
    yearly = result.hurdle.sharpe * math.sqrt(result.ground.bars_per_year)
    text = f"hurdle: Sharpe {yearly:.2f}, the best of {result.hurdle.before + result.hurdle.budget:,} worthless trials"
    font = {"size": 11, "color": look.WARN}
    figure.add_annotation(
        x=0.0, y=0.0, xref="x domain", yref="y", text=text, showarrow=False, xanchor="left", yanchor="bottom", font=font, bgcolor=VEIL
    )


def _candidates(figure: Any, result: SearchResult) -> None:  # noqa: ANN401 - a plotly figure
    for candidate in result.candidates:
        row = candidate.row()
        name = f"{candidate.number} {'✓' if candidate.survives else '✗'}"
        pair = [row["train_sharpe"], row["held_out_sharpe"]]
        colour = look.UP if candidate.survives else look.DOWN
        figure.add_trace(go.Scatter(x=pair, y=[name, name], mode="lines", line=line(look.LINE, 2), hoverinfo="skip"), row=1, col=2)
        marker = {"size": 10, "color": [look.BG1, colour], "line": {"color": colour, "width": 2}}
        text = f"{row['archetype']} {row['direction']}"
        dots = go.Scatter(x=pair, y=[name, name], mode="markers", marker=marker, text=[f"{text}, training", f"{text}, held out"])
        figure.add_trace(dots.update(hovertemplate="%{text}: %{x:.2f}<extra></extra>"), row=1, col=2)
    if result.candidates:
        figure.add_vline(x=0.0, line={"color": look.FAINT, "width": 1}, row=1, col=2)
