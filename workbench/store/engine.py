"""Engines: how connections are opened and transactions begin, on SQLite and on PostgreSQL.

SQLite: WAL, ``synchronous=FULL``, foreign keys, 30 s busy timeout. A writing transaction begins IMMEDIATE, so two writers queue at the
beginning instead of failing in the middle; a reading one is a snapshot that cannot write.
PostgreSQL: writing is READ COMMITTED, reading is REPEATABLE READ and read-only, which is the same promise.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import create_engine, event

from workbench.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

    from sqlalchemy import Connection, Engine
    from sqlalchemy.engine import URL

BUSY_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_S = 10
_WRITING = "workbench_writing"


def make(url: URL, *, pool_size: int, statement_timeout_ms: int) -> Engine:
    """Return an engine for ``url``; it connects at first use."""
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}, pool_size=pool_size)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        return create_engine(
            url,
            pool_size=pool_size,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "options": f"-c statement_timeout={statement_timeout_ms} -c timezone=UTC",
            },
        )
    except ImportError as error:
        message = "PostgreSQL needs the psycopg driver; install it with: pip install 'workbench[postgresql]'"
        raise StoreError(message) from error


def writing(engine: Engine) -> Engine:
    """Return ``engine`` with transactions that may write."""
    return engine.execution_options(**{_WRITING: True}) if engine.dialect.name == "sqlite" else engine


def reading(engine: Engine) -> Engine:
    """Return ``engine`` with transactions that see one moment and cannot write."""
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's pool record
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", "synchronous=FULL"):
        connection.execute(f"PRAGMA {pragma}")
    _use_wal(connection)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to WAL if the file is not there yet; the switch does not honour the busy timeout, so it is tried again."""
    import sqlite3  # noqa: PLC0415 - only with SQLite

    for pause in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 0.0):
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or not pause:
                raise
            time.sleep(pause)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    wants_to_write = bool(connection.get_execution_options().get(_WRITING))
    if connection.info.get(_WRITING) is not wants_to_write:
        connection.exec_driver_sql(f"PRAGMA query_only={'OFF' if wants_to_write else 'ON'}")
        connection.info[_WRITING] = wants_to_write
    connection.exec_driver_sql("BEGIN IMMEDIATE" if wants_to_write else "BEGIN")
