"""What keeps the gallery moving."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_task: list[asyncio.Task[None]] = []


def keep_moving(act: Callable[[int], None]) -> None:
    """Call ``act`` ten times a second for as long as the kernel runs."""

    async def run() -> None:
        step = 0
        while True:
            await asyncio.sleep(0.1)
            step += 1
            act(step)

    try:
        _task.append(asyncio.get_running_loop().create_task(run()))
    except RuntimeError:
        return  # no event loop: a script or a test
