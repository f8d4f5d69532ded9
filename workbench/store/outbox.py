"""The outbox: durable events for other processes, published in the transaction of the change they tell of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from workbench import clock
from workbench.errors import InputError
from workbench.store.chain import lock
from workbench.store.tables import OutboxRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session


@dataclass(frozen=True, kw_only=True)
class OutboxEvent:
    """One published event."""

    id: int
    """Grows in the order of commits; gaps are possible."""
    topic: str
    """Kind of event, such as ``trade_executed``."""
    payload: dict[str, Any]
    """What happened."""
    at: datetime
    """When it was published, aware UTC."""


def publish(session: Session, topic: str, payload: Mapping[str, Any]) -> int:
    """Publish an event in the caller's transaction and return its id.

    Ids grow in the order of commits (publishers queue on the journal lock), so a reader that remembers the last id misses none.

    Raises:
        InputError: no topic, or a payload that JSON does not know.
    """
    if not topic.strip():
        message = "an event needs a topic, such as 'trade_executed'"
        raise InputError(message)
    connection = session.connection()
    lock(connection)
    values = {"topic": topic, "payload": dict(payload), "at": clock.now()}
    identifier: int = connection.execute(insert(OutboxRow).values(values).returning(OutboxRow.id)).scalar_one()
    return identifier


def after(session: Session, last: int = 0, limit: int = 100) -> list[OutboxEvent]:
    """Return up to ``limit`` events published after the event ``last``, oldest first."""
    columns = (OutboxRow.id, OutboxRow.topic, OutboxRow.payload, OutboxRow.at)
    rows = session.execute(select(*columns).where(OutboxRow.id > last).order_by(OutboxRow.id).limit(limit))
    return [OutboxEvent(id=row.id, topic=row.topic, payload=row.payload, at=row.at) for row in rows]


def latest(session: Session) -> int:
    """Return the id of the last event, 0 if there is none."""
    return session.execute(select(func.max(OutboxRow.id))).scalar() or 0
