"""``/positions``: what is held and was held, and what it adds up to."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.execution.views import PositionFilter, positions
from workbench.execution.views.positions import Position, PositionTotals
from workbench.execution.views.record import Page
from workbench.server.handlers.base import Call, Room, endpoint
from workbench.server.handlers.filters import Own, Windowed, Word


class PositionQuery(Windowed):
    """Which positions."""

    open: bool | None = Field(default=None, description="only open (true) or closed (false) ones")
    bot: Word = Field(default=None, description="identifier or name of a bot")
    symbol: Word = None
    direction: Literal["long", "short"] | None = None
    stage: Word = None


class Positions(Room):
    """Positions."""

    @endpoint("desk.read", "Page of positions, last opened first.", query=PositionQuery, answer=Page[Position])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return one page."""
        with call.read() as session:
            return positions.page(session, call.scope, PositionFilter(**call.query.chosen()))


class Totals(Room):
    """What positions add up to."""

    @endpoint("desk.read", "Count and profit of all positions of the filter.", query=PositionQuery, answer=PositionTotals)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return the sums."""
        with call.read() as session:
            return positions.totals(session, call.scope, PositionFilter(**call.query.chosen()))


class OnePosition(Room):
    """One position."""

    path_names = ("id",)

    @endpoint("desk.read", "One position.", query=Own, answer=Position)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return it."""
        with call.read() as session:
            return positions.get(session, call.scope, int(call.path[0]))


ROUTES = [
    (r"/workbench/api/positions", Positions),
    (r"/workbench/api/positions/totals", Totals),
    (r"/workbench/api/positions/(\d{1,15})", OnePosition),
]
