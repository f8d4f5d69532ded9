"""What keeps a board alive: one task that reads the outbox, and refreshes the sections whose topics changed.

1. Every 200 ms ``look`` opens one reading session in a thread, asks the outbox for what came after the last event, and lets every section
   that wants one of the topics read its data from that same moment of the store. Events of one look are one refresh, however many there are.
2. What a section read is drawn in the event loop at once, while slower sections still read; the quick ones read first. What is as before is not drawn again.
3. A section that takes long to read rests in proportion (``_REST``), so that a burst of trades never fills the processor.
4. Every five seconds all sections are asked again: what no event tells of (marks without a position, ages) catches up.
5. Where the store does not answer, the board says so and asks again, more and more slowly; when it answers, everything is read anew.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from workbench import clock, telemetry
from workbench.errors import StoreError, WorkbenchError
from workbench.store import outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sqlalchemy.orm import Session

    from workbench.store.outbox import OutboxEvent
    from workbench.widgets.boards.desk import Desk

State = Literal["live", "reconnecting", "stale"]
POLL_SECONDS = 0.2
SWEEP_SECONDS = 5.0
STALE_SECONDS = 10.0
"""After as long without an answer the figures are called stale."""
_SLOWEST_SECONDS = 2.0
_REST = 4.0
"""A section rests this many times as long as its last reading took ..."""
_LONGEST_REST_SECONDS = 2.0
"""... but never longer than this."""
_MOST_EVENTS = 500
EVERYTHING = "*"


@dataclass(kw_only=True, eq=False)
class Section:
    """Something on a board that is read and drawn together."""

    name: str
    """Name in messages and tests."""
    read: Callable[[Session], Any]
    """Reads its data; runs in a thread and touches no widget."""
    draw: Callable[[Any], None]
    """Shows the data; runs in the event loop."""
    topics: frozenset[str] = frozenset({EVERYTHING})
    """Topics of the outbox that change it; ``*`` for all."""
    failed: Callable[[str], None] | None = None
    """Shows why it could not be read, where that is about this section alone (a bot that is gone)."""
    due: bool = True
    """Whether it has to be read."""
    rests_until: float = 0.0
    """Monotonic time before which it is not read again."""
    seconds: float = 0.0
    """How long its last reading took."""
    drawn: Any = field(default=None, repr=False)
    """What it showed last."""

    def wants(self, topics: set[str]) -> bool:
        """Return whether an event of one of these topics changes it."""
        return bool(topics) and (EVERYTHING in self.topics or not self.topics.isdisjoint(topics))


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the connection between board and store stands."""

    state: State
    """live, reconnecting or stale."""
    seen_at: float
    """When the store last answered, seconds since 1970."""
    message: str = ""
    """Why it does not answer; empty while it does."""


@dataclass(frozen=True, kw_only=True)
class _Failure:
    message: str


class Live:
    """The heart of one open board."""

    def __init__(self, desk: Desk, sections: Iterable[Section], on_health: Callable[[Health], None]) -> None:
        """Do nothing yet; ``refresh`` reads once, ``start`` keeps reading."""
        self.desk = desk
        self.sections = tuple(sections)
        self.lags: deque[float] = deque(maxlen=200)
        """Seconds from an event's publication to its drawing."""
        self.on_events: list[Callable[[list[OutboxEvent]], None]] = []
        self._on_health = on_health
        self._last: int | None = None
        self._seen = clock.now().timestamp()
        self._swept = 0.0
        self._failures = 0
        self._state: State | None = None
        self._task: asyncio.Task[None] | None = None
        self._reading = threading.Lock()

    def start(self) -> None:
        """Begin to follow the store; needs a running event loop."""
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._run())

    def stop(self) -> None:
        """End the task."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    def ask(self, *names: str) -> None:
        """Let sections be read at the next look, all of them without a name: after a filter, after an act."""
        for section in self.sections:
            if not names or section.name in names:
                section.due, section.rests_until, section.drawn = True, 0.0, None

    def refresh(self) -> None:
        """Read and draw now what is due, in the caller's thread: the first paint, and the answer to a person's act."""
        try:
            events = self._read(self._draw)
        except StoreError as error:
            self._away(str(error))
        else:
            self._done(events)

    async def look(self) -> None:
        """Look once at the store, without stopping the event loop."""
        loop = asyncio.get_running_loop()
        try:
            events = await asyncio.to_thread(self._read, lambda section, data: loop.call_soon_threadsafe(self._draw, section, data))
        except StoreError as error:
            self._away(str(error))
        else:
            self._done(events)

    async def _run(self) -> None:
        while True:
            begun = clock.monotonic()
            try:
                await self.look()
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001 - a defect in one look must not end the board's life
                telemetry.log("boards").exception("look_failed")
            wait = POLL_SECONDS if not self._failures else min(_SLOWEST_SECONDS, POLL_SECONDS * 2**self._failures)
            await asyncio.sleep(max(0.01, wait - (clock.monotonic() - begun)))

    def _read(self, show: Callable[[Section, Any], object]) -> list[OutboxEvent]:
        with self._reading, self.desk.read() as session:
            events = self._news(session)
            topics = {event.topic for event in events}
            now = clock.monotonic()
            sweep = now - self._swept >= SWEEP_SECONDS
            self._swept = now if sweep else self._swept
            for section in self.sections:
                section.due = section.due or sweep or section.wants(topics)
            due = [section for section in self.sections if section.due and section.rests_until <= now]
            for section in sorted(due, key=lambda section: section.seconds):
                show(section, _read_one(section, session))
            return events

    def _news(self, session: Session) -> list[OutboxEvent]:
        if self._last is None:  # nobody saw anything yet: the sections are read whole, older events tell nothing new
            self._last = outbox.latest(session)
            return []
        events = outbox.after(session, self._last, _MOST_EVENTS)
        if not events and outbox.latest(session) < self._last:  # another store took the place of the one we knew
            self._last = outbox.latest(session)
            self.ask()
        self._last = events[-1].id if events else self._last
        return events

    def _draw(self, section: Section, data: Any) -> None:  # noqa: ANN401 - what the section reads
        if isinstance(data, _Failure):
            _tell(section, data.message)
        elif data != section.drawn:
            section.drawn = data
            try:
                section.draw(data)
            except Exception as error:  # noqa: BLE001 - one broken section leaves the others standing
                telemetry.log("boards").exception("section_failed", section=section.name)
                _tell(section, f"{section.name} could not be drawn ({type(error).__name__}: {error})")

    def _done(self, events: list[OutboxEvent]) -> None:
        now = clock.now().timestamp()
        self.lags.extend(now - event.at.timestamp() for event in events[-20:])
        for listener in self.on_events:
            listener(events)
        self._seen, self._failures = now, 0
        self._say("live")

    def _away(self, message: str) -> None:
        self._failures = min(self._failures + 1, 10)
        silent = clock.now().timestamp() - self._seen
        for section in self.sections:
            section.due, section.rests_until, section.drawn = True, 0.0, None
        self._say("stale" if silent > STALE_SECONDS else "reconnecting", message)

    def _say(self, state: State, message: str = "") -> None:
        self._state = state
        self._on_health(Health(state=state, seen_at=self._seen, message=message))


def _read_one(section: Section, session: Session) -> Any:  # noqa: ANN401 - what the section reads
    begun = clock.monotonic()
    try:
        data = section.read(session)
    except StoreError:
        raise
    except WorkbenchError as error:
        data = _Failure(message=str(error))
    except Exception as error:
        if type(error).__module__.startswith("sqlalchemy"):  # the session turns it into a StoreError
            raise
        telemetry.log("boards").exception("section_failed", section=section.name)
        data = _Failure(message=f"{section.name} could not be read ({type(error).__name__}: {error})")
    section.due = False
    now = clock.monotonic()
    section.seconds = now - begun
    section.rests_until = now + min(_LONGEST_REST_SECONDS, _REST * section.seconds)
    return data


def _tell(section: Section, message: str) -> None:
    if section.failed is not None and section.drawn != message:
        section.drawn = message
        section.failed(message)
