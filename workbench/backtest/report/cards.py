"""Small cards for a notebook cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench import look
from workbench.backtest.report.metrics import headline
from workbench.backtest.report.style import STYLE
from workbench.backtest.report.words import badge, figure_text, row, subject, table, text, tone, verdict

if TYPE_CHECKING:
    from workbench.backtest.comparison import Comparison
    from workbench.backtest.result import Result
    from workbench.backtest.walkforward import WalkForward

_COMPARED = (
    ("total_return", "return", "share"),
    ("cagr", "CAGR", "share"),
    ("volatility", "volatility", "plain share"),
    ("sharpe", "Sharpe", "ratio"),
    ("sortino", "Sortino", "ratio"),
    ("max_drawdown", "max drawdown", "loss"),
    ("calmar", "Calmar", "ratio"),
    ("trades", "trades", "count"),
    ("win_rate", "win rate", "plain share"),
    ("profit_factor", "profit factor", "plain ratio"),
    ("expectancy", "mean P&L", "gain"),
    ("exposure", "in the market", "plain share"),
    ("fees", "fees", "amount"),
)
_LESS_IS_BETTER = frozenset({"max_drawdown", "volatility", "fees"})
_NO_CONTEST = frozenset({"trades", "exposure", "win_rate"})


def card(result: Result) -> str:
    """Return the summary card of a result as HTML for a notebook cell: headline metrics, verdict of the second engine, badge."""
    checked = verdict(result.crosscheck)
    return (
        f"<div class='wb wb-card'><style>{look.css_variables()}{STYLE}</style>"
        f"<b class='name'>{text(result.spec.name)}</b>{badge(synthetic=result.bars.synthetic)}"
        f"<div class='sub'>{subject(result)}</div>{headline(result)}<div class='sub'>{checked}</div></div>"
    )


def walk_forward_card(outcome: WalkForward) -> str:
    """Return a small table of folds as HTML for a notebook cell."""
    names = ("fold", "test from", "Sharpe in sample", "Sharpe out", "return out", "trades")
    rows = "".join(
        f"<tr><td>{row['fold']}</td><td>{row['test_from']:%Y-%m-%d}</td><td>{look.number(row['is_sharpe'])}</td>"
        f"<td class='{tone(row['oos_sharpe'], 'ratio')}'>{look.number(row['oos_sharpe'])} {look.arrow(row['oos_sharpe'])}</td>"
        f"<td>{look.percent(row['oos_return'], 1, sign=True)}</td><td>{row['oos_trades']}</td></tr>"
        for row in outcome.folds.to_dict("records")
    )
    held = f"{look.percent(outcome.robustness, 0)} of folds hold, needs {look.percent(outcome.threshold, 0)}"
    head = "".join(f"<th>{name}</th>" for name in names)
    return (
        f"<div class='wb wb-card'><style>{look.css_variables()}{STYLE}</style><b class='name'>{text(outcome.subject)} · walk-forward</b>"
        f"{badge(synthetic=outcome.synthetic)}<div class='sub'>{held} · Sharpe out of sample {look.number(outcome.oos_sharpe)}</div>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def comparison_card(compared: Comparison) -> str:
    """Return the metrics of several runs beside each other as HTML for a notebook cell; the best of each row is bold."""
    return (
        f"<div class='wb wb-card'><style>{look.css_variables()}{STYLE}</style><b class='name'>Comparison</b>"
        f"{badge(synthetic=compared.synthetic)}{comparison_table(compared)}</div>"
    )


def comparison_table(compared: Comparison) -> str:
    """Return one row a metric and one column a run, with what makes them less comparable."""
    rows = []
    for name, words, form in _COMPARED:
        values = [float(result.metrics[name]) for result in compared.results]
        known = [value for value in values if value == value]  # noqa: PLR0124 - NaN differs from itself
        best = (min if name in _LESS_IS_BETTER else max)(known) if len(set(known)) > 1 and name not in _NO_CONTEST else None
        cells = (
            f"<span class='{tone(value, form)}{' best' if value == best else ''}'>{figure_text(value, form)}</span>" for value in values
        )
        rows.append(row((words, *cells)))
    notes = "".join(f"<div class='sub warn'>▲ {text(note)}</div>" for note in compared.notes)
    return f"{table(('', *map(text, compared.names)), rows)}{notes}"
