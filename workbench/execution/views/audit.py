"""The audit chain as a person reads it: newest first, narrowed by person, act, subject and time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from workbench import clock
from workbench.execution.views.record import Page, Paged, Record, ordered, page_of
from workbench.store.tables import AuditRow

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope

PEOPLE = "user."
"""Actions that begin so are about people, not about trading; they are shown to those whose role allows it."""
_COLUMNS = (AuditRow.seq, AuditRow.at, AuditRow.actor, AuditRow.action, AuditRow.subject, AuditRow.detail, AuditRow.hash)
_ORDER = {"seq": AuditRow.seq}


@dataclass(frozen=True, kw_only=True)
class Event(Record):
    """One event of the chain."""

    seq: int
    """1, 2, 3, ... without a gap."""
    at: datetime
    """When, aware UTC."""
    actor: str
    """Person or engine that acted."""
    action: str
    """What was done, such as ``bot.promoted``."""
    subject: str
    """What it was done to, such as ``bot:4f1c``."""
    detail: dict[str, Any]
    """What was recorded about it."""
    hash: str
    """SHA-256 that seals it."""


@dataclass(frozen=True, kw_only=True)
class AuditFilter(Paged):
    """Which events; what is None does not narrow."""

    actor: str | None = None
    """Person or engine that acted, exactly."""
    action: str | None = None
    """An action, or the beginning of several: ``bot`` or ``bot.promoted``."""
    subject: str | None = None
    """A subject, exactly: ``bot:4f1c``."""
    start: datetime | None = None
    """From this moment on, aware."""
    end: datetime | None = None
    """Before this moment, aware."""

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        super().__post_init__()
        ordered(self.start, self.end)


def page(session: Session, scope: Scope, wanted: AuditFilter | None = None) -> Page[Event]:
    """Return one page of events, newest first by default.

    Who may see only their own rows sees what they did themselves; events about people take a role that may read them.
    """
    chosen = wanted or AuditFilter()
    given = [
        AuditRow.actor == chosen.actor if chosen.actor else None,
        AuditRow.action.startswith(chosen.action, autoescape=True) if chosen.action else None,
        AuditRow.subject == chosen.subject if chosen.subject else None,
        AuditRow.at >= clock.stamp(chosen.start) if chosen.start else None,
        AuditRow.at < clock.stamp(chosen.end) if chosen.end else None,
        None if scope.owner is None else AuditRow.actor == scope.owner,
        None if scope.people else ~AuditRow.action.startswith(PEOPLE, autoescape=True),
    ]
    query = select(*_COLUMNS).where(*(each for each in given if each is not None))
    return page_of(session, query, chosen, _ORDER, _event)


def _event(row: Row[*tuple[Any, ...]]) -> Event:
    fields: dict[str, Any] = {**row._mapping}  # noqa: SLF001 - SQLAlchemy's public name for the row as a mapping
    return Event(**{**fields, "at": datetime.fromisoformat(row.at), "detail": _read(row.detail)})


def _read(detail: str) -> dict[str, Any]:
    """Return the detail; text that somebody spoilt is shown as it is, so that a broken chain can still be looked at."""
    try:
        found = json.loads(detail)
    except ValueError:
        return {"unreadable": detail}
    return found if isinstance(found, dict) else {"value": found}
