"""The card of a basket for a notebook cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench import look
from workbench.backtest.records import card as table

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.backtest.basket.result import BasketResult


def card(result: BasketResult) -> str:
    """Return headline, one line a symbol and the verdict of the second engine as HTML."""
    found = result.metrics
    first, last = result.moments[0], result.moments[-1]
    said = [
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d}",
        f"return {look.percent(found.total_return, 1, sign=True)} {look.arrow(found.total_return)}".strip(),
        f"Sharpe {look.number(found.sharpe)}",
        f"max drawdown {look.percent(-found.max_drawdown)}",
        f"{look.number(found.trades, 0)} trades",
        f"gross exposure {look.percent(float(result.exposure['gross'].mean()), 0)} on average",
    ]
    if len(result.cuts):
        said.append(f"{len(result.cuts):,} entries cut ({', '.join(sorted(set(result.cuts['limit'])))})")
    rows = result.by_symbol.reset_index().sort_values("pnl", ascending=False, kind="stable")
    shown: dict[str, Callable[[Any], str]] = {
        "symbol": str,
        "pnl": lambda value: f"{look.signed(value)} {look.arrow(value)}".strip(),
        "trades": lambda value: look.number(value, 0),
        "win_rate": lambda value: look.percent(value, 0),
        "fees": look.number,
        "held": lambda value: look.number(value, 0) if value else look.MISSING,
    }
    title = f"{result.name} · {len(result.symbols)} symbols, one account"
    body = table(title, " · ".join(said), rows, shown, synthetic=result.synthetic)
    return f"{body.removesuffix('</div>')}<div class='sub'>{result.crosscheck.words}</div></div>"
