"""What we remember: the database, its tables, the audit chain and the outbox."""

from __future__ import annotations

from workbench.store import chain, outbox, tables
from workbench.store.chain import AuditEvent, append
from workbench.store.database import Database
from workbench.store.outbox import OutboxEvent, publish

__all__ = ["AuditEvent", "Database", "OutboxEvent", "append", "chain", "outbox", "publish", "tables"]
