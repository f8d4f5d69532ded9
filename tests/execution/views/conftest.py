from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.store import Database

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated, empty store, once on SQLite and once on PostgreSQL: read models are queries."""
    with Database.open(database_url) as opened:
        yield opened
