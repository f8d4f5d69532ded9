"""The database: opened once, then one short transaction after another."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, Self
from weakref import WeakSet

from sqlalchemy.exc import DBAPIError, SQLAlchemyError, StatementError
from sqlalchemy.orm import Session

from workbench.errors import StoreError, WorkbenchError
from workbench.store import address, engine, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine
    from sqlalchemy.engine import URL
    from sqlalchemy.pool import Pool


_OPEN: WeakSet[Database] = WeakSet()


class Database:
    """What we remember: SQLite in a file by default, PostgreSQL by URL.

    Use ``with database.session() as session:`` to write (commits at the end, rolls back on any error) and
    ``with database.read() as session:`` to read one moment. Keep writing sessions short: on SQLite one writer works at a time.
    """

    def __init__(self, url: URL, base: Engine) -> None:
        """Wrap an engine whose schema was checked; use ``Database.open``."""
        self.url = url
        self.place = address.printable(url)
        self._engine = base
        self._writing = engine.writing(base)
        self._reading = engine.reading(base)
        self._thread = threading.local()
        self._inherited: Pool | None = None
        _OPEN.add(self)

    @classmethod
    def open(
        cls, url: str | None = None, *, create: bool = True, validate: bool = True, pool_size: int = 5, statement_timeout_ms: int = 60_000
    ) -> Database:
        """Return the database at ``url`` (``None``: ``<home>/data/workbench.sqlite``), migrated to this version and checked.

        Args:
            url: ``sqlite:////file``, ``postgresql://...`` or ``postgres://...``.
            create: make a missing file and migrate an empty or older database; otherwise both are refused.
            validate: compare the tables with the models; False lets an auditor into a database that was tampered with.
            pool_size: connections kept open.
            statement_timeout_ms: longest statement PostgreSQL allows, milliseconds.

        Raises:
            StoreError: the URL, the server, the folder or the file is not usable; one sentence says what to do.
            SchemaMismatchError: the tables are not those this version expects; the message names the differences.
        """
        target = address.default() if url is None else address.parse(url)
        if target.get_backend_name() == "sqlite":
            _check_file(Path(str(target.database)), create=create)
        database = cls(target, engine.make(target, pool_size=pool_size, statement_timeout_ms=statement_timeout_ms))
        try:
            database._prepare(create=create, validate=validate)
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self, *, create: bool, validate: bool) -> None:
        embedded = self.url.get_backend_name() == "sqlite"
        try:
            with self._reading.begin() as connection:
                found = schema.look(connection)
            schema.refuse_newer(found, self.place)
            schema.refuse_foreign(found, self.place, embedded=embedded)
            if found.version != schema.HEAD:
                if not create:
                    self._refuse_old(found.version)
                with self._writing.begin() as connection:
                    schema.upgrade(connection, self.place)
                with self._reading.begin() as connection:
                    found = schema.look(connection)
        except SQLAlchemyError as error:
            self._explain(error)
        if validate:
            schema.refuse_mismatch(found, self._engine.dialect, self.place)

    def _refuse_old(self, version: str | None) -> NoReturn:
        state = f"is at revision {version}, this version needs {schema.HEAD}" if version else "is empty"
        message = f"{self.place} {state}; run: workbench db upgrade"
        raise StoreError(message)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._engine.dialect.name

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session that may write; commits when the block ends, rolls back on any exception.

        Rows stay readable after the block. Foreign keys are checked when it ends.

        Raises:
            StoreError: the database refuses (constraint, lock, lost connection), or this thread is writing already; nothing was written.
        """
        if getattr(self._thread, "writing", False):  # the inner one would wait for the outer one for ever
            message = "this thread has a writing session open already; hand that session on instead of opening another"
            raise StoreError(message)
        self._thread.writing = True
        try:
            with self._translated(), Session(self._writing, expire_on_commit=False) as session, session.begin():
                yield session
        finally:
            self._thread.writing = False

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that sees the database as it is now, all reads at the same moment, and cannot write.

        Raises:
            StoreError: the database cannot be read, or the block tried to write.
        """
        with self._translated(), Session(self._reading, expire_on_commit=False) as session, session.begin():
            try:
                yield session
                session.flush()
            except DBAPIError as error:
                if address.refused_to_write(error):
                    message = "this session only reads, nothing was written; use database.session() to write"
                    raise StoreError(message) from error
                raise

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            self._explain(error)

    def _explain(self, error: SQLAlchemyError) -> NoReturn:
        if isinstance(error, StatementError) and isinstance(error.orig, WorkbenchError):
            raise error.orig from None  # a column type refused the value
        raise address.failure(error, self.url) from error

    def close(self) -> None:
        """Close all connections; the database may be used again and then reconnects."""
        self._engine.dispose()

    def _start_anew(self) -> None:
        """Leave the connections of the parent process alone: a forked child opens its own."""
        self._inherited = self._engine.pool  # kept, so that they are not closed by being collected
        self._engine.dispose(close=False)
        self._thread = threading.local()

    def __enter__(self) -> Self:
        """Return itself: ``with Database.open() as database`` closes it at the end."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close all connections."""
        self.close()

    def __repr__(self) -> str:
        """Say where it is, without a password."""
        return f"Database({self.place!r})"


def _start_all_anew() -> None:
    for database in list(_OPEN):
        database._start_anew()  # noqa: SLF001 - the class's own module


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start_all_anew)


def _check_file(path: Path, *, create: bool) -> None:
    if path.is_dir():
        message = f"{path} is a folder; name a file in it, such as {path / 'workbench.sqlite'}"
        raise StoreError(message)
    if not path.parent.is_dir():
        message = f"the folder {path.parent} does not exist; make it, or name a file in a folder that does"
        raise StoreError(message)
    if not path.exists() and not create:
        message = f"there is no database at {path}; run: workbench db upgrade"
        raise StoreError(message)
    if not os.access(path.parent, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        message = f"{path} cannot be written; give yourself write permission on the file and its folder, or name another"
        raise StoreError(message)
