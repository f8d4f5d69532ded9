"""Bots: strategies with a name, capital and a stage.

A bot is made from a strategy in LAB; the strategy's validators run first (SEV-0 refuses, SEV-1 is recorded and blocks promotion later, SEV-2 is recorded).
Whatever happens to it (made, started, paused, revised) is one transaction with its audit event and its outbox event.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select

from workbench import clock
from workbench.errors import InputError, PermissionDeniedError, SpecError, UnknownNameError
from workbench.lifecycle.people import Person, person
from workbench.lifecycle.stages import Stage
from workbench.store import chain, outbox
from workbench.store.tables import (
    BotRow,
    EquityMarkRow,
    OrderRow,
    PositionRow,
    PromotionRow,
    SessionSnapshotRow,
    StrategyRow,
    TradeRow,
    new_id,
)
from workbench.strategy.validators import validate

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from workbench.strategy.spec import StrategySpec
    from workbench.strategy.strategy import Strategy
    from workbench.strategy.validators import Finding

STATUSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "stopped": ("running",),
        "running": ("paused", "stopped", "error"),
        "paused": ("running", "stopped", "error"),
        "error": ("stopped", "running"),
    }
)
"""Status -> those that may follow it."""
_LONGEST_NAME = 64


@dataclass(frozen=True, kw_only=True)
class Bot:
    """A bot as it was when it was read; read it again to see what changed."""

    id: str
    """Identifier, 12 hexadecimal digits."""
    name: str
    """Name, unique for its owner."""
    owner: str
    """Person it belongs to."""
    status: str
    """stopped, running, paused or error."""
    stage: Stage
    """How far it is trusted."""
    spec_hash: str
    """Content hash of the strategy it trades."""
    capital: float
    """Money it may use."""
    trading_frequency: int
    """Seconds between two looks at the market."""
    symbols: tuple[str, ...]
    """Normalised symbols."""
    indicators: dict[str, Any]
    """Indicator settings."""
    risk_management: dict[str, Any]
    """stop_loss, take_profit, max_position_size, max_daily_loss as the specification has them; None where it has none."""
    session_mode: str | None
    """Which hours count; None means the instrument's own."""
    window: tuple[int, int, int, int] | None
    """Start hour and minute, end hour and minute, exchange zone; None for the whole session."""
    anchor: datetime | None
    """Open of the bar at which its state starts; None until the first session."""
    error: str | None
    """Why the status is error."""
    created_at: datetime
    """When it was made."""
    updated_at: datetime
    """When it last changed."""

    @property
    def symbol(self) -> str:
        """The first symbol."""
        return self.symbols[0]


def create(
    session: Session, strategy: Strategy, *, owner: Person | str | None = None, name: str | None = None, capital: float = 100_000.0
) -> Bot:
    """Make a bot in LAB from a strategy and return it.

    Raises:
        SpecError: a validator found something of SEV-0; the message lists all of them.
        InputError: the owner has a bot of that name already, the name is empty or too long, or the capital is not positive.
    """
    spec, who = strategy.spec, person(owner)
    chosen = _checked_name(session, who, name or spec.name)
    if not 0 < capital < float("inf"):
        message = f"a bot needs capital, a positive amount of money; got {capital}"
        raise InputError(message)
    findings = _refuse_blocking(spec)
    _save_spec(session, spec, who.name)
    row = BotRow(
        id=new_id(),
        name=chosen,
        owner=who.name,
        spec_hash=spec.spec_hash,
        capital=float(capital),
        stage=Stage.LAB.value,
        **_columns(strategy),
    )
    session.add(row)
    session.flush()
    detail = {"name": chosen, "spec_hash": spec.spec_hash, "capital": str(float(capital)), "stage": "LAB", "findings": _listed(findings)}
    chain.append(session, actor=who.name, action="bot.created", subject=f"bot:{row.id}", detail=detail)
    _announce(session, row)
    return _bot(row)


def get(session: Session, key: str, *, owner: Person | str | None = None) -> Bot:
    """Return the bot with this id or name.

    Raises:
        UnknownNameError: no such bot; the message names the nearest.
        InputError: several owners have a bot of that name; give the id or the owner.
    """
    return _bot(row_of(session, key, owner=owner))


def list(  # noqa: A001 - reads as bots.list(...)
    session: Session, *, owner: Person | str | None = None, stage: Stage | None = None, status: str | None = None
) -> tuple[Bot, ...]:
    """Return the bots of an owner, stage or status, oldest first."""
    query = select(BotRow).order_by(BotRow.created_at, BotRow.name)
    if owner is not None:
        query = query.where(BotRow.owner == person(owner).name)
    if stage is not None:
        query = query.where(BotRow.stage == stage.value)
    if status is not None:
        query = query.where(BotRow.status == status)
    return tuple(_bot(row) for row in session.scalars(query))


def start(session: Session, bot: Bot, *, by: Person | str | None = None, reason: str = "") -> Bot:
    """Let the bot run and return it as it is now."""
    return set_status(session, bot, "running", by=by, reason=reason)


def pause(session: Session, bot: Bot, *, by: Person | str | None = None, reason: str = "") -> Bot:
    """Stop new orders of this bot, keep its positions and its state, and return it as it is now."""
    return set_status(session, bot, "paused", by=by, reason=reason)


def stop(session: Session, bot: Bot, *, by: Person | str | None = None, reason: str = "") -> Bot:
    """End the bot's session and return it as it is now."""
    return set_status(session, bot, "stopped", by=by, reason=reason)


def set_status(session: Session, bot: Bot, status: str, *, by: Person | str | None = None, reason: str = "") -> Bot:
    """Move the bot to ``status``, with its reason in the audit chain; the same status again changes nothing.

    Raises:
        UnknownNameError: no such status.
        PermissionDeniedError: the table ``STATUSES`` does not lead there.
    """
    if status not in STATUSES:
        kind = "bot status"
        raise UnknownNameError(kind, status, STATUSES)
    row = row_of(session, bot.id)
    if row.status == status:
        return _bot(row)
    if status not in STATUSES[row.status]:
        message = f"{row.name} is {row.status}; from there it can only become {' or '.join(STATUSES[row.status])}"
        raise PermissionDeniedError(message)
    before, row.status = row.status, status
    row.error = reason or "no reason was given" if status == "error" else None
    row.updated_at = clock.now()
    session.flush()
    detail = {"from": before, "to": status, "reason": reason}
    chain.append(session, actor=person(by).name, action="bot.status", subject=f"bot:{row.id}", detail=detail)
    _announce(session, row)
    return _bot(row)


def revise(session: Session, bot: Bot, strategy: Strategy, *, by: Person | str | None = None, reason: str) -> Bot:
    """Give a LAB bot another version of its strategy and return it; evidence about the old one no longer counts.

    Raises:
        PermissionDeniedError: the bot has left LAB, where its strategy is frozen.
        SpecError: a validator found something of SEV-0.
    """
    row = row_of(session, bot.id)
    if row.stage != Stage.LAB.value:
        message = f"{row.name} is in {row.stage}, where its strategy is frozen; demote it to LAB first"
        raise PermissionDeniedError(message)
    who, spec, before = person(by), strategy.spec, row.spec_hash
    findings = _refuse_blocking(spec)
    _save_spec(session, spec, row.owner)
    row.spec_hash, row.updated_at, row.anchor = spec.spec_hash, clock.now(), None
    for column, value in _columns(strategy).items():
        setattr(row, column, value)
    session.flush()
    detail = {"from": before, "to": spec.spec_hash, "reason": reason, "findings": _listed(findings)}
    chain.append(session, actor=who.name, action="bot.revised", subject=f"bot:{row.id}", detail=detail)
    return _bot(row)


def remove(session: Session, bot: Bot, *, by: Person | str | None = None, reason: str) -> None:
    """Take a bot away that never left LAB and never traded; the audit chain keeps that it was.

    Raises:
        InputError: no reason is given.
        PermissionDeniedError: something hangs on it (a decision about its stage, an order, a mark), or it runs.
    """
    row = row_of(session, bot.id)
    if not reason.strip():
        message = f"removing {row.name} needs a reason; the audit chain keeps it"
        raise InputError(message)
    record = (PromotionRow, OrderRow, TradeRow, PositionRow, EquityMarkRow, SessionSnapshotRow)
    kept = any(session.scalar(select(func.count()).select_from(table).where(table.bot_id == row.id)) for table in record)
    if row.stage != Stage.LAB.value or row.status != "stopped" or kept:
        message = f"{row.name} has a record (stage {row.stage}, {row.status}) that must stay; stop it instead, and demote it to LAB if it should rest"
        raise PermissionDeniedError(message)
    session.delete(row)
    session.flush()
    detail = {"name": row.name, "spec_hash": row.spec_hash, "reason": reason.strip()}
    chain.append(session, actor=person(by).name, action="bot.removed", subject=f"bot:{row.id}", detail=detail)
    outbox.publish(session, "bot_status_changed", {"bot": row.id, "name": row.name, "status": "removed", "stage": row.stage, "error": None})


def row_of(session: Session, key: str, *, owner: Person | str | None = None) -> BotRow:
    """Return the row of a bot by id or name, for those who change it in their own transaction; raises like ``get``."""
    query = select(BotRow).where(or_(BotRow.id == key, BotRow.name == key))
    if owner is not None:
        query = query.where(BotRow.owner == person(owner).name)
    rows = session.scalars(query).all()
    exact = [row for row in rows if row.id == key]
    if exact or len(rows) == 1:
        return (exact or rows)[0]
    if not rows:
        kind = "bot"
        raise UnknownNameError(kind, key, session.scalars(select(BotRow.name)).all())
    message = f"{len(rows)} people have a bot named {key!r} ({', '.join(row.owner for row in rows)}); give its id or its owner"
    raise InputError(message)


def spec_of(session: Session, spec_hash: str) -> StrategySpec | None:
    """Return a stored specification by its hash, None where it was never stored."""
    from workbench.strategy.spec import StrategySpec  # noqa: PLC0415 - one caller

    row = session.get(StrategyRow, spec_hash)
    return None if row is None else StrategySpec.from_json(row.json)


def spec_json(session: Session, bot: Bot) -> str:
    """Return the JSON text of the specification the bot trades."""
    row = session.get_one(StrategyRow, bot.spec_hash)
    return row.json


def _checked_name(session: Session, owner: Person, name: str) -> str:
    chosen = name.strip()
    if not chosen or len(chosen) > _LONGEST_NAME or not chosen.isprintable():
        message = f"a bot's name has 1 to {_LONGEST_NAME} printable characters; got {name!r}"
        raise InputError(message)
    taken = session.scalar(select(BotRow).where(BotRow.owner == owner.name, BotRow.name == chosen))
    if taken is not None:
        message = f"{owner.name} has a bot named {chosen!r} already (in {taken.stage}, id {taken.id}); choose another name, or use that bot"
        raise InputError(message)
    return chosen


def _refuse_blocking(spec: StrategySpec) -> tuple[Finding, ...]:
    findings = tuple(validate(spec))
    blocking = [finding for finding in findings if finding.severity == "SEV-0"]
    if blocking:
        message = f"{spec.name} cannot become a bot: {'; '.join(f'{finding.code}: {finding.message}' for finding in blocking)}"
        raise SpecError(message)
    return findings


def _listed(findings: tuple[Finding, ...]) -> Any:  # noqa: ANN401 - JSON
    return [{"severity": finding.severity, "code": finding.code, "message": finding.message} for finding in findings]


def _save_spec(session: Session, spec: StrategySpec, owner: str) -> None:
    if session.get(StrategyRow, spec.spec_hash) is None:
        last = session.scalar(select(func.max(StrategyRow.version)).where(StrategyRow.name == spec.name, StrategyRow.owner == owner)) or 0
        session.add(StrategyRow(spec_hash=spec.spec_hash, name=spec.name, version=last + 1, json=spec.to_json(), owner=owner))
        session.flush()


def _columns(strategy: Strategy) -> dict[str, Any]:
    spec = strategy.spec
    window = spec.window
    start = [int(part) for part in window.start.split(":")] if window else [None, None]
    end = [int(part) for part in window.end.split(":")] if window else [None, None]
    stop, target = spec.brackets.stop, spec.brackets.target
    risk = {
        "stop_loss": None if stop is None else stop.to_dict(),
        "take_profit": None if target is None else target.to_dict(),
        "max_position_size": spec.sizing.max_quantity,
        "max_daily_loss": spec.limits.max_daily_loss,
    }
    return {
        "symbols": [*spec.symbols],
        "indicators": _indicators(strategy),
        "risk_management": risk,
        "session_mode": None if spec.session_mode is None else str(spec.session_mode),
        "start_hour": start[0],
        "start_minute": start[1],
        "end_hour": end[0],
        "end_minute": end[1],
    }


def _indicators(strategy: Strategy) -> dict[str, Any]:
    """Return ``{"RSI": {"period": 14}}`` for the indicators of the program; a second one of the same name is ``RSI 2``."""
    bound = strategy.program.bind(strategy.defaults)
    found: dict[str, Any] = {}
    for register, step in strategy.program.steps.items():
        name = step.name.upper()
        alike = sum(key.split()[0] == name for key in found)
        values = zip(step.parameters, bound.step_params[register], strict=False)
        found[f"{name} {alike + 1}" if alike else name] = {parameter.name: value for parameter, value in values}
    return found


def _announce(session: Session, row: BotRow) -> None:
    outbox.publish(
        session, "bot_status_changed", {"bot": row.id, "name": row.name, "status": row.status, "stage": row.stage, "error": row.error}
    )


def _bot(row: BotRow) -> Bot:
    times = (row.start_hour, row.start_minute, row.end_hour, row.end_minute)
    known = tuple(part for part in times if part is not None)
    return Bot(
        id=row.id,
        name=row.name,
        owner=row.owner,
        status=row.status,
        stage=Stage(row.stage),
        spec_hash=row.spec_hash,
        capital=row.capital,
        trading_frequency=row.trading_frequency,
        symbols=tuple(row.symbols),
        indicators=row.indicators,
        risk_management=row.risk_management,
        session_mode=row.session_mode,
        window=(known[0], known[1], known[2], known[3]) if len(known) == len(times) else None,
        anchor=row.anchor,
        error=row.error,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
