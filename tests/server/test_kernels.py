from __future__ import annotations

import ast
import asyncio
import os
import signal
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from jupyter_server import CallContext
from jupyter_server.auth import User

from workbench.lifecycle.people import Person
from workbench.server import people
from workbench.server.kernels import BenchKernels
from workbench.server.tokens import KernelTokens, Owner

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def kernels(root: Path, *, warm: int = 0, reap_after: int = 30) -> AsyncIterator[BenchKernels]:
    """A kernel manager whose kernels are ended afterwards."""
    manager = BenchKernels(
        root_dir=str(root),
        connection_dir=str(root),
        warm_kernels=warm,
        reap_after=reap_after,
        server_url="http://127.0.0.1:18149/",
        bench_home=str(root),
    )
    try:
        yield manager
    finally:
        CallContext.set(CallContext.JUPYTER_HANDLER, None)
        await manager.shutdown_all(now=True)


@pytest.fixture(autouse=True)
def roles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody is a researcher, except Vic, who is a viewer."""
    monkeypatch.setattr(
        people, "person_of", lambda user: Person(name=user.username, role="viewer" if user.username == "vic" else "researcher")
    )


def asked_by(name: str, board: str | None = None) -> None:
    """Let the next kernel be asked for by ``name``."""
    CallContext.set(CallContext.JUPYTER_HANDLER, SimpleNamespace(current_user=User(username=name), board_path=board))


async def warmed(manager: BenchKernels, count: int = 1) -> None:
    """Wait until the pool has ``count`` warm kernels."""
    manager.pool.fill()
    for _ in range(600):
        if manager.pool.report()["warm"] >= count:
            return
        await asyncio.sleep(0.05)
    pytest.fail(f"no warm kernel: {manager.pool.report()}")


async def says(manager: BenchKernels, kernel_id: str, expression: str) -> Any:
    """Return what the kernel makes of an expression."""
    client = manager.get_kernel(kernel_id).client()
    client.start_channels(iopub=False, stdin=False, hb=False, control=False)
    try:
        asked = client.execute("", silent=True, user_expressions={"value": expression})
        while True:
            reply = await client.get_shell_msg(timeout=30)
            if reply["parent_header"]["msg_id"] == asked:
                found: dict[str, Any] = reply["content"]["user_expressions"]["value"]
                return ast.literal_eval(found["data"]["text/plain"])
    finally:
        client.stop_channels()


def test_a_kernel_acts_for_the_person_who_asked_for_it(tmp_path: Path) -> None:
    """Name, role, server and a working token are in its environment; the token ends with the kernel."""

    async def story() -> None:
        async with kernels(tmp_path) as manager:
            asked_by("ana")
            kernel_id = await manager.start_kernel(path="")
            names = "[__import__('os').environ.get('WORKBENCH_'+n) for n in ('USER','ROLE','SERVER','HOME')]"
            assert await says(manager, kernel_id, names) == ["ana", "researcher", "http://127.0.0.1:18149/", str(tmp_path)]
            token = await says(manager, kernel_id, "__import__('os').environ['WORKBENCH_TOKEN']")
            assert manager.tokens.owner_of_token(token) == Owner(kernel_id=kernel_id, user="ana", role="researcher")
            await manager.shutdown_kernel(kernel_id, now=True)
            assert manager.tokens.owner_of_token(token) is None
            assert manager.owner_of(kernel_id) is None

    asyncio.run(story())


def test_a_board_gets_a_warm_kernel_with_its_own_identity(tmp_path: Path) -> None:
    """The kernel waited for nobody, then has the visitor's name, query and folder; it was hidden until then, and the pool fills up again."""
    (tmp_path / "dashboards").mkdir()

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)
            waiting = manager.list_kernel_ids()
            assert manager.list_kernels() == []
            asked_by("vic", "dashboards/trades.ipynb")
            kernel_id = await manager.start_kernel(
                path="dashboards", kernel_name="python3", env={**os.environ, "QUERY_STRING": "bot='x'&a=\\"}
            )
            assert kernel_id == waiting[0]
            seen = await says(
                manager, kernel_id, "[__import__('os').environ[n] for n in ('WORKBENCH_USER','WORKBENCH_ROLE','QUERY_STRING')]"
            )
            assert seen == ["vic", "viewer", "bot='x'&a=\\"]
            assert await says(manager, kernel_id, "__import__('os').getcwd()") == str(tmp_path / "dashboards")
            assert await says(manager, kernel_id, "'ipywidgets' in __import__('sys').modules") is True
            heavy = "[name for name in ('vectorbt', 'torch', 'mlflow', 'workbench.app') if name in __import__('sys').modules]"
            assert await says(manager, kernel_id, heavy) == []
            owner = manager.owner_of(kernel_id)
            assert owner == Owner(kernel_id=kernel_id, user="vic", role="viewer", board="dashboards/trades.ipynb")
            assert [model["id"] for model in manager.list_kernels()] == [kernel_id]
            await warmed(manager)
            assert len(manager.list_kernel_ids()) == 2

    asyncio.run(story())


def test_a_dead_warm_kernel_is_never_handed_over(tmp_path: Path) -> None:
    """A kernel that was killed while it waited is dropped; the visitor gets one that lives."""

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)
            dead = manager.list_kernel_ids()[0]
            os.kill(manager.get_kernel(dead).provisioner.pid, signal.SIGKILL)
            asked_by("ana", "dashboards/trades.ipynb")
            kernel_id = await manager.start_kernel(path="", kernel_name="python3")
            assert kernel_id != dead
            assert await says(manager, kernel_id, "__import__('os').environ['WORKBENCH_USER']") == "ana"
            assert manager.pool.report()["dropped"] == 1
            assert len(manager.tokens) == 1

    asyncio.run(story())


def test_a_frozen_warm_kernel_is_never_handed_over(tmp_path: Path) -> None:
    """A kernel that does not answer in time is ended and the visitor starts cold."""

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)
            frozen = manager.list_kernel_ids()[0]
            os.kill(manager.get_kernel(frozen).provisioner.pid, signal.SIGSTOP)
            asked_by("ana", "dashboards/trades.ipynb")
            kernel_id = await manager.start_kernel(path="", kernel_name="python3")
            assert kernel_id != frozen
            assert frozen not in manager

    asyncio.run(story())


def test_a_lab_kernel_is_not_taken_from_the_pool(tmp_path: Path) -> None:
    """Only boards get kernels that have boards imported."""

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)
            asked_by("ana")
            kernel_id = await manager.start_kernel(path="", kernel_name="python3")
            assert manager.pool.report()["given"] == 0
            assert kernel_id not in manager.pool

    asyncio.run(story())


def test_two_visitors_at_once_get_two_kernels(tmp_path: Path) -> None:
    """One is warm, the other starts cold; neither shares, and each has its own name."""

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)

            async def visit(name: str) -> str:
                asked_by(name, "dashboards/trades.ipynb")
                return await manager.start_kernel(path="", kernel_name="python3")

            first, second = await asyncio.gather(asyncio.create_task(visit("ana")), asyncio.create_task(visit("ben")))
            assert first != second
            names = [await says(manager, kernel_id, "__import__('os').environ['WORKBENCH_USER']") for kernel_id in (first, second)]
            assert names == ["ana", "ben"]

    asyncio.run(story())


def test_the_memory_of_waiting_kernels_is_reported(tmp_path: Path) -> None:
    """A warm kernel's resident memory is known, and stays below 180 MB."""

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)
            report = manager.report()
            assert report["kernels"] == 0
            assert 20e6 < report["pool"]["memory_bytes"][0] < 180e6

    asyncio.run(story())


def test_an_abandoned_board_kernel_is_reaped_and_a_watched_one_is_not(tmp_path: Path) -> None:
    """Without a connection for longer than the grace, the kernel ends; with one, or in Lab, it lives on."""

    async def story() -> None:
        async with kernels(tmp_path, reap_after=0) as manager:
            asked_by("ana", "dashboards/trades.ipynb")
            board = await manager.start_kernel(path="", kernel_name="python3")
            asked_by("ana")
            lab = await manager.start_kernel(path="", kernel_name="python3")
            assert await manager.reaper.look() == []  # its page is still being opened
            manager.notify_connect(board)
            assert await manager.reaper.look() == []
            manager.notify_disconnect(board)
            await asyncio.sleep(0.01)
            assert await manager.reaper.look() == [board]
            assert board not in manager
            assert lab in manager

    asyncio.run(story())


def test_culling_leaves_the_pool_alone(tmp_path: Path) -> None:
    """A kernel that waits is idle by design."""

    async def story() -> None:
        async with kernels(tmp_path, warm=1) as manager:
            await warmed(manager)
            manager.cull_idle_timeout = -1
            await manager.cull_kernels()
            assert manager.pool.report()["warm"] == 1

    asyncio.run(story())


def test_an_unknown_token_is_nobodys() -> None:
    """A revoked or invented token resolves to no owner; a new token of the same kernel ends the earlier one."""
    tokens = KernelTokens()
    owner = Owner(kernel_id="k", user="ana", role="researcher")
    first = tokens.issue(owner)
    second = tokens.issue(owner)
    assert [tokens.owner_of_token(token) for token in (first, second, "", "wbk_invented")] == [None, owner, None, None]
    tokens.revoke("k")
    assert tokens.owner_of_token(second) is None
    assert len(tokens) == 0
