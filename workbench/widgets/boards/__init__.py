"""The boards: Voila pages that show the desk and change by themselves.

A board's notebook in ``dashboards/`` is one cell: ``from workbench.widgets.boards import show; show("mission-control")``. The board talks to the store and
its read models (``execution.views``) directly, not through ``workbench.app``, whose import costs a second and 200 MB.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.widgets.boards.face import Face
    from workbench.widgets.boards.registry import BOARDS, Board, find

__all__ = ["BOARDS", "Board", "find", "make", "show", "warm"]

_REGISTRY = ("BOARDS", "Board", "find")


def __getattr__(name: str) -> Any:  # noqa: ANN401 - PEP 562
    """Import the list of boards when it is first asked for."""
    if name not in _REGISTRY:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.registry"), name)


def make(name: str, *, address: str | None = None, desk: Any = None) -> Face:  # noqa: ANN401 - a Desk, imported late
    """Return a board, composed and not yet begun.

    Args:
        name: a name of ``BOARDS``.
        address: the text after ``?``; by default the one Voila was asked with.
        desk: store and person to look with; by default this bench's and the one behind this process.

    Raises:
        UnknownNameError: no such board.
        PermissionDeniedError: the person's role may not see it.
    """
    import os  # noqa: PLC0415 - this module is imported by whoever only wants the list

    from workbench.lifecycle.access import require  # noqa: PLC0415 - as above
    from workbench.widgets.boards.desk import Desk  # noqa: PLC0415 - as above
    from workbench.widgets.boards.registry import find as find_board  # noqa: PLC0415 - as above

    board, chosen = find_board(name), desk or Desk()
    require(chosen.who, board.action)
    module = import_module(f"{__name__}.{board.module}")
    face: type[Face] = getattr(module, board.module.replace("_", " ").title().replace(" ", ""))
    return face(board, chosen, os.environ.get("QUERY_STRING", "") if address is None else address)


def show(name: str) -> None:
    """Show a board in this notebook and keep it alive."""
    from IPython import display as notebook  # noqa: PLC0415 - a notebook has it

    from workbench.errors import WorkbenchError  # noqa: PLC0415 - as above

    try:
        face = make(name)
    except WorkbenchError as error:
        from workbench.widgets import parts  # noqa: PLC0415 - as above

        notebook.display(parts.Page(parts.Notice("error", str(error), "The boards are listed at the top of every board.")))  # type: ignore[no-untyped-call]
        return
    face.begin()
    _SHOWN.append(face)
    notebook.display(face.root)  # type: ignore[no-untyped-call]


def warm() -> None:
    """Import what every board needs, so that a kernel that waits in a pool shows one at once."""
    from workbench.widgets.boards.registry import BOARDS as LISTED  # noqa: PLC0415 - as above

    for board in LISTED.values():
        import_module(f"{__name__}.{board.module}")
    for name in ("pyarrow", "workbench.settings", "workbench.widgets.parts.assets"):  # what the first look at a store would import
        import_module(name)
    import_module("workbench.widgets.parts.assets").version()
    import_module(f"{__name__}.desk").prepare()


_SHOWN: list[Face] = []
"""Boards of this kernel: nobody else holds them while their task runs."""
