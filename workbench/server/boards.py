"""The boards that can be opened: one notebook each in ``dashboards/``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.errors import UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = "dashboards"
ORDER = ("mission-control", "bots", "promotions", "trades", "positions", "analytics", "jobs", "audit")  # the order of the day


@dataclass(frozen=True, kw_only=True)
class Board:
    """A notebook that is shown as a page."""

    name: str
    """File name without its ending; the name in the address."""
    title: str
    """What a person reads: the notebook's own ``title``, else made from the name."""

    @property
    def path(self) -> str:
        """Path below the server's root folder."""
        return f"{FOLDER}/{self.name}.ipynb"


def available(root: Path) -> list[Board]:
    """Return the boards in ``root/dashboards``: the known ones in their order, then others by name."""
    found = {path.stem: path for path in (root / FOLDER).glob("*.ipynb") if not path.name.startswith((".", "_"))}
    names = [name for name in ORDER if name in found] + sorted(set(found) - set(ORDER))
    return [Board(name=name, title=_title(found[name])) for name in names]


def find(root: Path, name: str) -> Board:
    """Return a board by name.

    Raises:
        UnknownNameError: there is none; the nearest are named.
    """
    known = {board.name: board for board in available(root)}
    if name not in known:
        kind = "board"
        raise UnknownNameError(kind, name, known)
    return known[name]


def _title(notebook: Path) -> str:
    try:
        title = json.loads(notebook.read_text(encoding="utf-8")).get("metadata", {}).get("title")
    except (OSError, ValueError):
        title = None
    return str(title) if title else notebook.stem.replace("-", " ").replace("_", " ").capitalize()
