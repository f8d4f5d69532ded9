"""A store with one bot in PAPER that traded two weeks of synthetic bars on the live path, made once and copied for each test."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from workbench.execution import replay
from workbench.lifecycle import bots
from workbench.lifecycle.people import Person
from workbench.market import synthetic
from workbench.market.cache import BarCache
from workbench.store import Database
from workbench.store.tables import BotRow
from workbench.strategy.strategy import strategy
from workbench.widgets.boards.desk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SESSIONS = 20


@pytest.fixture(scope="session")
def traded_store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which ana's bot ``fade`` traded on paper, her ``holder`` holds a position, and bo's ``slow`` never left LAB."""
    path = tmp_path_factory.mktemp("boards") / "workbench.sqlite"
    shutil.copyfile(sqlite_template, path)
    bars = synthetic("SYN", "15m", sessions=SESSIONS)
    with Database.open(f"sqlite:///{path}") as database:
        BarCache(database).put(bars)
        fade = strategy(
            "buy when rsi(2) < 20; sell when rsi(2) > 60",
            symbols=("SYN",),
            timeframe="15m",
            name="fade",
            stop="120 ticks",
            window="whole session",
        )
        slow = strategy(
            "buy when close > sma(50); sell when close < sma(50)",
            symbols=("SPX",),
            timeframe="1d",
            name="slow",
            stop="5%",
            window="whole session",
        )
        holder = strategy(
            "buy when close > 0; sell when close < 0", symbols=("SYN",), timeframe="15m", name="holder", stop="20%", window="whole session"
        )
        with database.session() as session:
            made = bots.create(session, fade, owner="ana", name="fade")
            bots.create(session, slow, owner="bo", name="slow")
            session.execute(update(BotRow).where(BotRow.id == made.id).values(stage="PAPER"))
            kept = bots.create(session, holder, owner="ana", name="holder")
            session.execute(update(BotRow).where(BotRow.id == kept.id).values(stage="PAPER"))
        with database.read() as session:
            made, kept = bots.get(session, made.id), bots.get(session, kept.id)
        replay(database, made, bars.head(len(bars) - 26))
        replay(database, kept, bars.head(60))
    return path


@pytest.fixture
def store(home: Path, traded_store: Path) -> Iterator[Database]:
    """A copy of the traded store, in a home of its own."""
    path = home / "data" / "workbench.sqlite"
    shutil.copyfile(traded_store, path)
    with Database.open(f"sqlite:///{path}") as opened:
        yield opened


@pytest.fixture
def desk_of(store: Database) -> Callable[..., Desk]:
    """A desk at the traded store for a person of a name and a role."""

    def made(role: str = "admin", name: str = "ana") -> Desk:
        return Desk(store, who=Person(name=name, role=role))  # type: ignore[arg-type]

    return made
