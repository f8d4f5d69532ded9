"""The gallery's tables, and what a promotion is decided by."""

from __future__ import annotations

from typing import Any

from workbench.errors import PermissionDeniedError
from workbench.widgets import parts as p
from workbench.widgets.gallery import figures
from workbench.widgets.gallery.board import ACTIONS, BOT_COLUMNS, TRADE_COLUMNS


def tables() -> Any:  # noqa: ANN401 - a grid
    """Return a long table and one with actions in its rows."""
    trades = p.Table(TRADE_COLUMNS, figures.trades(), name="trades", sort="-at", page_size=12)
    bots = p.Table(BOT_COLUMNS[:5], figures.bot_rows(), actions=ACTIONS, name="bots with actions", selected="bot-1", csv=True)
    bots.on_action(_refuse)
    return p.Grid([p.Panel("Trades", trades, flush=True), p.Panel("Actions in the row", bots, flush=True)], "1fr 1fr")


def _refuse(row: str, name: str, reason: str) -> None:
    del reason
    if name == "stop":
        message = f"{row} cannot be stopped from the gallery; use the bots board"
        raise PermissionDeniedError(message)


def decisions() -> Any:  # noqa: ANN401 - a grid
    """Return stage track, gate rows and audit timeline."""
    history = [{"stage": "LAB", "at": figures.NOON - 900_000, "by": "ana"}, {"stage": "PAPER", "at": figures.NOON - 90_000, "by": "ana"}]
    review = p.Panel(
        "Promotion review",
        [
            p.StageTrack("PAPER", history, wanted="SHADOW"),
            p.GateRows(figures.verdicts()),
            p.Row(
                p.Button("Re-execute evidence"),
                p.Button("Request promotion to SHADOW", "primary", disabled=True, why="2 gates fail, 2 not yet"),
            ),
        ],
        note="es-orb",
        badge="UNSIGNED",
    )
    return p.Grid([review, p.Panel("Audit", p.Timeline(figures.events()), flush=True)], "2fr 1fr")
