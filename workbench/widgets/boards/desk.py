"""The store as a board sees it: opened when it is there, away when it is not, and back without a reload; and who is looking.

A board never makes a store: a page that is opened before ``workbench up`` or ``workbench init`` says so and waits. A SQLite file that was
removed or replaced is noticed by its inode, because an open connection would go on reading the file that is no longer there.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbench.errors import StoreError, WorkbenchError
from workbench.execution import views
from workbench.lifecycle import killswitch
from workbench.lifecycle.access import EVERYTHING, may, scope_of
from workbench.lifecycle.people import whoami
from workbench.store import outbox
from workbench.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from workbench.lifecycle.access import Scope
    from workbench.lifecycle.people import Person

POOL = 2
"""Connections a board keeps: one that reads, one that acts."""


class Desk:
    """One person's view of one store."""

    def __init__(self, database: Database | None = None, *, who: Person | None = None) -> None:
        """Look at ``database``, else at the store of this bench, as ``who``, else as the person behind this process."""
        self.who = who or whoami()
        self._given = database
        self._database = database
        self._guard = threading.Lock()
        self._inode: tuple[int, int] | None = None

    @property
    def scope(self) -> Scope:
        """Whose rows the person sees."""
        return scope_of(self.who)

    def may(self, action: str, owner: str | None = None) -> bool:
        """Return whether the person's role allows ``action`` (see ``lifecycle.access``) on a thing of ``owner``."""
        return may(self.who.role, action if owner in {None, self.who.name} else f"{action}_others")

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Give a session that reads one moment of the store.

        Raises:
            StoreError: the store is not there; what to do about it.
        """
        with self._present().read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Give a session that may write; raises like ``read``."""
        with self._present().session() as session:
            yield session

    def database(self) -> Database:
        """Return the open store; raises like ``read``."""
        return self._present()

    def close(self) -> None:
        """Give the connections back."""
        if self._database is not None:
            self._database.close()

    def _present(self) -> Database:
        with self._guard:
            if self._database is None:
                self._database = _opened()
            path = _file(self._database)
            if path is not None:
                self._follow(path)
            return self._database

    def _follow(self, path: Path) -> None:
        try:
            stat = path.stat()
        except OSError:
            self._database.close() if self._database else None
            self._inode = None
            message = f"the store {path.name} is not there any more; put it back, and the board goes on by itself"
            raise StoreError(message) from None
        found = (stat.st_dev, stat.st_ino)
        if self._inode not in {None, found} and self._database is not None:
            self._database.close()
        self._inode = found


_ready: list[Database] = []
"""The store that a waiting kernel opened before anybody asked for a board."""


def prepare() -> None:
    """Open this bench's store ahead of time and read once what boards read, so that the first board of a waiting kernel need not; a store that is away is left alone."""
    try:
        database = _opened()
        with database.read() as session:
            _rehearse(session)
        database.close()  # the compiled questions stay; the file may be another one by the time somebody asks
    except WorkbenchError:
        return
    _ready[:] = [database]


def _rehearse(session: Session) -> None:
    """Ask the questions of the first look: SQL is compiled once for each."""
    views.summary.summary(session, EVERYTHING)
    views.bots.cards(session, EVERYTHING)
    views.trades.page(session, EVERYTHING)
    views.equity.profit(session, EVERYTHING)
    views.positions.page(session, EVERYTHING)
    outbox.latest(session)
    killswitch.engaged(session)


def _opened() -> Database:
    if _ready:
        return _ready.pop()
    from workbench import settings  # noqa: PLC0415 - settings read the environment, which a warm kernel gets late

    return Database.open(settings.current().database_url, create=False, pool_size=POOL)


def _file(database: Database) -> Path | None:
    if database.dialect != "sqlite" or not database.url.database or database.url.database == ":memory:":
        return None
    from pathlib import Path  # noqa: PLC0415 - one caller

    return Path(database.url.database)
