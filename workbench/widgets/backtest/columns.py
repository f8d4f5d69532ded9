"""The columns of the backtest widget's tables."""

from __future__ import annotations

from typing import Any

TRADE_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "trade", "title": "Trade", "kind": "number", "digits": 0, "width": 64},
    {"key": "entered", "title": "Entered", "kind": "time"},
    {"key": "left", "title": "Left", "kind": "time"},
    {"key": "side", "title": "Side", "kind": "side"},
    {"key": "quantity", "title": "Quantity", "kind": "number", "digits": 0},
    {"key": "entry", "title": "Entry", "kind": "number", "digits": 2},
    {"key": "exit", "title": "Exit", "kind": "number", "digits": 2},
    {"key": "pnl", "title": "P&L", "kind": "signed", "digits": 2, "main": True},
    {"key": "return", "title": "Return", "kind": "percent", "digits": 2, "sign": True},
    {"key": "bars", "title": "Bars", "kind": "number", "digits": 0},
    {"key": "reason", "title": "Left by", "kind": "text"},
    {"key": "fees", "title": "Fees", "kind": "number", "digits": 2},
    {"key": "mae", "title": "Worst", "kind": "signed", "digits": 2, "hint": "worst open profit before fees"},
    {"key": "mfe", "title": "Best", "kind": "signed", "digits": 2, "hint": "best open profit before fees"},
)
FOLD_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "fold", "title": "Fold", "kind": "text", "main": True},
    {"key": "trained", "title": "Trained from", "kind": "text"},
    {"key": "tested", "title": "Tested on", "kind": "text"},
    {"key": "chosen", "title": "Chosen", "kind": "text"},
    {"key": "inside", "title": "Sharpe in", "kind": "number", "digits": 2},
    {"key": "outside", "title": "Sharpe out", "kind": "signed", "digits": 2, "main": True},
    {"key": "gained", "title": "Return out", "kind": "percent", "digits": 1, "sign": True, "main": True},
    {"key": "fell", "title": "Drawdown", "kind": "percent", "digits": 1},
    {"key": "trades", "title": "Trades", "kind": "number", "digits": 0},
    {"key": "holds", "title": "Holds", "kind": "text"},
)
