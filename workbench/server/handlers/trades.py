"""``/trades``: executions, one of them, and what they add up to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from workbench.execution.views import TradeFilter, TradeStats, trades
from workbench.execution.views.record import Page
from workbench.execution.views.trades import Trade
from workbench.server.handlers.base import Call, Room, endpoint
from workbench.server.handlers.filters import Own, Windowed, Word


class TradeQuery(Windowed):
    """Which trades."""

    bot: Word = Field(default=None, description="identifier or name of a bot")
    symbol: Word = None
    side: Literal["buy", "sell"] | None = None
    stage: Word = None
    reason: Word = Field(default=None, description="entry, exit, stop, target, ...")
    closed: Annotated[bool | None, Field(description="only executions that closed (true) or opened (false) something")] = None


class Trades(Room):
    """Executions."""

    @endpoint("desk.read", "Page of trades, newest first.", query=TradeQuery, answer=Page[Trade])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return one page."""
        with call.read() as session:
            return trades.page(session, call.scope, TradeFilter(**call.query.chosen()))


class Stats(Room):
    """What trades add up to."""

    @endpoint("desk.read", "Win rate, profit factor and sums of all trades of the filter.", query=TradeQuery, answer=TradeStats)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return the sums."""
        with call.read() as session:
            return trades.stats(session, call.scope, TradeFilter(**call.query.chosen()))


class OneTrade(Room):
    """One execution."""

    path_names = ("id",)

    @endpoint("desk.read", "One trade with the indicators of its decision.", query=Own, answer=Trade)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return it."""
        with call.read() as session:
            return trades.get(session, call.scope, int(call.path[0]))


ROUTES = [(r"/workbench/api/trades", Trades), (r"/workbench/api/trades/stats", Stats), (r"/workbench/api/trades/(\d{1,15})", OneTrade)]
