"""The tap: one look at the outbox every tenth of a second for the whole server, whoever listens.

The latest events are kept in memory, each listener remembers how far it has read (``events_after``). One that is slow, or comes back after a while, reads
the rest from the store in pages: nothing is queued for it, so nothing grows and nothing is lost.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.errors import StoreError
from workbench.server.store import apart, database
from workbench.store import outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from workbench.store.outbox import OutboxEvent

T = TypeVar("T")
KEY = "workbench_tap"
EVERY_SECONDS = 0.1
KEPT = 2_000
PAGE = 500
_LONGEST_PAUSE = 5.0


class Tap:
    """Reads the outbox while somebody listens."""

    def __init__(self, settings: dict[str, Any]) -> None:
        """Read nothing yet."""
        self._settings = settings
        self._recent: deque[OutboxEvent] = deque(maxlen=KEPT)
        self._begin = 0
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.last = 0
        self.listeners = 0
        self.problem = ""

    async def join(self) -> int:
        """Begin to listen and return the id of the latest event."""
        if self.listeners == 0:
            self.last = self._begin = await self._ask(outbox.latest)
            self._recent.clear()
        self.listeners += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())
        return self.last

    def leave(self) -> None:
        """Stop listening; the last one out turns the tap off."""
        self.listeners = max(0, self.listeners - 1)
        if self.listeners == 0 and self._task is not None:
            self._task.cancel()
            self._task = None

    async def news(self, after: int, seconds: float) -> bool:
        """Wait until there is an event beyond ``after``, at most so long, and return whether there is."""
        if self.last > after:
            return True
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return False
        return self.last > after

    async def events_after(self, after: int) -> list[OutboxEvent]:
        """Return up to ``PAGE`` events beyond ``after``, oldest first, from memory where they are there."""
        if after >= self._begin:
            return [event for event in self._recent if event.id > after][:PAGE]
        return await self._ask(lambda session: outbox.after(session, after, PAGE))

    async def _watch(self) -> None:
        pause = EVERY_SECONDS
        while True:
            try:
                fresh: list[OutboxEvent] = await self._ask(lambda session: outbox.after(session, self.last, PAGE))
                self.problem, pause = "", EVERY_SECONDS
            except StoreError as error:
                self.problem, pause = str(error), min(2 * pause, _LONGEST_PAUSE)
                fresh = []
            if fresh:
                self._keep(fresh)
            if len(fresh) < PAGE:
                await asyncio.sleep(pause)

    def _keep(self, fresh: list[OutboxEvent]) -> None:
        for event in fresh:
            if len(self._recent) == KEPT:
                self._begin = self._recent[0].id
            self._recent.append(event)
        self.last = fresh[-1].id
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def _ask(self, question: Callable[[Session], T]) -> T:
        def ask() -> T:
            with database(self._settings).read() as session:
                return question(session)

        return await apart(ask)


def tap_of(settings: dict[str, Any]) -> Tap:
    """Return the tap of this server."""
    found = settings.get(KEY)
    if not isinstance(found, Tap):
        found = settings[KEY] = Tap(settings)
    return found
