"""The gallery's matrix: every part that shows data, in every state it can be in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.widgets import parts as p
from workbench.widgets.gallery import figures

if TYPE_CHECKING:
    from collections.abc import Callable

_SAYS: dict[str, dict[str, Any]] = {
    "loading": {},
    "empty": {"message": "No trades yet", "remedy": "Start a bot: `workbench bots start es-orb`"},
    "error": {"message": "The store did not answer within 5 s", "remedy": "It is asked again every 2 s"},
    "stale": {"as_of": figures.NOON},
    "forbidden": {"message": "Positions are for operators", "remedy": "Ask an admin for the role"},
}


def section() -> Any:  # noqa: ANN401 - a grid
    """Return a panel a state."""
    return p.Grid([p.Panel(state, [make(state=state, **says) for make in _makers()]) for state, says in _SAYS.items()], "repeat(3, 1fr)")


def _makers() -> tuple[Callable[..., Any], ...]:
    columns = [{"key": "trade", "title": "Trade"}, {"key": "symbol", "title": "Symbol"}, {"key": "pnl", "title": "P&L", "kind": "signed"}]
    bars = figures.bars(120)
    money = figures.equity(120)
    return (
        lambda **state: p.Card("Day", 3_120.25, kind="signed", **state),
        lambda **state: p.Table(columns, figures.trades(4), name="trades", csv=False, filterable=False, **state),
        lambda **state: p.Candles(bars, height=150, volume=False, symbol="ES", **state),
        lambda **state: p.Curve([{"name": "equity", "values": money}], bars["time"], height=150, digits=0, **state),
        lambda **state: p.GateRows(figures.verdicts()[:2], **state),
        lambda **state: p.Timeline(figures.events()[:2], **state),
    )
