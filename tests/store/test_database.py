"""Opening a store and working in it: transactions that hold, and one clear sentence when something is in the way."""

from __future__ import annotations

import os
import pwd
import socket
import sqlite3
import threading
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, text

from workbench.errors import StoreError
from workbench.store import Database, address, engine
from workbench.store.tables import BotRow, ControlRow, StrategyRow

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cr3t-Pa55"


def switch(scope: str = "all") -> ControlRow:
    return ControlRow(key="kill", scope=scope, state="on", reason="test", by="ada")


def test_a_session_commits_at_its_end(database: Database) -> None:
    """What a session wrote is there for the next one, and its rows stay readable after the block."""
    with database.session() as session:
        row = switch()
        session.add(row)
    assert (row.scope, row.epoch) == ("all", 1)
    with database.read() as session:
        assert list(session.execute(select(ControlRow.scope)).scalars()) == ["all"]


def test_a_session_rolls_back_on_any_exception(database: Database) -> None:
    """An exception in the block, also an interrupt, leaves nothing behind and passes through."""
    with pytest.raises(KeyboardInterrupt), database.session() as session:  # noqa: PT012 - the block is what is tested
        session.add(switch())
        session.flush()
        raise KeyboardInterrupt
    with database.read() as session:
        assert list(session.execute(select(ControlRow))) == []


def test_a_reading_session_cannot_write(database: Database) -> None:
    """Writing through a reading session is refused, whether by objects or by SQL, and the next writer is not disturbed."""
    with pytest.raises(StoreError, match=r"only reads.*database\.session\(\)"), database.read() as session:
        session.add(switch())
    with pytest.raises(StoreError, match="only reads"), database.read() as session:
        session.execute(text("DELETE FROM control"))
    with database.session() as session:
        session.add(switch())


def test_a_reading_session_sees_one_moment(database: Database) -> None:
    """What others commit while a reading session is open is not seen by it."""
    with database.read() as reader:
        before = reader.execute(text("SELECT count(*) FROM control")).scalar()
        with database.session() as session:
            session.add(switch())
        assert (before, reader.execute(text("SELECT count(*) FROM control")).scalar()) == (0, 0)


def test_rows_may_be_added_in_any_order(database: Database) -> None:
    """Foreign keys are checked when the session ends, so a bot may be added before its strategy."""
    with database.session() as session:
        session.add(BotRow(name="b", owner="ada", spec_hash="s", capital=1.0))
        session.flush()
        session.add(StrategyRow(spec_hash="s", name="s", json="{}", owner="ada"))
    with database.read() as session:
        assert [
            tuple(row)
            for row in session.execute(
                select(BotRow.name, BotRow.status, BotRow.stage, BotRow.trading_frequency, BotRow.symbols, BotRow.anchor)
            )
        ] == [("b", "stopped", "LAB", 60, [], None)]


def test_a_dangling_reference_is_refused(database: Database) -> None:
    """A row that names another that does not exist is refused, and nothing of the block is written."""
    with pytest.raises(StoreError, match="names another row that does not exist; nothing was written"), database.session() as session:  # noqa: PT012 - at its end
        session.add(switch())
        session.add(BotRow(name="b", owner="ada", spec_hash="missing", capital=1.0))
    with database.read() as session:
        assert list(session.execute(select(ControlRow))) == []


def test_a_second_row_with_the_same_key_is_refused(database: Database) -> None:
    """A unique index refuses the second row in words."""
    with pytest.raises(StoreError, match="such a row exists already"), database.session() as session:
        session.add_all([switch(), switch()])


def test_a_session_in_a_session_is_refused(database: Database) -> None:
    """A thread that writes may not open a second writing session, which would wait for the first for ever; reading is allowed."""
    with database.session():
        with pytest.raises(StoreError, match="hand that session on"), database.session():
            pass
        with database.read() as session:
            session.execute(text("SELECT 1"))
    with database.session() as session:
        session.add(switch())


def test_writers_queue(database: Database) -> None:
    """Threads that read and then change the same row in one session do not lose each other's work."""
    with database.session() as session:
        session.add(switch())

    def work() -> None:
        for _ in range(10):
            with database.session() as session:
                row = session.execute(select(ControlRow).with_for_update()).scalar_one()
                row.epoch += 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.execute(select(ControlRow.epoch)).scalar() == 41


def test_sqlite_is_set_up_for_safety(sqlite_database: Database) -> None:
    """SQLite runs in WAL, syncs fully, checks foreign keys and waits for others."""
    with sqlite_database.session() as session:
        pragmas = {
            name: session.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 30_000}


def test_the_default_is_a_file_at_home(home: Path) -> None:
    """Without a URL the store is data/workbench.sqlite in the home of the bench."""
    with Database.open() as database:
        assert (str(home / "data" / "workbench.sqlite"), "sqlite") == (database.place, database.dialect)
    assert (home / "data" / "workbench.sqlite").is_file()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_spelling_of_postgresql_is_taken(scheme: str) -> None:
    """postgres://, postgresql:// and the driver's own spelling are the same database."""
    url = address.parse(f"{scheme}://ada:{SECRET}@db.example:5433/trading")
    assert (url.drivername, address.printable(url)) == ("postgresql+psycopg", "PostgreSQL database trading at db.example:5433")


@pytest.mark.parametrize(
    ("url", "clue"),
    [
        ("", "no '://'"),
        ("workbench.sqlite", "no '://'"),
        ("/tmp/workbench.sqlite", "no '://'"),
        (f"mysql://ada:{SECRET}@host/db", "'mysql' are not supported"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        (f"postgresql://ada:{SECRET}@host:54x32/db", "port a number"),
        (f"postgresql://ada:{SECRET}@host:5432", "names no database"),
        (f"postgresql://ada:{SECRET}@more@host/db", "%40"),
        (f"postgresql://ada:{SECRET}/more@host/db", "%2F"),
        (f"postgresql://ada:{SECRET}:x@[::1/db", "cannot be"),
    ],
)
def test_a_bad_url_is_explained(home: Path, url: str, clue: str) -> None:
    """A URL that cannot be used ends in one sentence that shows a good one and never the password."""
    assert home.is_dir()
    with pytest.raises(StoreError) as caught:
        Database.open(url or " ")
    message = str(caught.value)
    assert (clue in message, SECRET in message, len(message.splitlines())) == (True, False, 1)


def test_an_unreachable_server_is_explained() -> None:
    """A server that is not there is named with what to do, without the password."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(StoreError) as caught:
        Database.open(f"postgresql://ada:{SECRET}@127.0.0.1:{port}/trading")
    message = str(caught.value)
    assert (
        f"PostgreSQL database trading at 127.0.0.1:{port} cannot be reached" in message,
        "start the server or correct the database URL" in message,
        SECRET in message,
        len(message.splitlines()),
    ) == (True, True, False, 1)


@pytest.mark.postgresql
def test_a_missing_database_is_explained(cluster: object) -> None:
    """A server without that database, or without that user, says what to make."""
    for old, new in (("postgres?", "nowhere?"), ("workbench@", f"nobody:{SECRET}@")):
        url = cluster.url("postgres").replace(old, new)  # type: ignore[attr-defined]
        with pytest.raises(StoreError, match="does not exist; make it first") as caught:
            Database.open(url)
        assert SECRET not in str(caught.value)


@pytest.mark.postgresql
def test_an_ordinary_user_can_neither_rewrite_nor_read_too_little(cluster: object) -> None:
    """Owned by a user without special rights the store works, and the audit chain cannot be rewritten."""
    from workbench.lifecycle import audit
    from workbench.store import append

    cluster.execute("CREATE ROLE plain LOGIN")  # type: ignore[attr-defined]
    cluster.execute("CREATE DATABASE plain OWNER plain")  # type: ignore[attr-defined]
    with Database.open(cluster.url("plain").replace("workbench@", "plain@")) as database:  # type: ignore[attr-defined]
        with database.session() as session:
            append(session, actor="ada", action="test", subject="x")
        for statement in ("UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "TRUNCATE audit"):
            with pytest.raises(StoreError, match="append-only"), database.session() as session:
                session.execute(text(statement))
        assert audit.verify(database).ok


def test_a_file_that_is_no_database_is_explained(home: Path) -> None:
    """A file of another kind is left alone and named."""
    path = home / "notes.txt"
    path.write_text("not a database, but longer than a header, " * 30)
    with pytest.raises(StoreError, match=r"notes\.txt is a file but not a SQLite database; name another file"):
        Database.open(f"sqlite:///{path}")
    assert path.read_text().startswith("not a database")


def test_a_file_of_another_program_is_explained(home: Path) -> None:
    """A SQLite file that holds somebody else's tables is left alone and named."""
    path = home / "music.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE songs (title TEXT)")
    connection.close()
    with pytest.raises(StoreError, match="was not made by Workbench"):
        Database.open(f"sqlite:///{path}")


def test_missing_places_are_explained(home: Path) -> None:
    """A folder instead of a file, a missing folder, and a missing file that may not be made are each named."""
    cases = [
        (home, True, "is a folder; name a file"),
        (home / "no" / "x.sqlite", True, "does not exist; make it"),
        (home / "x.sqlite", False, "run: workbench db upgrade"),
    ]
    for path, create, clue in cases:
        with pytest.raises(StoreError, match=clue):
            Database.open(f"sqlite:///{path}", create=create)
    assert not (home / "x.sqlite").exists()


def opened_by_nobody(url: str) -> str:
    """Return what opening ``url`` says in a child of a user who may not write everywhere, as root may."""
    receive, send = os.pipe()
    child = os.fork()
    if not child:
        try:
            if os.getuid() == 0:
                os.setgroups([])
                os.setuid(pwd.getpwnam("nobody").pw_uid)
            Database.open(url)
            said = "opened"
        except BaseException as error:  # noqa: BLE001 - told to the parent
            said = f"{type(error).__name__}: {error}"
        os.write(send, said.encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, encoding="utf-8") as stream:
        said = stream.read()
    os.waitpid(child, 0)
    return said


@pytest.mark.parametrize("existing", [True, False])
def test_a_read_only_folder_is_explained(home: Path, existing: bool) -> None:
    """A folder without write permission ends in one sentence, whether the database is there or not."""
    path = home / "data" / "workbench.sqlite"
    if existing:
        Database.open(f"sqlite:///{path}").close()
    for folder in (home, *home.parents[:3]):
        folder.chmod(0o755)
    (home / "data").chmod(0o555)
    said = opened_by_nobody(f"sqlite:///{path}")
    (home / "data").chmod(0o755)
    assert f"StoreError: {path} cannot be written; give yourself write permission on the file and its folder, or name another" == said


def test_a_locked_database_is_explained(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that waited too long for another process says so."""
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 50)
    other = sqlite3.connect(str(sqlite_database.url.database), isolation_level=None)
    with Database.open(f"sqlite:///{sqlite_database.place}") as database:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="stayed locked by another process"), database.session() as session:
            session.add(switch())
    other.close()


def test_nothing_shows_a_password() -> None:
    """The place and the repr of a database name no password, however it was given."""
    for url in (f"postgresql://ada:{SECRET}@host/db", f"postgresql://host/db?user=ada&password={SECRET}"):
        parsed = address.parse(url)
        assert SECRET not in f"{address.printable(parsed)} {Database(parsed, engine.make(parsed, pool_size=1, statement_timeout_ms=1))!r}"


def test_a_forked_child_opens_its_own_connections(database: Database) -> None:
    """A process that was forked while the store was in use works on connections of its own, and disturbs nobody."""
    with database.session() as session:
        session.add(switch())
        session.flush()
        child = os.fork()
        if not child:
            try:
                with database.read() as reader:  # does not see what the parent has not committed
                    seen = reader.execute(text("SELECT count(*) FROM control")).scalar()
                os._exit(0 if seen == 0 else 1)
            except BaseException:  # noqa: BLE001 - told by the exit
                os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM control")).scalar() == 1
