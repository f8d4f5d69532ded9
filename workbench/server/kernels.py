"""The kernels of the server: each acts for the person who asked for it.

A kernel learns who that is from its environment: ``WORKBENCH_USER``, ``WORKBENCH_ROLE``, ``WORKBENCH_TOKEN`` (valid until the kernel ends),
``WORKBENCH_SERVER`` (address of this server) and ``WORKBENCH_HOME``. Board pages get a kernel of the pool when there is one.
"""

from __future__ import annotations

import asyncio
import os
import uuid
from typing import Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from jupyter_server.utils import ApiPath
from traitlets import Int, Unicode

from workbench.server.people import acting, board_in_progress
from workbench.server.pool import WarmPool, memory_bytes
from workbench.server.reaper import Reaper
from workbench.server.tokens import KernelTokens, Owner


class BenchKernels(AsyncMappingKernelManager):
    """Jupyter's kernel manager with identities, a warm pool and a reaper."""

    warm_kernels = Int(0, help="Board kernels that wait ready.").tag(config=True)
    server_url = Unicode("", help="Address of this server, as kernels reach it.").tag(config=True)
    bench_home = Unicode("", help="Home of the bench.").tag(config=True)
    reap_after = Int(30, help="Seconds after which a board's kernel that nobody is connected to ends.").tag(config=True)

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - traits
        """Own no kernel yet."""
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self.tokens = KernelTokens()
        self.pool = WarmPool(self, self.warm_kernels)
        self.reaper = Reaper(self, self.reap_after)

    def begin(self) -> None:
        """Fill the pool and watch for abandoned kernels; call once the event loop runs."""
        self.pool.fill()
        self.reaper.begin()

    async def _async_start_kernel(self, *, kernel_id: str | None = None, path: Any = None, **kwargs: Any) -> str:  # noqa: ANN401 - Jupyter's signature
        """Start a kernel for the person behind the current request, or hand a warm one over."""
        if kernel_id is not None and kernel_id in self:
            return str(await super()._async_start_kernel(kernel_id=kernel_id, path=path, **kwargs))
        board = board_in_progress()
        asked_env: dict[str, str] = dict(kwargs.pop("env", None) or os.environ)
        if board is not None and kernel_id is None and kwargs.get("kernel_name") in {None, self.default_kernel_name}:
            taken = await self._warm(asked_env, path or "", board)
            if taken is not None:
                return taken
        chosen = kernel_id or str(uuid.uuid4())
        environment = {**asked_env, **self._common(), **self._identity(chosen, board)}
        try:
            await super()._async_start_kernel(kernel_id=chosen, path=path, env=environment, **kwargs)
        except BaseException:
            self.tokens.revoke(chosen)
            raise
        self._watch(chosen, board)
        return chosen

    start_kernel = _async_start_kernel  # type: ignore[assignment] # as Jupyter does it

    async def start_warm(self) -> str:
        """Start a kernel that belongs to nobody yet and return its id."""
        kernel_id = str(uuid.uuid4())
        environment = {**os.environ, **self._common()}
        await super()._async_start_kernel(kernel_id=kernel_id, path=ApiPath(""), env=environment)
        return kernel_id

    async def _warm(self, asked_env: dict[str, str], path: str, board: str) -> str | None:
        """Return a warm kernel with what this request adds to the server's own environment."""
        if self.pool.size == 0:
            return None
        placeholder = f"pending-{uuid.uuid4()}"
        identity = self._identity(placeholder, board)
        added = {name: value for name, value in asked_env.items() if os.environ.get(name) != value}
        environment = {**added, **identity}
        try:
            folder = self.cwd_for_path(path)  # type: ignore[no-untyped-call]
            taken = await self.pool.take(environment, folder)
            if taken is not None and identity:
                self.tokens.move(placeholder, taken)
        finally:
            self.tokens.revoke(placeholder)
        if taken is not None:
            kernel = self.get_kernel(taken)
            kernel.update_env(env=environment)  # for a restart of the same kernel
            self._kernel_connections[taken] = 0
            self._watch(taken, board)
        return taken

    def _common(self) -> dict[str, str]:
        return {"WORKBENCH_SERVER": self.server_url, "WORKBENCH_HOME": self.bench_home}

    def _identity(self, kernel_id: str, board: str | None) -> dict[str, str]:
        person = acting()
        if person is None:
            return {}
        owner = Owner(kernel_id=kernel_id, user=person.name, role=person.role, board=board)
        return {"WORKBENCH_USER": owner.user, "WORKBENCH_ROLE": owner.role, "WORKBENCH_TOKEN": self.tokens.issue(owner)}

    def _watch(self, kernel_id: str, board: str | None) -> None:
        if board is not None:
            self.reaper.watch(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:  # noqa: ANN401 - Jupyter's signature
        """Forget a kernel that has ended; its token ends with it."""
        self.tokens.revoke(kernel_id)
        self.reaper.forget(kernel_id)
        return super().remove_kernel(kernel_id)

    def list_kernels(self) -> list[dict[str, Any]]:
        """Return the kernels that belong to somebody."""
        models: list[dict[str, Any]] = super().list_kernels()  # type: ignore[no-untyped-call]
        return [model for model in models if model["id"] not in self.pool]

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End an idle kernel, but never one that waits in the pool."""
        if kernel_id not in self.pool:
            await super().cull_kernel_if_idle(kernel_id)  # type: ignore[no-untyped-call]

    def owner_of(self, kernel_id: str) -> Owner | None:
        """Return whose kernel this is; None for an unknown one and for those that wait."""
        return self.tokens.owner_of_kernel(kernel_id)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override]  # noqa: FBT001, FBT002 - Jupyter's signature
        """End all kernels; the warm ones at once, they have nothing to lose."""
        await self.reaper.end()
        waiting = [kernel_id for kernel_id in self.list_kernel_ids() if kernel_id in self.pool]
        await self.pool.close()
        await asyncio.gather(*(self.shutdown_kernel(kernel_id, now=True) for kernel_id in waiting), return_exceptions=True)  # type: ignore[no-untyped-call]
        await super().shutdown_all(now=now)

    def report(self) -> dict[str, Any]:
        """Return how many kernels run, what they hold in memory, and how the pool stands."""
        owned = [kernel_id for kernel_id in self.list_kernel_ids() if kernel_id not in self.pool]
        return {
            "kernels": len(owned),
            "boards": len(self.reaper),
            "memory_bytes": sum(memory_bytes(self.get_kernel(kernel_id)) for kernel_id in owned),
            "pool": self.pool.report(),
        }
