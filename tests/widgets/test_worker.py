"""A long act in a thread: progress, rate, stop, failure."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from workbench.errors import InputError
from workbench.widgets.worker import Task, beside, watch

if TYPE_CHECKING:
    from workbench.progress import Progress
    from workbench.widgets.worker import Snapshot

WAIT = 10


def test_a_task_gives_its_result() -> None:
    """What the act returns is there when it is done, with its last progress."""

    def act(progress: Progress) -> int:
        progress.at(3, 3, "counting")
        return 7

    task = Task(act, "counting").start().wait(WAIT)
    found = task.snapshot()
    assert (task.result, found.status, found.done, found.total, task.problem) == (7, "done", 3, 3, "")


def test_a_stop_interrupts_at_the_next_word_and_lets_the_farewell_pass() -> None:
    """The act hears an interrupt once, may say one last word about it, and is stopped again if it goes on."""
    heard = []

    def act(progress: Progress) -> list[int]:
        for count in range(1000):
            try:
                time.sleep(0.005)
                progress.at(count, 1000, "counting")
            except KeyboardInterrupt:
                heard.append(count)
                progress.at(count, 1000, "interrupted; what is finished is kept")
        return heard

    task = Task(act, "counting").start()
    task.stop()
    task.wait(WAIT)
    assert heard == list(range(1000))


def test_an_act_that_is_interrupted_is_stopped_not_failed() -> None:
    """The interrupt that leaves the act is a stop: no result, no problem."""

    def act(progress: Progress) -> None:
        while True:
            time.sleep(0.005)
            progress.at(0, 0, "waiting")

    task = Task(act, "waiting").start()
    task.stop()
    task.wait(WAIT)
    assert (task.snapshot().status, task.result, task.problem) == ("stopped", None, "")


def test_a_failure_is_a_sentence() -> None:
    """Our own errors are told as they are, others by name; neither is raised in the thread's caller."""

    def ours(_progress: Progress) -> None:
        message = "no bars; widen the window"
        raise InputError(message)

    def theirs(_progress: Progress) -> None:
        raise ZeroDivisionError

    assert Task(ours, "x").start().wait(WAIT).problem == "no bars; widen the window"
    assert "ZeroDivisionError" in Task(theirs, "x").start().wait(WAIT).problem


def test_rate_and_remaining_time_follow_the_progress() -> None:
    """After some tenths of a second the words say how fast it goes and how long it still takes."""
    seen: list[Snapshot] = []

    def act(progress: Progress) -> None:
        for count in range(40):
            time.sleep(0.02)
            progress.at(count + 1, 40, "sweep")

    async def follow() -> None:
        await watch(Task(act, "sweep").start(), seen.append, every=0.05)

    asyncio.run(follow())
    timed = [each for each in seen if each.rate is not None]
    assert timed
    assert timed[0].rate == pytest.approx(50, rel=0.5)
    assert "a second" in timed[0].words
    assert seen[-1].status == "done"


def test_the_event_loop_goes_on_while_something_is_done_beside_it() -> None:
    """A quarter of a second of work beside the loop leaves it free to tick."""
    ticks = []

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)

    async def both() -> None:
        ticking = asyncio.ensure_future(tick())
        await beside(lambda: time.sleep(0.25))
        ticking.cancel()

    asyncio.run(both())
    assert len(ticks) > 5
