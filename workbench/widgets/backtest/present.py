"""An outcome as the parts take it: figures, lines, markers, rows and cells. No ipywidgets here, so that it can be tested as data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import look
from workbench.backtest.curves import buy_and_hold, thinned
from workbench.backtest.engine import account as a
from workbench.portfolio import Costs
from workbench.widgets.backtest.columns import TRADE_COLUMNS

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.forecast import Forecast
    from workbench.backtest.result import Result
    from workbench.market.bars import Bars
    from workbench.widgets.backtest.form import Ticket
    from workbench.widgets.backtest.outcome import Outcome

MOST_BARS = 5_000
"""Bars that travel to a chart at once; another trade brings its own stretch."""
MOST_ROWS = 5_000
SHARES = frozenset({"total_return", "cagr", "volatility", "max_drawdown", "win_rate", "exposure"})
WORDS = {
    "total_return": "return",
    "cagr": "CAGR",
    "volatility": "volatility",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "calmar": "Calmar",
    "max_drawdown": "max drawdown",
    "max_drawdown_bars": "longest drawdown",
    "trades": "trades",
    "win_rate": "win rate",
    "profit_factor": "profit factor",
    "expectancy": "expectancy a trade",
    "exposure": "time in market",
    "turnover": "turnover a year",
    "fees": "fees",
    "tail_ratio": "tail ratio",
    "skew": "skew",
    "kurtosis": "kurtosis",
}
_UNITS = {"max_drawdown_bars": "bars", "turnover": "× equity"}


def cost_words(cost: Forecast) -> str:
    """Return what a run costs in trials as a sentence that starts with a capital."""
    said = str(cost)
    return f"{said[0].upper()}{said[1:]}."


def window_words(bars: Bars) -> str:
    """Return how many bars the window holds, and of what."""
    made_up = ", made up" if bars.synthetic else ""
    return f"{len(bars):,} bars, {bars.trade_date[0]} to {bars.trade_date[-1]}, from {bars.source}{made_up}"


def trading_words(ticket: Ticket) -> str:
    """Return what trading costs and how orders fill, for the fold that hides the fields."""
    spec = ticket.strategy.spec
    return f"{spec.costs or Costs.of(ticket.bars.instrument)}; filled {spec.filling}"


def headline(result: Result) -> list[dict[str, Any]]:
    """Return the figures that matter first as cards."""
    found = result.metrics
    held = float(result.bars.close[-1] / result.bars.close[0] - 1.0)
    factor = look.number(found.profit_factor)
    return [
        {
            "label": "Return",
            "value": _number(found.total_return),
            "kind": "percent",
            "digits": 1,
            "tone": tone(found.total_return),
            "hint": f"buy and hold {look.percent(held, sign=True)}",
        },
        {"label": "Sharpe", "value": _number(found.sharpe), "digits": 2, "hint": "a year, from bar returns"},
        {
            "label": "Max drawdown",
            "value": _number(found.max_drawdown),
            "kind": "percent",
            "digits": 1,
            "hint": f"{found.max_drawdown_bars:,.0f} bars at most",
        },
        {"label": "Trades", "value": f"{found.trades:,.0f}", "hint": f"{look.percent(found.win_rate)} win"},
        {"label": "Profit factor", "value": factor, "hint": f"{look.money(found.expectancy, sign=True)} a trade"},
        {"label": "Fees", "value": _number(found.fees), "digits": 0, "hint": f"{look.percent(found.exposure, 0)} in market"},
    ]


def metric_facts(result: Result) -> list[dict[str, Any]]:
    """Return all metrics as named facts."""
    return [_fact(name, result.metrics[name]) for name in WORDS]


def _fact(name: str, value: float) -> dict[str, Any]:
    kind = "percent" if name in SHARES else "number"
    digits = 1 if name in SHARES else 0 if name in {"trades", "max_drawdown_bars"} else 2
    return {"label": WORDS[name], "value": _number(value), "kind": kind, "digits": digits, "unit": _UNITS.get(name, "")}


def equity(result: Result) -> dict[str, Any]:
    """Return equity and buy-and-hold, thinned together, as ``Curve.show`` takes them."""
    money, held = np.asarray(result.equity, dtype=np.float64), np.asarray(buy_and_hold(result), dtype=np.float64)
    keep = np.union1d(thinned(money), thinned(held, 400))
    lines = [{"name": "equity", "values": money[keep], "tone": "text"}, {"name": "buy and hold", "values": held[keep], "tone": "dim"}]
    return {"series": lines, "times": moments(result)[keep]}


def moments(result: Result) -> NDArray[np.float64]:
    """Return the bars' times as seconds since 1970: of daily bars the trade date, so that no zone moves them."""
    if result.bars.timeframe.intraday:
        return np.asarray(result.bars.time, dtype=np.float64) / 1e9
    return np.asarray(result.bars.trade_date.astype("datetime64[s]").astype(np.int64), dtype=np.float64)


def stretch(result: Result, around: int | None = None) -> tuple[int, int]:
    """Return the positions of the bars to chart: the last ``MOST_BARS``, or as many around a bar."""
    count = len(result.bars)
    if around is None or count <= MOST_BARS:
        return max(0, count - MOST_BARS), count
    first = min(max(0, around - MOST_BARS // 2), count - MOST_BARS)
    return first, first + MOST_BARS


def marks(result: Result, first: int, last: int) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return markers and bracket levels of the fills at positions ``first`` to ``last``, counted from ``first``."""
    rows = result.run.fills
    bar = rows[:, a.FILL_BAR].astype(np.int64)
    markers, levels = [], []
    for place in np.flatnonzero((bar >= first) & (bar < last)):
        row, at = rows[place], int(bar[place]) - first
        price = f"{row[a.FILL_QTY]:g} @ {row[a.FILL_PRICE]:,.{result.bars.instrument.decimals}f}"
        bought = row[a.FILL_SIDE] > 0
        if place % 2:  # fills alternate: an entry, its exit
            reason = a.REASONS[int(row[a.FILL_REASON])]
            markers.append({"at": at, "side": "exit", "text": f"{reason} {price} · {look.signed(float(row[a.FILL_PNL]))}"})
            continue
        markers.append({"at": at, "side": "buy" if bought else "sell", "text": f"{'buy' if bought else 'sell short'} {price}"})
        end = int(bar[place + 1]) - first if place + 1 < len(bar) else None
        levels += _levels(row, at, end, last - first)
    return markers, levels


def _levels(row: NDArray[np.float64], at: int, end: int | None, most: int) -> list[dict[str, Any]]:
    to = None if end is None else min(max(end, at + 1), most - 1)
    named = ((a.FILL_PRICE, "entry"), (a.FILL_STOP, "stop"), (a.FILL_TARGET, "target"))
    found = [(float(row[place]), kind) for place, kind in named]
    return [{"from": at, "to": to, "price": price, "kind": kind} for price, kind in found if math.isfinite(price) and price > 0.0]


def trade_rows(result: Result) -> list[dict[str, Any]]:
    """Return the closed trades, the last first, at most ``MOST_ROWS``."""
    trades = result.trades
    rows = []
    daily = not result.bars.timeframe.intraday
    shown = trades.iloc[-MOST_ROWS:]
    for number, trade in zip(range(len(trades), len(trades) - len(shown), -1), shown.iloc[::-1].to_dict("records"), strict=True):
        rows.append(
            {
                "id": str(number - 1),
                "trade": number,
                "entered": _when(trade["entry_time"], daily=daily),
                "left": _when(trade["exit_time"], daily=daily),
                "side": trade["side"],
                "quantity": trade["quantity"],
                "entry": trade["entry_price"],
                "exit": trade["exit_price"],
                "reason": trade["exit_reason"],
                **{name: trade[name] for name in ("pnl", "return", "bars", "fees", "mae", "mfe")},
            }
        )
    return rows


def trade_columns(result: Result) -> list[dict[str, Any]]:
    """Return the columns of the trades, prices with the instrument's decimals, times as dates for daily bars."""
    digits = {"entry": result.bars.instrument.decimals, "exit": result.bars.instrument.decimals}
    kinds = {} if result.bars.timeframe.intraday else {"entered": "text", "left": "text"}
    return [
        {**column, "digits": digits.get(column["key"], column.get("digits")), "kind": kinds.get(column["key"], column["kind"])}
        for column in TRADE_COLUMNS
    ]


def entry_bar(result: Result, trade: int) -> int:
    """Return the position of the bar on which closed trade number ``trade``, from 0, was entered."""
    return int(result.run.fills[2 * trade, a.FILL_BAR])


def check_words(outcome: Outcome) -> tuple[str, str, str]:
    """Return kind, sentence and advice of the second engine's verdict."""
    result = outcome.result
    if result is None or "crosscheck" not in vars(result):
        return (
            "info",
            "The second engine was not asked about this run.",
            "Run a backtest or full evidence of these parameters: it replays the run of record.",
        )
    checked = result.crosscheck
    if checked.verdict == "equal":
        return ("ok", f"Cross-check equal: {checked.words}.", "")
    if checked.verdict == "absent":
        return (
            "warning",
            f"Cross-check absent: {checked.words}",
            "Install vectorbt to have a second opinion; the policy decides whether its absence blocks.",
        )
    return ("critical", f"Cross-check DIFFERENT: {checked.words}", "Do not trust this run; report it with the specification and the bars.")


def tone(value: float) -> str:
    """Return the colour of a signed figure."""
    return "" if not math.isfinite(value) or value == 0 else "up" if value > 0 else "down"


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(value)


def _when(moment: pd.Timestamp, *, daily: bool) -> object:
    return moment.strftime("%Y-%m-%d") if daily else moment.to_pydatetime()
