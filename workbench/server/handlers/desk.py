"""``/summary`` and ``/equity``: the desk in figures and over time."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from workbench.execution.views import EquityFilter, Summary, equity, summary
from workbench.execution.views.equity import Equity
from workbench.server.handlers.base import Call, Room, endpoint
from workbench.server.handlers.filters import Own, Word


class EquityQuery(Own):
    """Which profit, and how it is cut."""

    period: Literal["1D", "1W", "1M", "3M", "6M", "1Y", "ALL"] = Field(default="ALL", description="back from the latest mark")
    mode: Literal["cumulative", "daily"] = "cumulative"
    by: Literal["desk", "bot", "symbol"] = "desk"
    bot: Word = Field(default=None, description="identifier or name of a bot")
    symbol: Word = None


class Desk(Room):
    """The desk in figures."""

    @endpoint("desk.read", "Portfolio value, day, Sharpe ratio, bots by status and stage, alerts.", query=Own, answer=Summary)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return the figures."""
        with call.read() as session:
            return summary.summary(session, call.scope)


class Profit(Room):
    """Profit over time."""

    @endpoint("desk.read", "Profit over a period, daily or cumulative, of the desk, by bot or by symbol.", query=EquityQuery, answer=Equity)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return the lines."""
        asked = call.query
        chosen = EquityFilter(period=asked.period, mode=asked.mode, by=asked.by, bot=asked.bot, symbol=asked.symbol)
        with call.read() as session:
            return equity.profit(session, call.scope, chosen)


ROUTES = [(r"/workbench/api/summary", Desk), (r"/workbench/api/equity", Profit)]
