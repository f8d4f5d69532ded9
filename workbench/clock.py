"""Where time comes from: one clock that tests and replays can replace, and the check that times are aware.

No other module asks the operating system for the time of day.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from workbench.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

_frozen: ContextVar[datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _frozen.get() or datetime.now(UTC)


def monotonic() -> float:
    """Return seconds of a clock that never goes back, for durations."""
    return time.perf_counter()


def aware(moment: datetime, what: str = "time") -> datetime:
    """Return ``moment`` in UTC.

    Raises:
        InputError: ``moment`` has no zone; ``what`` names it in the message.
    """
    if moment.tzinfo is None:
        message = f"{what} {moment.isoformat()} has no time zone; give it one, for example with tz_localize('UTC')"
        raise InputError(message)
    return moment.astimezone(UTC)


def stamp(moment: datetime | None = None) -> str:
    """Return ``moment`` (now by default) as sortable text: ``2026-01-31T23:59:59.123456Z``."""
    return aware(moment or now()).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@contextmanager
def frozen(moment: datetime) -> Iterator[None]:
    """Let ``now()`` return ``moment`` inside the block; for tests and replays."""
    token = _frozen.set(aware(moment))
    try:
        yield
    finally:
        _frozen.reset(token)
