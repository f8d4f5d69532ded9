"""Whoever changes the audit chain behind our back is found out, and where."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from workbench.errors import AuditError
from workbench.lifecycle import audit
from workbench.lifecycle.audit import Checkpoint
from workbench.store import Database, append, chain

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EVENTS = 9
COLUMNS = "seq, at, actor, action, subject, detail, previous_hash, hash"


class Forger:
    """Someone with every right on the database: drops the triggers and rewrites rows with plain SQL."""

    def __init__(self, database: Database) -> None:
        self.database = database
        for table in ("audit", "audit_head"):
            for act in ("insert", "update", "delete"):
                self.run(f"DROP TRIGGER {table}_refuse_{act}{f' ON {table}' if database.dialect == 'postgresql' else ''}")

    def run(self, statement: str, **values: Any) -> None:
        with self.database.session() as session:
            session.execute(text(statement), values)

    def row(self, seq: int) -> dict[str, Any]:
        with self.database.read() as session:
            return dict(session.execute(text(f"SELECT {COLUMNS} FROM audit WHERE seq = :seq"), {"seq": seq}).mappings().one())

    def write(self, row: dict[str, Any]) -> None:
        self.run(f"INSERT INTO audit ({COLUMNS}) VALUES (:{COLUMNS.replace(', ', ', :')})", **row)

    def renumber(self, seq: int, to: int) -> None:
        self.run("UPDATE audit SET seq = :to WHERE seq = :seq", seq=seq, to=to)

    def shift(self, first: int, by: int) -> None:
        """Give the events from ``first`` on a number that is ``by`` higher, and the head too."""
        for seq in sorted(range(first, EVENTS + 1), reverse=by > 0):
            self.renumber(seq, seq + by)
        self.run("UPDATE audit_head SET seq = seq + :by", by=by)

    def move_head(self, seq: int) -> None:
        self.run("UPDATE audit_head SET seq = :seq, hash = :hash", seq=seq, hash=self.row(seq)["hash"])


def seal(row: dict[str, Any]) -> dict[str, Any]:
    """Return the row with the hash that fits its fields."""
    fields = [row[name] for name in ("previous_hash", "seq", "at", "actor", "action", "subject", "detail")]
    return row | {"hash": chain.event_hash(*fields)}


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A store on SQLite and on PostgreSQL: the chain must hold on both."""
    with Database.open(database_url) as opened:
        yield opened


@pytest.fixture
def written(database: Database) -> Database:
    """A chain of nine events."""
    with database.session() as session:
        for i in range(EVENTS):
            append(session, actor=f"person {i}", action="order.sent", subject="bot:b", detail={"i": i, "price": 100.25})
    return database


def broken(result: audit.Verification) -> tuple[str | None, int | None]:
    return result.kind, result.at_seq


def found(database: Database, checkpoint: Checkpoint | None = None) -> tuple[bool, str | None, int | None]:
    result = audit.verify(database, checkpoint=checkpoint)
    return result.ok, result.kind, result.at_seq


def test_a_chain_as_written_verifies(written: Database) -> None:
    """An untouched chain verifies and says where it ends."""
    result = audit.verify(written)
    with written.read() as session:
        assert (True, None, None, *chain.head(session)) == (result.ok, result.kind, result.problem, result.events, result.head_hash)
    result.demand()


def test_an_empty_chain_verifies(database: Database) -> None:
    """A store in which nothing happened yet verifies, with no events."""
    result = audit.verify(database)
    assert (result.ok, result.events, result.head_hash) == (True, 0, chain.GENESIS)


@pytest.mark.parametrize("seq", [1, 5, EVENTS])
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "eve"),
        ("action", "order.cancelled"),
        ("subject", "bot:c"),
        ("at", "2020-01-01T00:00:00.000000Z"),
        ("detail", '{"i":4,"price":100.26}'),
        ("detail", '{"i": 4}\n'),
        ("hash", "f" * 64),
    ],
)
def test_an_edited_field_is_located(written: Database, column: str, value: str, seq: int) -> None:
    """A changed field is found at its event, whichever field and event it is."""
    Forger(written).run(f"UPDATE audit SET {column} = :value WHERE seq = :seq", value=value, seq=seq)
    assert (False, "edited", seq) == found(written)
    with pytest.raises(AuditError, match=f"event {seq} was edited"):
        audit.verify(written).demand()


@pytest.mark.parametrize("detail", ['{"i":4,"price":1.0025e2}', '{"price":100.25,"i":4}', '{"i":4, "price":100.25}'])
def test_the_text_is_sealed_not_its_meaning(written: Database, detail: str) -> None:
    """The same JSON value in other words is an edit: the stored bytes are what is sealed."""
    Forger(written).run("UPDATE audit SET detail = :detail WHERE seq = 5", detail=detail)
    assert found(written) == (False, "edited", 5)


@pytest.mark.parametrize("seq", [1, 5, EVENTS])
def test_an_edit_sealed_again_is_located(written: Database, seq: int) -> None:
    """An edit whose hash was computed anew is found at its event, because the next one, or the head, knows the old hash."""
    forger = Forger(written)
    row = seal(forger.row(seq) | {"actor": "eve"})
    forger.run("UPDATE audit SET actor = 'eve', hash = :hash WHERE seq = :seq", hash=row["hash"], seq=seq)
    assert (False, "edited", seq) == found(written)


@pytest.mark.parametrize("seq", [2, 5, EVENTS])
def test_a_broken_link_is_located(written: Database, seq: int) -> None:
    """An event that was sealed onto another predecessor is found."""
    forger = Forger(written)
    row = seal(forger.row(seq) | {"previous_hash": "a" * 64})
    forger.run(
        "UPDATE audit SET previous_hash = :previous_hash, hash = :hash WHERE seq = :seq",
        **{key: row[key] for key in ("previous_hash", "hash", "seq")},
    )
    assert (False, "edited", seq) == found(written)


@pytest.mark.parametrize("seq", [1, 5, EVENTS - 1])
def test_a_deleted_event_is_located(written: Database, seq: int) -> None:
    """A missing event is found at its number."""
    Forger(written).run("DELETE FROM audit WHERE seq = :seq", seq=seq)
    assert (False, "deleted", seq) == found(written)


def test_deleted_events_are_listed(written: Database) -> None:
    """Several missing events in a row are named together."""
    Forger(written).run("DELETE FROM audit WHERE seq BETWEEN 3 AND 6")
    assert audit.verify(written).problem == "events 3 to 6 are missing"


@pytest.mark.parametrize("seq", [1, 5, EVENTS - 1])
def test_a_deletion_with_renumbering_is_located(written: Database, seq: int) -> None:
    """Closing the gap by renumbering does not hide it, because the number is sealed too."""
    forger = Forger(written)
    forger.run("DELETE FROM audit WHERE seq = :seq", seq=seq)
    forger.shift(seq + 1, -1)
    assert (False, "deleted", seq) == found(written)


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("linked", [True, False])
@pytest.mark.parametrize("seq", [1, 5, EVENTS])
def test_an_inserted_event_is_located(written: Database, seq: int, sealed: bool, linked: bool) -> None:
    """A forged event between two true ones is found, however well it was linked and sealed."""
    forger = Forger(written)
    genuine = forger.row(seq)
    forger.shift(seq, 1)
    row = genuine | {"actor": "eve", "previous_hash": genuine["previous_hash"] if linked else "b" * 64}
    forger.write(seal(row) if sealed else row)
    assert (False, "inserted", seq) == found(written)


def test_an_event_before_the_first_is_located(written: Database) -> None:
    """An event with a number below one is found."""
    forger = Forger(written)
    forger.write(seal(forger.row(1) | {"seq": 0}))
    assert found(written) == (False, "inserted", 0)


def test_an_event_behind_the_end_is_located(written: Database) -> None:
    """A perfectly sealed event that was added without the head is found."""
    forger = Forger(written)
    last = forger.row(EVENTS)
    forger.write(seal(last | {"seq": EVENTS + 1, "previous_hash": last["hash"]}))
    assert found(written) == (False, "inserted", EVENTS + 1)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (4, 5), (3, 7), (EVENTS - 1, EVENTS)])
def test_exchanged_events_are_located(written: Database, one: int, other: int) -> None:
    """Two events that changed places are found at the first of them."""
    forger = Forger(written)
    forger.renumber(one, 1000)
    forger.renumber(other, one)
    forger.renumber(1000, other)
    assert (False, "reordered", one) == found(written)


@pytest.mark.parametrize("kept", [0, 1, 5, EVENTS - 1])
def test_a_cut_off_end_is_located(written: Database, kept: int) -> None:
    """Events removed from the end leave the head behind; the first missing number is named."""
    Forger(written).run("DELETE FROM audit WHERE seq > :kept", kept=kept)
    assert (False, "truncated", kept + 1) == found(written)


def test_a_removed_head_is_found(written: Database) -> None:
    """Without the head nobody can say whether the end is still there, so the chain does not verify."""
    Forger(written).run("DELETE FROM audit_head")
    assert found(written) == (False, "headless", EVENTS)


def test_a_cut_with_a_moved_head_needs_a_checkpoint(written: Database) -> None:
    """A head moved back with the cut is found by a checkpoint that was kept elsewhere."""
    checkpoint = audit.verify(written).checkpoint
    forger = Forger(written)
    forger.run("DELETE FROM audit WHERE seq > 5")
    forger.move_head(5)
    assert found(written, checkpoint) == (False, "truncated", 6)
    assert found(written)[1] == "unguarded"  # all that is left to see without it


def test_a_chain_written_anew_needs_a_checkpoint(written: Database) -> None:
    """A history forged from its first event on, head included, is found by a checkpoint that was kept elsewhere."""
    checkpoint = audit.verify(written).checkpoint
    forger = Forger(written)
    rows = [forger.row(seq) for seq in range(1, EVENTS + 1)]
    forger.run("DELETE FROM audit")
    previous = chain.GENESIS
    for row in rows:
        forged = seal(row | {"actor": "eve", "previous_hash": previous})
        forger.write(forged)
        previous = forged["hash"]
    forger.move_head(EVENTS)
    assert found(written, checkpoint) == (False, "rewritten", EVENTS)


def test_missing_guards_are_named(written: Database) -> None:
    """A chain whose triggers were dropped does not pass, even if no event was touched yet."""
    Forger(written)
    result = audit.verify(written)
    assert (result.ok, result.kind, result.events) == (False, "unguarded", EVENTS)


def test_a_later_part_verifies_alone(written: Database) -> None:
    """Starting at a checkpoint checks only what came after it, and finds a break there."""
    with written.read() as session:
        fifth = chain.events(session, after=4, limit=1)[0]
    checkpoint = Checkpoint(seq=5, hash=fifth.hash)
    assert audit.verify(written, checkpoint=checkpoint, whole=False).ok
    forger = Forger(written)
    forger.run("UPDATE audit SET actor = 'eve' WHERE seq = 2")
    assert audit.verify(written, checkpoint=checkpoint, whole=False).kind == "unguarded"
    forger.run("UPDATE audit SET actor = 'eve' WHERE seq = 7")
    assert broken(audit.verify(written, checkpoint=checkpoint, whole=False)) == ("edited", 7)


def test_an_export_verifies_without_the_database(written: Database, tmp_path: Path) -> None:
    """The exported lines and their proof verify by themselves and against a checkpoint."""
    result = audit.export(written, tmp_path / "audit.jsonl")
    offline = audit.verify_export(result.path, checkpoint=audit.verify(written).checkpoint)
    assert (True, EVENTS, result.verification.head_hash) == (offline.ok, offline.events, offline.head_hash)
    assert len(result.path.read_text(encoding="utf-8").splitlines()) == EVENTS
    assert [result.path.name, result.proof_path.name] == sorted(path.name for path in tmp_path.glob("*audit*"))


def test_a_changed_export_is_found(written: Database, tmp_path: Path) -> None:
    """An edited, shortened or retouched export does not verify."""
    path = audit.export(written, tmp_path / "audit.jsonl").path
    lines = path.read_text(encoding="utf-8").splitlines()
    seen = []
    for forged in (
        [*lines[:3], lines[3].replace("person 3", "eve"), *lines[4:]],
        lines[:-2],
        [*lines[:2], *lines[3:]],
        [line.replace('": "', '":"') for line in lines],
    ):
        path.write_text("\n".join(forged) + "\n", encoding="utf-8")
        result = audit.verify_export(path)
        seen.append((result.kind, result.at_seq))
    assert seen == [("edited", 4), ("truncated", 8), ("deleted", 3), ("rewritten", EVENTS)]


def test_a_broken_chain_is_exported_as_it_is(written: Database, tmp_path: Path) -> None:
    """Evidence of tampering can be taken out of the database: the export succeeds and its proof names the break."""
    Forger(written).run("UPDATE audit SET actor = 'eve' WHERE seq = 4")
    result = audit.export(written, tmp_path / "audit.jsonl")
    proof = json.loads(result.proof_path.read_text(encoding="utf-8"))
    assert (proof["verification"]["kind"], proof["verification"]["at_seq"]) == ("edited", 4)
    assert broken(audit.verify_export(result.path)) == ("edited", 4)


def test_an_export_to_nowhere_is_refused(written: Database, tmp_path: Path) -> None:
    """A folder that does not exist, and a file that is no export, each end in one sentence."""
    with pytest.raises(AuditError, match="cannot be written"):
        audit.export(written, tmp_path / "missing" / "audit.jsonl")
    (tmp_path / "other.jsonl").write_text("{}")
    with pytest.raises(AuditError, match="no audit export"):
        audit.verify_export(tmp_path / "other.jsonl")


WORDS = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12).filter(
    lambda word: word.strip() and word.isprintable()
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.lists(st.tuples(WORDS, WORDS, WORDS, st.text(st.characters(exclude_categories=("Cs",)), max_size=20)), min_size=1, max_size=5)
)
def test_any_readable_words_verify(sqlite_database: Database, words: list[tuple[str, str, str, str]]) -> None:
    """Whatever people write, what was appended verifies when it is read back."""
    with sqlite_database.session() as session:
        for actor, action, subject, detail in words:
            append(session, actor=actor, action=action, subject=subject, detail={"text": detail})
    assert audit.verify(sqlite_database).ok


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_no_single_change_goes_unseen(data: st.DataObject) -> None:
    """On a random chain every single edit, deletion, exchange, doubling or cut is seen at or next to where it was made."""
    size = data.draw(st.integers(2, 12))
    rows, previous = [], chain.GENESIS
    for seq in range(1, size + 1):
        fields = (previous, seq, "2026-01-01T00:00:00.000000Z", "ada", "act", "x", json.dumps({"i": seq}))
        previous = chain.event_hash(*fields)
        rows.append(audit.Row(*fields, previous))
    place = data.draw(st.integers(0, size - 1))
    forged = list(rows)
    kind = data.draw(st.sampled_from(["edit", "delete", "exchange", "double"]))
    if kind == "edit":
        field = data.draw(st.sampled_from(["previous_hash", "at", "actor", "action", "subject", "detail", "hash"]))
        forged[place] = rows[place]._replace(**{field: "forged"})
    elif kind == "delete":
        del forged[place]
    elif kind == "exchange":
        other = data.draw(st.integers(0, size - 1).filter(lambda index: index != place))
        forged[place], forged[other] = rows[other], rows[place]
        place = min(place, other)
    else:
        forged.insert(place, rows[place]._replace(actor="eve"))
    if kind != "edit":  # the forger renumbers, so that nothing is missing
        forged = [row._replace(seq=index) for index, row in enumerate(forged, 1)]
    head = Checkpoint(seq=size, hash=previous)
    result = audit._inspect(lambda after: (row for row in forged if after is None or row.seq > after), head, None, None)
    assert (result.ok, abs((result.at_seq or 0) - (place + 1)) <= 1) == (False, True)
