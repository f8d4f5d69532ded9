"""The boards there are: name, title, glyph, and the lowest role that may see each."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError
from workbench.lifecycle.access import ACTIONS, ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER = "dashboards"


@dataclass(frozen=True, kw_only=True)
class Board:
    """One board, as launchers and menus list it."""

    name: str
    """Name in addresses: ``mission-control``."""
    title: str
    """What a person calls it."""
    icon: str
    """One glyph."""
    purpose: str
    """One sentence: the question it answers."""
    action: str = "desk.read"
    """Line of ``lifecycle.access.ACTIONS`` a person must be allowed to see it."""

    @property
    def module(self) -> str:
        """Name of the module that composes it."""
        return self.name.replace("-", "_")

    @property
    def path(self) -> str:
        """Its notebook, below the home of the bench."""
        return f"{FOLDER}/{self.name}.ipynb"

    @property
    def address(self) -> str:
        """Its short address, below the server's base."""
        return f"workbench/boards/{self.name}"

    @property
    def roles(self) -> tuple[str, ...]:
        """Roles that may see it, lowest first."""
        return ROLES[ROLES.index(ACTIONS[self.action][0]) :]


_LIST = (
    Board(name="mission-control", title="Mission control", icon="◎", purpose="Is everything all right, and what is it worth?"),
    Board(name="bots", title="Bots", icon="▣", purpose="Which bots are there, how do they do, and what may I do with them?"),
    Board(name="promotions", title="Promotions", icon="⇑", purpose="Who stands on which stage, and what keeps the others from the next?"),
    Board(name="positions", title="Positions", icon="◫", purpose="What do we hold, and what is it worth now?"),
    Board(name="trades", title="Trades", icon="⇄", purpose="What was executed, and did it pay?"),
    Board(name="analytics", title="Analytics", icon="∿", purpose="How did we do, by day, bot and symbol?"),
    Board(name="jobs", title="Jobs", icon="⚙", purpose="What ran unattended, and how did it end?"),
    Board(name="audit", title="Audit", icon="≡", purpose="Who did what, and is the record whole?", action="audit.read"),
)
BOARDS: Mapping[str, Board] = MappingProxyType({board.name: board for board in _LIST})
"""Name -> board, in the order in which menus list them."""


def find(name: str) -> Board:
    """Return the board of that name; underscores and letter case do not matter.

    Raises:
        UnknownNameError: no such board; the message names the nearest.
    """
    folded = name.strip().lower().replace("_", "-").replace(" ", "-")
    if folded not in BOARDS:
        kind = "board"
        raise UnknownNameError(kind, name, BOARDS)
    return BOARDS[folded]
