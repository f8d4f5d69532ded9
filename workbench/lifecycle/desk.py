"""Desks of the lifecycle: what a person does with bots, the kill switch and the audit chain, each call one transaction in their name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.lifecycle import audit, bots, killswitch, promotion
from workbench.lifecycle.people import whoami

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.killswitch import Switch
    from workbench.lifecycle.stages import Stage
    from workbench.store import Database
    from workbench.strategy.strategy import Strategy


class BotDesk:
    """Bots of one store; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def create(self, strategy: Strategy, *, name: str | None = None, capital: float = 100_000.0, exist_ok: bool = False) -> Bot:
        """Make a bot in LAB and return it; with ``exist_ok`` one of the same name and strategy is returned as it is.

        Raises:
            SpecError: a validator refuses the strategy.
            InputError: the name is taken.
        """
        who, wanted = whoami(), name or strategy.name
        with self._database.session() as session:
            if exist_ok:
                for bot in bots.list(session, owner=who):
                    if bot.name == wanted and bot.spec_hash == strategy.spec_hash:
                        return bot
            return bots.create(session, strategy, owner=who, name=name, capital=capital)

    def get(self, key: str) -> Bot:
        """Return a bot by name or id.

        Raises:
            UnknownNameError: no such bot.
        """
        with self._database.read() as session:
            return bots.get(session, key)

    def start(self, bot: Bot, *, reason: str = "") -> Bot:
        """Let the bot run."""
        with self._database.session() as session:
            return bots.start(session, bot, reason=reason)

    def pause(self, bot: Bot, *, reason: str = "") -> Bot:
        """Stop new orders of the bot and keep its positions."""
        with self._database.session() as session:
            return bots.pause(session, bot, reason=reason)

    def stop(self, bot: Bot, *, reason: str = "") -> Bot:
        """End the bot's session."""
        with self._database.session() as session:
            return bots.stop(session, bot, reason=reason)

    def demote(self, bot: Bot, to: Stage, *, reason: str) -> Bot:
        """Move the bot to any lower stage and stop it; the reason is kept."""
        with self._database.session() as session:
            return promotion.demote(session, bot, to, reason=reason)

    def history(self, bot: Bot) -> tuple[promotion.Promotion, ...]:
        """Return every decision about the bot's stage, oldest first."""
        with self._database.read() as session:
            return promotion.history(session, bot)

    @property
    def frame(self) -> pd.DataFrame:
        """One row a bot: name, stage, status, symbols, capital, owner, strategy hash."""
        import pandas as pd  # noqa: PLC0415 - only for the table

        columns = ("name", "stage", "status", "symbols", "capital", "owner", "strategy")
        with self._database.read() as session:
            found = bots.list(session)
        rows = [(b.name, b.stage.value, b.status, ", ".join(b.symbols), b.capital, b.owner, b.spec_hash[:12]) for b in found]
        return pd.DataFrame(rows, columns=list(columns))

    def _repr_html_(self) -> str:
        frame = self.frame
        if frame.empty:
            return '<p>No bots yet. Make one: <code>bench.bots.create(strategy, name="...")</code></p>'
        return str(frame.to_html(index=False, border=0))


class KillSwitch:
    """The kill switch of one store; every call is one transaction."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def engage(self, where: str = "all", *, reason: str) -> Switch:
        """Stop new orders of ``all``, ``bot:<id>``, ``symbol:<symbol>`` or ``stage:<stage>`` until a person resets it."""
        with self._database.session() as session:
            return killswitch.engage(session, where, reason=reason, by=whoami())

    def reset(self, where: str = "all", *, reason: str) -> Switch:
        """Let orders pass again; needs the person's reason."""
        with self._database.session() as session:
            return killswitch.reset(session, where, reason=reason, by=whoami())

    def state(self) -> tuple[Switch, ...]:
        """Return every switch that was ever thrown."""
        with self._database.read() as session:
            return killswitch.state(session)


class AuditDesk:
    """The audit chain of one store."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def verify(self) -> audit.Verification:
        """Return whether every event is as it was written, and if not, where it begins to differ."""
        return audit.verify(self._database)

    def export(self, path: Path) -> audit.Export:
        """Write all events as JSON Lines with a proof beside them."""
        return audit.export(self._database, path)
