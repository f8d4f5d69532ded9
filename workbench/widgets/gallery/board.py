"""The gallery's first section: a board as it will be."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.widgets import parts as p
from workbench.widgets.gallery import figures
from workbench.widgets.gallery.moving import keep_moving

BOT_COLUMNS: list[dict[str, Any]] = [
    {"key": "bot", "title": "Bot", "href": "/workbench/boards/bots?bot={bot}"},
    {"key": "status", "title": "Status", "kind": "status"},
    {"key": "stage", "title": "Stage", "kind": "stage"},
    {"key": "day", "title": "Day", "kind": "signed", "unit": "USD", "main": True},
    {"key": "sharpe", "title": "Sharpe", "kind": "number", "digits": 2, "main": True},
    {"key": "drawdown", "title": "Drawdown", "kind": "percent", "main": True},
    {"key": "trades", "title": "Trades", "kind": "number", "digits": 0},
    {"key": "curve", "title": "30 d", "kind": "spark"},
]
TRADE_COLUMNS: list[dict[str, Any]] = [
    {"key": "trade", "title": "Trade", "href": "/workbench/boards/trades?id={trade}"},
    {"key": "at", "title": "Time", "kind": "time"},
    {"key": "symbol", "title": "Symbol"},
    {"key": "side", "title": "Side", "kind": "side"},
    {"key": "quantity", "title": "Qty", "kind": "number", "digits": 0, "main": True},
    {"key": "price", "title": "Price", "kind": "number", "digits": 2, "main": True},
    {"key": "pnl", "title": "P&L", "kind": "signed", "unit": "USD", "main": True},
    {"key": "bot", "title": "Bot"},
    {"key": "status", "title": "Status", "kind": "status"},
]
ACTIONS = [
    {"name": "pause", "title": "Pause"},
    {
        "name": "stop",
        "title": "Stop",
        "danger": True,
        "reason": True,
        "confirm": "Stop {name}: its orders are cancelled and its session ends.",
    },
]


def board(*, live: bool) -> Any:  # noqa: ANN401 - a grid
    """Return headline figures, equity, stages, bots and a moving feed."""
    cards = _cards()
    curve = _curve()
    window = p.Choice("", ["1D", "1W", "1M", "3M", "1Y", "ALL"], "ALL", kind="segments", compact=True, title_for_screen_readers="window")
    table = p.Table(
        [BOT_COLUMNS[i] for i in (0, 1, 2, 3, 4, 7)],
        figures.bot_rows(),
        name="bots",
        sort="-day",
        csv=False,
        filterable=False,
        zone="America/New_York",
    )
    feed = p.Table(TRADE_COLUMNS[:7] + TRADE_COLUMNS[8:], figures.trades(50), name="feed", page_size=0, max_height=330)
    if live:
        keep_moving(lambda step: _tick(feed, cards, step))
    right = p.Grid(
        [
            p.Panel("Stages", p.StageTrack(counts={"LAB": 34, "PAPER": 9, "SHADOW": 3, "CANARY": 1, "LIVE": 2})),
            p.Panel("Bots", table, flush=True),
        ]
    )
    left = p.Grid(
        [
            p.Panel("Equity", curve, tools=[window], flush=True),
            p.Panel("Trade feed", feed, note="50 rows, ten changes a second", badge="SIMULATED", flush=True),
        ]
    )
    return p.Grid([cards, p.Grid([left, right], "1.35fr 1fr")])


def _cards() -> p.Cards:
    return p.Cards(
        [
            {
                "label": "Portfolio",
                "value": 1_248_310.5,
                "kind": "money",
                "unit": "USD",
                "change": 0.0025,
                "change_kind": "percent",
                "hint": "day",
            },
            {"label": "Day", "value": 3_120.25, "kind": "signed", "unit": "USD", "spark": [0, 2, 1, 4, 3, 6, 8, 7, 9]},
            {"label": "Sharpe 30 d", "value": 1.84, "digits": 2, "hint": "deflated 0.94"},
            {
                "label": "Bots",
                "parts": [{"status": "running", "text": 12}, {"status": "paused", "text": 2}, {"status": "error", "text": 1}],
            },
            {"label": "Data", "parts": [{"status": "ok", "text": 7}, {"status": "stale", "text": 1}]},
            {
                "label": "Alerts",
                "parts": [{"status": "critical", "text": 0}, {"status": "warning", "text": 2}, {"status": "info", "text": 5}],
            },
        ]
    )


def _curve() -> p.Curve:
    money = figures.equity()
    days = np.arange(len(money)) * 86_400.0 + figures.NOON - len(money) * 86_400
    return p.Curve(
        [{"name": "portfolio", "values": money}, {"name": "S&P 500", "values": figures.equity(seed=9, drift=0.0003), "tone": "dim"}],
        days,
        daily=True,
        unit="USD",
        digits=0,
        badge="SYNTHETIC",
        height=320,
    )


def _tick(feed: p.Table, cards: p.Cards, step: int) -> None:
    rng = np.random.default_rng(step)
    picked = rng.integers(0, len(feed.rows), 6)
    feed.patch(
        [
            {
                "id": feed.rows[int(i)]["id"],
                "pnl": round(float(rng.normal(0, 300)), 2),
                "price": round(float(feed.rows[int(i)]["price"]) + float(rng.normal(0, 2)), 2),
            }
            for i in picked
        ]
    )
    if step % 10 == 0:
        cards.change("Day", value=round(3_120.25 + float(rng.normal(0, 80)), 2))
