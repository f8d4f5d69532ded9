"""The websocket: events as they happen, resumed where one was cut off, for those who may listen."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from tornado.httpclient import HTTPClientError

from workbench import settings
from workbench.lifecycle import users
from workbench.lifecycle.access import ACTIONS
from workbench.lifecycle.people import Person
from workbench.server import socket, tap
from workbench.store import outbox
from workbench.store.tables import BotRow, StrategyRow

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from bench_server import BenchServer

ADMIN = Person(name="ana", role="admin")


def publish(bench: BenchServer, topic: str = "trade_executed", count: int = 1, **payload: object) -> int:
    with bench.database.session() as session:
        return [outbox.publish(session, topic, {"n": number, **payload}) for number in range(count)][-1]


async def heard(connection: Any, seconds: float = 2.0, topic: str = "") -> dict[str, Any]:
    """Return the next message (of a topic), without heartbeats; {} when the connection ends."""
    while True:
        message = await asyncio.wait_for(connection.read_message(), seconds)
        if message is None:
            return {}
        found = json.loads(message)
        if found["topic"] == topic or (not topic and found["topic"] not in {"hello", "heartbeat", "lagging"}):
            return found


def status_of(team: BenchServer, work: Coroutine[Any, Any, Any]) -> int:
    with pytest.raises(HTTPClientError) as caught:
        team.run(work)
    return caught.value.code


def test_an_event_arrives_at_once(team: BenchServer) -> None:
    """Hello first, then what is published, in its shape, without being asked for."""

    async def listen() -> tuple[Any, Any, float]:
        connection = await team.client("vic").socket()
        hello = await heard(connection, topic="hello")
        started = time.perf_counter()
        publish(team, bot="b1")
        event = await heard(connection)
        return hello, event, time.perf_counter() - started

    hello, event, took = team.run(listen())
    assert (hello["payload"]["user"], hello["payload"]["role"]) == ("vic", "viewer")
    assert event.keys() == {"id", "topic", "at", "payload"}
    assert (event["topic"], event["payload"]) == ("trade_executed", {"n": 0, "bot": "b1"})
    assert took < 5.0


def test_nothing_is_missed_over_a_break(team: BenchServer) -> None:
    """A client that comes back with its last id gets every event in between, once and in order, also beyond what is in memory."""
    first = publish(team)
    last = publish(team, count=tap.KEPT + 700)

    async def listen() -> list[int]:
        connection = await team.client("bob").socket(f"?after={first}")
        await heard(connection, topic="hello")
        return [(await heard(connection))["id"] for _ in range(last - first)]

    assert team.run(listen()) == list(range(first + 1, last + 1))


def test_a_slow_client_loses_nothing_and_holds_up_nobody(team: BenchServer) -> None:
    """While one does not read, another hears at once; the slow one reads all of it later, from the store."""

    async def listen() -> tuple[float, list[int]]:
        slow, quick = await team.client("bob").socket(), await team.client("vic").socket("?topics=alert")
        await heard(quick, topic="hello")
        await asyncio.to_thread(publish, team, count=3000, text="x" * 500)
        started = time.perf_counter()
        await asyncio.to_thread(publish, team, "alert")
        await heard(quick)
        took = time.perf_counter() - started
        return took, [(await heard(slow, 10))["id"] for _ in range(3001)]

    took, ids = team.run(listen())
    assert took < 10.0
    assert ids == list(range(ids[0], ids[0] + 3001))


def test_topics_narrow_and_change(team: BenchServer) -> None:
    """Only what was asked for, with the alias; a client may choose anew while it listens."""

    async def listen() -> list[str]:
        connection = await team.client("vic").socket("?topics=trade,alert")
        await heard(connection, topic="hello")
        for topic in ("job_changed", "alert", "position_updated", "trade_executed"):
            publish(team, topic)
        found = [(await heard(connection))["topic"] for _ in range(2)]
        await connection.write_message(json.dumps({"topics": ["job_changed"]}))
        await asyncio.sleep(0.3)
        publish(team, "alert")
        publish(team, "job_changed")
        return [*found, (await heard(connection))["topic"]]

    assert team.run(listen()) == ["alert", "trade_executed", "job_changed"]


def test_fast_topics_are_thinned(team: BenchServer) -> None:
    """Of a burst about one position only the newest is sent; every trade is."""

    async def listen() -> list[tuple[str, int]]:
        connection = await team.client("vic").socket()
        await heard(connection, topic="hello")
        with team.database.session() as session:
            for number in range(50):
                outbox.publish(session, "position_updated", {"position": 1, "n": number})
            outbox.publish(session, "position_updated", {"position": 2, "n": 99})
            for number in range(3):
                outbox.publish(session, "trade_executed", {"n": number})
        return [((event := await heard(connection))["topic"], event["payload"]["n"]) for _ in range(5)]

    assert team.run(listen()) == [
        ("position_updated", 49),
        ("position_updated", 99),
        ("trade_executed", 0),
        ("trade_executed", 1),
        ("trade_executed", 2),
    ]


def test_strangers_foreign_pages_and_nonsense_are_refused(team: BenchServer) -> None:
    """Before anything is upgraded: 403 for nobody and for another site, 400 for a wrong query."""
    browser = team.client("bob")
    assert status_of(team, team.client().socket()) == 403
    assert status_of(team, browser.socket(Origin="https://evil.example")) == 403
    assert status_of(team, browser.socket("?after=-1")) == 400
    assert status_of(team, browser.socket("?after=99999999999999999999999")) == 400
    assert status_of(team, browser.socket("?topics=trade,secrets")) == 400
    team.run(browser.socket(Origin=f"http://127.0.0.1:{team.port}"))


def test_one_person_cannot_take_every_connection(team: BenchServer) -> None:
    """The twenty-first of one person is refused; another person still gets in."""

    async def crowd() -> int:
        browser = team.client("bob")
        for _ in range(socket.MOST_EACH):
            await browser.socket()
        try:
            await browser.socket()
        except HTTPClientError as error:
            await team.client("vic").socket()
            return error.code
        return 0

    assert team.run(crowd()) == 429


@pytest.mark.parametrize("message", ["hello", "[" * 2000, '{"topics": ["secrets"]}', '{"execute": "x"}', "x" * 10_000])
def test_a_client_that_talks_nonsense_is_closed(team: BenchServer, message: str) -> None:
    """Anything but a choice of topics ends the connection, with a reason."""

    async def talk() -> tuple[dict[str, Any], int | None]:
        connection = await team.client("bob").socket()
        await heard(connection, topic="hello")
        await connection.write_message(message)
        return await heard(connection, 5, topic="never"), connection.close_code

    last, code = team.run(talk())
    assert (last, code in {socket.WRONG, 1009, None}) == ({}, True)


def test_the_role_is_looked_up_at_every_beat(team: BenchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is disabled while listening is closed within a beat; who stays hears the server's time."""
    monkeypatch.setattr(socket, "BEAT_SECONDS", 0.2)

    async def listen() -> tuple[str, int | None]:
        staying, leaving = await team.client("vic").socket(), await team.client("bob").socket()
        with team.database.session() as session:
            users.disable(session, "bob", by=ADMIN)
        while (message := await asyncio.wait_for(leaving.read_message(), 3)) is not None:
            assert message
        beat = await heard(staying, topic="heartbeat")
        return beat["at"], leaving.close_code

    at, code = team.run(listen())
    assert (at.startswith("20"), code) == (True, socket.REFUSED)


def test_a_silent_client_is_closed(team: BenchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that answers no ping for the idle time is let go."""
    monkeypatch.setattr(socket, "BEAT_SECONDS", 0.1)
    idle = settings.current().model_copy(update={"ws_idle_timeout_ms": -1})
    monkeypatch.setattr(settings, "current", lambda: idle)

    async def listen() -> int | None:
        connection = await team.client("vic").socket()
        while await asyncio.wait_for(connection.read_message(), 3) is not None:
            pass
        return connection.close_code

    assert team.run(listen()) == socket.IDLE


def test_a_store_that_goes_away_and_comes_back(team: BenchServer) -> None:
    """The connection stays, says so, and goes on where it was."""
    from workbench.errors import StoreError

    whole = team.database.read

    def gone() -> None:
        message = "the store is not there"
        raise StoreError(message)

    async def listen() -> dict[str, Any]:
        connection = await team.client("vic").socket()
        await heard(connection, topic="hello")
        team.database.read = gone
        await asyncio.sleep(0.4)
        assert "not there" in team.settings[tap.KEY].problem
        team.database.read = whole
        publish(team)
        return await heard(connection, 5)

    try:
        assert team.run(listen())["topic"] == "trade_executed"
    finally:
        team.database.read = whole


def test_where_rows_are_private_events_are_too(team: BenchServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With isolation on, a researcher hears of their own bots and of the desk, not of another's."""
    monkeypatch.setattr("workbench.lifecycle.access.ACTIONS", {**ACTIONS, "desk.read_others": ("operator", "look")})
    with team.database.session() as session:
        session.add(StrategyRow(spec_hash="5" * 64, name="s", json="{}", owner="bob"))
        for name in ("bob", "rae"):
            session.add(BotRow(id=f"of-{name}", name=name, owner=name, spec_hash="5" * 64, capital=1.0))

    async def listen() -> list[Any]:
        connection = await team.client("bob").socket()
        await heard(connection, topic="hello")
        for bot in ("of-rae", "of-bob", None):
            publish(team, bot=bot)
        return [(await heard(connection))["payload"]["bot"] for _ in range(2)]

    assert team.run(listen()) == ["of-bob", None]


def test_nothing_is_left_when_all_have_gone(team: BenchServer) -> None:
    """The last one out turns the tap off."""

    async def come_and_go() -> None:
        for _ in range(3):
            await team.client("vic").socket()

    team.run(come_and_go())
    for _ in range(50):
        if not team.settings["workbench_sockets"] and team.settings[tap.KEY]._task is None:
            break
        time.sleep(0.05)
    assert (team.settings["workbench_sockets"], team.settings[tap.KEY].listeners, team.settings[tap.KEY]._task) == ([], 0, None)
