"""The audit chain: one unbroken line of events, whoever appends."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from workbench import clock
from workbench.errors import AuditError, InputError, StoreError
from workbench.lifecycle import audit
from workbench.store import append, chain
from workbench.store.tables import BotRow, ControlRow

if TYPE_CHECKING:
    from workbench.store import Database

# printf '%064d\n1\n2026-01-31T23:59:59.123456Z\nada\nbot.promoted\nbot:4f1c\n{"to":"PAPER"}' 0 | sha256sum     (GNU coreutils 9.1)
FIRST_HASH = "c7b02395d0e11e83d2c410157dc56881e9f2d6d285667a3824b663c510a9415a"
# printf '<that hash>\n2\n2026-01-31T23:59:59.123456Z\nзоя\nbot.paused\nbot:4f1c\n{"why":"café"}' | sha256sum
SECOND_HASH = "88afd4963c07bd318824e178f89238447e03747d5d2dc0cfbe3e89583977156d"
NOON = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)


def test_hashes_are_those_of_the_shell(database: Database) -> None:
    """The hash of an event is what coreutils' sha256sum gives for its seven lines, also outside ASCII."""
    with clock.frozen(NOON), database.session() as session:
        first = append(session, actor="ada", action="bot.promoted", subject="bot:4f1c", detail={"to": "PAPER"})
        second = append(session, actor="зоя", action="bot.paused", subject="bot:4f1c", detail={"why": "café"})
    assert (first.hash, second.hash) == (FIRST_HASH, SECOND_HASH)


def test_events_number_and_link(database: Database) -> None:
    """Events count from one without a gap and each names the hash of the one before."""
    with database.session() as session:
        written = [append(session, actor="ada", action="test", subject="x", detail={"i": i}) for i in range(3)]
    assert [event.seq for event in written] == [1, 2, 3]
    assert [chain.GENESIS, written[0].hash, written[1].hash] == [event.previous_hash for event in written]
    with database.read() as session:
        assert written == chain.events(session)
        assert (3, written[2].hash) == chain.head(session)


def test_events_by_subject(database: Database) -> None:
    """Events can be read for one subject, after a number, up to a limit."""
    with database.session() as session:
        for i in range(6):
            append(session, actor="ada", action="test", subject="even" if i % 2 else "odd")
    with database.read() as session:
        assert [event.seq for event in chain.events(session, after=2, subject="even")] == [4, 6]
        assert [event.seq for event in chain.events(session, limit=2)] == [1, 2]


def test_an_event_goes_with_its_transaction(database: Database) -> None:
    """An event whose transaction rolls back never was: number and hash are used again."""
    with pytest.raises(ZeroDivisionError), database.session() as session:  # noqa: PT012 - the block is what is tested
        append(session, actor="ada", action="lost", subject="x")
        raise ZeroDivisionError
    with database.session() as session:
        kept = append(session, actor="ada", action="kept", subject="x")
    assert (kept.seq, kept.previous_hash) == (1, chain.GENESIS)
    assert audit.verify(database).ok


def test_the_change_goes_with_its_event(database: Database) -> None:
    """A change and its event are written together or not at all."""
    with pytest.raises(InputError), database.session() as session:  # noqa: PT012 - the block is what is tested
        session.add(ControlRow(key="kill", scope="all", state="on", reason="test", by="ada"))
        session.flush()
        append(session, actor="ada", action="", subject="all")
    with database.read() as session:
        assert session.query(ControlRow).all() == []
        assert chain.head(session) == (0, chain.GENESIS)


def test_a_refused_commit_takes_the_event_back(database: Database) -> None:
    """A foreign key that fails at commit takes the event with it."""
    with pytest.raises(StoreError, match="names another row that does not exist"), database.session() as session:  # noqa: PT012 - at its end
        session.add(BotRow(name="b", owner="ada", spec_hash="missing", capital=1.0))
        append(session, actor="ada", action="bot.created", subject="bot:b")
    assert audit.verify(database).events == 0


@pytest.mark.parametrize("word", ["", "  ", "a\nb", "a\0b", "\ud800", "tab\there"])
def test_unreadable_words_are_refused(sqlite_database: Database, word: str) -> None:
    """Actor, action and subject must be printable, so that lines stay unambiguous and text survives the disk."""
    for name in ("actor", "action", "subject"):
        words = {"actor": "a", "action": "b", "subject": "c"} | {name: word}
        with pytest.raises(InputError, match=f"the {name} of an audit event"), sqlite_database.session() as session:
            append(session, **words)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.0, object(), 2**60])
def test_ambiguous_details_are_refused(sqlite_database: Database, value: object) -> None:
    """A detail without one agreed JSON text is refused."""
    with pytest.raises(InputError), sqlite_database.session() as session:
        append(session, actor="a", action="b", subject="c", detail={"value": value})


def test_details_keep_newlines(database: Database) -> None:
    """A newline in a detail is escaped by JSON, so the chain verifies."""
    with database.session() as session:
        event = append(session, actor="a", action="b", subject="c", detail={"text": "one\ntwo\0three"})
    assert event.detail == r'{"text":"one\ntwo\u0000three"}'
    assert audit.verify(database).ok


def test_a_missing_head_stops_appending(database: Database) -> None:
    """Without its head the chain takes no event, because nobody knows where it ends."""
    unguard(database)
    with database.session() as session:
        session.execute(text("DELETE FROM audit_head"))
    with pytest.raises(AuditError, match="head of the audit chain is missing"), database.session() as session:
        append(session, actor="a", action="b", subject="c")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit SET actor = 'eve'",
        "DELETE FROM audit WHERE seq = 1",
        "DELETE FROM audit",
        "DELETE FROM audit_head",
        "UPDATE audit_head SET seq = 0",
        "UPDATE audit_head SET seq = 3, hash = 'x'",
        "INSERT INTO audit_head (id, seq, hash) VALUES (2, 0, 'x')",
        "INSERT INTO audit (seq, at, actor, action, subject, detail, previous_hash, hash) VALUES (9, '', '', '', '', '', '', '')",
        "@whole@",
    ],
)
def test_the_database_refuses_to_rewrite_history(database: Database, statement: str) -> None:
    """Plain SQL that edits, deletes, replaces or misplaces events is refused by the database itself."""
    whole = {
        "sqlite": "INSERT OR REPLACE INTO audit SELECT seq, at, 'eve', action, subject, detail, previous_hash, hash FROM audit",
        "postgresql": "TRUNCATE audit",
    }
    with database.session() as session:
        append(session, actor="ada", action="one", subject="x")
        append(session, actor="ada", action="two", subject="x")
    with pytest.raises(StoreError, match="append-only"), database.session() as session:
        session.execute(text(statement.replace("@whole@", whole[database.dialect])))
    assert audit.verify(database).ok


def test_threads_keep_one_chain(database: Database) -> None:
    """Eight threads that append at once leave one unbroken chain and lose nothing."""
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for i in range(15):
                with database.session() as session:
                    append(session, actor=name, action="test", subject="x", detail={"i": i})
        except BaseException as error:  # noqa: BLE001 - shown below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(f"t{i}",)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = audit.verify(database)
    assert (found.ok, found.events) == (True, 120)


APPENDER = """
import sys
from workbench.store import Database, append, publish
with Database.open(sys.argv[1]) as database:
    for i in range(25):
        with database.session() as session:
            publish(session, "test", {"i": i})
            append(session, actor=sys.argv[2], action="test", subject="x", detail={"i": i})
        with database.session() as session:
            append(session, actor=sys.argv[2], action="test", subject="y", detail={"i": i})
            publish(session, "test", {"i": i})
"""


def test_processes_keep_one_chain(database: Database, database_url: str) -> None:
    """Processes that append and publish in either order neither break the chain nor stop each other."""
    children = [
        subprocess.Popen([sys.executable, "-c", APPENDER, database_url, f"p{i}"], stderr=subprocess.PIPE, text=True) for i in range(3)
    ]
    errors = [child.communicate(timeout=60)[1] for child in children]
    assert errors == [""] * 3
    found = audit.verify(database)
    assert (found.ok, found.events) == (True, 150)


def unguard(database: Database) -> None:
    """Take the triggers away, as somebody with the right to change the schema would."""
    with database.session() as session:
        for table in ("audit", "audit_head"):
            for act in ("insert", "update", "delete"):
                session.execute(text(f"DROP TRIGGER {table}_refuse_{act}{f' ON {table}' if database.dialect == 'postgresql' else ''}"))
