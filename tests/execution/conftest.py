from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.store import Database

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def any_database(database_url: str) -> Iterator[Database]:
    """A migrated, empty store, once on SQLite and once on PostgreSQL."""
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    """A migrated, empty store; what does not depend on the database runs on SQLite alone."""
    return sqlite_database
