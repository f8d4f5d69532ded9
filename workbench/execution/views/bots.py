"""Bots as cards: what each is, where it stands, what it made today, and the line of its equity."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from workbench import clock
from workbench.errors import InputError, UnknownNameError, WorkbenchError
from workbench.execution.views.closes import Close, as_of, day_closes, latest, window_start
from workbench.execution.views.record import Record, one_of, owned
from workbench.execution.views.sharpe import daily_sharpe
from workbench.lifecycle.stages import Stage
from workbench.store.tables import BotRow, ControlRow, EquityMarkRow, PositionRow, TradeRow
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope

STATUSES = ("running", "paused", "stopped", "error")
SPARK_DAYS = 45
"""Days the little line reaches back: about thirty sessions."""
SHARPE_DAYS = 30
MOST = 500
"""Cards at most; more bots than that are filtered first."""


@dataclass(frozen=True, kw_only=True)
class BotCard(Record):
    """One bot as a board shows it."""

    id: str
    """Identifier."""
    name: str
    """Name, unique for its owner."""
    owner: str
    """Person it belongs to."""
    status: str
    """running, paused, stopped or error."""
    stage: str
    """How far it is trusted."""
    symbols: tuple[str, ...]
    """Normalised symbols."""
    synthetic: bool
    """Whether any of its symbols is a made-up instrument."""
    capital: float
    """Money it may use."""
    equity: float
    """Money at its last mark; its capital before the first."""
    day_pnl: float | None
    """Money made on its last marked day; None before the first mark."""
    total_pnl: float | None
    """Money made in its present stage; None before the first mark."""
    sharpe: float | None
    """Annualised Sharpe ratio of its last 30 days; None below five days."""
    trades: int
    """Closed trades of its present stage."""
    open_positions: int
    """Positions it holds now."""
    spark: tuple[float, ...]
    """Equity at the last day closes of its present stage, oldest first."""
    marked_at: datetime | None
    """When its last mark was known, aware UTC."""
    error: str | None
    """Why the status is error."""
    killed: str | None
    """Reason of the kill switch that stops it; None where orders may pass."""
    spec_hash: str
    """Content hash of the strategy it trades."""
    session_mode: str | None
    """Which hours count."""
    trading_frequency: int
    """Seconds between two looks at the market."""
    risk_management: dict[str, Any]
    """Stop, target, largest position, largest daily loss."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it last changed."""


@dataclass(frozen=True, kw_only=True)
class BotFilter:
    """Which bots; what is None does not narrow."""

    status: str | None = None
    """running, paused, stopped or error."""
    stage: str | None = None
    """LAB, PAPER, SHADOW, CANARY or LIVE."""
    owner: str | None = None
    """Person they belong to."""
    symbol: str | None = None
    """Normalised symbol."""
    search: str | None = None
    """Part of the name, without case."""

    def __post_init__(self) -> None:
        """Refuse what no bot can have."""
        one_of("bot status", self.status, STATUSES)
        one_of("stage", self.stage, Stage.__members__)


def cards(session: Session, scope: Scope, wanted: BotFilter | None = None) -> tuple[BotCard, ...]:
    """Return the cards of at most 500 bots: errors first, then running ones, higher stages before lower."""
    chosen = wanted or BotFilter()
    given = [
        BotRow.status == chosen.status if chosen.status else None,
        BotRow.stage == chosen.stage if chosen.stage else None,
        BotRow.owner == chosen.owner if chosen.owner else None,
        BotRow.name.icontains(chosen.search, autoescape=True) if chosen.search else None,
    ]
    query = select(BotRow).where(*(each for each in given if each is not None), *owned(scope, BotRow.owner))
    rows = [row for row in session.scalars(query.order_by(BotRow.updated_at.desc()).limit(MOST)) if _trades(row, chosen.symbol)]
    rank = {status: place for place, status in enumerate(("error", "running", "paused", "stopped"))}
    rows.sort(key=lambda row: (rank.get(row.status, 9), -Stage(row.stage).rank, row.name))
    return _made(session, scope, rows)


def card(session: Session, scope: Scope, key: str) -> BotCard:
    """Return the card of one bot by identifier or name.

    Raises:
        UnknownNameError: no such bot in the scope; the message names the nearest.
        InputError: several owners have a bot of that name; give the identifier.
    """
    mine = owned(scope, BotRow.owner)
    rows = session.scalars(select(BotRow).where(or_(BotRow.id == key, BotRow.name == key), *mine)).all()
    exact = [row for row in rows if row.id == key] or [*rows]
    if not exact:
        kind = "bot"
        raise UnknownNameError(kind, key, session.scalars(select(BotRow.name).where(*mine).limit(MOST)).all())
    if len(exact) > 1:
        message = f"{len(exact)} people have a bot named {key!r} ({', '.join(row.owner for row in exact)}); give its id"
        raise InputError(message)
    return _made(session, scope, exact)[0]


def counts(session: Session, scope: Scope) -> dict[str, dict[str, int]]:
    """Return how many bots there are by status and by stage; every status and stage is named."""
    rows = session.execute(
        select(BotRow.status, BotRow.stage, func.count()).where(*owned(scope, BotRow.owner)).group_by(BotRow.status, BotRow.stage)
    ).all()
    statuses, stages = Counter(dict.fromkeys(STATUSES, 0)), Counter(dict.fromkeys(Stage.__members__, 0))
    for status, stage, number in rows:
        statuses[status] += number
        stages[stage] += number
    return {"status": dict(statuses), "stage": dict(stages)}


def owners(session: Session, ids: Collection[str]) -> dict[str, str]:
    """Return whose each of these bots is; those that are gone are left out."""
    rows = session.execute(select(BotRow.id, BotRow.owner).where(BotRow.id.in_(ids)))
    return {row.id: row.owner for row in rows}


def _trades(row: BotRow, symbol: str | None) -> bool:
    return symbol is None or symbol.upper() in row.symbols


def _made(session: Session, scope: Scope, rows: Sequence[BotRow]) -> tuple[BotCard, ...]:
    ids = [row.id for row in rows]
    marked = as_of(session, scope)
    closes = () if marked is None or not ids else _recent(session, scope, ids, marked)
    mine: defaultdict[tuple[str, str], list[Close]] = defaultdict(list)
    for close in closes:
        mine[close.bot_id, close.stage].append(close)
    closed = _count(session, ids, trades=True)
    held = _count(session, ids, trades=False)
    switches = _switches(session)
    return tuple(
        _card(row, mine[row.id, row.stage], closed.get((row.id, row.stage), 0), held.get((row.id, ""), 0), switches) for row in rows
    )


def _recent(session: Session, scope: Scope, ids: list[str], marked: datetime) -> tuple[Close, ...]:
    """Return the day closes of the desk's last weeks, and the own last weeks of bots that stopped before."""
    found = day_closes(session, scope, since=window_start(marked, SPARK_DAYS), bots=ids)
    older = [each for each in ids if each not in latest(found)]
    last = select(EquityMarkRow.bot_id, func.max(EquityMarkRow.known_at)).where(EquityMarkRow.bot_id.in_(older))
    for bot_id, at in session.execute(last.group_by(EquityMarkRow.bot_id)).all() if older else ():
        found += day_closes(session, scope, since=window_start(at, SPARK_DAYS), bots=[bot_id])
    return found


def _card(row: BotRow, closes: list[Close], trades: int, held: int, switches: dict[str, str]) -> BotCard:
    last = closes[-1] if closes else None
    since = last.at - timedelta(days=SHARPE_DAYS) if last else clock.now()
    profits = [close.profit for close in closes if close.at >= since]
    scopes = ("all", f"stage:{row.stage}", *(f"symbol:{each}" for each in row.symbols), f"bot:{row.id}")
    return BotCard(
        id=row.id,
        name=row.name,
        owner=row.owner,
        status=row.status,
        stage=row.stage,
        symbols=tuple(row.symbols),
        synthetic=any(_synthetic(symbol) for symbol in row.symbols),
        capital=row.capital,
        equity=last.equity if last else row.capital,
        day_pnl=last.profit if last else None,
        total_pnl=last.equity - row.capital if last else None,
        sharpe=daily_sharpe(profits, row.capital),
        trades=trades,
        open_positions=held,
        spark=tuple(close.equity for close in closes),
        marked_at=last.at if last else None,
        error=row.error,
        killed=next((switches[each] for each in scopes if each in switches), None),
        spec_hash=row.spec_hash,
        session_mode=row.session_mode,
        trading_frequency=row.trading_frequency,
        risk_management=row.risk_management,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _synthetic(symbol: str) -> bool:
    try:
        return instrument(symbol).synthetic
    except WorkbenchError:  # a symbol of the person's own
        return False


def _count(session: Session, ids: list[str], *, trades: bool) -> dict[tuple[str, str], int]:
    if trades:
        made = select(TradeRow.bot_id, TradeRow.stage, func.count()).where(TradeRow.bot_id.in_(ids), TradeRow.profit_loss.is_not(None))
        return {(bot, stage): number for bot, stage, number in session.execute(made.group_by(TradeRow.bot_id, TradeRow.stage))}
    held = select(PositionRow.bot_id, func.count()).where(PositionRow.bot_id.in_(ids), PositionRow.is_open).group_by(PositionRow.bot_id)
    return {(bot, ""): number for bot, number in session.execute(held)}


def _switches(session: Session) -> dict[str, str]:
    query = select(ControlRow.scope, ControlRow.reason).where(ControlRow.key == "kill", ControlRow.state == "on")
    return {row.scope: row.reason for row in session.execute(query)}
