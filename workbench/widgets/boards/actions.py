"""What a person can do from a board. Every act is asked again here, under the lock of its own transaction: a hidden button is no protection.

An act checks the role (``lifecycle.access``), then calls the lifecycle, which writes the change, its audit event and its outbox event in one
transaction. Where the store knows the person, the role it has there counts, not the one the kernel was started with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import InputError, PermissionDeniedError
from workbench.lifecycle import bots, killswitch, users
from workbench.lifecycle.access import require

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.people import Person
    from workbench.widgets.boards.desk import Desk

MOVES = {"start": "running", "pause": "paused", "stop": "stopped"}
"""Act -> status it leads to."""


class Actions:
    """The acts of one person."""

    def __init__(self, desk: Desk) -> None:
        """Act at ``desk`` as the person who looks."""
        self._desk = desk

    def offered(self, *, status: str, owner: str) -> list[str]:
        """Return which of start, pause and stop a person may do with a bot, by its status."""
        if not self._desk.may("bots.change", owner):
            return []
        return [name for name, leads in MOVES.items() if leads in bots.STATUSES.get(status, ())]

    def require(self, action: str) -> None:
        """Refuse what the person may not do.

        Raises:
            PermissionDeniedError: the role is too low.
        """
        with self._desk.read() as session:
            self._allowed(session, action)

    def move(self, bot_id: str, act: str, reason: str = "") -> Bot:
        """Start, pause or stop a bot.

        Raises:
            PermissionDeniedError: the role is too low, or the bot cannot go there from where it is.
            InputError: no such act.
        """
        if act not in MOVES:
            message = f"a bot can be told to {', '.join(MOVES)}; not to {act!r}"
            raise InputError(message)
        with self._desk.write() as session:
            bot = bots.get(session, bot_id)
            who = self._allowed(session, "bots.change", bot.owner)
            return bots.set_status(session, bot, MOVES[act], by=who, reason=reason)

    def kill(self, where: str, reason: str) -> None:
        """Stop new orders in a scope; one's own bot takes a lower role than everything else."""
        with self._desk.write() as session:
            kind, _, target = where.partition(":")
            owner = bots.get(session, target).owner if kind == "bot" else ""
            who = self._allowed(session, "kill.engage", owner)
            killswitch.engage(session, where, reason=reason, by=who)

    def reset(self, where: str, reason: str) -> None:
        """Let orders pass again."""
        with self._desk.write() as session:
            killswitch.reset(session, where, reason=reason, by=self._allowed(session, "kill.reset"))

    def close(self, bot_id: str, reason: str) -> None:
        """Give up the open paper positions of a stopped bot, at their last mark, and end its saved session.

        Raises:
            PermissionDeniedError: the role is too low, the bot still runs, or its stage trades real money.
        """
        from workbench.execution import abandon  # noqa: PLC0415 - loads the engine, at the act only

        with self._desk.write() as session:
            bot = bots.get(session, bot_id)
            who = self._allowed(session, "bots.change", bot.owner)
            if bot.stage.real_money:
                message = f"{bot.name} is in {bot.stage}: a position there is closed at the venue, not on a board"
                raise PermissionDeniedError(message)
            abandon(session, bot, by=who, reason=reason)

    def request(self, bot_id: str, reason: str) -> str:
        """Ask for the bot's next stage with the evidence that was sealed last, and return the stage.

        Raises:
            InputError: no evidence about the bot's present strategy is sealed, a request waits already, or no reason is given.
            PermissionDeniedError: the role is too low, or a gate is closed.
        """
        from workbench.lifecycle import requests  # noqa: PLC0415 - loads the statistics, at the act only
        from workbench.widgets.boards.evidence import assessed  # noqa: PLC0415 - as above

        with self._desk.write() as session:
            bot = bots.get(session, bot_id)
            who = self._allowed(session, "promotion.request", bot.owner)
            asked = requests.ask(session, bot, assessed(session, bot), reason=reason, by=who)
            return asked.to_stage.value

    def create(self, archetype: str, symbol: str, *, name: str, capital: float) -> Bot:
        """Make a bot in LAB from a template."""
        from workbench.strategy.templates import template  # noqa: PLC0415 - loads the compiler, at the act only

        with self._desk.write() as session:
            who = self._allowed(session, "bots.create")
            return bots.create(session, template(archetype, symbol), owner=who, name=name or None, capital=capital)

    def _allowed(self, session: Session, action: str, owner: str | None = None) -> Person:
        return require(self._present(session), action, owner=owner)

    def _present(self, session: Session) -> Person:
        """Return the person with the role the store knows now; where nobody was ever added, the one behind this process.

        Raises:
            PermissionDeniedError: the account is gone or disabled.
        """
        who = self._desk.who
        if not users.any_user(session):
            return who
        known = users.find(session, who.name)
        if known is None or known.disabled:
            message = (
                f"the account {who.name} is {'disabled' if known else 'not known any more'}; an admin can change that: workbench users list"
            )
            raise PermissionDeniedError(message)
        return known.person
