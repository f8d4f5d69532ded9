"""The server's own connection to the store, opened once and kept in the web application's settings."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

from workbench import settings as bench_settings
from workbench.errors import StoreError
from workbench.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
KEY = "workbench_database"
_OPENING = threading.Lock()
_WORKERS = ThreadPoolExecutor(max_workers=8, thread_name_prefix="workbench-store")  # two cores: more would only queue in SQLite


def database(settings: dict[str, Any]) -> Database:
    """Return the store of this server; one that cannot be opened is tried again at the next call.

    Raises:
        StoreError: it cannot be opened; the message says what to do.
    """
    with _OPENING:
        found = settings.get(KEY)
        if not isinstance(found, Database):
            found = settings[KEY] = Database.open(bench_settings.current().database_url)
        return found


async def apart(work: Callable[[], T]) -> T:
    """Return what ``work`` returns, done in a thread: queries and password hashes must not hold up the event loop."""
    return await asyncio.get_running_loop().run_in_executor(_WORKERS, work)


__all__ = ["KEY", "StoreError", "apart", "database"]
