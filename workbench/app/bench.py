"""The open bench: its store, its desks, its bars, and everything that can be done on it."""

from __future__ import annotations

from functools import cached_property
from html import escape
from typing import TYPE_CHECKING

from workbench import look, settings
from workbench.app.faces import Faces
from workbench.app.robustness import Robustness
from workbench.app.trading import Trading
from workbench.home import home
from workbench.lifecycle import bots
from workbench.lifecycle.desk import AuditDesk, BotDesk, KillSwitch
from workbench.lifecycle.people import whoami
from workbench.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Iterable


def open_bench(url: str | None = None) -> Bench:
    """Return the bench: its store at ``url``, else ``DATABASE_URL``, else SQLite under ``data/``; made and migrated when needed.

    Raises:
        SettingsError: a setting is unknown or not valid, or the data folder cannot be written.
        StoreError: the database cannot be opened; the message says what to do.
    """
    return Bench(Database.open(url or settings.current().database_url))


class Bench(Robustness, Trading, Faces):
    """One open bench."""

    def __init__(self, database: Database) -> None:
        """Work on an open database; ``wb.open()`` opens one."""
        self.database = database

    @cached_property
    def bots(self) -> BotDesk:
        """Bots: make, list, look up, start, stop."""
        return BotDesk(self.database)

    @cached_property
    def audit(self) -> AuditDesk:
        """The audit chain: verify, export."""
        return AuditDesk(self.database)

    @cached_property
    def killswitch(self) -> KillSwitch:
        """The kill switch: engage, reset, state."""
        return KillSwitch(self.database)

    @property
    def place(self) -> str:
        """Where the store is, below the bench's home where it is there; never with a password."""
        return self.database.place.removeprefix(f"{home()}/")

    def __repr__(self) -> str:
        """Say where the store is."""
        return f"Bench({self.place!r})"

    def _repr_html_(self) -> str:
        with self.database.read() as session:
            counted = len(bots.list(session))
        checked = self.audit.verify()
        chain = f"✓ {checked.events:,} events, unbroken" if checked.ok else f"✗ {checked.problem}"
        cells = (
            ("store", self.place),
            ("bots", str(counted)),
            ("audit chain", chain),
            ("person", f"{whoami().name} · {whoami().role}"),
        )
        return facts("Bench", cells)


def facts(title: str, cells: Iterable[tuple[str, str]]) -> str:
    """Return a quiet panel of named facts as HTML."""
    shown = "".join(
        f"<tr><td style='color:{look.FAINT};padding:2px 16px 2px 12px;background:{look.BG1};text-align:left'>{escape(name)}</td>"
        f"<td style='font-family:{look.MONO};padding:2px 12px;background:{look.BG1};text-align:left'>{escape(value)}</td></tr>"
        for name, value in cells
    )
    frame = f"background:{look.BG1};color:{look.TEXT};border:1px solid {look.LINE};font:13px/18px {look.SANS};max-width:1100px;padding-bottom:6px"
    return f"<div style=\"{frame}\"><div style='padding:8px 12px'><b>{escape(title)}</b></div><table style='border-collapse:collapse;margin:0'>{shown}</table></div>"
