"""The spread of returns, the deepest drawdowns, and the anatomy of trades."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.by_session import session_returns
from workbench.backtest.curves import drawdown
from workbench.backtest.distribution import distribution
from workbench.backtest.drawdowns import drawdown_periods
from workbench.backtest.figures.axes import DOWN_FILL, curve, dress, label, line, title_of
from workbench.market.calendars import zone

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

_MOST_BINS, _FEWEST_BINS = 60, 9
_MOST_DOTS = 2_000
_SHADE = "rgba(255,107,74,0.12)"


def returns_spread(result: Result) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the histogram of session returns with the normal curve of the same mean and deviation, value at risk and expected shortfall."""
    returns = np.asarray(session_returns(result), dtype=np.float64)
    moved = returns[returns != 0.0]
    figure = go.Figure()
    if len(moved):
        low, high = np.quantile(moved, [0.002, 0.998])
        counts, edges = np.histogram(np.clip(moved, low, high), bins=max(_FEWEST_BINS, min(_MOST_BINS, int(2 * np.sqrt(len(moved))))))
        centres = (edges[1:] + edges[:-1]) / 2.0
        colours = [look.UP if centre > 0 else look.DOWN for centre in centres]
        figure.add_trace(
            go.Bar(x=centres, y=counts, marker_color=colours, hovertemplate="%{x:.2%} · %{y}<extra></extra>", showlegend=False)
        )
        normal = _normal(centres, moved) * len(moved) * (edges[1] - edges[0])
        figure.add_trace(go.Scatter(x=centres, y=normal, mode="lines", line=line(look.DIM, 1.2), hoverinfo="skip", showlegend=False))
        found = distribution(result)
        for value, text, height in ((found.value_at_risk, "VaR 95 %", 1.0), (found.expected_shortfall, "shortfall", 0.9)):
            figure.add_vline(x=-value, line={"color": look.WARN, "width": 1, "dash": "dot"})
            note = {"text": f"{text} {look.percent(-value, 1)}", "font": {"size": 11, "color": look.WARN}, "showarrow": False}
            figure.add_annotation(x=-value, y=height, yref="paper", xanchor="right", xshift=-4, **note)
    figure.update_xaxes(tickformat=".1%")
    title = f"returns by session, {look.number(len(returns) - len(moved), 0)} without a change left out"
    dress(figure, title_of(result, title), height=320, synthetic=result.bars.synthetic)
    figure.update_layout(bargap=0.05, hovermode="closest")
    return figure


def deepest(result: Result, most: int = 5) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the drawdown with the ``most`` deepest stretches shaded and numbered."""
    drop = drawdown(result.equity)
    figure = go.Figure()
    under = curve(drop, "drawdown", line(look.DOWN, 1.0), "%{y:.1%}")
    under.update(fill="tozeroy", fillcolor=DOWN_FILL)
    figure.add_trace(under)
    for place, row in enumerate(drawdown_periods(result.equity, initial=result.cash, most=most).to_dict("records"), start=1):
        end = row["recovered"] if row["recovered"] == row["recovered"] else result.equity.index[-1]
        figure.add_vrect(x0=row["peak"], x1=end, fillcolor=_SHADE, line_width=0, layer="below")
        note = {"text": f"{place} {look.percent(-row['depth'], 1)}", "font": {"family": look.MONO, "size": 11, "color": look.DIM}}
        figure.add_annotation(x=row["trough"], y=-row["depth"], yanchor="top", showarrow=False, **note)
    figure.update_yaxes(tickformat=".1~%", rangemode="tozero")
    dress(figure, title_of(result, f"{most} deepest drawdowns"), height=300, synthetic=result.bars.synthetic)
    return figure


def anatomy(result: Result) -> Any:  # noqa: ANN401 - a plotly figure
    """Return each trade's worst open loss against what it ended with, and the profit by what ended it.

    Dots far right of the diagonal gave back an open profit; winners with a large worst loss say that the stop is wide.
    """
    trades = result.trades.tail(_MOST_DOTS)
    figure = make_subplots(rows=1, cols=2, column_widths=[0.6, 0.4], horizontal_spacing=0.14)
    profits = trades["pnl"].to_numpy(dtype=np.float64)
    dots = {"size": 5, "color": [look.UP if profit > 0 else look.DOWN for profit in profits], "opacity": 0.7}
    shown = go.Scatter(x=trades["mae"], y=profits, mode="markers", marker=dots, showlegend=False)
    shown.update(hovertemplate="worst %{x:,.0f} · ended %{y:,.0f}<extra></extra>")
    figure.add_trace(shown, row=1, col=1)
    by = result.trades.groupby("exit_reason")["pnl"].agg(["sum", "count"]).sort_values("sum")
    colours = [look.UP if value > 0 else look.DOWN for value in by["sum"]]
    texts = [f"{reason}, {look.number(float(count), 0)}" for reason, count in zip(by.index, by["count"], strict=True)]
    hover = "%{y} %{x:,.0f}<extra></extra>"
    figure.add_trace(
        go.Bar(x=by["sum"], y=texts, orientation="h", marker_color=colours, hovertemplate=hover, showlegend=False), row=1, col=2
    )
    figure.update_xaxes(title="worst open loss", tickformat="~s", row=1, col=1)
    figure.update_yaxes(title="P&L", tickformat="~s", side="left", row=1, col=1)
    figure.update_xaxes(title="P&L by exit", tickformat="~s", nticks=4, row=1, col=2)
    figure.update_yaxes(side="left", showgrid=False, row=1, col=2)
    figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1}, row=1, col=1)
    few = f", the last {_MOST_DOTS} trades" if len(result.trades) > _MOST_DOTS else ""
    dress(figure, title_of(result, f"anatomy of trades{few}"), height=320, synthetic=result.bars.synthetic)
    figure.update_layout(hovermode="closest", margin_r=24)
    return figure


def clock_hours(result: Result) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the mean profit of trades by weekday of entry, and by hour of the exchange for intraday bars."""
    trades = result.trades
    local = trades["entry_time"].dt.tz_convert(zone(result.bars.instrument.calendar))
    intraday = result.bars.timeframe.intraday
    figure = make_subplots(rows=1, cols=2 if intraday else 1, horizontal_spacing=0.1)
    groups: list[tuple[Any, Any]] = [(local.dt.day_of_week, ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"))]
    groups += [(local.dt.hour, tuple(f"{hour:02d}" for hour in range(24)))] if intraday else []
    for place, (key, names) in enumerate(groups, start=1):
        by = trades["pnl"].groupby(key).agg(["mean", "count"])
        colours = [look.UP if value > 0 else look.DOWN for value in by["mean"]]
        hover = "%{x}: mean %{y:,.1f}, %{customdata} trades<extra></extra>"
        shown = go.Bar(
            x=[names[int(item)] for item in by.index], y=by["mean"], customdata=by["count"], marker_color=colours, showlegend=False
        )
        figure.add_trace(shown.update(hovertemplate=hover), row=1, col=place)
    figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1})
    figure.update_yaxes(tickformat="~s")
    figure.update_xaxes(type="category")
    dress(figure, title_of(result, "mean P&L of a trade by entry"), height=280, synthetic=result.bars.synthetic)
    label(figure, "weekday", 1.0)
    return figure


def _normal(at: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the density of the normal law with the mean and deviation of ``values``."""
    spread = float(values.std()) or 1.0
    return np.asarray(np.exp(-0.5 * ((at - values.mean()) / spread) ** 2) / (spread * np.sqrt(2.0 * np.pi)))
