"""The price chart of one bot, read from the store: its bars up to its last mark, its executions on them, what it holds."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

from workbench import units
from workbench.execution import views
from workbench.lifecycle import bots
from workbench.widgets.boards import charts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from workbench.lifecycle.bots import Bot
    from workbench.widgets.boards.face import Face

_TRADES = 300
_AFTER = 40
"""Bars shown after the moment that is asked for."""


def read(session: Session, face: Face, bot: Bot, *, until: datetime | None = None) -> charts.Price:
    """Return the price chart of a bot up to ``until`` and a little more, by default up to its last mark."""
    desk = face.desk
    card = views.bots.card(session, desk.scope, bot.id)
    timeframe = str(json.loads(bots.spec_json(session, bot))["timeframe"])
    last = card.marked_at if until is None else until + _AFTER * timedelta(seconds=units.timeframe(timeframe).seconds)
    bars = charts.read_bars(session, bot.symbol, timeframe, last)
    held = views.positions.page(session, desk.scope, views.PositionFilter(bot=bot.id, open=True, page_size=1)).items
    recent = views.trades.page(session, desk.scope, views.TradeFilter(bot=bot.id, page_size=_TRADES)).items
    title = f"{bot.name} · {bot.symbol} {timeframe}"
    lines = charts.overlays(bars, bot.indicators) if face.compiler_loaded and bars is not None else None
    return charts.Price(
        title=title, bars=bars, indicators=bot.indicators, trades=recent, position=held[0] if held else None, overlays=lines
    )
