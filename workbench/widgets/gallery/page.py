"""The page of the gallery: a board as it will be, then each family of parts, then every part in every state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.widgets import parts as p
from workbench.widgets.gallery import board, charts, decisions, figures, forms, marks, states

if TYPE_CHECKING:
    from collections.abc import Mapping


def show(*, live: bool = True) -> p.Page:
    """Return the whole gallery; ``live`` keeps the feed and the chart moving, ten times a second, while an event loop runs."""
    return p.Page(
        p.Header(
            title="Gallery",
            links=[
                {"title": "Parts", "href": "#", "here": True},
                {"title": "Mission control", "href": "/workbench/boards/mission-control"},
                {"title": "Trades", "href": "/workbench/boards/trades"},
            ],
            connection="live",
            seen_at=figures.NOON,
            user="ana",
            role="researcher",
        ),
        *sections(live=live).values(),
    )


def sections(*, live: bool = False) -> Mapping[str, Any]:
    """Return the gallery's sections by name, top to bottom."""
    return {
        "board": board.board(live=live),
        "candles": charts.candles(live=live),
        "curves": charts.curves(),
        "tables": decisions.tables(),
        "decisions": decisions.decisions(),
        "marks": marks.marks(),
        "forms": forms.section(),
        "states": states.section(),
    }
