"""Pictures of what could have been: cross-validated paths, drawn trades, drawn returns, other histories.

Bands are quantiles: the wide one holds 90 % of the runs, the narrow one half of them. The line in ``look.TEXT`` is always the run itself or, for paths that have no
such run, their middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.figures.axes import curve, dress, label, line, said

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.bootstrap import Bootstrap
    from workbench.backtest.cpcv import Cpcv
    from workbench.backtest.montecarlo import MonteCarlo
    from workbench.backtest.paths import Paths

_WIDE, _NARROW = "rgba(90,169,255,0.14)", "rgba(90,169,255,0.26)"
_LOSS, _GAIN = "rgba(255,107,74,0.75)", "rgba(46,196,182,0.75)"
_PATH = "rgba(152,166,180,0.45)"
_BINS = 40
_FEW = 15
_LOG_ABOVE = 10.0
_DRAWN = ("sharpe", "sortino", "calmar", "cagr", "max_drawdown", "volatility")
_SHARES = frozenset({"cagr", "max_drawdown", "volatility"})
_NAMES = {"sortino": "Sortino", "calmar": "Calmar", "cagr": "CAGR"}


def cpcv(outcome: Cpcv) -> Any:  # noqa: ANN401 - a plotly figure; plotly carries no types
    """Return every path's equity with the middle one on top, and beside it the paths' Sharpe ratios against the best in sample."""
    figure = _two_panels()
    ends = outcome.equity.iloc[-1].to_numpy(dtype=np.float64)
    for name in outcome.equity.columns:
        figure.add_trace(curve(outcome.equity[name], f"path {name}", line(_PATH, 1.0), "%{y:,.0f}"), row=1, col=1)
    middle = outcome.equity.median(axis=1)
    figure.add_trace(curve(middle, "median of the paths", line(look.TEXT, 1.8), "%{y:,.0f}"), row=1, col=1)
    figure.update_traces(hoverinfo="skip", hovertemplate=None, selector={"line": {"color": _PATH}})
    _money_axis(figure, outcome.equity.to_numpy(dtype=np.float64))
    if len(ends) > _FEW:
        _spread(figure, outcome.sharpes, "Sharpe of a path", threshold=0.0)
    else:
        _each(figure, outcome.sharpes)
    _mark(figure, float(np.median(outcome.sharpes)), f"median {look.number(float(np.median(outcome.sharpes)))}", look.TEXT, 1.0)
    _mark(figure, outcome.best, f"in sample {look.number(outcome.best)}", look.ACCENT, 0.9)
    held = f"{len(ends)} paths, {look.percent(outcome.negative, 0)} at or below zero"
    dress(figure, f"{outcome.subject} · CPCV · {held}", height=360, synthetic=outcome.synthetic)
    _finish(figure, "equity of every path, the median in white")
    return figure


def monte_carlo(outcome: MonteCarlo) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the fan of equity over trades, and beside it the spread of the largest drawdown."""
    figure = _two_panels()
    _fan(figure, outcome.fan, "as it came")
    figure.update_xaxes(title="trades", row=1, col=1)
    _money_axis(figure, outcome.fan.to_numpy(dtype=np.float64))
    _spread(figure, outcome.runs["max_drawdown"].to_numpy(dtype=np.float64), "largest drawdown", form=".2~%")
    _mark(figure, outcome.own["max_drawdown"], f"as it came {look.percent(outcome.own['max_drawdown'])}", look.TEXT, 1.0)
    _mark(figure, outcome.worst_drawdown, f"1 in 20 worse {look.percent(outcome.worst_drawdown)}", look.WARN, 0.9)
    dress(figure, f"{outcome.subject} · Monte Carlo · {outcome.words}", height=360, synthetic=outcome.synthetic)
    _finish(figure, "equity, 90 % and half of the runs")
    return figure


def paths(outcome: Paths) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the fan of equity over time on other histories, and beside it the spread of the Sharpe ratio."""
    figure = _two_panels()
    _fan(figure, outcome.fan, "given bars")
    _money_axis(figure, outcome.fan.to_numpy(dtype=np.float64))
    ratios = np.nan_to_num(outcome.frame["sharpe"].to_numpy(dtype=np.float64))
    _spread(figure, ratios, "Sharpe of a path", threshold=0.0)
    _mark(figure, float(np.median(ratios)), f"median {look.number(float(np.median(ratios)))}", look.INFO, 1.0)
    _mark(figure, outcome.own["sharpe"], f"given bars {look.number(outcome.own['sharpe'])}", look.TEXT, 0.9)
    lost = f"{len(outcome.frame)} other histories, {look.percent(outcome.loss_probability, 0)} lost money"
    dress(figure, f"{outcome.subject} · {lost}", height=360, synthetic=True)
    _finish(figure, "equity, 90 % and half of the paths; the given bars in white")
    return figure


def bootstrap(outcome: Bootstrap) -> Any:  # noqa: ANN401 - a plotly figure
    """Return the draws of six ratios as histograms; the estimate solid, the interval dotted and named over each."""
    names = [name for name in _DRAWN if np.isfinite(outcome.samples[name].to_numpy(dtype=np.float64)).any()]
    figure = make_subplots(rows=2, cols=3, horizontal_spacing=0.06, vertical_spacing=0.24)
    for place, name in enumerate(names):
        row, column = place // 3 + 1, place % 3 + 1
        form = ".1~%" if name in _SHARES else "~g"
        _histogram(figure, outcome.samples[name].to_numpy(dtype=np.float64), form, (row, column), threshold=0.0)
        found = outcome.metric(name)
        for value, colour, dash in (
            (found["estimate"], look.TEXT, "solid"),
            (found["low"], look.DIM, "dot"),
            (found["high"], look.DIM, "dot"),
        ):
            if np.isfinite(value):
                figure.add_vline(x=value, line={"color": colour, "width": 1.2, "dash": dash}, row=row, col=column)
        text = look.percent if name in _SHARES else look.number
        words = f"{_NAMES.get(name) or said(name)} <b>{text(found['estimate'])}</b>  {text(found['low'])} to {text(found['high'])}"
        domain = f"x{place + 1 if place else ''} domain", f"y{place + 1 if place else ''} domain"
        font = {"size": 11, "color": look.DIM}
        figure.add_annotation(
            text=words, xref=domain[0], yref=domain[1], x=0, y=1.0, xanchor="left", yanchor="bottom", yshift=4, showarrow=False, font=font
        )
    title = f"{outcome.subject} · bootstrap · {look.percent(outcome.level, 0)} intervals, {outcome.method} blocks of {look.number(outcome.block, 1)} bars"
    dress(figure, title, height=420, synthetic=outcome.synthetic)
    figure.update_layout(bargap=0.04, hovermode="closest", margin={"r": 16, "t": 68})
    return figure


def _two_panels() -> Any:  # noqa: ANN401 - a plotly figure
    return make_subplots(rows=1, cols=2, column_widths=[0.66, 0.34], horizontal_spacing=0.1)


def _finish(figure: Any, words: str) -> None:  # noqa: ANN401 - a plotly figure
    figure.update_layout(bargap=0.04, hovermode="closest", margin_r=16)
    figure.update_xaxes(showspikes=False)
    label(figure, words, 1.0)


def _fan(figure: Any, fan: pd.DataFrame, own: str) -> None:  # noqa: ANN401 - a plotly figure
    """Two bands of quantiles, their median dashed, and the run itself."""
    shares = [name for name in fan.columns if name != "own"]
    for low, high, fill in ((shares[0], shares[-1], _WIDE), (shares[1], shares[-2], _NARROW)):
        across = np.concatenate([fan.index.to_numpy(), fan.index.to_numpy()[::-1]])
        around = np.concatenate([fan[high].to_numpy(), fan[low].to_numpy()[::-1]])
        shape = {"fill": "toself", "fillcolor": fill, "line": {"width": 0}, "mode": "lines", "hoverinfo": "skip", "showlegend": False}
        figure.add_trace(go.Scatter(x=across, y=np.round(around, 2), **shape), row=1, col=1)
    middle = shares[len(shares) // 2]
    dashed = {"color": look.INFO, "width": 1.2, "dash": "dash"}
    figure.add_trace(curve(fan[middle], "median", dashed, "%{y:,.0f}"), row=1, col=1)
    figure.add_trace(curve(fan["own"], own, line(look.TEXT, 1.6), "%{y:,.0f}"), row=1, col=1)


def _money_axis(figure: Any, values: NDArray[np.float64]) -> None:  # noqa: ANN401 - a plotly figure
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    log = low > 0.0 and high / low > _LOG_ABOVE
    figure.update_yaxes(type="log" if log else "linear", tickformat="~s", row=1, col=1)


def _spread(figure: Any, values: NDArray[np.float64], words: str, *, form: str = "~g", threshold: float | None = None) -> None:  # noqa: ANN401 - a plotly figure
    _histogram(figure, values, form, (1, 2), threshold=threshold)
    figure.update_xaxes(title=words, row=1, col=2)


def _each(figure: Any, ratios: NDArray[np.float64]) -> None:  # noqa: ANN401 - a plotly figure
    """One bar a path, where a histogram would be a few lonely towers."""
    names = [f"path {place}" for place in range(1, len(ratios) + 1)]
    colours = [_GAIN if ratio > 0.0 else _LOSS for ratio in ratios]
    drawn = go.Bar(
        x=ratios,
        y=names,
        width=0.55,
        orientation="h",
        marker_color=colours,
        hovertemplate="%{y} · %{x:.2f}<extra></extra>",
        showlegend=False,
    )
    figure.add_trace(drawn, row=1, col=2)
    figure.update_xaxes(title="Sharpe of a path", nticks=6, row=1, col=2)
    # Room over the bars for the names of the marks.
    figure.update_yaxes(side="left", showgrid=False, range=[len(ratios) - 0.4, -0.6 - 0.18 * len(ratios)], row=1, col=2)


def _histogram(
    figure: Any,  # noqa: ANN401 - a plotly figure
    values: NDArray[np.float64],
    form: str,
    cell: tuple[int, int],
    *,
    threshold: float | None,
) -> None:
    """Bars of counts, those below ``threshold`` in the colour of losses; a long tail is gathered in the last bar."""
    known = values[np.isfinite(values)]
    bins = int(min(_BINS, max(6, 2 * len(known) ** 0.5)))
    low, high = np.quantile(known, [0.005, 0.995])
    counts, edges = np.histogram(np.clip(known, low, high), bins=bins)
    centres = (edges[1:] + edges[:-1]) / 2.0
    colours = look.INFO if threshold is None else [_GAIN if centre > threshold else _LOSS for centre in centres]
    drawn = go.Bar(x=centres, y=counts, width=np.diff(edges) * 0.92, marker_color=colours, showlegend=False)
    figure.add_trace(drawn.update(hovertemplate=f"%{{x:{form}}} · %{{y}}<extra></extra>"), row=cell[0], col=cell[1])
    figure.update_xaxes(tickformat=form, nticks=6, row=cell[0], col=cell[1])
    figure.update_yaxes(showticklabels=False, showgrid=False, row=cell[0], col=cell[1])


def _mark(figure: Any, value: float, words: str, colour: str, height: float) -> None:  # noqa: ANN401 - a plotly figure
    """A named upright line in the spread."""
    if not np.isfinite(value):
        return
    figure.add_vline(x=value, line={"color": colour, "width": 1.4}, row=1, col=2)
    note = {"text": words, "font": {"family": look.MONO, "size": 11, "color": colour}, "showarrow": False}
    figure.add_annotation(x=value, y=height, xref="x2", yref="y2 domain", xanchor="left", yanchor="top", xshift=4, bgcolor=look.BG1, **note)
