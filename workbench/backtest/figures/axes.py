"""What all pictures share: the template, the title, labels, the tag of the last value, and a long line thinned for a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from workbench import look
from workbench.backtest.curves import thinned

if TYPE_CHECKING:
    import pandas as pd

    from workbench.backtest.result import Result

WARN_FILL, DOWN_FILL, VEIL = "rgba(255,209,102,0.10)", "rgba(255,107,74,0.22)", "rgba(16,21,27,0.7)"


def curve(series: pd.Series[float], name: str, line: dict[str, Any], hover: str) -> Any:  # noqa: ANN401 - a plotly trace
    """Return one line over time, thinned; ``hover`` is how its value reads."""
    keep = thinned(np.asarray(series, dtype=np.float64))
    # Ten digits are more than a screen shows and half of what a float costs in a saved notebook.
    values = np.array([float(f"{value:.10g}") for value in series.to_numpy()[keep]])
    return go.Scatter(x=series.index[keep], y=values, name=name, mode="lines", line=line, hovertemplate=hover, showlegend=False)


def line(colour: str, width: float) -> dict[str, Any]:
    """Return a line style."""
    return {"color": colour, "width": width}


def said(metric: str) -> str:
    """Return what people call a metric."""
    return "Sharpe" if metric == "sharpe" else metric.replace("_", " ")


def title_of(result: Result, what: str) -> str:
    """Return strategy, symbol and timeframe before ``what`` is shown."""
    return f"{result.spec.name} · {result.bars.instrument.symbol} {result.bars.timeframe.value} · {what}"


def dress(figure: Any, title: str, *, height: int, synthetic: bool) -> None:  # noqa: ANN401 - a plotly figure
    """Give ``figure`` the template, its title, its height, and the badge where bars are made up."""
    look.template()
    figure.update_layout(template="workbench", title={"text": title}, height=height)
    if synthetic:
        figure.add_annotation(
            text="╱╱ SYNTHETIC ╱╱",
            xref="paper",
            yref="paper",
            x=1.0,
            y=1.0,
            xanchor="right",
            yanchor="bottom",
            yshift=8,
            showarrow=False,
            font={"family": look.MONO, "size": 11, "color": look.WARN},
            bgcolor=WARN_FILL,
            bordercolor=look.WARN,
            borderwidth=1,
            borderpad=3,
        )


def label(figure: Any, text: str, height: float, anchor: str = "top") -> None:  # noqa: ANN401 - a plotly figure
    """Write ``text`` at the left edge at ``height`` (0 to 1 of the figure): what a panel shows."""
    font = {"size": 11, "color": look.FAINT}
    figure.add_annotation(
        text=text, xref="paper", yref="paper", x=0.0, y=height, xanchor="left", yanchor=anchor, showarrow=False, font=font, bgcolor=VEIL
    )


def tag(figure: Any, value: float, text: str, *, axis: str, log: bool = False, colour: str = look.ACCENT) -> None:  # noqa: ANN401 - a plotly figure; one mark on one axis
    """Put the last value on the right axis, where the eye looks for it."""
    figure.add_annotation(
        text=text,
        xref="paper",
        yref=axis,
        x=1.0,
        y=np.log10(value) if log else value,
        xanchor="left",
        xshift=4,
        showarrow=False,
        font={"family": look.MONO, "size": 11, "color": look.BG0},
        bgcolor=colour,
        borderpad=2,
    )
