"""A long act in a thread of its own, with its progress, its rate, the time it still takes, and a way to stop it.

1. ``Task.start`` runs the act beside the kernel's event loop; it is handed the task's progress port.
2. Whoever shows it asks ``snapshot`` now and then (``watch`` does, on the event loop); nothing is sent from the thread.
3. ``stop`` makes the next word of progress end the act as a person's interrupt would: operations keep what they finished.
"""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from workbench import clock, look
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from workbench.progress import Progress

Outcome = TypeVar("Outcome")
Status = Literal["waiting", "running", "done", "stopped", "failed"]
TICK = 0.1
_PACE = " · "  # what follows it in a word of progress is the act's own rate
_SURE = 0.2  # seconds before a rate means something


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """How far a task is."""

    status: Status
    """waiting, running, done, stopped or failed."""
    done: int
    """Units finished in the present part."""
    total: int
    """Units of the present part; 0 while nobody knows."""
    what: str
    """What is being done."""
    elapsed: float
    """Seconds since the start."""
    rate: float | None
    """Units a second in the present part; None while it is too early to say."""
    remaining: float | None
    """Seconds the present part still takes; None while it is too early to say."""
    stopping: bool
    """Whether a person asked to stop and the act has not ended yet."""

    @property
    def words(self) -> str:
        """What a progress bar says beside itself."""
        if self.stopping:
            return f"stopping · {self.what} · what is finished is kept"
        parts = [self.what, f"{self.done:,} of {self.total:,}" if self.total > 1 else ""]
        if self.rate and self.total > 1:
            parts.append(f"{self.rate:,.0f} a second" if self.rate >= 1 else f"{self.rate * 60:.1f} a minute")
        if self.remaining is not None and self.done < self.total:
            parts.append(f"{look.age(timedelta(seconds=self.remaining))} left")
        return " · ".join(part for part in parts if part)


class Task(Generic[Outcome]):
    """One act; start it once."""

    def __init__(self, act: Callable[[Progress], Outcome], what: str) -> None:
        """Get ready to run ``act(progress)``, called ``what`` until it says more."""
        self._act = act
        self._lock = threading.Lock()
        self._status: Status = "waiting"
        self._at = (0, 0, what)
        self._part = (what, 0.0, 0)
        self._begun = self._ended = 0.0
        self._wanted_stop = self._swallow = False
        self._thread = threading.Thread(target=self._run, name=f"workbench {what}", daemon=True)
        self.result: Outcome | None = None
        self.error: BaseException | None = None

    def start(self) -> Task[Outcome]:
        """Run the act and return at once."""
        self._status, self._begun = "running", clock.monotonic()
        self._part = (self._at[2], self._begun, 0)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Ask the act to end at its next word of progress."""
        self._wanted_stop = True

    def wait(self, seconds: float | None = None) -> Task[Outcome]:
        """Wait until the act has ended, at most ``seconds``; blocks, so never call it on an event loop."""
        self._thread.join(seconds)
        return self

    @property
    def running(self) -> bool:
        """Whether the act has not ended."""
        return self._status == "running"

    @property
    def problem(self) -> str:
        """Why it failed, in words for a person; empty where it did not."""
        if self._status != "failed" or self.error is None:
            return ""
        if isinstance(self.error, WorkbenchError):
            return str(self.error)
        return f"that failed unexpectedly ({type(self.error).__name__}: {self.error})"

    def at(self, done: int, total: int, what: str) -> None:
        """Hear how far the act is; raise the interrupt that a person asked for."""
        what = what.partition(_PACE)[0]  # rate and time left are worked out here
        with self._lock:
            if what.partition(":")[0] != self._part[0]:
                self._part = (what.partition(":")[0], clock.monotonic(), done)
            self._at = (done, total, what)
        if self._wanted_stop and self.running:
            # An operation that is interrupted says so through this port before it returns: that word must pass.
            self._swallow = not self._swallow
            if self._swallow:
                raise KeyboardInterrupt

    def snapshot(self) -> Snapshot:
        """Return how far the act is; cheap, from any thread."""
        with self._lock:
            (done, total, what), (_, since, before) = self._at, self._part
        moment = self._ended or clock.monotonic()
        span = moment - since
        rate = (done - before) / span if done > before and span > _SURE else None
        return Snapshot(
            status=self._status,
            done=done,
            total=total,
            what=what,
            elapsed=moment - self._begun if self._begun else 0.0,
            rate=rate,
            remaining=(total - done) / rate if rate else None,
            stopping=self._wanted_stop and self.running,
        )

    def _run(self) -> None:
        try:
            self.result = self._act(self)
            ended: Status = "stopped" if self._wanted_stop and getattr(self.result, "interrupted", False) else "done"
        except KeyboardInterrupt:
            ended = "stopped"
        except BaseException as error:  # noqa: BLE001 - shown to the person who asked
            self.error, ended = error, "failed"
        self._ended, self._status = clock.monotonic(), ended


async def watch(task: Task[Any], show: Callable[[Snapshot], None], every: float = TICK) -> None:
    """Call ``show`` with how far ``task`` is, ten times a second and once when it has ended."""
    while task.running:
        show(task.snapshot())
        await asyncio.sleep(every)
    show(task.snapshot())


async def beside(act: Callable[[], Outcome]) -> Outcome:
    """Return what ``act`` returns, run in a thread so that the event loop goes on.

    Raises:
        Exception: whatever the act raises.
    """
    return await asyncio.get_running_loop().run_in_executor(None, act)


_KEPT: set[asyncio.Task[Any]] = set()


def spawn(act: Coroutine[Any, Any, Any]) -> None:
    """Let ``act`` go on by itself on the event loop; without a loop (a plain script, a test) it is run to its end at once."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(act)
        return
    task = loop.create_task(act)
    _KEPT.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_KEPT.discard)


def follow(act: Coroutine[Any, Any, Any]) -> None:
    """Let ``act``, which never ends by itself, go on on the event loop; without a loop it is dropped."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        act.close()
        return
    spawn(act)


def seen(widget: Any, *, visible: bool) -> None:  # noqa: ANN401 - any widget
    """Show or hide a widget without taking it out of its box."""
    widget.layout.display = None if visible else "none"
