"""What Lab offers in its launcher: the boards and the tutorials of this bench, as JSON."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import tornado.web
from jupyter_server.base.handlers import JupyterHandler

from workbench.errors import InputError
from workbench.jobs.parameters import read_notebook
from workbench.server import boards
from workbench.widgets.boards.registry import BOARDS

TUTORIALS = "notebooks/tutorials"
_NUMBERED = re.compile(r"(\d{2})_(\w+)\.ipynb")


class Menu(JupyterHandler):
    """Lists the boards and the tutorials."""

    @tornado.web.authenticated
    def get(self) -> None:
        """Write both lists, each in the order in which a person meets them."""
        root = Path(self.settings["server_root_dir"]).expanduser()
        self.set_header("Cache-Control", "no-store")
        self.finish({"boards": [_board(board) for board in boards.available(root)], "tutorials": tutorials(root)})


def tutorials(root: Path) -> list[dict[str, str]]:
    """Return number, title and path of each tutorial below ``root``, in reading order; one that cannot be read is left out."""
    found = []
    for path in sorted((root / TUTORIALS).glob("*.ipynb")):
        named = _NUMBERED.fullmatch(path.name)
        if named is None:
            continue
        try:
            metadata = read_notebook(path).get("metadata", {}).get("workbench", {})
        except InputError:
            continue
        title = metadata.get("title") if isinstance(metadata, dict) else None
        found.append(
            {"number": named[1], "title": str(title or named[2].replace("_", " ").capitalize()), "path": f"{TUTORIALS}/{path.name}"}
        )
    return found


def _board(board: boards.Board) -> dict[str, Any]:
    known = BOARDS.get(board.name)
    return {"name": board.name, "title": board.title, "icon": known.icon if known else "▤", "purpose": known.purpose if known else ""}
