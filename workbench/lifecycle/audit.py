"""The audit chain, checked: walks every event, and where the chain breaks says what was done to it and where.

1. ``verify`` reads all events in one snapshot, in order, and checks number, link and hash of each (``_walk``).
2. At the first break the rest is read again and the break gets its name: edited, deleted, inserted or reordered (``_diagnose``).
3. At its end the chain must meet the head row, and the checkpoint if one is given (``_ending``): there, cut-off and added events show.
4. ``export`` writes the events as JSON Lines beside a proof; ``verify_export`` checks such a file without the database.

Whoever can write to the database can in the end rewrite all of it, head included. Only a checkpoint kept outside of it (number and
hash of an event, for instance from an earlier export) proves that this did not happen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

from sqlalchemy import select

from workbench import clock
from workbench.content import file_hash
from workbench.errors import AuditError
from workbench.store import chain, schema
from workbench.store.tables import AuditHeadRow, AuditRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from workbench.store import Database


class Row(NamedTuple):
    """One stored event, its fields in the order in which they are hashed; a row of the database reads the same."""

    previous_hash: str
    seq: int
    at: str
    actor: str
    action: str
    subject: str
    detail: str
    hash: str


Read: TypeAlias = Callable[[int | None], Iterable[Row]]
_EVENTS = AuditRow.__table__.c
_HEAD = AuditHeadRow.__table__.c
_SEARCH = 1000
"""How far beyond the end of the chain the first number of a renumbered event is searched."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """An event as it was remembered outside the database."""

    seq: int
    """Number of the event; 0 for the empty chain."""
    hash: str
    """Its hash."""


@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a walk along the chain found."""

    ok: bool
    """Whether every event is as it was written."""
    events: int
    """Number of the last event before the first problem; of all events if there is none."""
    head_hash: str
    """Hash of that event; 64 zeros before the first."""
    kind: str | None = None
    """edited, deleted, inserted, reordered, truncated, rewritten, headless or unguarded; None if all is well."""
    problem: str | None = None
    """The first problem as a sentence."""
    at_seq: int | None = None
    """Number of the event it is about."""

    @property
    def checkpoint(self) -> Checkpoint:
        """The last event that verified, to be kept outside the database."""
        return Checkpoint(seq=self.events, hash=self.head_hash)

    def demand(self) -> None:
        """Do nothing if all is well.

        Raises:
            AuditError: the chain does not verify.
        """
        if not self.ok:
            message = (
                f"the audit chain does not verify: {self.problem}; stop trading, keep the database as it is and compare it with a backup"
            )
            raise AuditError(message)


@dataclass(frozen=True, kw_only=True)
class Export:
    """Where an export lies and what its proof says."""

    path: Path
    """The events, one JSON object a line."""
    proof_path: Path
    """Number of events, head, SHA-256 of the file, and the result of the verification, as JSON."""
    sha256: str
    """SHA-256 of the bytes at ``path``."""
    verification: Verification
    """What the walk found; a broken chain is exported too, as evidence."""


def verify(database: Database, *, checkpoint: Checkpoint | None = None, whole: bool = True) -> Verification:
    """Return whether the audit chain is as it was written, and if not, the first problem, named and located.

    Args:
        database: opened with ``validate=False`` if somebody may have changed its tables or triggers.
        checkpoint: an event remembered outside the database; the chain must still contain it.
        whole: walk all events; False starts after the checkpoint, and trusts what lies before it.

    Raises:
        StoreError: the database cannot be read.
    """
    with database.read() as session:
        return _verified(session.connection(), checkpoint, whole=whole)


def export(database: Database, path: Path) -> Export:
    """Write all events to ``path`` as JSON Lines, a proof to ``<path>.proof.json``, and return where they are.

    Each file appears complete or not at all; a chain that does not verify is exported too, and its proof says so.

    Raises:
        AuditError: the files cannot be written.
        StoreError: the database cannot be read.
    """
    with database.read() as session:
        connection = session.connection()
        found = _verified(connection, None, whole=True)
        try:
            _replace(path, (json.dumps(dict(zip(Row._fields, row, strict=True)), ensure_ascii=False) for row in _stored(connection, None)))
            digest = file_hash(path)
            proof_path = _proof_path(path)
            _replace(proof_path, [json.dumps(_proof(path, digest, found, _head(connection)), indent=2)])
        except OSError as error:
            message = f"the audit export cannot be written to {path} ({error.strerror}); name a file in a folder that exists and that you can write"
            raise AuditError(message) from error
    return Export(path=path, proof_path=proof_path, sha256=digest, verification=found)


def verify_export(path: Path, *, checkpoint: Checkpoint | None = None) -> Verification:
    """Return whether the exported events at ``path`` form an unbroken chain that ends where the proof beside it says.

    Raises:
        AuditError: the file or its proof is missing or cannot be read.
    """
    try:
        proof = json.loads(_proof_path(path).read_text(encoding="utf-8"))
        head = None if proof["head"] is None else Checkpoint(seq=int(proof["head"]["seq"]), hash=str(proof["head"]["hash"]))
        rows = sorted((_parsed(line) for line in path.read_text(encoding="utf-8").split("\n") if line), key=lambda row: row.seq)
        same = file_hash(path) == proof["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"{path} and {_proof_path(path).name} are no audit export ({error}); write one with: workbench audit export"
        raise AuditError(message) from error
    found = _inspect(lambda after: (row for row in rows if after is None or row.seq > after), head, checkpoint, None)
    if found.ok and not same:
        return _broken(found.checkpoint, "rewritten", found.events, f"{path.name} is not the file that was exported: its SHA-256 differs")
    return found


def _verified(connection: Connection, checkpoint: Checkpoint | None, *, whole: bool) -> Verification:
    found = _inspect(lambda after: _stored(connection, after), _head(connection), checkpoint, None if whole else checkpoint)
    missing = schema.missing_guards(schema.look(connection))
    if found.ok and missing:
        return _broken(found.checkpoint, "unguarded", found.events, f"the trigger {missing[0]}, which protects the chain, is missing")
    return found


def _inspect(read: Read, head: Checkpoint | None, checkpoint: Checkpoint | None, start: Checkpoint | None) -> Verification:
    """Return what a walk finds; ``read(after)`` gives the rows above a number in order, all for None."""
    begin = start or Checkpoint(seq=0, hash=chain.GENESIS)
    remembered, last, broken = _walk(read(start.seq if start else None), begin, checkpoint)
    if broken is not None:
        return _diagnose(last, broken, lambda: read(last.seq), head)
    return _ending(last, head) or _remembered(last, checkpoint, remembered) or Verification(ok=True, events=last.seq, head_hash=last.hash)


def _walk(rows: Iterable[Row], begin: Checkpoint, checkpoint: Checkpoint | None) -> tuple[str | None, Checkpoint, Row | None]:
    """Return the hash found at the checkpoint, the last good event and the first row that does not follow it."""
    number, sealed = begin.seq, begin.hash
    wanted = checkpoint.seq if checkpoint else -1
    remembered = sealed if wanted == number else None
    event_hash = chain.event_hash
    for row in rows:
        previous, seq, at, actor, action, subject, detail, claimed = row  # by position: this loop is why verifying is fast
        try:
            follows = seq == number + 1 and previous == sealed and event_hash(previous, seq, at, actor, action, subject, detail) == claimed
        except (AuditError, UnicodeEncodeError):
            follows = False
        if not follows:
            return remembered, Checkpoint(seq=number, hash=sealed), row
        number, sealed = seq, claimed
        if number == wanted:
            remembered = sealed
    return remembered, Checkpoint(seq=number, hash=sealed), None


def _genuine(row: Row, seq: int) -> bool:
    """Whether the row's hash is that of its fields, had it the number ``seq``."""
    try:
        return chain.event_hash(row.previous_hash, seq, row.at, row.actor, row.action, row.subject, row.detail) == row.hash
    except (AuditError, UnicodeEncodeError):
        return False


def _diagnose(last: Checkpoint, row: Row, rest: Callable[[], Iterable[Row]], head: Checkpoint | None) -> Verification:
    """Return what was done to the chain after its ``last`` good event, where ``row`` stands instead of the next."""
    place = last.seq + 1
    if row.seq < place:
        return _broken(last, "inserted", row.seq, f"event {row.seq} was inserted before the first")
    if row.seq > place:
        gap = f"event {place} is" if row.seq == place + 1 else f"events {place} to {row.seq - 1} are"
        return _broken(last, "deleted", place, f"{gap} missing")
    if any(other.previous_hash == last.hash and _genuine(other, place) for other in islice(rest(), 1, None)):
        return _displaced(last, row, rest)
    return _resealed(last, row, rest, head) if _genuine(row, place) else _changed(last, row, rest)


def _displaced(last: Checkpoint, row: Row, rest: Callable[[], Iterable[Row]]) -> Verification:
    """Return what pushed the event that belongs after ``last`` further back."""
    place = last.seq + 1
    number = None if _genuine(row, place) else _original_number(row, rest)
    if number is None:
        return _broken(last, "inserted", place, f"event {place} was inserted and the later ones renumbered")
    return _broken(last, "reordered", place, f"event {place} stands where event {number} was written: events were reordered")


def _resealed(last: Checkpoint, row: Row, rest: Callable[[], Iterable[Row]], head: Checkpoint | None) -> Verification:
    """Return what was done where ``row`` is sound in itself but was sealed onto another event than the one before it."""
    place = last.seq + 1
    follower = next(islice(rest(), 1, 2), None)
    trusted = follower.previous_hash == row.hash if follower else head is not None and head.hash == row.hash
    if trusted and last.seq:
        return _broken(
            last, "edited", last.seq, f"event {last.seq} was edited and sealed again: event {place} was written after another one"
        )
    return _broken(last, "edited", place, f"event {place} was edited and sealed again: it does not follow the event before it")


def _changed(last: Checkpoint, row: Row, rest: Callable[[], Iterable[Row]]) -> Verification:
    """Return what was done where the fields of ``row`` do not give its hash."""
    place = last.seq + 1
    number = _original_number(row, rest)
    if number is None:
        return _broken(last, "edited", place, f"event {place} was edited: its fields do not give its hash")
    if number < place:
        return _broken(last, "inserted", number, f"event {number} was inserted and the later ones renumbered")
    return _broken(last, "deleted", place, f"event {place} was deleted and the later ones renumbered")


def _original_number(row: Row, rest: Callable[[], Iterable[Row]]) -> int | None:
    """Return the number under which the row was written, None if there is none: then a field was changed."""
    highest = max(row.seq, sum(1 for _ in rest()) + row.seq) + _SEARCH
    return next((number for number in range(1, highest) if _genuine(row, number)), None)


def _ending(last: Checkpoint, head: Checkpoint | None) -> Verification | None:
    if head is None:
        return _broken(last, "headless", last.seq, "the head of the chain was removed, so events may be missing at its end")
    if last.seq < head.seq:
        gap = f"event {head.seq} was" if head.seq == last.seq + 1 else f"events {last.seq + 1} to {head.seq} were"
        return _broken(last, "truncated", last.seq + 1, f"{gap} cut off the end")
    if last.seq > head.seq:
        return _broken(last, "inserted", head.seq + 1, f"event {head.seq + 1} was added behind the end")
    if last.hash != head.hash:
        return _broken(last, "edited", last.seq, f"event {last.seq} was edited and sealed again: the head knows another hash")
    return None


def _remembered(last: Checkpoint, checkpoint: Checkpoint | None, found: str | None) -> Verification | None:
    if checkpoint is None or found == checkpoint.hash:
        return None
    if last.seq < checkpoint.seq:
        return _broken(last, "truncated", last.seq + 1, f"event {checkpoint.seq} of the checkpoint was cut off, and the head moved back")
    return _broken(
        last, "rewritten", checkpoint.seq, f"the chain up to event {checkpoint.seq} was written anew: the checkpoint knows another hash"
    )


def _broken(last: Checkpoint, kind: str, at_seq: int, problem: str) -> Verification:
    return Verification(ok=False, events=last.seq, head_hash=last.hash, kind=kind, problem=problem, at_seq=at_seq)


def _stored(connection: Connection, after: int | None) -> Iterator[Row]:
    query = select(*(_EVENTS[field] for field in Row._fields)).order_by(_EVENTS.seq)
    if after is not None:
        query = query.where(_EVENTS.seq > after)
    with connection.execute(query, execution_options={"yield_per": 5000}) as result:  # closes the server's cursor when a walk stops early
        for part in result.partitions():
            yield from cast(list[Row], part)


def _head(connection: Connection) -> Checkpoint | None:
    row = connection.execute(select(_HEAD.seq, _HEAD.hash).where(_HEAD.id == 1)).first()
    return None if row is None else Checkpoint(seq=row.seq, hash=row.hash)


def _parsed(line: str) -> Row:
    return Row(**json.loads(line))


def _proof_path(path: Path) -> Path:
    return path.with_name(f"{path.name}.proof.json")


def _proof(path: Path, digest: str, found: Verification, head: Checkpoint | None) -> dict[str, object]:
    return {
        "file": path.name,
        "sha256": digest,
        "head": head and asdict(head),
        "verification": asdict(found),
        "exported_at": clock.stamp(),
        "hash_rule": "SHA-256 of previous_hash, seq, at, actor, action, subject, detail as UTF-8 lines, no newline at the end",
    }


def _replace(path: Path, lines: Iterable[str]) -> None:
    """Write ``lines`` so that ``path`` is complete or untouched, also after a power cut."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as stream:
            for line in lines:
                stream.write(f"{line}\n")
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
