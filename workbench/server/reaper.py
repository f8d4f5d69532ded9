"""Ends the kernels of boards that nobody looks at any more.

A browser tab that is killed, or closed without its goodbye, leaves its kernel running; a live board sends messages all the time, so that Jupyter's own culling
never finds it idle. Every two seconds a board's kernel without a connection for longer than ``after`` seconds is shut down. A page that has just been
opened has time to connect.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from workbench import clock, telemetry

_EVERY_SECONDS = 2.0
_FIRST_CONNECTION_SECONDS = 90.0  # a phone on a slow line loads ten megabytes before it connects


class Reaper:
    """Watches the kernels of board pages."""

    def __init__(self, kernels: Any, after: float) -> None:  # noqa: ANN401 - the kernel manager
        """Watch nothing yet."""
        self._kernels = kernels
        self.after = after
        self._alone_since: dict[str, float] = {}
        self._connected_once: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self.reaped = 0

    def __len__(self) -> int:
        """Return how many kernels are watched."""
        return len(self._alone_since)

    def begin(self) -> None:
        """Look every two seconds, until ``end``."""
        self._task = asyncio.ensure_future(self._watch())

    async def end(self) -> None:
        """Stop looking."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def watch(self, kernel_id: str) -> None:
        """Begin to watch a kernel whose page is being opened."""
        self._alone_since[kernel_id] = clock.monotonic()

    def forget(self, kernel_id: str) -> None:
        """Stop watching a kernel that has ended."""
        self._alone_since.pop(kernel_id, None)
        self._connected_once.discard(kernel_id)

    async def look(self) -> list[str]:
        """End what has been alone for too long and return the ids."""
        moment = clock.monotonic()
        for kernel_id in list(self._alone_since):
            if self._kernels._kernel_connections.get(kernel_id, 0) > 0:  # noqa: SLF001 - Jupyter tells connections nowhere else; a test pins it
                self._alone_since[kernel_id] = moment
                self._connected_once.add(kernel_id)
        late = [kernel_id for kernel_id, since in self._alone_since.items() if moment - since > self._grace(kernel_id)]
        for kernel_id in late:
            self.forget(kernel_id)
            if kernel_id in self._kernels:
                await self._kernels.shutdown_kernel(kernel_id, now=True)
                self.reaped += 1
        return late

    def _grace(self, kernel_id: str) -> float:
        return self.after if kernel_id in self._connected_once else max(self.after, _FIRST_CONNECTION_SECONDS)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_SECONDS)
            try:
                await self.look()
            except Exception:  # noqa: BLE001 - one kernel that will not end must not keep the others alive
                telemetry.log("server").exception("reaper_failed")
