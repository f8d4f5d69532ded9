"""Kernels that wait, warm: started, with the boards imported, before anybody asks.

1. ``fill`` starts kernels one after the other until ``size`` are warm or warming.
2. A kernel is warm when it has answered the warm-up code (``_WARM``): the heavy imports are done.
3. ``take`` hands one over. The oldest warm kernel must answer the hand-over code, which sets its environment and folder; one that is dead
   or does not answer in time is dropped and the next is asked. When none is warm but one is warming, that one is waited for: it was started earlier
   than a cold one would be.
4. After a hand-over the pool waits a moment, so that refilling does not slow the page that is being opened, and fills up again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import psutil  # type: ignore[import-untyped,unused-ignore] # its stubs are a package of their own

from workbench import clock, telemetry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping

_WARM = """
try:
    import workbench.widgets.boards as _boards
    getattr(_boards, "warm", lambda: None)()
    del _boards
except ImportError:
    import ipywidgets
    del ipywidgets
"""
_HAND_OVER = "__import__('os').environ.update(__import__('json').loads({environment!r})); __import__('os').chdir({folder!r})"
_WARM_SECONDS = 60.0  # a first start on a busy machine compiles bytecode
_ANSWER_SECONDS = 2.0  # an idle kernel answers within milliseconds
_CALM_SECONDS = 1.5  # a page that was just handed its kernel is drawn by then
_FAILURES = 3  # after as many failed starts in a row the pool rests until the next request


class Kernels(Protocol):
    """What the pool needs of the kernel manager."""

    async def start_warm(self) -> str:
        """Start a kernel that belongs to nobody yet and return its id."""

    def get_kernel(self, kernel_id: str) -> Any:  # noqa: ANN401 - Jupyter's kernel manager
        """Return the manager of one kernel."""

    def shutdown_kernel(self, kernel_id: str, now: bool = False) -> Awaitable[None]:  # noqa: FBT001, FBT002 - Jupyter's signature
        """End a kernel."""

    def __contains__(self, kernel_id: str) -> bool:
        """Say whether the kernel is there."""


@dataclass(kw_only=True)
class WarmKernel:
    """A kernel on its way to be warm, or warm."""

    kernel_id: str
    client: Any = field(repr=False)
    """Client that speaks on the kernel's shell channel only."""
    ready: asyncio.Future[bool] = field(repr=False)
    """Whether the warm-up was answered."""
    seconds: float | None = None
    """How long it took to become warm."""


class WarmPool:
    """Keeps ``size`` kernels warm."""

    def __init__(self, kernels: Kernels, size: int) -> None:
        """Start nothing yet; ``fill`` does."""
        self._kernels = kernels
        self.size = size
        self._waiting: deque[WarmKernel] = deque()
        self._filling: asyncio.Task[None] | None = None
        self._closed = False
        self.given = 0
        self.dropped = 0

    def __contains__(self, kernel_id: object) -> bool:
        """Say whether the kernel waits here and belongs to nobody."""
        return any(warm.kernel_id == kernel_id for warm in self._waiting)

    def fill(self, after: float = 0.0) -> None:
        """Bring the pool to its size, in the background."""
        if not self._closed and (self._filling is None or self._filling.done()):
            self._filling = asyncio.ensure_future(self._fill(after))

    async def take(self, environment: Mapping[str, str], folder: str) -> str | None:
        """Return the id of a kernel that has ``environment`` and works in ``folder``, None when the pool has none to give."""
        found = None
        while self._waiting and found is None:
            warm = next((each for each in self._waiting if each.ready.done()), self._waiting[0])
            self._waiting.remove(warm)
            if await self._hand_over(warm, environment, folder):
                found = warm.kernel_id
                self.given += 1
            else:
                await self._drop(warm)
        self.fill(after=_CALM_SECONDS)
        return found

    async def close(self) -> None:
        """Stop filling; the kernels end with the server."""
        self._closed = True
        if self._filling is not None:
            self._filling.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._filling
        while self._waiting:
            self._waiting.popleft().client.stop_channels()

    @property
    def ready(self) -> int:
        """Kernels that are warm and wait."""
        return sum(each.ready.done() for each in self._waiting)

    def report(self) -> dict[str, Any]:
        """Return how many kernels wait, how long they took and what they hold in memory."""
        warm = [each for each in self._waiting if each.ready.done()]
        return {
            "size": self.size,
            "warm": len(warm),
            "warming": len(self._waiting) - len(warm),
            "given": self.given,
            "dropped": self.dropped,
            "seconds": [round(each.seconds, 3) for each in warm if each.seconds is not None],
            "memory_bytes": [memory_bytes(self._kernels.get_kernel(each.kernel_id)) for each in warm if each.kernel_id in self._kernels],
        }

    async def _fill(self, after: float) -> None:
        await asyncio.sleep(after)
        failures = 0
        while len(self._waiting) < self.size and failures < _FAILURES:
            try:
                warm = await self._start()
            except Exception:  # noqa: BLE001 - a kernel can fail to start in any way; boards then start cold
                telemetry.log("server").exception("warm_kernel_failed")
                failures += 1
                continue
            self._waiting.append(warm)
            if not await warm.ready:
                failures += 1
                if warm in self._waiting:
                    self._waiting.remove(warm)
                    await self._drop(warm)

    async def _start(self) -> WarmKernel:
        begun = clock.monotonic()
        kernel_id = await self._kernels.start_warm()
        client = self._kernels.get_kernel(kernel_id).client()
        client.start_channels(iopub=False, stdin=False, hb=False, control=False)
        warm = WarmKernel(kernel_id=kernel_id, client=client, ready=asyncio.get_running_loop().create_future())

        async def wait() -> None:
            answered = await _answered(client, _WARM, _WARM_SECONDS)
            warm.seconds = clock.monotonic() - begun
            if not warm.ready.done():
                warm.ready.set_result(answered)

        warm.ready.get_loop().create_task(wait())
        return warm

    async def _hand_over(self, warm: WarmKernel, environment: Mapping[str, str], folder: str) -> bool:
        if not await warm.ready or warm.kernel_id not in self._kernels:
            return False
        if not await self._kernels.get_kernel(warm.kernel_id).is_alive():
            return False
        code = _HAND_OVER.format(environment=json.dumps(dict(environment)), folder=folder)
        if not await _answered(warm.client, code, _ANSWER_SECONDS):
            return False
        warm.client.stop_channels()
        return True

    async def _drop(self, warm: WarmKernel) -> None:
        self.dropped += 1
        warm.client.stop_channels()
        if warm.kernel_id in self._kernels:
            with contextlib.suppress(Exception):  # it may be dead already
                await self._kernels.shutdown_kernel(warm.kernel_id, now=True)


def memory_bytes(kernel: Any) -> int:  # noqa: ANN401 - Jupyter's kernel manager
    """Return the resident memory of a kernel's process, 0 when it cannot be read."""
    try:
        return int(psutil.Process(kernel.provisioner.pid).memory_info().rss)
    except (psutil.Error, AttributeError, TypeError):
        return 0


async def _answered(client: Any, code: str, seconds: float) -> bool:  # noqa: ANN401 - Jupyter's kernel client
    """Say whether the kernel executed ``code`` without an error within ``seconds``."""
    asked = client.execute(code, silent=True, store_history=False, allow_stdin=False)
    ends = clock.monotonic() + seconds
    while (left := ends - clock.monotonic()) > 0:
        try:
            reply = await client.get_shell_msg(timeout=left)
        except Exception:  # noqa: BLE001 - queue.Empty after the time, or a socket that closed
            return False
        if reply["parent_header"].get("msg_id") == asked:
            return bool(reply["content"].get("status") == "ok")
    return False
