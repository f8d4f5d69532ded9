"""What each role may do: one table, asked by widgets, REST and the command line alike.

An action that touches somebody's bot has two lines: ``bots.change`` for one's own and ``bots.change_others`` for everybody's.
Roles grow: viewer < researcher < reviewer < operator < admin; whatever a role may do, the ones above it may too.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, get_args

from workbench.errors import PermissionDeniedError, UnknownNameError
from workbench.lifecycle.people import Role, person

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.lifecycle.people import Person

ROLES: tuple[Role, ...] = get_args(Role)
"""Lowest first."""

ACTIONS: Mapping[str, tuple[Role, str]] = MappingProxyType(
    {
        "desk.read": ("viewer", "look at the boards"),
        "desk.read_others": ("viewer", "look at other people's bots"),
        "audit.read": ("viewer", "read the audit chain"),
        "audit.verify": ("viewer", "verify the audit chain"),
        "audit.people": ("reviewer", "read who logged in and whose role changed"),
        "code.run": ("researcher", "run code: Lab, notebooks, kernels, terminals, files"),
        "kernels.others": ("admin", "enter somebody else's kernel"),
        "strategies.save": ("researcher", "save a strategy"),
        "bots.create": ("researcher", "make a bot"),
        "bots.change": ("researcher", "start, stop, pause or revise a bot"),
        "bots.change_others": ("operator", "start, stop, pause or revise somebody else's bot"),
        "promotion.request": ("researcher", "ask for a promotion"),
        "promotion.request_others": ("operator", "ask for the promotion of somebody else's bot"),
        "promotion.decide": ("reviewer", "approve or reject a promotion"),
        "bots.demote": ("researcher", "demote a bot"),
        "bots.demote_others": ("reviewer", "demote somebody else's bot"),
        "kill.engage": ("researcher", "engage the kill switch of a bot"),
        "kill.engage_others": ("reviewer", "engage a kill switch beyond one's own bots"),
        "kill.reset": ("operator", "reset a kill switch"),
        "jobs.run": ("researcher", "run a job"),
        "health.read": ("viewer", "see how the components are"),
        "users.read": ("operator", "list the users"),
        "users.manage": ("admin", "add, disable or change users"),
    }
)
"""Action -> lowest role that may do it, and the action in words."""


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Whose rows a reader sees; every read model takes one."""

    owner: str | None = None
    """Only rows of this owner; None for everybody's."""
    people: bool = False
    """Whether audit events about people (logins, roles) are shown."""


EVERYTHING = Scope(people=True)
"""What the desk's own processes see."""


def rank(role: str) -> int:
    """Return the position of a role, 0 for viewer.

    Raises:
        UnknownNameError: no such role.
    """
    if role not in ROLES:
        kind = "role"
        raise UnknownNameError(kind, role, ROLES)
    return ROLES.index(role)


def may(role: str, action: str) -> bool:
    """Return whether ``role`` may do ``action``; an unknown role may do nothing.

    Raises:
        UnknownNameError: no such action.
    """
    return role in ROLES and rank(role) >= rank(_lowest(action)[0])


def require(who: Person | str | None, action: str, *, owner: str | None = None) -> Person:
    """Return the person if they may do ``action``, to a thing of ``owner`` where one is given.

    Raises:
        PermissionDeniedError: the role is too low; the message says which one it takes.
        UnknownNameError: no such action.
    """
    acting = person(who)
    asked = action if owner is None or owner == acting.name else f"{action}_others"
    lowest, words = _lowest(asked)
    if not may(acting.role, asked):
        whose = f" (it belongs to {owner})" if asked != action else ""
        message = (
            f"{acting.name} has the role {acting.role} and may not {words}{whose}; that takes {lowest}. "
            f"An admin can change it: workbench users role {acting.name} {lowest}"
        )
        raise PermissionDeniedError(message)
    return acting


def scope_of(who: Person | str | None, *, mine: bool = False) -> Scope:
    """Return what a person sees: everybody's rows where their role allows it, else (or with ``mine``) their own."""
    acting = person(who)
    own = mine or not may(acting.role, "desk.read_others")
    return Scope(owner=acting.name if own else None, people=may(acting.role, "audit.people"))


def _lowest(action: str) -> tuple[Role, str]:
    if action not in ACTIONS:
        kind = "action"
        raise UnknownNameError(kind, action, ACTIONS)
    return ACTIONS[action]
