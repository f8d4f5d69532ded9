"""A bot's dossier: what a person has to see before deciding about its stage, gathered in one read.

1. ``seal`` keeps evidence that was made about a bot, with its audit event; ``latest`` finds the newest about the strategy it trades today.
2. ``gather`` reads bot, decisions, requests, audit events, evidence and track record in one transaction and asks the gates.
3. ``since_last`` says what changed since the last decision: stage, strategy, policy, evidence, and each gate's answer.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench.backtest.evidence.bundle import Evidence
from workbench.backtest.ledger import count_in
from workbench.errors import PermissionDeniedError
from workbench.lifecycle import bots, policy, promotion, requests
from workbench.lifecycle.people import Person, person
from workbench.lifecycle.record import TrackRecord, track
from workbench.lifecycle.stages import Stage
from workbench.store import chain, outbox
from workbench.store.tables import AuditRow, EquityMarkRow, EvidenceRow
from workbench.strategy.spec import StrategySpec

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.lifecycle.assessment import Assessment
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.policy import Policy
    from workbench.lifecycle.promotion import Promotion
    from workbench.lifecycle.requests import Request

MOST_EVENTS = 200
_HASH_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Event:
    """One audit event about the bot."""

    seq: int
    """Number in the chain."""
    at: datetime
    """When, aware UTC."""
    actor: str
    """Who acted."""
    action: str
    """What was done, such as ``bot.promoted``."""
    detail: dict[str, Any]
    """Its record."""
    hash: str
    """Hash that seals it."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is not as it was at the last decision."""

    what: str
    """What changed."""
    before: str
    """What it was, in words; empty where it was not there."""
    after: str
    """What it is now, in words; empty where it is gone."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dossier:
    """Everything about one bot's next step."""

    bot: Bot
    """The bot as it is now."""
    spec: StrategySpec
    """What it trades."""
    decisions: tuple[Promotion, ...]
    """Every decision about its stage, oldest first."""
    requests: tuple[Request, ...]
    """Every request, oldest first."""
    events: tuple[Event, ...]
    """The last ``MOST_EVENTS`` audit events about it, oldest first."""
    evidence: Evidence | None
    """The newest sealed evidence about the strategy it trades; None where there is none."""
    record: TrackRecord | None
    """What it did at its present stage; None in LAB."""
    assessment: Assessment | None
    """What the gates say; None without evidence or above the last stage."""
    counted: int
    """Trials of its family now; more than the evidence counted where somebody went on trying."""
    no_step: str
    """Why there is no step to assess; empty where there is one, or where only evidence is missing."""
    cannot_ask: str
    """Why this person cannot ask for the next step now; empty where they can."""
    cannot_decide: dict[str, str]
    """Why this person cannot approve, reject or withdraw the open request, by name; empty without one."""
    changes: tuple[Change, ...]
    """What changed since the last decision; empty without one."""
    policy: Policy
    """The policy in force."""

    @property
    def waiting(self) -> Request | None:
        """The request that nobody has decided."""
        return next((request for request in self.requests if request.open), None)

    @property
    def stale(self) -> str:
        """Why the evidence is not up to date; empty where it is."""
        if self.evidence is None or self.counted == self.evidence.trials:
            return ""
        return f"the evidence counted {self.evidence.trials:,} trials, the family {self.evidence.family} has {self.counted:,} now; make it again"


def seal(session: Session, bot: Bot, evidence: Evidence, *, by: Person | str | None = None) -> str:
    """Keep evidence about the bot under its hash, with an audit event, and return the hash; the same again changes nothing.

    Raises:
        PermissionDeniedError: the evidence is about another strategy or symbol.
    """
    row, who = bots.row_of(session, bot.id), person(by)
    if evidence.spec_hash != row.spec_hash or evidence.symbol not in row.symbols:
        message = (
            f"the evidence is about strategy {evidence.spec_hash[:_HASH_SHOWN]} on {evidence.symbol}, "
            f"{row.name} trades {row.spec_hash[:_HASH_SHOWN]} on {', '.join(row.symbols)}"
        )
        raise PermissionDeniedError(message)
    sealed = evidence.evidence_hash
    if session.get(EvidenceRow, sealed) is not None:
        return sealed
    session.add(EvidenceRow(evidence_hash=sealed, json=evidence.to_json(), owner=who.name))
    session.flush()
    detail = {"evidence_hash": sealed, "spec_hash": row.spec_hash, "dataset_hash": evidence.dataset_hash, "trials": evidence.trials}
    chain.append(session, actor=who.name, action="evidence.sealed", subject=f"bot:{row.id}", detail=detail)
    outbox.publish(session, "evidence_sealed", {"bot": row.id, "name": row.name, "evidence": sealed, "by": who.name})
    return sealed


def latest(session: Session, bot: Bot) -> Evidence | None:
    """Return the newest sealed evidence about the strategy that the bot trades, None where there is none."""
    about = EvidenceRow.json.contains(f'"spec_hash":"{bot.spec_hash}"', autoescape=True)
    text = session.scalar(select(EvidenceRow.json).where(about).order_by(EvidenceRow.created_at.desc()).limit(1))
    return None if text is None else Evidence.from_json(text)


def gather(session: Session, key: str, *, by: Person | str | None = None, rules: Policy | None = None) -> Dossier:
    """Return the dossier of the bot with this name or id.

    Raises:
        UnknownNameError: no such bot; the message names the nearest.
        InputError: several owners have a bot of that name.
    """
    bot, rules, who = bots.get(session, key), rules or policy.default(), person(by)
    asked, decided = requests.of_bot(session, bot), promotion.history(session, bot)
    evidence = latest(session, bot)
    record = None if bot.stage is Stage.LAB else track(session, bot)
    no_step, assessment = "", None
    if evidence is not None or bot.stage.next is None:
        try:
            assessment = None if evidence is None else promotion.evaluate(bot, evidence, rules, record)
            no_step = "" if bot.stage.next else f"{bot.stage} is the highest stage; there is nothing to promote to"
        except PermissionDeniedError as error:
            no_step = str(error)
    open_one = next((request for request in asked if request.open), None)
    return Dossier(
        bot=bot,
        spec=StrategySpec.from_json(bots.spec_json(session, bot)),
        decisions=decided,
        requests=asked,
        events=_events(session, bot),
        evidence=evidence,
        record=record,
        assessment=assessment,
        counted=count_in(session, evidence.family).trials if evidence is not None and evidence.family else 0,
        no_step=no_step,
        cannot_ask=requests.obstacle(session, bot, assessment, by=who, rules=rules) if assessment is not None else "",
        cannot_decide=requests.obstacles(session, open_one, by=who, rules=rules) if open_one is not None else {},
        changes=since_last(session, bot, decided, assessment, rules),
        policy=rules,
    )


def since_last(session: Session, bot: Bot, decisions: tuple[Promotion, ...], now: Assessment | None, rules: Policy) -> tuple[Change, ...]:
    """Return what is not as it was when the bot's stage was last decided about."""
    if not decisions:
        return ()
    last = decisions[-1]
    sealed = session.get(EvidenceRow, last.evidence_hash) if last.evidence_hash else None
    then = Evidence.from_json(sealed.json) if sealed is not None else None
    found = []
    if then is not None and then.spec_hash != bot.spec_hash:
        found += _strategy_changes(session, then.spec_hash, bot)
    if last.policy_hash != rules.policy_hash:
        found.append(Change(what="policy", before=last.policy_hash[:_HASH_SHOWN], after=rules.policy_hash[:_HASH_SHOWN]))
    if then is not None and now is not None and then.trials != now.evidence.trials:
        found.append(Change(what="trials in the family", before=f"{then.trials:,}", after=f"{now.evidence.trials:,}"))
    if now is not None and (last.from_stage, last.to_stage) == (now.from_stage, now.to_stage):
        before = {verdict.gate: verdict for verdict in last.verdicts}
        for verdict in now.verdicts:
            old = before.get(verdict.gate)
            if old is None or (old.status, old.words) != (verdict.status, verdict.words):
                found.append(
                    Change(
                        what=verdict.title, before=f"{old.status}: {old.words}" if old else "", after=f"{verdict.status}: {verdict.words}"
                    )
                )
    return tuple(found)


def marks(session: Session, bot: Bot) -> list[tuple[datetime, float]]:
    """Return when each bar of the bot's present stage was known and what the bot was worth then, oldest first."""
    query = select(EquityMarkRow.known_at, EquityMarkRow.equity).where(
        EquityMarkRow.bot_id == bot.id, EquityMarkRow.stage == bot.stage.value
    )
    return [(known, equity) for known, equity in session.execute(query.order_by(EquityMarkRow.known_at))]


def _strategy_changes(session: Session, before: str, bot: Bot) -> list[Change]:
    old = bots.spec_of(session, before)
    new = StrategySpec.from_json(bots.spec_json(session, bot))
    if old is None:
        return [Change(what="strategy", before=before[:_HASH_SHOWN], after=bot.spec_hash[:_HASH_SHOWN])]
    return [Change(what=f"strategy: {change.field}", before=change.before, after=change.after) for change in old.diff(new)]


def _events(session: Session, bot: Bot) -> tuple[Event, ...]:
    query = select(AuditRow).where(AuditRow.subject == f"bot:{bot.id}").order_by(AuditRow.seq.desc()).limit(MOST_EVENTS)
    return tuple(
        Event(
            seq=row.seq, at=datetime.fromisoformat(row.at), actor=row.actor, action=row.action, detail=json.loads(row.detail), hash=row.hash
        )
        for row in reversed(session.scalars(query).all())
    )
