"""``/kill``: the switches that stop orders at once."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from workbench.lifecycle import killswitch
from workbench.lifecycle.access import require
from workbench.server.handlers.base import Asked, Call, Room, endpoint
from workbench.server.handlers.filters import Word  # noqa: TC001 - pydantic reads it

if TYPE_CHECKING:
    from sqlalchemy.orm import Session


class Scoped(Asked):
    """What to stop, or to let go on, and why."""

    kind: Literal["all", "bot", "symbol", "stage"]
    target: Word = Field(default=None, description="which bot (identifier or name), symbol or stage; nothing for all")
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Kill(Room):
    """The switches."""

    @endpoint("desk.read", "Switches that stop orders now.", answer=tuple[killswitch.Switch, ...])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return those that are engaged."""
        with call.read() as session:
            return [asdict(switch) for switch in killswitch.engaged(session)]

    @endpoint("kill.engage", "Stop orders of a bot, a symbol, a stage or everything.", body=Scoped, answer=killswitch.Switch, rate="write")
    def post(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Engage."""
        with call.write() as session:
            where, owner = _where(session, call.body)
            require(call.person, "kill.engage", owner=owner)
            return asdict(killswitch.engage(session, where, reason=call.body.reason, by=call.person))


class Reset(Room):
    """Let orders pass again."""

    @endpoint("kill.reset", "Let orders pass again; takes a reason.", body=Scoped, answer=killswitch.Switch, rate="write")
    def post(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Reset."""
        with call.write() as session:
            where, _ = _where(session, call.body)
            return asdict(killswitch.reset(session, where, reason=call.body.reason, by=call.person))


def _where(session: Session, asked: Scoped) -> tuple[str, str]:
    """Return the scope and whose it is; what is wider than one bot is everybody's."""
    if asked.kind != "bot":
        return killswitch.scope(asked.kind, asked.target or ""), "everybody"
    from workbench.lifecycle import bots  # noqa: PLC0415 - the strategy language, a second that readers do not pay

    bot = bots.get(session, asked.target or "")
    return killswitch.scope("bot", bot.id), bot.owner


ROUTES = [(r"/workbench/api/kill", Kill), (r"/workbench/api/kill/reset", Reset)]
