"""A dossier as the parts take it. No ipywidgets here, so that it can be tested as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.lifecycle.dossier import Change, Dossier, Event
    from workbench.lifecycle.people import Person

_SHOWN = 12
_TITLES = {
    "bot.created": "made",
    "bot.revised": "given another strategy",
    "bot.status": "status changed",
    "bot.promoted": "promoted",
    "bot.refused": "refused by its gates",
    "bot.demoted": "demoted",
    "evidence.sealed": "evidence sealed",
    "promotion.requested": "promotion requested",
    "promotion.approved": "request approved",
    "promotion.rejected": "request rejected",
    "promotion.withdrawn": "request withdrawn",
    "session.started": "session started",
    "session.ended": "session ended",
    "session.abandoned": "session abandoned",
}
_KINDS = {
    "bot.promoted": "pass",
    "bot.refused": "fail",
    "bot.demoted": "fail",
    "promotion.approved": "pass",
    "promotion.rejected": "fail",
    "promotion.requested": "not_yet",
    "promotion.withdrawn": "stopped",
    "evidence.sealed": "ok",
}
CHANGE_COLUMNS: tuple[dict[str, Any], ...] = (
    {"key": "what", "title": "What", "kind": "text", "main": True},
    {"key": "before", "title": "At the last decision", "kind": "text", "main": True},
    {"key": "after", "title": "Now", "kind": "text", "main": True},
)


def history(found: Dossier) -> list[dict[str, Any]]:
    """Return when each stage was entered, and by whose decision."""
    entered = [{"stage": "LAB", "at": found.bot.created_at, "by": found.bot.owner}]
    moved = [
        {"stage": each.to_stage.value, "at": each.at, "by": each.by} for each in found.decisions if each.status in {"promoted", "demoted"}
    ]
    return entered + moved


def events(found: Dossier) -> list[dict[str, Any]]:
    """Return the audit events as a timeline takes them, oldest first."""
    return [_event(event) for event in found.events]


def _event(event: Event) -> dict[str, Any]:
    told = event.detail
    moved = f" {told['from']} to {told['to']}" if {"from", "to"} <= set(told) and event.action != "bot.revised" else ""
    parts = [str(told.get("reason") or "")]
    if "role" in told:
        parts.append(f"{told['role']} · {'signed' if told.get('signed') else 'unsigned'}")
    if told.get("evidence_hash"):
        parts.append(f"evidence {str(told['evidence_hash'])[:_SHOWN]}")
    return {
        "at": event.at,
        "title": f"{_TITLES.get(event.action, event.action.replace('.', ' '))}{moved}",
        "detail": " · ".join(part for part in parts if part),
        "kind": _KINDS.get(event.action, "info"),
        "who": event.actor,
        "hash": event.hash,
    }


def verdict_words(found: Dossier) -> tuple[str, str, str]:
    """Return kind, sentence and advice about the gates as a whole."""
    bot = found.bot
    if found.no_step:
        return ("info", f"{bot.name} is in {bot.stage}: {found.no_step}.", "")
    if found.evidence is None:
        return (
            "info",
            f"There is no evidence about {bot.name}'s strategy {bot.spec_hash[:_SHOWN]} yet.",
            "Press Re-make evidence: it is gathered here, beside your work.",
        )
    assessment = found.assessment
    assert assessment is not None  # evidence without a step has its own words above
    step = f"{assessment.from_stage} to {assessment.to_stage}"
    if assessment.passed:
        return ("ok", f"{step}: {assessment.words}.", found.stale)
    first = assessment.blocking[0]
    missing = f" Missing: {first.missing}" if first.missing else ""
    return ("warning", f"{step}: {assessment.words}.", f"First: {first.title}, {first.words}.{missing}")


def people(found: Dossier, person: Person) -> dict[str, Any]:
    """Return maker and checker of the open or last request, with role and label."""
    shown = found.waiting or (found.requests[-1] if found.requests else None)
    you = f"{person.name} · {person.role}"
    if shown is None:
        return {"you": you, "maker": None, "checker": None}
    checker = f"{shown.checker} · {shown.checker_role or 'role not recorded'} · unsigned · {shown.status}" if shown.checker else None
    return {
        "you": you,
        "maker": f"{shown.maker} · {shown.maker_role or 'role not recorded'} · unsigned",
        "asked": {"value": shown.asked_at, "kind": "time"},
        "for": f"{shown.from_stage} to {shown.to_stage}",
        "checker": checker,
        "reason": shown.reason,
    }


def hashes(found: Dossier) -> dict[str, Any]:
    """Return what can be checked by hash."""
    evidence = found.evidence
    return {
        "strategy": f"{found.spec.name} · {found.bot.spec_hash[:_SHOWN]}",
        "evidence": evidence.evidence_hash[:_SHOWN] if evidence else None,
        "dataset": f"{evidence.symbol} {evidence.timeframe} · {evidence.dataset_hash[:_SHOWN]}" if evidence else None,
        "trials counted": {"value": evidence.trials, "kind": "number", "digits": 0} if evidence else None,
        "policy": f"{found.policy.name} v{found.policy.version} · {found.policy.policy_hash[:_SHOWN]}",
        "people needed": "two: one asks, another approves" if found.policy.needs_two(found.bot.stage) else "one may ask and approve",
    }


def change_rows(changes: tuple[Change, ...]) -> list[dict[str, Any]]:
    """Return what changed, one row each."""
    return [
        {"id": str(place), "what": each.what, "before": each.before or None, "after": each.after or None}
        for place, each in enumerate(changes)
    ]


def ask_words(found: Dossier) -> tuple[str, str]:
    """Return the label of the request button, and why it is disabled."""
    above = found.bot.stage.next
    if above is None:
        return ("Request promotion", found.no_step)
    label = f"Request promotion to {above}"
    if found.evidence is None:
        return (label, "there is no evidence yet: re-make it first")
    if found.assessment is not None and not found.assessment.passed and not above.real_money:
        return (label, found.assessment.words)
    return (label, found.no_step or found.cannot_ask)
