"""Promotion: one step up when every gate of the policy is open, down to any lower stage at any time; each with its reason.

1. ``evaluate`` asks the policy's gates and returns an ``Assessment``; it changes nothing.
2. ``record`` keeps an assessment that did not lead to a promotion, so that refusals are remembered too.
3. ``promote`` believes nothing: it reads the bot afresh, checks that the evidence is about the strategy the bot trades today, hashes the
   evidence again, finds its trial in the ledger, asks every gate again under the policy in force, and runs the validators again. Then bot row, promotion row, audit
   event and outbox event are written in the caller's transaction.
4. ``demote`` needs a reason and a person, nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench import clock, content
from workbench.backtest import ledger
from workbench.errors import InputError, PermissionDeniedError
from workbench.lifecycle import bots, policy
from workbench.lifecycle.assessment import Assessment
from workbench.lifecycle.gates import Verdict
from workbench.lifecycle.people import Person, person
from workbench.lifecycle.stages import Stage, refuse_skip
from workbench.store import chain, outbox
from workbench.store.tables import EvidenceRow, PromotionRow, new_id
from workbench.strategy.spec import StrategySpec
from workbench.strategy.validators import validate

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.policy import Policy
    from workbench.lifecycle.record import TrackRecord
    from workbench.store.tables import BotRow


DECISIONS = ("promoted", "refused", "demoted")
"""Statuses of a row that say what became of the bot; the others belong to ``requests``."""


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """One decision about a bot's stage, as stored."""

    id: str
    """Identifier."""
    bot_id: str
    """Bot it is about."""
    from_stage: Stage
    """Where the bot was."""
    to_stage: Stage
    """Where it was to go."""
    status: str
    """promoted, refused or demoted."""
    policy_hash: str
    """Policy that was asked."""
    evidence_hash: str | None
    """Evidence it was argued from; None for a demotion."""
    verdicts: tuple[Verdict, ...]
    """One per gate; empty for a demotion."""
    by: str
    """Who decided."""
    reason: str
    """Why."""
    at: datetime
    """When, aware UTC."""


def evaluate(bot: Bot, evidence: Evidence, rules: Policy | None = None, record: TrackRecord | None = None) -> Assessment:
    """Return what the policy's gates say about the bot's next step; a pure function, nothing is stored.

    Raises:
        PermissionDeniedError: the bot is in the highest stage.
    """
    rules = rules or policy.default()
    gates = rules.gates(bot.stage, evidence.archetype)
    assert bot.stage.next is not None  # gates() refuses the highest stage
    return Assessment(
        bot_id=bot.id,
        bot=bot.name,
        spec_hash=bot.spec_hash,
        from_stage=bot.stage,
        to_stage=bot.stage.next,
        verdicts=tuple(gate.judge(evidence, record) for gate in gates),
        evidence=evidence,
        record=record,
        evidence_hash=evidence.evidence_hash,
        policy_hash=rules.policy_hash,
        at=clock.now(),
    )


def promote(
    session: Session,
    bot: Bot,
    assessment: Assessment,
    *,
    by: Person | str | None = None,
    maker: str | None = None,
    reason: str = "all gates pass",
    rules: Policy | None = None,
) -> Bot:
    """Move the bot one stage up and return it as it is now; ``maker`` asked for it where that was somebody else than ``by``.

    Raises:
        PermissionDeniedError: a gate is closed, the step is not the next one, the evidence or the policy is not the present one, a
            validator objects, or the stage needs signatures; the message says which.
    """
    row, who, rules = bots.row_of(session, bot.id), person(by), rules or policy.default()
    refuse(session, row, assessment, rules)
    before, row.stage, row.updated_at = row.stage, assessment.to_stage.value, clock.now()
    keep_evidence(session, assessment, who)
    kept = _keep(session, row, assessment, status="promoted", who=who, reason=reason)
    kept.requested_by = maker or who.name
    _announce(session, kept, row, before, action="bot.promoted")
    return bots.get(session, row.id)


def record(session: Session, bot: Bot, assessment: Assessment, *, by: Person | str | None = None, reason: str = "") -> Promotion:
    """Keep an assessment that did not open every gate as a refusal, with its evidence, and return it.

    Raises:
        InputError: every gate is open, so there is nothing to refuse.
    """
    if assessment.passed:
        message = f"{assessment.words} for {assessment.bot}; promote it, there is no refusal to record"
        raise InputError(message)
    row, who = bots.row_of(session, bot.id), person(by)
    keep_evidence(session, assessment, who)
    kept = _keep(session, row, assessment, status="refused", who=who, reason=reason or assessment.words)
    _announce(session, kept, row, assessment.from_stage.value, action="bot.refused")
    return _promotion(kept)


def demote(session: Session, bot: Bot, to: Stage, *, reason: str, by: Person | str | None = None) -> Bot:
    """Move the bot down to any lower stage, stop it, and return it as it is now.

    Raises:
        InputError: no reason is given.
        PermissionDeniedError: ``to`` is not a lower stage.
    """
    row, who = bots.row_of(session, bot.id), person(by)
    if not reason.strip():
        message = f"demoting {row.name} needs a reason; the audit chain keeps it"
        raise InputError(message)
    if to not in Stage(row.stage).below:
        below = ", ".join(Stage(row.stage).below) or "nothing"
        message = f"{row.name} is in {row.stage}; it can be demoted to {below}, not to {to}"
        raise PermissionDeniedError(message)
    if row.status != "stopped":
        bots.set_status(session, bot, "stopped", by=who, reason=f"demoted to {to}: {reason}")
    before, row.stage, row.updated_at = row.stage, to.value, clock.now()
    kept = PromotionRow(
        id=new_id(),
        bot_id=row.id,
        from_stage=before,
        to_stage=to.value,
        status="demoted",
        policy_hash=policy.default().policy_hash,
        requested_by=who.name,
        decided_by=who.name,
        reason=reason.strip(),
        owner=row.owner,
    )
    session.add(kept)
    _announce(session, kept, row, before, action="bot.demoted")
    return bots.get(session, row.id)


def history(session: Session, bot: Bot) -> tuple[Promotion, ...]:
    """Return every decision about the bot's stage, oldest first; what was asked is in ``requests``."""
    mine = (PromotionRow.bot_id == bot.id, PromotionRow.status.in_(DECISIONS))
    rows = session.scalars(select(PromotionRow).where(*mine).order_by(PromotionRow.at, PromotionRow.id))
    return tuple(_promotion(row) for row in rows)


def refuse(session: Session, row: BotRow, assessment: Assessment, rules: Policy) -> None:
    """Refuse a step that ``promote`` would not take.

    Raises:
        PermissionDeniedError: as ``promote``.
    """
    _refuse_stage(row, assessment)
    _refuse_stale(row, assessment, rules)
    _refuse_closed(row, assessment, rules)
    _refuse_uncounted(session, row, assessment.evidence)
    _refuse_findings(session, row)


def _refuse_stage(row: BotRow, assessment: Assessment) -> None:
    present = Stage(row.stage)
    if assessment.bot_id != row.id:
        message = f"the assessment is about bot {assessment.bot} ({assessment.bot_id}), not {row.name} ({row.id})"
        raise PermissionDeniedError(message)
    refuse_skip(present, assessment.to_stage)
    if assessment.from_stage is not present:
        message = f"{row.name} was assessed in {assessment.from_stage} and is in {present} now; evaluate it again"
        raise PermissionDeniedError(message)
    if assessment.to_stage.real_money:
        needed = assessment.to_stage.signatures
        people = "one person's signature" if needed == 1 else f"the signatures of {needed} different people"
        message = f"{assessment.to_stage} trades real money and needs {people}; signing does not exist in this version, so {row.name} stays in {present}"
        raise PermissionDeniedError(message)


def _refuse_stale(row: BotRow, assessment: Assessment, rules: Policy) -> None:
    evidence = assessment.evidence
    if row.spec_hash != evidence.spec_hash or assessment.spec_hash != row.spec_hash:
        message = f"the evidence is about strategy {evidence.spec_hash[:12]}, {row.name} trades {row.spec_hash[:12]} now; make new evidence"
        raise PermissionDeniedError(message)
    if evidence.symbol not in row.symbols:
        message = f"the evidence is about {evidence.symbol}, {row.name} trades {', '.join(row.symbols)}; make evidence on its own symbol"
        raise PermissionDeniedError(message)
    if assessment.policy_hash != rules.policy_hash:
        message = f"the assessment used policy {assessment.policy_hash[:12]}, in force is {rules.policy_hash[:12]}; evaluate again"
        raise PermissionDeniedError(message)
    if content.content_hash(evidence.to_dict()) != assessment.evidence_hash:
        message = f"the evidence does not match its hash {assessment.evidence_hash[:12]}; it was changed after it was sealed"
        raise PermissionDeniedError(message)


def _refuse_uncounted(session: Session, row: BotRow, evidence: Evidence) -> None:
    counted = ledger.recorded(session, evidence.trial_id, program_hash=evidence.program_hash, dataset_hash=evidence.dataset_hash)
    if counted is None:
        message = f"the trial {evidence.trial_id[:12] or '(none)'} behind the evidence for {row.name} is not in the ledger; make the evidence on this bench"
        raise PermissionDeniedError(message)
    bent = sorted(
        name for name, value in counted.items() if value is not None and name in evidence.metrics and evidence.metrics[name] != value
    )
    if bent:
        message = (
            f"the evidence for {row.name} differs from its trial in the ledger in {', '.join(bent)}; it was changed after it was counted"
        )
        raise PermissionDeniedError(message)


def _refuse_closed(row: BotRow, assessment: Assessment, rules: Policy) -> None:
    evidence = assessment.evidence
    again = tuple(gate.judge(evidence, assessment.record) for gate in rules.gates(assessment.from_stage, evidence.archetype))
    if again != assessment.verdicts:
        message = f"the verdicts on {row.name} are not those that its evidence gives; evaluate again"
        raise PermissionDeniedError(message)
    if not assessment.passed:
        reasons = "; ".join(f"{verdict.title} {verdict.words}" for verdict in assessment.blocking)
        message = f"{row.name} stays in {row.stage}, {assessment.words}: {reasons}"
        raise PermissionDeniedError(message)


def _refuse_findings(session: Session, row: BotRow) -> None:
    spec = StrategySpec.from_json(bots.spec_json(session, bots.get(session, row.id)))
    blocking = [finding for finding in validate(spec) if finding.severity in {"SEV-0", "SEV-1"}]
    if blocking:
        reasons = "; ".join(f"{finding.severity} {finding.code}: {finding.message}" for finding in blocking)
        message = f"{row.name} stays in {row.stage}, its validators object: {reasons}"
        raise PermissionDeniedError(message)


def keep_evidence(session: Session, assessment: Assessment, who: Person) -> None:
    """Seal the evidence of the assessment in the store, once."""
    if session.get(EvidenceRow, assessment.evidence_hash) is None:
        session.add(EvidenceRow(evidence_hash=assessment.evidence_hash, json=assessment.evidence.to_json(), owner=who.name))
        session.flush()


def _keep(session: Session, row: BotRow, assessment: Assessment, *, status: str, who: Person, reason: str) -> PromotionRow:
    kept = PromotionRow(
        id=new_id(),
        bot_id=row.id,
        from_stage=assessment.from_stage.value,
        to_stage=assessment.to_stage.value,
        status=status,
        policy_hash=assessment.policy_hash,
        evidence_hash=assessment.evidence_hash,
        verdicts=[verdict.to_dict() for verdict in assessment.verdicts],
        requested_by=who.name,
        decided_by=who.name,
        reason=reason.strip() or assessment.words,
        owner=row.owner,
    )
    session.add(kept)
    return kept


def _announce(session: Session, kept: PromotionRow, row: BotRow, before: str, *, action: str) -> None:
    session.flush()
    detail: dict[str, Any] = {
        "promotion": kept.id,
        "from": before,
        "to": kept.to_stage,
        "reason": kept.reason,
        "policy_hash": kept.policy_hash,
        "evidence_hash": kept.evidence_hash,
        "spec_hash": row.spec_hash,
    }
    chain.append(session, actor=kept.decided_by or kept.requested_by, action=action, subject=f"bot:{row.id}", detail=detail)
    payload = {
        "bot": row.id,
        "name": row.name,
        "from": before,
        "to": kept.to_stage,
        "status": kept.status,
        "reason": kept.reason,
        "by": kept.decided_by,
    }
    outbox.publish(session, "promotion_changed", payload)


def _promotion(row: PromotionRow) -> Promotion:
    return Promotion(
        id=row.id,
        bot_id=row.bot_id,
        from_stage=Stage(row.from_stage),
        to_stage=Stage(row.to_stage),
        status=row.status,
        policy_hash=row.policy_hash,
        evidence_hash=row.evidence_hash,
        verdicts=tuple(Verdict.from_dict(verdict) for verdict in row.verdicts),
        by=row.decided_by or row.requested_by,
        reason=row.reason or "",
        at=row.at,
    )
