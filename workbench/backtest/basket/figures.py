"""The picture of a shared account: equity, what it was exposed to, and what each symbol brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from plotly.subplots import make_subplots

from workbench import look
from workbench.backtest.curves import drawdown
from workbench.backtest.figures.axes import curve, dress, label, line, tag

if TYPE_CHECKING:
    from workbench.backtest.basket.result import BasketResult

_LOG_ABOVE = 10.0
_MOST_LINES = 8
_CLOSE = 0.11  # share of a panel's height within which two tags would cover each other
_PANELS = (0.44, 0.2, 0.36)


def account(result: BasketResult) -> Any:  # noqa: ANN401 - a plotly figure; plotly carries no types
    """Return equity over gross and net exposure over the profit of each symbol, on one time axis.

    At most eight symbols have a line of their own, those that earned or lost most; the others are added up.
    """
    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, row_heights=list(_PANELS), vertical_spacing=0.05)
    equity = result.equity
    log = bool(equity.min() > 0 and equity.max() / equity.min() > _LOG_ABOVE)
    figure.add_trace(curve(equity, "equity", line(look.TEXT, 1.6), "%{y:,.2f}"), row=1, col=1)
    figure.update_yaxes(type="log" if log else "linear", tickformat="~s", row=1, col=1)
    tag(figure, float(equity.iloc[-1]), look.number(float(equity.iloc[-1]), 0), axis="y", log=log)
    exposure = result.exposure
    two = bool((exposure["gross"] != exposure["net"]).any())
    gross = curve(exposure["gross"], "gross", line(look.INFO, 1.0) | {"shape": "hv"}, "%{y:.0%}")
    gross.update(fill="tozeroy", fillcolor="rgba(90,169,255,0.14)")
    figure.add_trace(gross, row=2, col=1)
    if two:
        figure.add_trace(curve(exposure["net"], "net", line(look.ACCENT, 1.0) | {"shape": "hv"}, "%{y:.0%}"), row=2, col=1)
    figure.update_yaxes(tickformat=".0%", nticks=4, row=2, col=1)
    _contributions(figure, result)
    title = f"{result.name} · {len(result.symbols)} symbols · account"
    dress(figure, title, height=560, synthetic=result.synthetic)
    label(figure, f"equity, deepest drawdown {look.percent(float(drawdown(equity).min()))}", 1.0)
    label(figure, "exposure: gross, and net (amber)" if two else "exposure, long only", float(figure.layout.yaxis2.domain[1]))
    label(figure, f"profit by symbol, {result.currency}", float(figure.layout.yaxis3.domain[1]))
    return figure


def _contributions(figure: Any, result: BasketResult) -> None:  # noqa: ANN401 - a plotly figure
    lines = shown(result)
    colours = [*look.CATEGORICAL][: len(lines.columns)]
    ends = lines.iloc[-1].sort_values(ascending=False)
    reach = float(lines.to_numpy().max() - lines.to_numpy().min()) or 1.0
    free = np.inf
    for colour, name in zip(colours, lines.columns, strict=False):
        style = line(look.FAINT if name == "others" else colour, 1.2)
        figure.add_trace(curve(lines[name], str(name), style, f"{name} %{{y:,.2f}}<extra></extra>"), row=3, col=1)
    for name, value in zip(map(str, ends.index), ends, strict=True):
        colour = look.FAINT if name == "others" else colours[list(lines.columns).index(name)]
        if free - float(value) >= _CLOSE * reach:  # the next tag down must not cover the one above
            tag(figure, float(value), str(name), axis="y3", colour=colour)
            free = float(value)
    figure.update_yaxes(tickformat="~s", nticks=5, row=3, col=1)


def shown(result: BasketResult) -> pd.DataFrame:
    """Return the profit of the symbols that have a line of their own, and of the ``others`` together."""
    parts = result.contributions
    if len(parts.columns) <= _MOST_LINES:
        return parts
    order = parts.iloc[-1].abs().sort_values(ascending=False, kind="stable").index
    own = list(order[: _MOST_LINES - 1])
    kept = parts[[name for name in parts.columns if name in own]].copy()
    return pd.concat([kept, parts.drop(columns=own).sum(axis=1).rename("others")], axis=1)
