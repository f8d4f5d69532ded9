"""The numbers of a run: the headline, the tables of return, risk, benchmark, tails and trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.backtest.benchmark import against
from workbench.backtest.distribution import distribution
from workbench.backtest.report.words import figure_text, text, tone
from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from workbench.backtest.result import Result

_HEADLINE = (
    ("total_return", "return", "share"),
    ("cagr", "per year", "share"),
    ("sharpe", "Sharpe", "ratio"),
    ("max_drawdown", "max drawdown", "loss"),
    ("trades", "trades", "count"),
    ("win_rate", "win rate", "plain share"),
    ("profit_factor", "profit factor", "plain ratio"),
)
_TABLES = (
    (
        "Return",
        (
            ("total_return", "total return", "share"),
            ("cagr", "per year (CAGR)", "share"),
            ("volatility", "volatility a year", "plain share"),
            ("exposure", "time in the market", "plain share"),
            ("turnover", "turnover", "plain ratio"),
            ("fees", "fees paid", "amount"),
        ),
    ),
    (
        "Risk",
        (
            ("sharpe", "Sharpe", "ratio"),
            ("sortino", "Sortino", "ratio"),
            ("calmar", "Calmar", "ratio"),
            ("max_drawdown", "max drawdown", "loss"),
            ("max_drawdown_bars", "longest drawdown, bars", "count"),
            ("tail_ratio", "tail ratio", "plain ratio"),
            ("skew", "skew", "plain ratio"),
            ("kurtosis", "kurtosis", "plain ratio"),
        ),
    ),
    (
        "Trades",
        (
            ("trades", "closed trades", "count"),
            ("win_rate", "win rate", "plain share"),
            ("profit_factor", "profit factor", "plain ratio"),
            ("expectancy", "mean P&L a trade", "gain"),
            ("observations", "bars measured", "count"),
        ),
    ),
)
_SPREAD = (
    (
        "Tails",
        (
            ("best_session", "best session", "share"),
            ("worst_session", "worst session", "share"),
            ("best_month", "best month", "share"),
            ("worst_month", "worst month", "share"),
            ("value_at_risk", "value at risk 95 %", "loss"),
            ("expected_shortfall", "expected shortfall 95 %", "loss"),
            ("ulcer_index", "ulcer index", "plain share"),
            ("positive_months", "months that gained", "plain share"),
            ("omega", "omega", "plain ratio"),
            ("gain_to_pain", "gain to pain", "plain ratio"),
            ("recovery_factor", "recovery factor", "plain ratio"),
        ),
    ),
    (
        "Wins and losses",
        (
            ("payoff", "payoff", "plain ratio"),
            ("kelly", "Kelly share", "plain share"),
            ("average_win", "mean win", "gain"),
            ("average_loss", "mean loss", "gain"),
            ("best_trade", "best trade", "gain"),
            ("worst_trade", "worst trade", "gain"),
            ("longest_win", "most wins in a row", "count"),
            ("longest_loss", "most losses in a row", "count"),
            ("bars_won", "bars in a win", "ratio plain"),
            ("bars_lost", "bars in a loss", "ratio plain"),
        ),
    ),
)
_BESIDE = (
    ("total_return", "its return", "share"),
    ("cagr", "its CAGR", "share"),
    ("sharpe", "its Sharpe", "ratio"),
    ("max_drawdown", "its max drawdown", "loss"),
    ("alpha", "alpha a year", "share"),
    ("alpha_t", "t of alpha", "plain ratio"),
    ("beta", "beta", "plain ratio"),
    ("correlation", "correlation", "plain ratio"),
    ("information_ratio", "information ratio", "ratio"),
    ("tracking_error", "tracking error", "plain share"),
    ("up_capture", "up capture", "plain share"),
    ("down_capture", "down capture", "plain share"),
)


def headline(result: Result) -> str:
    """Return the row of seven figures that come first."""
    cells = []
    for name, words, form in _HEADLINE:
        value = float(result.metrics[name])
        cells.append(f"<div class='cell'><span>{words}</span><b class='{tone(value, form)}'>{figure_text(value, form)}</b></div>")
    return f"<div class='row'>{''.join(cells)}</div>"


def metric_tables(result: Result, benchmark: pd.Series[float] | None = None) -> str:
    """Return the tables of metrics beside each other; that of the benchmark is left out where too few sessions are in common."""
    values = {name: float(value) for name, value in result.metrics.items()}
    sections = [_section(title, rows, values) for title, rows in _TABLES]
    try:
        beside = against(result, benchmark)
    except InputError:
        pass  # a run of a day or two: nothing to regress on
    else:
        sections.append(_section(f"Beside {beside.name}", _BESIDE, vars(beside)))
    spread = vars(distribution(result))
    sections += [_section(title, rows, spread) for title, rows in _SPREAD]
    return f"<div class='cols'>{''.join(sections)}</div>"


def _section(title: str, rows: Iterable[tuple[str, str, str]], values: Mapping[str, float]) -> str:
    lines = []
    for name, words, form in rows:
        value = float(values[name])
        lines.append(f"<tr><td>{text(words)}</td><td class='{tone(value, form)}'>{figure_text(value, form)}</td></tr>")
    return f"<section><h2>{text(title)}</h2><table>{''.join(lines)}</table></section>"
