"""Pictures of a backtest: equity over drawdown, trades on candles, a sweep as heat map, walk-forward folds.

Every figure wears the template of ``workbench.look``. Long series are thinned for display to at most 2 000 points that keep each
stretch's lowest and highest value, so that a saved notebook stays small and no drawdown disappears.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.curves import MOST_POINTS, buy_and_hold, drawdown, thinned
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.backtest.result import Result
    from workbench.backtest.walkforward import WalkForward

__all__ = ["MOST_POINTS", "buy_and_hold", "drawdown", "heat_map", "performance", "thinned", "trades_on_bars", "walk_forward"]
_MOST_CANDLES = 500
_LOG_ABOVE = 10.0
_WARN_FILL, _DOWN_FILL, _VEIL = "rgba(255,209,102,0.10)", "rgba(255,107,74,0.22)", "rgba(16,21,27,0.7)"


def performance(result: Result) -> Any:  # noqa: ANN401 - a plotly figure; plotly carries no types
    """Return equity over drawdown on one time axis, with buying and holding the same capital in dim beside it.

    The scale is logarithmic when equity spans more than a factor of ten; the last value stands as a tag on the axis.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.04)
    equity = result.equity
    held = buy_and_hold(result)
    for series, name, style in ((held, "buy and hold", _line(look.FAINT, 1.0)), (equity, "equity", _line(look.TEXT, 1.6))):
        figure.add_trace(_curve(series, name, style, "%{y:,.2f}"), row=1, col=1)
    drop = drawdown(equity)
    under = _curve(drop, "drawdown", _line(look.DOWN, 1.0), "%{y:.1%}")
    under.update(fill="tozeroy", fillcolor=_DOWN_FILL)
    figure.add_trace(under, row=2, col=1)
    both = np.concatenate([equity.to_numpy(), held.to_numpy()])
    log = bool(both.min() > 0 and both.max() / both.min() > _LOG_ABOVE)
    figure.update_yaxes(type="log" if log else "linear", tickformat="~s", row=1, col=1)
    figure.update_yaxes(tickformat=".1~%", rangemode="tozero", nticks=4, row=2, col=1)
    _tag(figure, float(equity.iloc[-1]), look.number(float(equity.iloc[-1]), 0), axis="y", log=log)
    _tag(figure, float(held.iloc[-1]), "hold", axis="y", log=log, colour=look.FAINT)
    _dress(figure, _title(result, "equity and drawdown"), height=420, synthetic=result.bars.synthetic)
    _label(figure, "equity", 1.0)
    _label(figure, f"drawdown, deepest {look.percent(float(drop.min()))}", 0.0, anchor="bottom")
    return figure


def trades_on_bars(result: Result, *, bars: int = 250, end: int | None = None) -> Any:  # noqa: ANN401 - a plotly figure
    """Return candles with entries ▲ under the bar and exits ▼ over it, for the last ``bars`` bars up to position ``end``.

    More than 500 bars are joined into fewer candles for display; gaps between sessions take no room.

    Raises:
        InputError: the stretch is empty.
    """
    last = len(result.bars) if end is None else min(end, len(result.bars))
    first = max(0, last - bars)
    if last <= first:
        message = f"no bars from {first} to {last} to draw"
        raise InputError(message)
    frame = result.bars.frame.iloc[first:last]
    span = -(-len(frame) // _MOST_CANDLES)
    candles = _joined(frame, span)
    place = np.arange(len(candles))
    figure = go.Figure(_candles(candles, place, intraday=result.bars.timeframe.intraday))
    for trace in (*_levels(result, frame, span), *_marks(result, frame, candles, span)):
        figure.add_trace(trace)
    ticks = np.unique(np.linspace(0, len(candles) - 1, 7).astype(int))
    form = "%d %b %H:%M" if result.bars.timeframe.intraday else "%d %b %Y"
    figure.update_xaxes(
        tickvals=ticks, ticktext=[candles.index[tick].strftime(form) for tick in ticks], range=[-1, len(candles)], rangeslider_visible=False
    )
    _tag(figure, float(frame["close"].iloc[-1]), look.number(float(frame["close"].iloc[-1]), 2), axis="y")
    joined = f", {span} bars a candle" if span > 1 else ""
    _dress(figure, _title(result, f"trades, last {len(frame)} bars{joined}"), height=420, synthetic=result.bars.synthetic)
    figure.update_layout(hovermode="closest")
    return figure


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
            "title": {"text": _said(value)},
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
    _dress(figure, f"{title or 'sweep'} · {_said(value)}{deeper}", height=440, synthetic=synthetic)
    figure.update_layout(hovermode="closest", margin_r=24)
    return figure


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
    figure.add_trace(_curve(outcome.equity, "out of sample", _line(look.TEXT, 1.6), "%{y:,.2f}"), row=2, col=1)
    figure.update_traces(showlegend=False)
    heights = np.nan_to_num(np.concatenate([after, folds["is_sharpe"].to_numpy(dtype=np.float64), [0.0]]))
    room = 0.3 * (float(np.ptp(heights)) or 1.0)  # for the values over the bars and the label
    figure.update_yaxes(title="Sharpe", range=[heights.min() - room / 2, heights.max() + room], row=1, col=1)
    figure.update_yaxes(tickformat="~s", row=2, col=1)
    last = float(outcome.equity.iloc[-1])
    _tag(figure, last, look.number(last, 0), axis="y2")
    held = f"{int((after > 0).sum())} of {outcome.planned} folds hold ({look.percent(outcome.robustness, 0)}, needs {look.percent(outcome.threshold, 0)})"
    _dress(figure, f"{outcome.subject} · walk-forward · {held}", height=460, synthetic=outcome.synthetic)
    figure.update_layout(bargap=0.35, bargroupgap=0.05)
    _label(figure, "Sharpe by fold, in sample dim", 1.0)
    _label(figure, "stitched out-of-sample equity", 0.44)
    return figure


def _curve(series: pd.Series[float], name: str, line: dict[str, Any], hover: str) -> Any:  # noqa: ANN401 - a plotly trace
    keep = thinned(np.asarray(series, dtype=np.float64))
    # Ten digits are more than a screen shows and half of what a float costs in a saved notebook.
    values = np.array([float(f"{value:.10g}") for value in series.to_numpy()[keep]])
    return go.Scatter(x=series.index[keep], y=values, name=name, mode="lines", line=line, hovertemplate=hover, showlegend=False)


def _line(colour: str, width: float) -> dict[str, Any]:
    return {"color": colour, "width": width}


def _joined(frame: pd.DataFrame, span: int) -> pd.DataFrame:
    """Join ``span`` bars into one candle, labelled by the first; for display only."""
    if span == 1:
        return frame
    group = np.arange(len(frame)) // span
    joined = frame.groupby(group).agg({"open": "first", "high": "max", "low": "min", "close": "last"})
    return joined.set_index(frame.index[::span])


def _candles(candles: pd.DataFrame, place: NDArray[np.int64], *, intraday: bool) -> Any:  # noqa: ANN401 - a plotly trace
    form = "%Y-%m-%d %H:%M UTC" if intraday else "%Y-%m-%d"
    return go.Candlestick(
        x=place,
        open=candles["open"],
        high=candles["high"],
        low=candles["low"],
        close=candles["close"],
        increasing={"line": {"color": look.DIM, "width": 1}, "fillcolor": look.BG1},
        decreasing={"line": {"color": look.FAINT, "width": 1}, "fillcolor": look.FAINT},
        text=[moment.strftime(form) for moment in candles.index],
        hoverinfo="text+y",
        name="bars",
        showlegend=False,
    )


def _marks(result: Result, frame: pd.DataFrame, candles: pd.DataFrame, span: int) -> list[Any]:
    """Triangles for entries (under the bar) and exits (over it) of the trades that touch the stretch."""
    trades = result.trades
    reach = float((frame["high"].max() - frame["low"].min()) or 1.0)
    marks = []
    for column, price, symbol, offset, name in (
        ("entry_time", "entry_price", "triangle-up", -0.025, "entry"),
        ("exit_time", "exit_price", "triangle-down", 0.025, "exit"),
    ):
        inside = trades[(trades[column] >= frame.index[0]) & (trades[column] <= frame.index[-1])]
        place = frame.index.get_indexer(pd.DatetimeIndex(inside[column])) // span
        edge = candles["low" if offset < 0 else "high"].to_numpy()[place] + offset * reach
        gains = inside["pnl"].to_numpy(dtype=np.float64)
        colours = [look.INFO] * len(inside) if name == "entry" else [look.UP if gain > 0 else look.DOWN for gain in gains]
        words = _words(inside, price, name)
        marker = {"symbol": symbol, "size": 10, "color": colours, "line": {"width": 0}}
        marks.append(go.Scatter(x=place, y=edge, mode="markers", marker=marker, text=words, hoverinfo="text", name=name, showlegend=False))
    return marks


def _levels(result: Result, frame: pd.DataFrame, span: int) -> list[Any]:
    """Dashed stop and target of each trade that touches the stretch, from its entry to its exit."""
    fills = result.fills
    closed = len(result.trades)
    entries = fills.iloc[0 : 2 * closed : 2].reset_index(drop=True)
    first, last = result.trades["entry_time"], result.trades["exit_time"]
    seen = np.flatnonzero((last >= frame.index[0]) & (first <= frame.index[-1]))
    start = np.maximum(frame.index.get_indexer(pd.DatetimeIndex(first.iloc[seen])), 0) // span
    end = frame.index.get_indexer(pd.DatetimeIndex(last.iloc[seen]), method="ffill") // span
    levels = []
    for column, colour in (("stop", look.DOWN), ("target", look.UP)):
        at = entries[column].to_numpy(dtype=np.float64)[seen]
        kept = np.isfinite(at)
        if kept.any():
            across = np.column_stack([start[kept] - 0.5, end[kept] + 0.5, np.full(int(kept.sum()), np.nan)]).ravel()
            line = {"color": colour, "width": 1, "dash": "dot"}
            levels.append(
                go.Scatter(x=across, y=np.repeat(at[kept], 3), mode="lines", line=line, name=column, hoverinfo="skip", showlegend=False)
            )
    return levels


def _words(trades: pd.DataFrame, price: str, name: str) -> list[str]:
    words = []
    for _, trade in trades.iterrows():
        text = f"{name} {trade['side']} {look.number(float(trade['quantity']), 0)} @ {look.number(float(trade[price]))}"
        words.append(
            text
            if name == "entry"
            else f"{text}<br>{trade['exit_reason']} {look.signed(float(trade['pnl']))} {look.arrow(float(trade['pnl']))}"
        )
    return words


def _sensitivity(frame: pd.DataFrame, parameter: str, value: str, title: str, *, synthetic: bool) -> Any:  # noqa: ANN401 - a plotly figure
    ordered = frame.sort_values(parameter)
    marker = {"size": 7, "color": [look.UP if v > 0 else look.DOWN for v in ordered[value].fillna(0.0)]}
    line = go.Scatter(x=ordered[parameter], y=ordered[value], mode="lines+markers", line=_line(look.FAINT, 1.0), marker=marker, name=value)
    figure = go.Figure(line)
    figure.add_hline(y=0.0, line={"color": look.FAINT, "width": 1})
    figure.update_xaxes(title=parameter)
    _dress(figure, f"{title or 'sweep'} · {_said(value)} over {parameter}", height=340, synthetic=synthetic)
    return figure


def _said(metric: str) -> str:
    return "Sharpe" if metric == "sharpe" else metric.replace("_", " ")


def _title(result: Result, what: str) -> str:
    return f"{result.spec.name} · {result.bars.instrument.symbol} {result.bars.timeframe.value} · {what}"


def _dress(figure: Any, title: str, *, height: int, synthetic: bool) -> None:  # noqa: ANN401 - a plotly figure
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
            bgcolor=_WARN_FILL,
            bordercolor=look.WARN,
            borderwidth=1,
            borderpad=3,
        )


def _label(figure: Any, text: str, height: float, anchor: str = "top") -> None:  # noqa: ANN401 - a plotly figure
    font = {"size": 11, "color": look.FAINT}
    figure.add_annotation(
        text=text, xref="paper", yref="paper", x=0.0, y=height, xanchor="left", yanchor=anchor, showarrow=False, font=font, bgcolor=_VEIL
    )


def _tag(figure: Any, value: float, text: str, *, axis: str, log: bool = False, colour: str = look.ACCENT) -> None:  # noqa: ANN401 - a plotly figure; one mark on one axis
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
