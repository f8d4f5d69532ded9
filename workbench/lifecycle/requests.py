"""Requests: one person asks for a promotion, another decides; both are named with their role, neither is signed yet.

1. ``ask`` keeps a request with its evidence and verdicts; only a step that every gate opens may be asked for, and one request a bot is open at a time.
2. ``approve`` asks every gate again on the kept evidence and today's track record, and promotes in the same transaction; where the policy
   needs two people, the maker cannot be the checker.
3. ``reject`` and ``withdraw`` close a request with a reason; the bot stays where it is.

Whatever happens is one transaction with its audit and its outbox event. Names and roles are recorded as the process reports them and
labelled unsigned: enough to say who did what, not enough to prove it. ``obstacle`` gives the reason of a refusal before anybody presses a button.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench import clock
from workbench.backtest.evidence.bundle import Evidence
from workbench.errors import InputError, PermissionDeniedError, UnknownNameError, WorkbenchError
from workbench.lifecycle import bots, policy, promotion
from workbench.lifecycle.access import require
from workbench.lifecycle.gates import Verdict
from workbench.lifecycle.people import Person, person
from workbench.lifecycle.record import track
from workbench.lifecycle.stages import Stage
from workbench.store import chain, outbox
from workbench.store.tables import AuditRow, EvidenceRow, PromotionRow, new_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from workbench.lifecycle.assessment import Assessment
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.policy import Policy
    from workbench.store.tables import BotRow

REQUESTED, APPROVED, REJECTED, WITHDRAWN = "requested", "approved", "rejected", "withdrawn"
STATUSES = (REQUESTED, APPROVED, REJECTED, WITHDRAWN)
_MOVED = "promotion_changed"
_HASH_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request for a promotion, as stored."""

    id: str
    """Identifier."""
    bot_id: str
    """Bot it is about."""
    from_stage: Stage
    """Where the bot was."""
    to_stage: Stage
    """Where it is to go."""
    status: str
    """requested, approved, rejected or withdrawn."""
    policy_hash: str
    """Policy in force when it was asked."""
    evidence_hash: str
    """Evidence it was argued from."""
    verdicts: tuple[Verdict, ...]
    """One per gate, as they were when it was asked."""
    maker: str
    """Who asked."""
    maker_role: str
    """Their role when they asked."""
    checker: str | None
    """Who decided; None while it is open."""
    checker_role: str | None
    """Their role when they decided."""
    reason: str
    """Why: the checker's words once it is decided, until then the maker's."""
    asked_at: datetime
    """When it was asked, aware UTC."""
    decided_at: datetime | None
    """When it was decided, aware UTC; None while it is open."""
    signed: bool = False
    """Whether maker and checker proved who they are with a key; signatures do not exist yet."""

    @property
    def open(self) -> bool:
        """Whether nobody has decided yet."""
        return self.status == REQUESTED


def ask(
    session: Session,
    bot: Bot,
    assessment: Assessment,
    *,
    reason: str,
    by: Person | str | None = None,
    rules: Policy | None = None,
) -> Request:
    """Keep a request to promote the bot one step and return it.

    Raises:
        InputError: no reason is given, or a request of this bot is open already.
        PermissionDeniedError: the role is too low, a gate is closed, or the assessment is not about this bot, its strategy and the policy in force.
    """
    chain.lock(session.connection())
    row, who = bots.row_of(session, bot.id), person(by)
    why = _given(reason, f"asking to promote {row.name}")
    refuse_ask(session, row, assessment, by=who, rules=rules or policy.default())
    promotion.keep_evidence(session, assessment, who)
    kept = PromotionRow(
        id=new_id(),
        bot_id=row.id,
        from_stage=assessment.from_stage.value,
        to_stage=assessment.to_stage.value,
        status=REQUESTED,
        policy_hash=assessment.policy_hash,
        evidence_hash=assessment.evidence_hash,
        verdicts=[verdict.to_dict() for verdict in assessment.verdicts],
        requested_by=who.name,
        reason=why,
        owner=row.owner,
    )
    session.add(kept)
    _announce(session, kept, row, who)
    return get(session, kept.id)


def approve(session: Session, key: str, *, reason: str, by: Person | str | None = None, rules: Policy | None = None) -> Bot:
    """Approve a request, move its bot one stage up and return the bot as it is now.

    Raises:
        InputError: no reason is given.
        UnknownNameError: no such request.
        PermissionDeniedError: it is decided already, the role is too low, maker and checker are the same person where two are needed, or the gates
            say otherwise today; nothing is changed then.
    """
    chain.lock(session.connection())
    row, who, rules = _row(session, key), person(by), rules or policy.default()
    why = _given(reason, "approving a request")
    refuse_approve(session, row, by=who, rules=rules)
    bot = bots.get(session, row.bot_id)
    row.status, row.decided_by, row.reason, row.at = APPROVED, who.name, why, clock.now()
    _announce(session, row, bots.row_of(session, row.bot_id), who)
    return promotion.promote(session, bot, again(session, row, rules), by=who, maker=row.requested_by, reason=why, rules=rules)


def reject(session: Session, key: str, *, reason: str, by: Person | str | None = None) -> Request:
    """Close a request with a no and return it; the bot stays where it is.

    Raises:
        InputError: no reason is given.
        PermissionDeniedError: it is decided already, or the role is too low.
    """
    chain.lock(session.connection())
    row, who = _row(session, key), person(by)
    why = _given(reason, "rejecting a request")
    refuse_reject(row, by=who)
    return _close(session, row, REJECTED, who, why)


def withdraw(session: Session, key: str, *, reason: str, by: Person | str | None = None) -> Request:
    """Take one's own request back and return it.

    Raises:
        InputError: no reason is given.
        PermissionDeniedError: it is decided already, or somebody else asked.
    """
    chain.lock(session.connection())
    row, who = _row(session, key), person(by)
    why = _given(reason, "withdrawing a request")
    refuse_withdraw(row, by=who)
    return _close(session, row, WITHDRAWN, who, why)


def refuse_ask(session: Session, row: BotRow, assessment: Assessment, *, by: Person, rules: Policy) -> None:
    """Refuse what ``ask`` would refuse, reason of the person aside.

    Raises:
        InputError: a request of this bot is open already.
        PermissionDeniedError: as ``ask``.
    """
    require(by, "promotion.request", owner=row.owner)
    promotion.refuse(session, row, assessment, rules)
    waiting = session.scalar(select(PromotionRow).where(PromotionRow.bot_id == row.id, PromotionRow.status == REQUESTED))
    if waiting is not None:
        message = f"{waiting.requested_by} asked for {waiting.to_stage} already; decide or withdraw that request first"
        raise InputError(message)


def refuse_approve(session: Session, row: PromotionRow, *, by: Person, rules: Policy) -> None:
    """Refuse what ``approve`` would refuse, reason of the person aside.

    Raises:
        PermissionDeniedError: as ``approve``.
    """
    _refuse_closed(row)
    require(by, "promotion.decide")
    if rules.needs_two(Stage(row.from_stage)) and by.name == row.requested_by:
        message = f"{by.name} asked for {row.to_stage} and cannot approve it too: policy {rules.name} needs two people for this step"
        raise PermissionDeniedError(message)
    if row.policy_hash != rules.policy_hash:
        message = f"it was asked under policy {row.policy_hash[:_HASH_SHOWN]}, in force is {rules.policy_hash[:_HASH_SHOWN]}; ask again"
        raise PermissionDeniedError(message)
    bot = bots.row_of(session, row.bot_id)
    if bot.stage != row.from_stage:
        message = f"{bot.name} was in {row.from_stage} when it was asked and is in {bot.stage} now; reject it, then ask again"
        raise PermissionDeniedError(message)
    promotion.refuse(session, bot, again(session, row, rules), rules)


def refuse_reject(row: PromotionRow, *, by: Person) -> None:
    """Refuse what ``reject`` would refuse, reason of the person aside.

    Raises:
        PermissionDeniedError: as ``reject``.
    """
    _refuse_closed(row)
    require(by, "promotion.decide")


def refuse_withdraw(row: PromotionRow, *, by: Person) -> None:
    """Refuse what ``withdraw`` would refuse, reason of the person aside.

    Raises:
        PermissionDeniedError: as ``withdraw``.
    """
    _refuse_closed(row)
    if by.name != row.requested_by:
        message = f"{row.requested_by} asked, so only {row.requested_by} can withdraw it; a reviewer can reject it"
        raise PermissionDeniedError(message)


def obstacles(session: Session, request: Request, *, by: Person | str | None = None, rules: Policy | None = None) -> dict[str, str]:
    """Return why ``approve``, ``reject`` and ``withdraw`` would be refused, by name; empty words where they would not."""
    row, who, rules = _row(session, request.id), person(by), rules or policy.default()
    return {
        "approve": _words(lambda: refuse_approve(session, row, by=who, rules=rules)),
        "reject": _words(lambda: refuse_reject(row, by=who)),
        "withdraw": _words(lambda: refuse_withdraw(row, by=who)),
    }


def obstacle(session: Session, bot: Bot, assessment: Assessment, *, by: Person | str | None = None, rules: Policy | None = None) -> str:
    """Return why ``ask`` would be refused; empty where it would not."""
    row = bots.row_of(session, bot.id)
    return _words(lambda: refuse_ask(session, row, assessment, by=person(by), rules=rules or policy.default()))


def again(session: Session, row: PromotionRow, rules: Policy) -> Assessment:
    """Return what the gates say today about the evidence of a request, with the track record as it is now."""
    bot = bots.get(session, row.bot_id)
    sealed = session.get(EvidenceRow, row.evidence_hash)
    if sealed is None:
        message = f"the evidence {str(row.evidence_hash)[:_HASH_SHOWN]} of this request is not in the store; ask again with new evidence"
        raise PermissionDeniedError(message)
    record = None if bot.stage is Stage.LAB else track(session, bot)
    return promotion.evaluate(bot, Evidence.from_json(sealed.json), rules, record)


def get(session: Session, key: str) -> Request:
    """Return a request by its id.

    Raises:
        UnknownNameError: no such request.
    """
    row = _row(session, key)
    return _request(row, _told(session, row.bot_id))


def waiting(session: Session, bot: Bot) -> Request | None:
    """Return the request of this bot that nobody has decided, None where there is none."""
    return next((request for request in of_bot(session, bot) if request.open), None)


def of_bot(session: Session, bot: Bot) -> tuple[Request, ...]:
    """Return every request about the bot, oldest first."""
    query = (
        select(PromotionRow)
        .where(PromotionRow.bot_id == bot.id, PromotionRow.status.in_(STATUSES))
        .order_by(PromotionRow.at, PromotionRow.id)
    )
    told = _told(session, bot.id)
    return tuple(sorted((_request(row, told) for row in session.scalars(query)), key=lambda request: request.asked_at))


def _row(session: Session, key: str) -> PromotionRow:
    row = session.get(PromotionRow, key)
    if row is None or row.status not in STATUSES:
        kind = "request"
        known = session.scalars(select(PromotionRow.id).where(PromotionRow.status == REQUESTED))
        raise UnknownNameError(kind, key, known)
    return row


def _close(session: Session, row: PromotionRow, status: str, who: Person, reason: str) -> Request:
    row.status, row.decided_by, row.reason, row.at = status, who.name, reason, clock.now()
    _announce(session, row, bots.row_of(session, row.bot_id), who)
    return get(session, row.id)


def _refuse_closed(row: PromotionRow) -> None:
    if row.status != REQUESTED:
        message = f"this request was {row.status} by {row.decided_by}: {row.reason}; ask again to have another decision"
        raise PermissionDeniedError(message)


def _given(reason: str, what: str) -> str:
    if not reason.strip():
        message = f"{what} needs a reason; the audit chain keeps it"
        raise InputError(message)
    return reason.strip()


def _words(check: Callable[[], None]) -> str:
    try:
        check()
    except WorkbenchError as error:
        return str(error)
    return ""


def _announce(session: Session, row: PromotionRow, bot: BotRow, who: Person) -> None:
    session.flush()
    detail: dict[str, Any] = {
        "promotion": row.id,
        "from": row.from_stage,
        "to": row.to_stage,
        "maker": row.requested_by,
        "checker": row.decided_by,
        "role": who.role,
        "signed": who.signed,
        "reason": row.reason,
        "policy_hash": row.policy_hash,
        "evidence_hash": row.evidence_hash,
        "spec_hash": bot.spec_hash,
    }
    chain.append(session, actor=who.name, action=f"promotion.{row.status}", subject=f"bot:{bot.id}", detail=detail)
    moved = {"bot": bot.id, "name": bot.name, "from": row.from_stage, "to": row.to_stage, "status": row.status}
    outbox.publish(session, _MOVED, moved | {"reason": row.reason, "by": who.name, "request": row.id})


def _told(session: Session, bot_id: str) -> dict[tuple[str, str], dict[str, Any]]:
    """What the audit chain says about the requests of a bot, by request and status: the role of who acted, and when."""
    query = select(AuditRow.action, AuditRow.detail, AuditRow.at).where(
        AuditRow.subject == f"bot:{bot_id}", AuditRow.action.in_([f"promotion.{status}" for status in STATUSES])
    )
    found = {}
    for action, text, at in session.execute(query):
        detail = json.loads(text)
        found[detail["promotion"], action.removeprefix("promotion.")] = {"role": detail["role"], "at": datetime.fromisoformat(at)}
    return found


def _request(row: PromotionRow, told: dict[tuple[str, str], dict[str, Any]]) -> Request:
    asked = told.get((row.id, REQUESTED), {})
    decided = told.get((row.id, row.status), {}) if row.status != REQUESTED else {}
    return Request(
        id=row.id,
        bot_id=row.bot_id,
        from_stage=Stage(row.from_stage),
        to_stage=Stage(row.to_stage),
        status=row.status,
        policy_hash=row.policy_hash,
        evidence_hash=row.evidence_hash or "",
        verdicts=tuple(Verdict.from_dict(verdict) for verdict in row.verdicts),
        maker=row.requested_by,
        maker_role=asked.get("role", ""),
        checker=row.decided_by,
        checker_role=decided.get("role"),
        reason=row.reason or "",
        asked_at=asked.get("at", row.at),
        decided_at=row.at if row.status != REQUESTED else None,
    )
