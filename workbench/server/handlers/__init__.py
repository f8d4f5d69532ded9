"""The REST interface: one file a room, one table of addresses."""

from __future__ import annotations

from workbench.server.handlers import bots, desk, health, jobs, kill, market, people, positions, promotions, record, trades
from workbench.server.handlers.documentation import Documentation, Missing, OpenApi, description

_ROOMS = (health, desk, bots, promotions, trades, positions, jobs, record, kill, market, people)
ROUTES = [
    *(route for room in _ROOMS for route in room.ROUTES),
    (r"/workbench/api/openapi\.json", OpenApi),
    (r"/workbench/api/docs", Documentation),
    (r"/workbench/api(/.*)?", Missing),
]
"""(pattern below the base address, handler)."""


def openapi() -> dict[str, object]:
    """Return the OpenAPI description of every address."""
    return description(ROUTES)


__all__ = ["ROUTES", "openapi"]
