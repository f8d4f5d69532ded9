"""The columns boards share, and the rows that stand in them: a figure is written the same on every board."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.widgets.boards.charts import decimals
from workbench.widgets.boards.rows import stamp

if TYPE_CHECKING:
    from workbench.execution.views import BotCard
    from workbench.execution.views.audit import Event
    from workbench.execution.views.positions import Position
    from workbench.execution.views.promotions import Decision
    from workbench.execution.views.trades import Trade

Column = dict[str, Any]
_LONG_FLOAT = re.compile(r"-?\d+\.\d{3,}")
"""A figure whose text is exact for the chain and too long for a cell; the detail of the event shows all of it."""
REAL = frozenset({"CANARY", "LIVE"})
"""Stages whose money is real; figures of the others are simulated."""

BOT = {"key": "name", "title": "Bot", "kind": "link", "href": "bots.ipynb?bot={name}", "main": True}
BOT_OF = {"key": "bot", "title": "Bot", "kind": "link", "href": "bots.ipynb?bot={bot}"}
STAGE = {"key": "stage", "title": "Stage", "kind": "stage"}
PNL = {"key": "pnl", "title": "P&L", "kind": "signed", "digits": 2, "main": True}

BOT_ROWS: list[Column] = [
    {"key": "status", "title": "Status", "kind": "status"},
    BOT,
    STAGE,
    {"key": "day", "title": "Day", "kind": "signed", "digits": 2, "main": True},
    {"key": "sharpe", "title": "Sharpe", "kind": "number", "digits": 1, "hint": "annualised, last 30 days"},
    {"key": "spark", "title": "Equity", "kind": "spark", "width": 90},
]
BOT_TABLE: list[Column] = [
    BOT,
    {"key": "status", "title": "Status", "kind": "status", "main": True},
    STAGE,
    {"key": "symbols", "title": "Symbol", "kind": "text"},
    {"key": "equity", "title": "Equity", "kind": "money", "digits": 2},
    {"key": "day", "title": "Day", "kind": "signed", "digits": 2, "main": True},
    {"key": "total", "title": "Stage P&L", "kind": "signed", "digits": 2, "hint": "money made in the present stage"},
    {"key": "sharpe", "title": "Sharpe", "kind": "number", "digits": 2, "hint": "annualised, last 30 days"},
    {"key": "trades", "title": "Trades", "kind": "number", "digits": 0, "hint": "closed, in the present stage"},
    {"key": "open", "title": "Open", "kind": "number", "digits": 0, "hint": "positions held now"},
    {"key": "spark", "title": "45 days", "kind": "spark", "width": 96},
    {"key": "owner", "title": "Owner", "kind": "text"},
]
RECENT_TRADES: list[Column] = [
    {"key": "at", "title": "Time", "kind": "time"},
    {"key": "symbol", "title": "Symbol", "kind": "text", "main": True},
    {"key": "side", "title": "Side", "kind": "side"},
    {"key": "quantity", "title": "Quantity", "kind": "number", "digits": 0},
    {"key": "price", "title": "Price", "kind": "number", "digits": 2},
    BOT_OF,
    {"key": "pnl", "title": "P&L", "kind": "signed", "digits": 2, "main": True},
]
TRADES: list[Column] = [
    {"key": "at", "title": "Time", "kind": "time"},
    {"key": "symbol", "title": "Symbol", "kind": "text", "main": True},
    {"key": "side", "title": "Side", "kind": "side", "main": True},
    {"key": "quantity", "title": "Quantity", "kind": "number", "digits": 0},
    {"key": "price", "title": "Price", "kind": "number", "digits": 2},
    PNL,
    {"key": "commission", "title": "Fees", "kind": "number", "digits": 2},
    {"key": "slippage", "title": "Slippage", "kind": "number", "digits": 2, "hint": "price given up, positive is worse"},
    {"key": "reason", "title": "Reason", "kind": "text"},
    BOT_OF,
    STAGE,
]
POSITIONS: list[Column] = [
    {"key": "symbol", "title": "Symbol", "kind": "text", "main": True},
    BOT_OF,
    {"key": "side", "title": "Side", "kind": "side"},
    {"key": "quantity", "title": "Quantity", "kind": "number", "digits": 0},
    {"key": "entry", "title": "Entry", "kind": "number", "digits": 2},
    {"key": "price", "title": "Price", "kind": "number", "digits": 2},
    {"key": "pnl", "title": "Unrealised", "kind": "signed", "digits": 2, "main": True},
    {"key": "realised", "title": "Realised", "kind": "signed", "digits": 2},
    {"key": "stop", "title": "Stop", "kind": "number", "digits": 2},
    {"key": "target", "title": "Target", "kind": "number", "digits": 2},
    STAGE,
    {"key": "opened", "title": "Opened", "kind": "time"},
    {"key": "closed", "title": "Closed", "kind": "time"},
]
DECISIONS: list[Column] = [
    {"key": "bot", "title": "Bot", "kind": "link", "href": "bots.ipynb?bot={bot}", "main": True},
    {"key": "what", "title": "Decision", "kind": "text", "main": True},
    {"key": "from", "title": "From", "kind": "stage"},
    {"key": "to", "title": "To", "kind": "stage"},
    {"key": "passed", "title": "Pass", "kind": "number", "digits": 0},
    {"key": "failed", "title": "Fail", "kind": "number", "digits": 0},
    {"key": "not_yet", "title": "Not yet", "kind": "number", "digits": 0},
    {"key": "maker", "title": "Asked by", "kind": "text"},
    {"key": "checker", "title": "Decided by", "kind": "text"},
    {"key": "reason", "title": "Reason", "kind": "text"},
    {"key": "evidence", "title": "Evidence", "kind": "hash"},
    {"key": "at", "title": "Time", "kind": "time"},
]
RUNS: list[Column] = [
    {"key": "job", "title": "Job", "kind": "text", "main": True},
    {"key": "status", "title": "Status", "kind": "status", "main": True},
    {"key": "started", "title": "Started", "kind": "time"},
    {"key": "duration", "title": "Duration", "kind": "number", "digits": 1, "unit": "s"},
    {"key": "attempt", "title": "Attempt", "kind": "number", "digits": 0},
    {"key": "owner", "title": "Started by", "kind": "text"},
    {"key": "notebook", "title": "Notebook", "kind": "hash", "hint": "SHA-256 of the executed notebook, sealed in the audit chain"},
    {"key": "error", "title": "Error", "kind": "text"},
]
EVENTS: list[Column] = [
    {"key": "seq", "title": "No.", "kind": "number", "digits": 0},
    {"key": "at", "title": "Time", "kind": "time"},
    {"key": "actor", "title": "Who", "kind": "text", "main": True},
    {"key": "action", "title": "Did", "kind": "text", "main": True},
    {"key": "subject", "title": "To", "kind": "text"},
    {"key": "detail", "title": "Detail", "kind": "text"},
    {"key": "hash", "title": "Hash", "kind": "hash"},
]


def bot_row(card: BotCard, acts: list[str] | None = None) -> Column:
    """Return the row of a bot; ``acts`` are what the person may do with it."""
    row: Column = {
        "id": card.id,
        "name": card.name,
        "status": "error" if card.error else card.status,
        "stage": card.stage,
        "symbols": ", ".join(card.symbols),
        "equity": card.equity,
        "day": card.day_pnl,
        "total": card.total_pnl,
        "sharpe": card.sharpe,
        "trades": card.trades,
        "open": card.open_positions,
        "spark": list(card.spark),
        "owner": card.owner,
    }
    return row if acts is None else {**row, "actions": acts}


def trade_row(trade: Trade) -> Column:
    """Return the row of an execution."""
    return {
        "id": trade.id,
        "at": stamp(trade.timestamp),
        "symbol": trade.symbol,
        "side": trade.side,
        "quantity": trade.quantity,
        "price": trade.price,
        "bot": trade.bot,
        "pnl": trade.profit_loss,
        "commission": trade.commission,
        "slippage": trade.slippage,
        "reason": trade.reason or "",
        "stage": trade.stage,
    }


def position_row(position: Position, acts: list[str]) -> Column:
    """Return the row of a position."""
    side = "flat" if not position.quantity else "long" if position.quantity > 0 else "short"
    return {
        "id": position.id,
        "symbol": position.symbol,
        "bot": position.bot,
        "side": side if position.is_open else "closed",
        "quantity": abs(position.quantity) if position.is_open else None,
        "entry": position.entry_price,
        "price": position.current_price,
        "pnl": position.unrealized_pnl if position.is_open else None,
        "realised": position.realized_pnl,
        "stop": position.stop_loss_price,
        "target": position.take_profit_price,
        "stage": position.stage,
        "opened": stamp(position.opened_at),
        "closed": stamp(position.closed_at),
        "actions": acts,
    }


def decision_row(decision: Decision) -> Column:
    """Return the row of a promotion, a refusal or a demotion."""
    return {
        "id": decision.id,
        "bot": decision.bot,
        "what": decision.status,
        "from": decision.from_stage,
        "to": decision.to_stage,
        "passed": decision.passed,
        "failed": decision.failed,
        "not_yet": decision.not_yet,
        "maker": decision.requested_by,
        "checker": decision.decided_by or "",
        "reason": decision.reason or "",
        "evidence": decision.evidence_hash or "",
        "at": stamp(decision.at),
    }


def event_row(event: Event) -> Column:
    """Return the row of an audit event."""
    detail = " · ".join(
        f"{name.replace('_', ' ')} {_short(value)}" for name, value in event.detail.items() if value not in ("", None, "None")
    )
    return {
        "id": event.seq,
        "seq": event.seq,
        "at": stamp(event.at),
        "actor": event.actor,
        "action": event.action,
        "subject": _short(event.subject),
        "detail": detail[:160],
        "hash": event.hash,
    }


def with_price_digits(table_columns: list[Column], symbol: str) -> list[Column]:
    """Return columns whose prices have as many decimals as the instrument's tick."""
    return [{**each, "digits": decimals(symbol)} if each["key"] in {"price", "entry", "stop", "target"} else each for each in table_columns]


def _short(value: Any) -> str:  # noqa: ANN401 - a JSON value
    text = str(value)
    if _LONG_FLOAT.fullmatch(text):
        return f"{float(text):.2f}"
    head, _, tail = text.rpartition(":")
    if len(tail) == 64 and tail.isalnum():  # noqa: PLR2004 - a SHA-256 in hexadecimal
        return f"{head}:{tail[:12]}…" if head else f"{tail[:12]}…"
    return text if len(text) <= 60 else f"{text[:60]}…"  # noqa: PLR2004 - what a cell bears
