"""The audit chain: every act is appended in the transaction of the change it records, and seals the event before it.

1. ``append`` takes the journal lock, reads the head, composes the event, inserts it and moves the head (``_next``, ``_write``).
2. The hash of an event covers the hash before it and the *stored text bytes* of every field (``event_hash``).
3. ``lifecycle.audit.verify`` walks the chain and locates what was edited, deleted, inserted, reordered or cut off.

On SQLite a writing transaction is alone from its beginning; on PostgreSQL an advisory lock that ends with the transaction makes appenders queue.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, text, update

from workbench import clock
from workbench.content import canonical
from workbench.errors import AuditError, InputError
from workbench.store.tables import AuditHeadRow, AuditRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

GENESIS = "0" * 64
"""The previous hash of the first event."""
JOURNAL_LOCK = 7_305_002
"""Key of the PostgreSQL advisory lock that appenders and publishers share: one lock cannot deadlock with itself."""

_FIELDS = 7
_LOCK = text("SELECT pg_advisory_xact_lock(:key)").bindparams(key=JOURNAL_LOCK)
_EVENTS = AuditRow.__table__
_HEAD = AuditHeadRow.__table__
_READ_HEAD = select(_HEAD.c.seq, _HEAD.c.hash).where(_HEAD.c.id == 1)
_INSERT = insert(AuditRow.__table__)  # type: ignore[arg-type]
_MOVE_HEAD = update(AuditHeadRow.__table__).where(_HEAD.c.id == 1)  # type: ignore[arg-type]


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    """One event of the audit chain, as stored."""

    seq: int
    """1, 2, 3, ... without a gap."""
    at: str
    """UTC time as text, ``2026-01-31T23:59:59.123456Z``."""
    actor: str
    """Person or engine that acted."""
    action: str
    """What was done, such as ``bot.promoted``."""
    subject: str
    """What it was done to, such as ``bot:4f1c``."""
    detail: str
    """Canonical JSON text."""
    previous_hash: str
    """Hash of the event before; 64 zeros for the first."""
    hash: str
    """SHA-256 of this event, 64 hexadecimal digits."""


def event_hash(previous_hash: str, seq: int, at: str, actor: str, action: str, subject: str, detail: str) -> str:
    """Return the SHA-256 of an event: of the UTF-8 bytes of its seven fields, one per line, in this order, without a final newline.

    No field holds a newline (words are printable, canonical JSON escapes it), so the lines are unambiguous and any shell can redo the sum.

    Raises:
        AuditError: a field holds a newline, which ``append`` never writes.
    """
    lines = f"{previous_hash}\n{seq}\n{at}\n{actor}\n{action}\n{subject}\n{detail}"
    if lines.count("\n") != _FIELDS - 1:
        message = f"a field of event {seq} holds a newline; it was not written by Workbench"
        raise AuditError(message)
    return hashlib.sha256(lines.encode()).hexdigest()


def append(session: Session, *, actor: str, action: str, subject: str, detail: Mapping[str, Any] | None = None) -> AuditEvent:
    """Append one event in the caller's transaction and return it; it exists if and only if that transaction commits.

    Append late in the transaction: from here to its end no other process can append.

    Raises:
        InputError: an empty or unreadable word, or a detail that has no canonical JSON.
        AuditError: the head of the chain is missing, so nothing can be appended to it.
    """
    for name, word in (("actor", actor), ("action", action), ("subject", subject)):
        _refuse_unreadable(name, word)
    connection = session.connection()
    event = _next(connection, actor, action, subject, canonical(dict(detail or {})).decode())
    _write(connection, event)
    return event


def lock(connection: Connection) -> None:
    """Make this transaction the only one that appends or publishes until it ends; SQLite's writing transactions already are."""
    if connection.dialect.name == "postgresql":
        connection.execute(_LOCK)


def head(session: Session) -> tuple[int, str]:
    """Return number and hash of the last event, (0, 64 zeros) for an empty chain.

    Raises:
        AuditError: the head row was removed.
    """
    return _head(session.connection())


def events(session: Session, *, after: int = 0, limit: int = 1000, subject: str | None = None) -> list[AuditEvent]:
    """Return up to ``limit`` events with a number above ``after``, oldest first, of one ``subject`` if it is given."""
    query = select(_EVENTS).where(_EVENTS.c.seq > after).order_by(_EVENTS.c.seq).limit(limit)
    if subject is not None:
        query = query.where(_EVENTS.c.subject == subject)
    return [AuditEvent(**row) for row in session.connection().execute(query).mappings()]


def _head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(_READ_HEAD).first()
    if row is None:
        message = "the head of the audit chain is missing, so nothing can be appended; run: workbench audit verify, then restore a backup"
        raise AuditError(message)
    return row.seq, row.hash


def _next(connection: Connection, actor: str, action: str, subject: str, detail: str) -> AuditEvent:
    lock(connection)
    last, previous = _head(connection)
    seq, at = last + 1, clock.stamp()
    sealed = event_hash(previous, seq, at, actor, action, subject, detail)
    return AuditEvent(seq=seq, at=at, actor=actor, action=action, subject=subject, detail=detail, previous_hash=previous, hash=sealed)


def _write(connection: Connection, event: AuditEvent) -> None:
    connection.execute(_INSERT, vars(event))
    connection.execute(_MOVE_HEAD, {"seq": event.seq, "hash": event.hash})


def _refuse_unreadable(name: str, word: str) -> None:
    if not word.strip() or not word.isprintable():  # a newline, a NUL or half a surrogate would not survive the way to the disk
        message = f"the {name} of an audit event is {word!r}; give a readable word"
        raise InputError(message)
