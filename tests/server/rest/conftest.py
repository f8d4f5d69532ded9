from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from argon2 import PasswordHasher
from bench_server import BenchServer

from workbench.lifecycle import users
from workbench.lifecycle.people import Person
from workbench.server import limits
from workbench.server.store import KEY
from workbench.server.tap import KEY as TAP
from workbench.server.tokens import KernelTokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.store import Database

PASSWORD = "correct horse battery"
TEAM = {"ana": "admin", "olu": "operator", "rae": "reviewer", "bob": "researcher", "vic": "viewer"}
ADMIN = Person(name="ana", role="admin")


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BenchServer]:
    """One bare Jupyter server with our identity, authorizer and addresses, in a thread of this process."""
    server = BenchServer(tmp_path_factory.mktemp("server"))
    yield server
    server.stop()


@pytest.fixture
def bench(running: BenchServer, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> BenchServer:
    """That server on a fresh store without users, with full buckets and cheap password hashes."""
    monkeypatch.setattr(users, "_hasher", cache(lambda: PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)))
    limits.LIMITER._buckets.clear()
    running.settings.update({KEY: sqlite_database, "workbench_tokens": KernelTokens()})
    running.settings.pop(TAP, None)
    running.database = sqlite_database
    return running


@pytest.fixture
def team(bench: BenchServer) -> BenchServer:
    """The server with one person of each role: ana, olu, rae, bob, vic."""
    with bench.database.session() as session:
        for name, role in TEAM.items():
            users.add(session, name, PASSWORD, role, by=ADMIN)
    return bench
