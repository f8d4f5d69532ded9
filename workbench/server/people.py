"""Who is behind the request that is being answered, read from Jupyter's ``current_user`` alone, so that JupyterHub works too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jupyter_server import CallContext

from workbench.server.identity import person_of

if TYPE_CHECKING:
    from workbench.lifecycle.people import Person


def acting() -> Person | None:
    """Return the person whose request is being answered, None outside a request."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    user = getattr(handler, "current_user", None)
    return None if user is None else person_of(user)


def board_in_progress() -> str | None:
    """Return the path of the notebook whose board page is being opened by this request, None for any other request."""
    handler = CallContext.get(CallContext.JUPYTER_HANDLER)
    return getattr(handler, "board_path", None)
