"""What Jupyter's own handlers let a role do: code is for researchers, a viewer touches the kernel of their own board and our own addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jupyter_server.auth.authorizer import Authorizer

from workbench.lifecycle.access import may
from workbench.server.identity import owns_kernel, role_of

if TYPE_CHECKING:
    from jupyter_server.auth.identity import User
    from jupyter_server.base.handlers import JupyterHandler


class WorkbenchAuthorizer(Authorizer):
    """Asks the table of roles."""

    def is_authorized(self, handler: JupyterHandler, user: User, action: str, resource: str) -> bool:
        """Return whether ``user`` may do ``action`` (read, write, execute) to a ``resource`` of Jupyter.

        A kernel carries the token of its person, so another person's kernel is closed to everybody but an admin; this keeps honest people
        apart, no more: all kernels of one server run as the same user of the operating system.
        """
        del action
        role = role_of(user)
        if resource.startswith("workbench"):
            return may(role, "desk.read")
        kernel = _kernel_of(handler) if resource == "kernels" else None
        if kernel is not None:
            return owns_kernel(handler.settings, user, kernel) or (may(role, "code.run") and _nobodys(handler.settings, kernel, role))
        return may(role, "code.run")


def _kernel_of(handler: JupyterHandler) -> str | None:
    found: Any = handler.path_kwargs.get("kernel_id")
    return str(found) if found else None


def _nobodys(settings: dict[str, Any], kernel: str, role: str) -> bool:
    """Return whether the kernel belongs to nobody we know, or the role may touch everybody's."""
    tokens = settings.get("workbench_tokens")
    return may(role, "kernels.others") or tokens is None or tokens.owner_of_kernel(kernel) is None
