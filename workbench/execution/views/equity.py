"""Profit over time: daily or cumulative, of the desk, by bot or by symbol, for a period that ends at the latest mark."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime  # noqa: TC003 - schemas are made from the fields
from itertools import accumulate
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from workbench.execution.views.closes import as_of, by_day, day_closes, standing, window_start
from workbench.execution.views.record import Record, one_of, owned
from workbench.execution.views.sharpe import daily_sharpe
from workbench.execution.views.trades import bot_is
from workbench.store.tables import BotRow, EquityMarkRow, TradeRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.orm import Session

    from workbench.execution.views.closes import Close
    from workbench.lifecycle.access import Scope

PERIODS: dict[str, int | None] = {"1D": 0, "1W": 7, "1M": 30, "3M": 91, "6M": 182, "1Y": 365, "ALL": None}
"""Period -> days it reaches back before the last one."""
MODES = ("cumulative", "daily")
GROUPS = ("desk", "bot", "symbol")
_FINE = ("1D", "1W")  # short enough for every mark instead of day closes
_MOST_MARKS = 20_000


@dataclass(frozen=True, kw_only=True)
class EquityFilter:
    """Which profit, and how it is cut."""

    period: str = "ALL"
    """1D 1W 1M 3M 6M 1Y ALL, back from the latest mark."""
    mode: str = "cumulative"
    """cumulative, or daily: the profit of each day."""
    by: str = "desk"
    """desk (all together), bot or symbol (closed trades only)."""
    bot: str | None = None
    """Only this bot, by identifier or name."""
    symbol: str | None = None
    """Only bots that trade this symbol."""

    def __post_init__(self) -> None:
        """Refuse what cannot be shown."""
        one_of("period", self.period, PERIODS)
        one_of("mode", self.mode, MODES)
        one_of("group", self.by, GROUPS)


@dataclass(frozen=True, kw_only=True)
class Series(Record):
    """One line."""

    name: str
    """What it is the profit of."""
    times: tuple[datetime | date, ...]
    """Ends of days (dates), or marks (times) in a period of a week or less."""
    values: tuple[float, ...]
    """Money: of the day, or made since the period began."""


@dataclass(frozen=True, kw_only=True)
class Equity(Record):
    """Profit over a period."""

    period: str
    """As asked."""
    mode: str
    """As asked."""
    by: str
    """As asked."""
    as_of: datetime | None
    """When the latest mark was known; None before the first."""
    capital: float
    """Money that the bots in it were given."""
    value: float
    """What they are worth now: capital and profit of their present stages."""
    profit: float
    """Money made in the period."""
    max_drawdown: float
    """Deepest fall of the desk's profit below its earlier peak, money, positive."""
    sharpe: float | None
    """Annualised Sharpe ratio of the period's days; None below five."""
    series: tuple[Series, ...]
    """The lines."""


def profit(session: Session, scope: Scope, wanted: EquityFilter | None = None) -> Equity:
    """Return profit over time, computed from day closes (from every mark where the period is a week or less)."""
    chosen = wanted or EquityFilter()
    bots = _bots(session, scope, chosen)
    marked = as_of(session, scope)
    days = PERIODS[chosen.period]
    since = None if marked is None or days is None else window_start(marked, days)
    closes = () if marked is None or not bots else day_closes(session, scope, since=since, bots=[*bots])
    daily = by_day(closes)
    capital = sum(row.capital for row in bots.values())
    now = standing(session, scope, [*bots])
    running = [*accumulate(daily.values())]
    return Equity(
        period=chosen.period,
        mode=chosen.mode,
        by=chosen.by,
        as_of=marked,
        capital=capital,
        value=sum(now.get(bot, row.capital) for bot, row in bots.items()),
        profit=running[-1] if running else 0.0,
        max_drawdown=_deepest(running),
        sharpe=daily_sharpe([*daily.values()], capital),
        series=_series(session, scope, chosen, bots, closes, since),
    )


def _bots(session: Session, scope: Scope, wanted: EquityFilter) -> dict[str, BotRow]:
    query = select(BotRow).where(*owned(scope, BotRow.owner))
    if wanted.bot is not None:
        query = query.where(bot_is(wanted.bot))
    rows = session.scalars(query.order_by(BotRow.name))
    return {row.id: row for row in rows if wanted.symbol is None or wanted.symbol.upper() in row.symbols}


def _series(
    session: Session, scope: Scope, wanted: EquityFilter, bots: Mapping[str, BotRow], closes: Sequence[Close], since: datetime | None
) -> tuple[Series, ...]:
    if wanted.by == "symbol":
        return _by_symbol(session, scope, wanted, bots, since)
    if wanted.period in _FINE and wanted.mode == "cumulative" and since is not None:
        return _fine(session, wanted, bots, closes, since)
    if wanted.by == "desk":
        return (_line("desk", by_day(closes), wanted.mode),) if closes else ()
    mine: defaultdict[str, list[Close]] = defaultdict(list)
    for close in closes:
        mine[close.bot_id].append(close)
    return tuple(_line(bots[bot].name, by_day(mine[bot]), wanted.mode) for bot in bots if bot in mine)


def _line(name: str, daily: Mapping[date, float], mode: str) -> Series:
    values = tuple(daily.values())
    return Series(name=name, times=tuple(daily), values=tuple(accumulate(values)) if mode == "cumulative" else values)


def _by_symbol(
    session: Session, scope: Scope, wanted: EquityFilter, bots: Mapping[str, BotRow], since: datetime | None
) -> tuple[Series, ...]:
    day = func.date(TradeRow.timestamp)
    query = (
        select(TradeRow.symbol, func.min(TradeRow.timestamp), func.sum(TradeRow.profit_loss))
        .where(TradeRow.bot_id.in_([*bots]), TradeRow.profit_loss.is_not(None), *owned(scope, TradeRow.owner))
        .group_by(TradeRow.symbol, day)
        .order_by(TradeRow.symbol, day)
    )
    if since is not None:
        query = query.where(TradeRow.timestamp >= since)
    if wanted.symbol is not None:
        query = query.where(TradeRow.symbol == wanted.symbol.upper())
    found: defaultdict[str, dict[date, float]] = defaultdict(dict)
    for symbol, first, made in session.execute(query):
        found[symbol][first.date()] = float(made or 0.0)
    return tuple(_line(symbol, daily, wanted.mode) for symbol, daily in found.items())


def _fine(
    session: Session, wanted: EquityFilter, bots: Mapping[str, BotRow], closes: Sequence[Close], since: datetime
) -> tuple[Series, ...]:
    """Return the profit at every mark since ``since``; a bot keeps its last value between its own marks."""
    start = _starts(closes)
    columns = (EquityMarkRow.bot_id, EquityMarkRow.stage, EquityMarkRow.known_at, EquityMarkRow.equity)
    query = select(*columns).where(EquityMarkRow.bot_id.in_([*bots]), EquityMarkRow.known_at >= since)
    rows = reversed(session.execute(query.order_by(EquityMarkRow.known_at.desc()).limit(_MOST_MARKS)).all())
    lines: defaultdict[str, dict[datetime, float]] = defaultdict(dict)
    made: dict[tuple[str, str], float] = {}
    totals: defaultdict[str, float] = defaultdict(float)
    for bot, stage, at, equity in rows:
        name = "desk" if wanted.by == "desk" else bots[bot].name
        now = equity - start.get((bot, stage), bots[bot].capital)
        totals[name] += now - made.get((bot, stage), 0.0)
        made[bot, stage] = now
        lines[name][at] = totals[name]
    return tuple(Series(name=name, times=tuple(line), values=tuple(line.values())) for name, line in lines.items())


def _starts(closes: Sequence[Close]) -> dict[tuple[str, str], float]:
    """Return the equity at which each bot and stage entered the period."""
    found: dict[tuple[str, str], float] = {}
    for close in closes:
        found.setdefault((close.bot_id, close.stage), close.equity - close.profit)
    return found


def _deepest(running: Sequence[float]) -> float:
    peak = deepest = 0.0
    for value in running:
        peak = max(peak, value)
        deepest = max(deepest, peak - value)
    return deepest
