"""The websocket ``/workbench/ws``: events as they happen, resumed where a client was cut off.

``?after=<id>`` sends what was missed, ``?topics=trade_executed,alert`` narrows. Each message is ``{id, topic, at, payload}``. Messages without an
id are about the connection: ``hello`` (first), ``heartbeat`` (every five seconds, with the server's time: a client that misses two is stale)
and ``lagging`` (older events are being caught up). A client may send ``{"topics": [...]}`` at any time.

1. ``get`` refuses strangers, foreign pages and crowds before anything is upgraded.
2. ``_pump`` waits for news, reads the next page, leaves out what is filtered, keeps only the newest of each fast topic and key in a page
   (``FAST``), and waits until the client has taken it: a slow client is not queued for, it reads later.
3. ``_beat`` says that we are here, asks the store whether the person still may listen, and closes what has been silent too long.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.base.websocket import WebSocketMixin
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from workbench import clock, settings
from workbench.errors import StoreError
from workbench.execution.views.bots import owners
from workbench.lifecycle.access import may, scope_of
from workbench.server.identity import person_of
from workbench.server.limits import LIMITER
from workbench.server.store import apart, database
from workbench.server.tap import tap_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.lifecycle.people import Person
    from workbench.server.tap import Tap
    from workbench.store.outbox import OutboxEvent

TOPICS = (
    "alert",
    "bot_status_changed",
    "data_source_update",
    "job_changed",
    "market_status_changed",
    "pnl_updated",
    "position_updated",
    "price_update",
    "promotion_changed",
    "trade_executed",
    "training_progress",
)
ALIASES = {"trade": "trade_executed"}
FAST = {"position_updated": "position", "pnl_updated": "bot", "price_update": "symbol", "training_progress": "model"}
"""Topic -> the field of its payload by which only the newest of a page is sent."""
BEAT_SECONDS = 5.0
MOST, MOST_EACH = 200, 20
_LARGEST_MESSAGE = 4096
_LARGEST_ID = 2**62
GONE, REFUSED, IDLE, WRONG = 1001, 4003, 4008, 4000  # close codes; 4000 and above are ours


class EventSocket(WebSocketMixin, WebSocketHandler, JupyterHandler):
    """One listening client."""

    auth_resource = "workbench"
    _tasks: tuple[asyncio.Task[None], ...] = ()
    _joined = False

    @property
    def max_message_size(self) -> int:
        """A client has little to say."""
        return _LARGEST_MESSAGE

    def set_default_headers(self) -> None:
        """Set none: this is an upgrade."""

    async def get(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - tornado's signature
        """Check who asks, and upgrade.

        Raises:
            HTTPError: 403 for strangers and for roles that may not look, 429 in a crowd, 400 for a wrong query.
        """
        if self.current_user is None:
            raise HTTPError(403, "nobody is known to have sent this; log in first")
        self.person = person_of(self.current_user)
        if not may(self.person.role, "desk.read"):
            raise HTTPError(403, "the role %s may not listen", self.person.role)
        crowd: list[EventSocket] = self.settings.setdefault("workbench_sockets", [])
        mine = sum(each.person.name == self.person.name for each in crowd)
        if len(crowd) >= MOST or mine >= MOST_EACH or LIMITER.wait("connect", self.person.name) > 0:
            raise HTTPError(429, "too many connections; close other pages, or try again in a few seconds")
        self.asked, self.topics = _after(self.get_query_argument("after", "")), _topics(self.get_query_argument("topics", ""))
        await super().get(*args, **kwargs)

    async def open(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401, ARG002 - tornado's signature
        """Say hello and begin to send."""
        self.settings["workbench_sockets"].append(self)
        self.heard = clock.monotonic()
        self.tap: Tap = tap_of(self.settings)
        try:
            last = await self.tap.join()
        except StoreError as error:
            self.close(GONE, str(error)[:100])
            return
        self._joined = True
        self.after = last if self.asked is None else min(self.asked, last)  # a store that was restored knows fewer events than the client
        told = {"last": last, "after": self.after, "heartbeat_seconds": BEAT_SECONDS, "user": self.person.name, "role": self.person.role}
        await self._say("hello", told)
        loop = asyncio.get_running_loop()
        self._tasks = (loop.create_task(self._pump()), loop.create_task(self._beat()))

    def on_message(self, message: str | bytes) -> None:
        """Take another choice of topics; anything else ends the connection."""
        self.heard = clock.monotonic()
        try:
            said = json.loads(message)
            if isinstance(said, dict) and said.keys() == {"topics"} and isinstance(said["topics"], list):
                self.topics = _topics(",".join(str(topic) for topic in said["topics"]))
            elif said != {"ping": 1}:
                self.close(WRONG, 'send {"topics": [...]} or {"ping": 1}')
        except (ValueError, RecursionError, HTTPError) as error:
            self.close(WRONG, str(getattr(error, "log_message", "") or "this is no JSON")[:100])

    def on_pong(self, data: bytes) -> None:
        """Note that the client is there."""
        self.heard = clock.monotonic()
        super().on_pong(data)  # type: ignore[no-untyped-call]

    def on_close(self) -> None:
        """Leave nothing behind."""
        for task in self._tasks:
            task.cancel()
        crowd: list[EventSocket] = self.settings.get("workbench_sockets", [])
        if self in crowd:
            crowd.remove(self)
        if self._joined:
            self._joined = False
            self.tap.leave()
        super().on_close()

    async def _pump(self) -> None:
        told = False
        with contextlib.suppress(WebSocketClosedError):
            while True:
                await self.tap.news(self.after, BEAT_SECONDS)
                try:
                    page = await self.tap.events_after(self.after)
                    sent = await self._wanted(page)
                except StoreError:
                    await asyncio.sleep(BEAT_SECONDS)
                    continue
                behind = bool(page) and self.tap.last > page[-1].id
                if behind and not told:
                    await self._say("lagging", {"after": self.after, "last": self.tap.last})
                told = behind
                for event in sent:
                    await self._send({"id": event.id, "topic": event.topic, "at": clock.stamp(event.at), "payload": event.payload})
                if page:
                    self.after = page[-1].id
                if not behind:
                    await asyncio.sleep(settings.current().ws_throttle_ms / 1000)

    async def _wanted(self, page: Iterable[OutboxEvent]) -> list[OutboxEvent]:
        chosen = [event for event in page if not self.topics or event.topic in self.topics]
        scope = scope_of(self.person)
        if scope.owner is not None and chosen:
            whose = await apart(lambda: _owners(self.settings, chosen))
            chosen = [event for event in chosen if whose.get(str(event.payload.get("bot")), scope.owner) == scope.owner]
        newest = {_key(event): event.id for event in chosen}
        return [event for event in chosen if newest[_key(event)] == event.id]

    async def _beat(self) -> None:
        with contextlib.suppress(WebSocketClosedError):
            while True:
                await asyncio.sleep(BEAT_SECONDS)
                if clock.monotonic() - self.heard > settings.current().ws_idle_timeout_ms / 1000:
                    self.close(IDLE, "nothing was heard from this client")
                    return
                if not await self._still_may():
                    self.close(REFUSED, "the login has ended, or its role may not listen any more")
                    return
                self.ping(b"")
                await self._say("heartbeat", {"last": self.after, "role": self.person.role, "store": self.tap.problem or "ok"})

    async def _still_may(self) -> bool:
        """Ask who this is now: a logout, a disabled account or another role counts within one beat."""
        identify = getattr(self.identity_provider, "identify", None)
        if identify is None:  # a Hub's provider ends its sessions itself
            return True
        try:
            person: Person | None = await identify(self)
        except StoreError:
            return True  # nothing is sent from a store that does not answer
        if person is None or not may(person.role, "desk.read"):
            return False
        self.person = person
        return True

    async def _say(self, topic: str, payload: dict[str, Any]) -> None:
        await self._send({"topic": topic, "at": clock.stamp(), "payload": payload})

    async def _send(self, message: dict[str, Any]) -> None:
        await self.write_message(json.dumps(message, ensure_ascii=False))


def _owners(settings: dict[str, Any], events: list[OutboxEvent]) -> dict[str, str]:
    with database(settings).read() as session:
        return owners(session, {str(event.payload["bot"]) for event in events if event.payload.get("bot")})


def _key(event: OutboxEvent) -> tuple[str, str]:
    """Return what an event is the newest of; every event of a topic that is not fast is its own."""
    field = FAST.get(event.topic)
    return (event.topic, str(event.payload.get(field))) if field else (event.topic, str(event.id))


def _after(text: str) -> int | None:
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or int(text) > _LARGEST_ID:
        raise HTTPError(400, "after is the id of the last event that was received, a whole number")
    return int(text)


def _topics(text: str) -> frozenset[str]:
    """Return the topics that are wanted; empty for all.

    Raises:
        HTTPError: 400 for one that does not exist.
    """
    named = {ALIASES.get(topic.strip(), topic.strip()) for topic in text.split(",") if topic.strip()}
    unknown = sorted(named - set(TOPICS))
    if unknown:
        raise HTTPError(400, "no topic %s; known: %s", unknown[0][:40], ", ".join(TOPICS))
    return frozenset(named)


ROUTES = [(r"/workbench/ws", EventSocket)]
