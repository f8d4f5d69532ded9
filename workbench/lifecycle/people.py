"""Who acts: the person behind a command, and what the bench knows about them.

Embedded, a person is the user of the operating system, without a signature: enough to say who did what, not enough to prove it.
A kernel that our server started acts for the person who opened it: ``WORKBENCH_USER`` and ``WORKBENCH_ROLE`` name them. These bind honest
code; a researcher's kernel could change them, so the server asks the store, never the kernel. Roles that may sign arrive with keys.
"""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass
from typing import Literal, get_args

from workbench.errors import InputError

Role = Literal["viewer", "researcher", "reviewer", "operator", "admin"]


@dataclass(frozen=True, kw_only=True)
class Person:
    """Someone who may be named in the audit chain."""

    name: str
    """Name of the account."""
    role: Role = "researcher"
    """What they may do."""
    signed: bool = False
    """Whether their identity was proved with a key; False in the embedded tier."""

    def __post_init__(self) -> None:
        """Refuse a person without a name."""
        if not self.name.strip():
            message = "a person needs a name; the audit chain records who acted"
            raise InputError(message)

    def __str__(self) -> str:
        """Return the name."""
        return self.name


def whoami() -> Person:
    """Return the person behind this process: ``WORKBENCH_USER`` with ``WORKBENCH_ROLE``, else the user of the operating system.

    The user of the operating system owns the store's file and is an admin; a named person without a role is a researcher. A role that is
    not one of ours counts as viewer: what cannot be read allows nothing.
    """
    named, given = (os.environ.get(name, "").strip() for name in ("WORKBENCH_USER", "WORKBENCH_ROLE"))
    known: tuple[Role, ...] = get_args(Role)
    usual: Role = "researcher" if named else "admin"
    viewer: Role = "viewer"
    role = next((each for each in known if each == given), viewer) if given else usual
    return Person(name=named or _system_user(), role=role)


def _system_user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container without an entry for its user
        return f"uid-{os.getuid()}" if hasattr(os, "getuid") else "unknown"


def person(who: Person | str | None) -> Person:
    """Return ``who`` as a person; a name becomes a researcher, None the one behind this process."""
    if who is None:
        return whoami()
    return who if isinstance(who, Person) else Person(name=who)
