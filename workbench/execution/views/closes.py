"""Day closes: the last equity mark of each bot, stage and UTC day, from which every figure over time is computed.

A replayed session marks bars of the past, so nothing here compares with the time of day: **as of** is the latest mark there is, and "today"
is its day. Profit is counted inside one stage of one bot; a stage begins at the bot's capital, so moving up is no profit.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import func, literal, select, true, union_all

from workbench.execution.views.record import owned
from workbench.lifecycle.stages import Stage
from workbench.store.tables import BotRow, EquityMarkRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import CTE
    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope


@dataclass(frozen=True, kw_only=True)
class Close:
    """Where a bot stood at the end of a day, in one stage."""

    bot_id: str
    """Bot that was marked."""
    stage: str
    """Stage it was in."""
    at: datetime
    """When the day's last bar was complete, aware UTC."""
    equity: float
    """Money at that bar's close."""
    profit: float
    """Money made since the close before, or since the stage began."""

    @property
    def day(self) -> date:
        """The UTC day."""
        return self.at.date()


def as_of(session: Session, scope: Scope) -> datetime | None:
    """Return when the latest mark was known; None before the first."""
    return session.scalar(select(func.max(EquityMarkRow.known_at)).where(*owned(scope, EquityMarkRow.owner)))


def day_closes(session: Session, scope: Scope, *, since: datetime | None = None, bots: Sequence[str] | None = None) -> tuple[Close, ...]:
    """Return the closes of all days from ``since`` on, by bot, stage and time; the first profit reaches back to the close before it.

    Each close is one step down the primary key from the one after it, so the cost grows with bots and days, not with marks.
    """
    walk = _walk(scope, since, bots)
    at_close = (EquityMarkRow.bot_id == walk.c.bot_id) & (EquityMarkRow.stage == walk.c.stage) & (EquityMarkRow.known_at == walk.c.known_at)
    query = (
        select(walk.c.bot_id, walk.c.stage, walk.c.known_at, walk.c.capital, EquityMarkRow.equity)
        .join(EquityMarkRow, at_close)
        .order_by(walk.c.bot_id, walk.c.stage, walk.c.known_at)
    )
    found: list[Close] = []
    for (bot_id, stage), rows in groupby(session.execute(query), key=lambda row: (row.bot_id, row.stage)):
        before: float | None = None
        for row in rows:
            if since is None or row.known_at >= since:
                profit = row.equity - (row.capital if before is None else before)
                found.append(Close(bot_id=bot_id, stage=stage, at=row.known_at, equity=row.equity, profit=profit))
            before = row.equity
    return tuple(found)


def _walk(scope: Scope, since: datetime | None, bots: Sequence[str] | None) -> CTE:
    """Return the times of day closes, latest first, down to the last one before ``since``, for every bot and stage."""
    mark, stages = EquityMarkRow, union_all(*(select(literal(stage).label("stage")) for stage in Stage.__members__)).subquery()
    last = select(func.max(mark.known_at)).where(mark.bot_id == BotRow.id, mark.stage == stages.c.stage).scalar_subquery()
    narrowed = [*owned(scope, BotRow.owner), *([] if bots is None else [BotRow.id.in_(bots)])]
    begin = select(BotRow.id.label("bot_id"), stages.c.stage, BotRow.capital, last.label("known_at")).join_from(BotRow, stages, true())
    walk = begin.where(*narrowed).cte("walk", recursive=True)
    earlier = mark.known_at < func.date(walk.c.known_at)
    before = select(func.max(mark.known_at)).where(mark.bot_id == walk.c.bot_id, mark.stage == walk.c.stage, earlier).scalar_subquery()
    further = [walk.c.known_at.is_not(None), *([] if since is None else [walk.c.known_at >= since])]
    return walk.union_all(select(walk.c.bot_id, walk.c.stage, walk.c.capital, before).where(*further))


def standing(session: Session, scope: Scope, bots: Sequence[str] | None = None) -> dict[str, float]:
    """Return the equity at the last mark of each bot in its present stage; bots without one are left out."""
    own = (EquityMarkRow.bot_id == BotRow.id) & (EquityMarkRow.stage == BotRow.stage)
    last = select(EquityMarkRow.equity).where(own).order_by(EquityMarkRow.known_at.desc()).limit(1).correlate(BotRow).scalar_subquery()
    narrowed = [*owned(scope, BotRow.owner), *([] if bots is None else [BotRow.id.in_(bots)])]
    rows = session.execute(select(BotRow.id, last.label("equity")).where(*narrowed))
    return {row.id: row.equity for row in rows if row.equity is not None}


def latest(closes: Sequence[Close]) -> dict[str, Close]:
    """Return the last close of each bot, whatever the stage."""
    found: dict[str, Close] = {}
    for close in closes:
        if close.bot_id not in found or close.at >= found[close.bot_id].at:
            found[close.bot_id] = close
    return found


def by_day(closes: Sequence[Close]) -> dict[date, float]:
    """Return the profit of each day, all bots together, oldest first."""
    found: dict[date, float] = {}
    for close in closes:
        found[close.day] = found.get(close.day, 0.0) + close.profit
    return dict(sorted(found.items()))


def window_start(moment: datetime, days: int) -> datetime:
    """Return midnight UTC so many days before ``moment``."""
    return datetime.combine(moment.date(), datetime.min.time(), moment.tzinfo) - timedelta(days=days)
