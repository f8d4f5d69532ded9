"""``/bots``: cards, make, revise, remove, start, pause, stop. Each change is one transaction with its audit event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, model_validator

from workbench.errors import UnknownNameError
from workbench.execution.views import BotCard, BotFilter
from workbench.execution.views import bots as views
from workbench.lifecycle.access import require
from workbench.server.handlers.base import Asked, Call, Room, endpoint
from workbench.server.handlers.filters import Own, Word
from workbench.store.tables import StrategyRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from workbench.lifecycle.bots import Bot
    from workbench.strategy.strategy import Strategy

Size = Annotated[str | None, Field(max_length=40, description='such as "2%", "16 ticks" or "2 atr"')]


class BotQuery(Own):
    """Which bots."""

    status: Literal["running", "paused", "stopped", "error"] | None = None
    stage: Literal["LAB", "PAPER", "SHADOW", "CANARY", "LIVE"] | None = None
    owner: Word = None
    symbol: Word = None
    search: Word = Field(default=None, description="part of the name")


class Rules(Asked):
    """A strategy: rules in words, or one that was saved."""

    rules: Annotated[str | None, Field(max_length=4000, description="buy when ...; sell when ...")] = None
    spec_hash: Annotated[str | None, Field(pattern=r"^[0-9a-f]{64}$", description="a saved strategy instead of rules")] = None
    symbols: Annotated[tuple[str, ...], Field(max_length=50)] = ("SPX",)
    timeframe: Annotated[str, Field(max_length=10)] = "1d"
    stop: Size = None
    target: Size = None
    trailing: Size = None
    time_stop: Annotated[int | None, Field(ge=1, le=100_000)] = None
    sizing: Annotated[str | None, Field(max_length=40, description='such as "1 contract" or "90%"')] = None
    session_mode: Word = None
    window: Annotated[str | None, Field(max_length=40, description='such as "09:30-12:00" or "whole session"')] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Rules:
        if (self.rules is None) == (self.spec_hash is None):
            message = "give either rules or spec_hash"
            raise ValueError(message)
        return self


class NewBot(Rules):
    """A bot to be made in LAB."""

    name: Annotated[str, Field(min_length=1, max_length=64)]
    capital: Annotated[float, Field(gt=0, le=1e12, allow_inf_nan=False)] = 100_000.0


class Revision(Rules):
    """Another version of a LAB bot's strategy."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Reason(Asked):
    """Why."""

    reason: Annotated[str, Field(max_length=500)] = ""


class Given(Asked):
    """Why; it cannot be left out."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Bots(Room):
    """All bots."""

    @endpoint("desk.read", "Cards of bots: errors first, then running ones.", query=BotQuery, answer=tuple[BotCard, ...])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - records
        """Return the cards."""
        asked = call.query
        chosen = BotFilter(status=asked.status, stage=asked.stage, owner=asked.owner, symbol=asked.symbol, search=asked.search)
        with call.read() as session:
            return views.cards(session, call.scope, chosen)

    @endpoint("bots.create", "Make a bot in LAB.", body=NewBot, answer=BotCard, rate="heavy", status=201)
    def post(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Make it and return its card."""
        from workbench.lifecycle import bots  # noqa: PLC0415 - the strategy language, a second that readers do not pay

        chosen = _strategy(call, call.body)
        with call.write() as session:
            made = bots.create(session, chosen, owner=call.person, name=call.body.name, capital=call.body.capital)
        return _card(call, made.id)


class OneBot(Room):
    """One bot."""

    path_names = ("bot",)

    @endpoint("desk.read", "Card of one bot, by identifier or name.", query=Own, answer=BotCard)
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return the card."""
        return _card(call, call.path[0])

    @endpoint("bots.change", "Give a LAB bot another version of its strategy.", body=Revision, answer=BotCard, rate="heavy")
    def patch(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Revise it and return its card."""
        from workbench.lifecycle import bots  # noqa: PLC0415

        chosen = _strategy(call, call.body)
        return _changed(call, lambda session, bot: bots.revise(session, bot, chosen, by=call.person, reason=call.body.reason))

    @endpoint("bots.change", "Remove a LAB bot that was never promoted and never traded.", body=Given, rate="write")
    def delete(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Remove it."""
        from workbench.lifecycle import bots  # noqa: PLC0415

        with call.write() as session:
            bot = _mine(session, call, "bots.change")
            bots.remove(session, bot, by=call.person, reason=call.body.reason)
        return {"removed": bot.id, "name": bot.name}


class Switched(Room):
    """Start, pause or stop one bot."""

    path_names = ("bot", "act")

    @endpoint("bots.change", "Start, pause or stop a bot.", body=Reason, answer=BotCard, rate="write")
    def post(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Move it and return its card."""
        from workbench.lifecycle import bots  # noqa: PLC0415

        acts: dict[str, Callable[..., Bot]] = {"start": bots.start, "pause": bots.pause, "stop": bots.stop}
        return _changed(call, lambda session, bot: acts[call.path[1]](session, bot, by=call.person, reason=call.body.reason))


def _changed(call: Call, change: Callable[[Session, Bot], Bot]) -> BotCard:
    with call.write() as session:
        moved = change(session, _mine(session, call, "bots.change"))
    return _card(call, moved.id)


def _mine(session: Session, call: Call, action: str) -> Bot:
    """Return the bot of the address, if the person may do ``action`` to it."""
    from workbench.lifecycle import bots  # noqa: PLC0415

    bot = bots.get(session, views.card(session, call.scope, call.path[0]).id)
    require(call.person, action, owner=bot.owner)
    return bot


def _card(call: Call, key: str) -> BotCard:
    with call.read() as session:
        return views.card(session, call.scope, key)


def _strategy(call: Call, asked: Rules) -> Strategy:
    from workbench.strategy.spec import StrategySpec  # noqa: PLC0415
    from workbench.strategy.strategy import Strategy, strategy  # noqa: PLC0415

    if asked.spec_hash is not None:
        with call.read() as session:
            row = session.get(StrategyRow, asked.spec_hash)
        if row is None or call.scope.owner not in {None, row.owner}:
            kind = "saved strategy"
            raise UnknownNameError(kind, asked.spec_hash[:12], ["the spec_hash of a bot", "the hash that saving it gave"])
        return Strategy(StrategySpec.from_json(row.json))
    names = ("stop", "target", "trailing", "time_stop", "sizing", "session_mode", "window")
    given = {name: value for name in names if (value := getattr(asked, name)) is not None}
    return strategy(asked.rules or "", name=getattr(asked, "name", None), symbols=asked.symbols, timeframe=asked.timeframe, **given)


ROUTES = [
    (r"/workbench/api/bots", Bots),
    (r"/workbench/api/bots/([^/]{1,200})", OneBot),
    (r"/workbench/api/bots/([^/]{1,200})/(start|pause|stop)", Switched),
]
