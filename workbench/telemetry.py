"""Logs as JSON lines on standard error; secrets never pass.

``log("room")`` returns a bound structlog logger. The level comes from ``LOG_LEVEL``; a notebook stays quiet at the default ``warning``.
"""

from __future__ import annotations

import logging
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO, cast

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_SECRET_NAME = re.compile(r"(key|secret|token|password|webhook)", re.IGNORECASE)
_URL_PASSWORD = re.compile(r"(://[^:/@\s]+):[^@/\s]+@")


def without_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:  # noqa: ANN401 - structlog's shape
    """Return ``event`` with the values of secret-looking names and the passwords of URLs replaced by dots."""
    for name, value in event.items():
        if _SECRET_NAME.search(name) and name != "event":
            event[name] = "•••"
        elif isinstance(value, str):
            event[name] = hide_password(value)
    return event


def hide_password(text: str) -> str:
    """Return ``text`` with the password of any URL in it replaced by dots."""
    return _URL_PASSWORD.sub(r"\1:•••@", text)


class _StandardError:
    """Standard error as it is when a line is written: notebooks, jobs and tests replace it and close the old one."""

    def write(self, text: str) -> int:
        """Write to today's standard error."""
        return sys.stderr.write(text)

    def flush(self) -> None:
        """Flush today's standard error."""
        sys.stderr.flush()


@cache
def _configured() -> Any:  # noqa: ANN401 - structlog is imported late
    import structlog  # noqa: PLC0415 - 60 ms that `import workbench` does not pay

    from workbench import settings  # noqa: PLC0415 - settings read the environment once, not at import

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_secrets,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(settings.current().log_level.upper())),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", _StandardError())),
        cache_logger_on_first_use=True,
    )
    return structlog


def log(room: str) -> Any:  # noqa: ANN401 - structlog's bound logger has no useful static type
    """Return the logger of a ``room``."""
    return _configured().get_logger(room=room)
