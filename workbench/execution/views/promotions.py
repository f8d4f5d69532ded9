"""Promotions as a person reads them: every request and decision, with its gates counted, and what waits for a checker."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime  # noqa: TC003 - schemas are made from the fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from workbench.execution.views.record import Page, Paged, Record, one_of, ordered, owned, page_of
from workbench.execution.views.trades import bot_is
from workbench.lifecycle.stages import Stage
from workbench.store.tables import BotRow, PromotionRow

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope

STATUSES = ("requested", "approved", "rejected", "promoted", "refused", "demoted", "expired", "withdrawn")
WAITING = "requested"
_COLUMNS = (
    PromotionRow.id,
    PromotionRow.bot_id,
    BotRow.name.label("bot"),
    PromotionRow.owner,
    PromotionRow.from_stage,
    PromotionRow.to_stage,
    PromotionRow.status,
    PromotionRow.requested_by,
    PromotionRow.decided_by,
    PromotionRow.reason,
    PromotionRow.evidence_hash,
    PromotionRow.policy_hash,
    PromotionRow.verdicts,
    PromotionRow.at,
)
_ORDER = {
    "at": PromotionRow.at,
    "bot": BotRow.name,
    "status": PromotionRow.status,
    "to_stage": PromotionRow.to_stage,
    "requested_by": PromotionRow.requested_by,
    "id": PromotionRow.id,
}


@dataclass(frozen=True, kw_only=True)
class Decision(Record):
    """One request to move a bot, and what became of it."""

    id: str
    """Identifier."""
    bot_id: str
    """Identifier of the bot."""
    bot: str
    """Name of the bot."""
    owner: str
    """Owner of the bot."""
    from_stage: str
    """Where the bot was."""
    to_stage: str
    """Where it was to go."""
    status: str
    """requested, promoted, refused, demoted, ..."""
    requested_by: str
    """Person or engine that asked."""
    decided_by: str | None
    """Person or engine that decided; None while it waits."""
    reason: str | None
    """Why, in words."""
    evidence_hash: str | None
    """Evidence that the gates judged."""
    policy_hash: str
    """Policy whose gates were asked."""
    passed: int
    """Gates that pass."""
    failed: int
    """Gates that fail."""
    not_yet: int
    """Gates that cannot say yet."""
    verdicts: tuple[dict[str, Any], ...]
    """Each gate: ``Verdict.to_dict()``."""
    signed: bool = False
    """Whether it carries signatures; not in this version."""
    at: datetime
    """When it was asked or decided, aware UTC."""


@dataclass(frozen=True, kw_only=True)
class PromotionFilter(Paged):
    """Which decisions; what is None does not narrow."""

    status: str | None = None
    """requested, promoted, refused, demoted, ..."""
    bot: str | None = None
    """Identifier or name of a bot."""
    to_stage: str | None = None
    """LAB, PAPER, SHADOW, CANARY or LIVE."""
    start: datetime | None = None
    """From this moment on, aware."""
    end: datetime | None = None
    """Before this moment, aware."""

    def __post_init__(self) -> None:
        """Refuse what no decision can have."""
        super().__post_init__()
        one_of("promotion status", self.status, STATUSES)
        one_of("stage", self.to_stage, Stage.__members__)
        ordered(self.start, self.end)


def page(session: Session, scope: Scope, wanted: PromotionFilter | None = None) -> Page[Decision]:
    """Return one page of decisions, newest first by default."""
    chosen = wanted or PromotionFilter()
    given = [
        PromotionRow.status == chosen.status if chosen.status else None,
        bot_is(chosen.bot) if chosen.bot else None,
        PromotionRow.to_stage == chosen.to_stage if chosen.to_stage else None,
        PromotionRow.at >= chosen.start if chosen.start else None,
        PromotionRow.at < chosen.end if chosen.end else None,
    ]
    query = select(*_COLUMNS).join(BotRow, BotRow.id == PromotionRow.bot_id)
    query = query.where(*(each for each in given if each is not None), *owned(scope, PromotionRow.owner))
    return page_of(session, query, chosen, _ORDER, _decision)


def waiting(session: Session, scope: Scope) -> int:
    """Return how many requests wait for a checker."""
    query = select(func.count()).select_from(PromotionRow).where(PromotionRow.status == WAITING, *owned(scope, PromotionRow.owner))
    return session.scalar(query) or 0


def _decision(row: Row[*tuple[Any, ...]]) -> Decision:
    verdicts = tuple(row.verdicts)
    said = [verdict.get("status") for verdict in verdicts]
    fields = {**row._mapping, "verdicts": verdicts}  # noqa: SLF001 - SQLAlchemy's public name for the row as a mapping
    return Decision(**fields, passed=said.count("pass"), failed=said.count("fail"), not_yet=said.count("not_yet"))
