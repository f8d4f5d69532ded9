"""The outbox: events that are told if and only if the change they tell of was made."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from workbench.errors import InputError
from workbench.store import outbox, publish

if TYPE_CHECKING:
    from workbench.store import Database


def test_events_are_read_in_order(database: Database) -> None:
    """Events come back oldest first, after the last one seen, up to a limit."""
    with database.session() as session:
        ids = [publish(session, "trade_executed", {"i": i}) for i in range(4)]
    with database.read() as session:
        assert [(event.topic, event.payload) for event in outbox.after(session, ids[0], limit=2)] == [
            ("trade_executed", {"i": 1}),
            ("trade_executed", {"i": 2}),
        ]
        assert (ids[-1], []) == (outbox.latest(session), outbox.after(session, ids[-1]))


def test_an_event_goes_with_its_transaction(database: Database) -> None:
    """An event whose transaction rolls back is never told."""
    with pytest.raises(ZeroDivisionError), database.session() as session:  # noqa: PT012 - the block is what is tested
        publish(session, "lost", {})
        raise ZeroDivisionError
    with database.read() as session:
        assert (outbox.latest(session), outbox.after(session)) == (0, [])


def test_bad_events_are_refused(database: Database) -> None:
    """An event without a topic or with a payload that JSON does not know is refused."""
    for topic, payload in ((" ", {}), ("x", {"value": float("nan")})):
        with pytest.raises(InputError), database.session() as session:
            publish(session, topic, payload)


def test_a_reader_misses_nothing(database: Database) -> None:
    """A reader that remembers the last id sees every event exactly once while several threads publish."""
    done = threading.Event()
    seen: list[int] = []

    def write(worker: int) -> None:
        for i in range(20):
            with database.session() as session:
                publish(session, "test", {"n": worker * 100 + i})

    def read() -> None:
        last = 0
        while True:
            finished = done.is_set()
            with database.read() as session:
                events = outbox.after(session, last, limit=7)
            seen.extend(event.payload["n"] for event in events)
            last = events[-1].id if events else last
            if finished and not events:
                return
            time.sleep(0.002)

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write, args=(worker,)) for worker in range(4)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert sorted(worker * 100 + i for worker in range(4) for i in range(20)) == sorted(seen)
