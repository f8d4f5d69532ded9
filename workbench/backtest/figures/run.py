"""Pictures of one run: equity over drawdown, and the trades on candles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.curves import buy_and_hold, drawdown
from workbench.backtest.figures.axes import DOWN_FILL, curve, dress, label, line, tag, title_of
from workbench.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.result import Result

_MOST_CANDLES = 500
_LOG_ABOVE = 10.0


def performance(result: Result) -> Any:  # noqa: ANN401 - a plotly figure; plotly carries no types
    """Return equity over drawdown on one time axis, with buying and holding the same capital in dim beside it.

    The scale is logarithmic when equity spans more than a factor of ten; the last value stands as a tag on the axis.
    """
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, row_heights=[0.72, 0.28], vertical_spacing=0.04)
    equity = result.equity
    held = buy_and_hold(result)
    for series, name, style in ((held, "buy and hold", line(look.FAINT, 1.0)), (equity, "equity", line(look.TEXT, 1.6))):
        figure.add_trace(curve(series, name, style, "%{y:,.2f}"), row=1, col=1)
    drop = drawdown(equity)
    under = curve(drop, "drawdown", line(look.DOWN, 1.0), "%{y:.1%}")
    under.update(fill="tozeroy", fillcolor=DOWN_FILL)
    figure.add_trace(under, row=2, col=1)
    both = np.concatenate([equity.to_numpy(), held.to_numpy()])
    log = bool(both.min() > 0 and both.max() / both.min() > _LOG_ABOVE)
    figure.update_yaxes(type="log" if log else "linear", tickformat="~s", row=1, col=1)
    figure.update_yaxes(tickformat=".1~%", rangemode="tozero", nticks=4, row=2, col=1)
    tag(figure, float(equity.iloc[-1]), look.number(float(equity.iloc[-1]), 0), axis="y", log=log)
    tag(figure, float(held.iloc[-1]), "hold", axis="y", log=log, colour=look.FAINT)
    dress(figure, title_of(result, "equity and drawdown"), height=420, synthetic=result.bars.synthetic)
    label(figure, "equity", 1.0)
    label(figure, f"drawdown, deepest {look.percent(float(drop.min()))}", 0.0, anchor="bottom")
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
    tag(figure, float(frame["close"].iloc[-1]), look.number(float(frame["close"].iloc[-1]), 2), axis="y")
    joined = f", {span} bars a candle" if span > 1 else ""
    dress(figure, title_of(result, f"trades, last {len(frame)} bars{joined}"), height=420, synthetic=result.bars.synthetic)
    figure.update_layout(hovermode="closest")
    return figure


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
