"""The desk in figures: what it is worth, what it made today, how many bots run, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from workbench import clock
from workbench.execution.views import bots, promotions
from workbench.execution.views.closes import as_of, by_day, day_closes, standing, window_start
from workbench.execution.views.record import Record, owned
from workbench.execution.views.sharpe import daily_sharpe
from workbench.store.tables import BotRow, ControlRow, JobRunRow, OutboxRow, PositionRow, TradeRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope

SEVERITIES = ("critical", "warning", "info")
ALERT_HOURS = 24
_ALERTS = 20
_LOOK_BACK = 20_000  # events of the outbox searched for alerts
_DAYS = 30


@dataclass(frozen=True, kw_only=True)
class Alert(Record):
    """Something a person should know."""

    severity: str
    """critical, warning or info."""
    kind: str
    """kill_switch, bot_error, job_failed, session.halted, ..."""
    text: str
    """One sentence."""
    subject: str
    """What it is about: ``bot:<id>``, ``kill:all``, ``run:<id>``."""
    at: datetime
    """When, aware UTC."""


@dataclass(frozen=True, kw_only=True)
class Summary(Record):
    """The desk in figures."""

    at: datetime
    """When this was read, aware UTC."""
    as_of: datetime | None
    """When the latest mark was known; older than a bar means stale. None before the first mark."""
    capital: float
    """Money given to the bots."""
    portfolio_value: float
    """Capital and profit of all bots in their present stages."""
    day_pnl: float | None
    """Money made on the day of the latest mark; None before the first."""
    day_pnl_share: float | None
    """The same as a share of the value before."""
    total_pnl: float
    """Money made by all bots in their present stages."""
    sharpe_30d: float | None
    """Annualised Sharpe ratio of the last 30 days; None below five."""
    trades_today: int
    """Executions on the day of the latest mark."""
    open_positions: int
    """Positions held now."""
    unrealized_pnl: float
    """Money these would make if closed now."""
    bots_by_status: dict[str, int]
    """running, paused, stopped, error -> number."""
    bots_by_stage: dict[str, int]
    """LAB to LIVE -> number."""
    waiting_promotions: int
    """Requests that wait for a checker."""
    running_jobs: int
    """Jobs that run now."""
    alerts: tuple[Alert, ...]
    """At most 20, critical ones first, then newest first."""


def summary(session: Session, scope: Scope) -> Summary:
    """Return the desk in figures."""
    marked = as_of(session, scope)
    closes = () if marked is None else day_closes(session, scope, since=window_start(marked, _DAYS))
    capital, value = _worth(session, scope)
    daily = by_day(closes)
    day = daily.get(marked.date()) if marked else None
    counted = bots.counts(session, scope)
    held, unrealized = session.execute(
        select(func.count(), func.sum(PositionRow.unrealized_pnl)).where(PositionRow.is_open, *owned(scope, PositionRow.owner))
    ).one()
    return Summary(
        at=clock.now(),
        as_of=marked,
        capital=capital,
        portfolio_value=value,
        day_pnl=day,
        day_pnl_share=day / (value - day) if day is not None and value != day else None,
        total_pnl=value - capital,
        sharpe_30d=daily_sharpe([*daily.values()], capital),
        trades_today=_trades(session, scope, marked),
        open_positions=held,
        unrealized_pnl=float(unrealized or 0.0),
        bots_by_status=counted["status"],
        bots_by_stage=counted["stage"],
        waiting_promotions=promotions.waiting(session, scope),
        running_jobs=session.scalar(select(func.count()).select_from(JobRunRow).where(JobRunRow.status == "running")) or 0,
        alerts=alerts(session, scope),
    )


def alerts(session: Session, scope: Scope) -> tuple[Alert, ...]:
    """Return what needs a person: engaged kill switches, bots in error, failed jobs and alerts of the last 24 hours."""
    since = clock.now() - timedelta(hours=ALERT_HOURS)
    found = [*_engaged(session), *_broken(session, scope), *_failed(session, since), *_announced(session, scope, since)]
    found.sort(key=lambda alert: (SEVERITIES.index(alert.severity), -alert.at.timestamp()))
    return tuple(found[:_ALERTS])


def _worth(session: Session, scope: Scope) -> tuple[float, float]:
    """Return the capital of all bots and what they are worth."""
    capital = {row.id: row.capital for row in session.execute(select(BotRow.id, BotRow.capital).where(*owned(scope, BotRow.owner)))}
    now = standing(session, scope)
    return sum(capital.values()), sum(now.get(bot, money) for bot, money in capital.items())


def _trades(session: Session, scope: Scope, marked: datetime | None) -> int:
    if marked is None:
        return 0
    query = select(func.count()).select_from(TradeRow).where(TradeRow.timestamp >= window_start(marked, 0), *owned(scope, TradeRow.owner))
    return session.scalar(query) or 0


def _engaged(session: Session) -> Iterable[Alert]:
    query = select(ControlRow).where(ControlRow.key == "kill", ControlRow.state == "on")
    for row in session.scalars(query):
        text = f"kill switch {row.scope} engaged by {row.by}: {row.reason}"
        yield Alert(severity="critical", kind="kill_switch", text=text, subject=f"kill:{row.scope}", at=row.at)


def _broken(session: Session, scope: Scope) -> Iterable[Alert]:
    query = select(BotRow).where(BotRow.status == "error", *owned(scope, BotRow.owner)).order_by(BotRow.updated_at.desc())
    for row in session.scalars(query.limit(_ALERTS)):
        text = f"{row.name} is in error: {row.error or 'no reason was recorded'}"
        yield Alert(severity="warning", kind="bot_error", text=text, subject=f"bot:{row.id}", at=row.updated_at)


def _failed(session: Session, since: datetime) -> Iterable[Alert]:
    query = select(JobRunRow).where(JobRunRow.status.in_(("failed", "timed_out", "lost")), JobRunRow.started_at >= since)
    for row in session.scalars(query.order_by(JobRunRow.started_at.desc()).limit(_ALERTS)):
        text = f"job {row.job} {row.status.replace('_', ' ')}: {row.error or 'see its log'}"
        yield Alert(severity="warning", kind="job_failed", text=text, subject=f"run:{row.id}", at=row.finished_at or row.started_at)


def _announced(session: Session, scope: Scope, since: datetime) -> Iterable[Alert]:
    """Give the alerts that were published; those of kill switches are shown by their position instead."""
    newest = session.scalar(select(func.max(OutboxRow.id))) or 0
    mine = set(session.scalars(select(BotRow.id).where(*owned(scope, BotRow.owner)))) if scope.owner else set()
    query = select(OutboxRow).where(OutboxRow.id > newest - _LOOK_BACK, OutboxRow.topic == "alert", OutboxRow.at >= since)
    for row in session.scalars(query.order_by(OutboxRow.id.desc()).limit(_ALERTS)):
        told: dict[str, Any] = row.payload
        kind, bot = str(told.get("kind", "alert")), told.get("bot")
        if kind == "kill_switch" or (scope.owner and bot not in mine):
            continue
        reason = told.get("reason")
        text = f"{told.get('name', 'the desk')}: {kind.replace('.', ' ').replace('_', ' ')}{f', {reason}' if reason else ''}"
        severity = told.get("severity", "warning" if reason else "info")
        yield Alert(
            severity=severity if severity in SEVERITIES else "warning",
            kind=kind,
            text=text,
            subject=f"bot:{bot}" if bot else "desk",
            at=row.at,
        )
