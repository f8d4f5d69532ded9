"""A run over time: Sharpe ratio, volatility and beta in a moving window, and the years beside the benchmark's."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.by_session import grouped, held_returns, session_returns, sessions_per_year
from workbench.backtest.figures.axes import curve, dress, label, line, title_of

if TYPE_CHECKING:
    import pandas as pd

    from workbench.backtest.result import Result

WINDOW = 126
"""Sessions of the moving window: half a year."""
_FEWEST = 20
_LEAST_CHANGE = 1e-12


def rolling(result: Result, window: int | None = None) -> Any:  # noqa: ANN401 - a plotly figure
    """Return Sharpe ratio, volatility and beta to holding over the last ``window`` sessions, by default half a year or a quarter of the run."""
    run, held = session_returns(result), held_returns(result)
    span = window or max(_FEWEST, min(WINDOW, len(run) // 4))
    year = sessions_per_year(result)
    mean, deviation = run.rolling(span).mean(), run.rolling(span).std()
    deviation = deviation.where(deviation > _LEAST_CHANGE)
    market = held.rolling(span).var()
    beta = run.rolling(span).cov(held) / market.where(market > _LEAST_CHANGE**2)
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    panels = ((mean / deviation * math.sqrt(year), look.TEXT, "%{y:.2f}"), (deviation * math.sqrt(year), look.INFO, "%{y:.1%}"))
    for row, (series, colour, hover) in enumerate((*panels, (beta, look.WARN, "%{y:.2f}")), start=1):
        shown = series.loc[series.first_valid_index() :]  # a stretch without a position leaves a gap, not a line across it
        figure.add_trace(curve(shown, ("Sharpe", "volatility", "beta")[row - 1], line(colour, 1.3), hover), row=row, col=1)
        if row != 2:  # noqa: PLR2004 - a volatility has no zero to cross
            figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1}, row=row, col=1)
    figure.update_yaxes(nticks=4)
    figure.update_yaxes(tickformat=".0%", rangemode="tozero", row=2, col=1)
    dress(figure, title_of(result, f"last {span} sessions"), height=420, synthetic=result.bars.synthetic)
    for text, height in (("Sharpe ratio", 1.0), ("volatility a year", 0.64), ("beta to holding", 0.29)):
        label(figure, text, height)
    return figure


def yearly(result: Result) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the return of each year by sign, the benchmark's in dim beside it; of each month where the run is shorter than three years."""
    run, held = session_returns(result), held_returns(result)
    period = "Y" if len(grouped(run, "Y")) > 2 else "M"  # noqa: PLR2004 - two bars are no picture
    ours, theirs = grouped(run, period), grouped(held, period)
    names = [str(name) for name in ours.index]
    figure = go.Figure()
    figure.add_trace(_bars(names, theirs, "buy and hold", [look.LINE] * len(names)))
    figure.add_trace(_bars(names, ours, "strategy", [look.UP if value > 0 else look.DOWN for value in ours]))
    figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1})
    figure.update_yaxes(tickformat=".0%")
    figure.update_xaxes(type="category", nticks=12)
    dress(
        figure,
        title_of(result, f"returns by {'year' if period == 'Y' else 'month'}, holding in dim"),
        height=320,
        synthetic=result.bars.synthetic,
    )
    figure.update_layout(bargap=0.3, bargroupgap=0.05)
    return figure


def _bars(names: list[str], values: pd.Series[float], name: str, colours: list[str]) -> Any:  # noqa: ANN401 - a plotly trace
    heights = np.round(np.asarray(values, dtype=np.float64), 6)
    return go.Bar(x=names, y=heights, name=name, marker_color=colours, hovertemplate="%{x} %{y:.1%}", showlegend=False)
