"""``/users``: who I am and what I may do, my password, and for operators who else there is."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from pydantic import Field

from workbench.lifecycle import users
from workbench.lifecycle.access import ACTIONS, may
from workbench.server.handlers.base import Asked, Call, Room, endpoint


class Passwords(Asked):
    """The present password and the next one."""

    present: Annotated[str, Field(max_length=1024, repr=False)]
    new: Annotated[str, Field(max_length=1024, repr=False)]


class Me(Room):
    """Who asks."""

    @endpoint("desk.read", "Name, role and what that role may do.")
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return it."""
        with call.read() as session:
            account = users.find(session, call.person.name)
        return {
            "name": call.person.name,
            "role": call.person.role,
            "signed": call.person.signed,
            "local": account is None,
            "may": [action for action in ACTIONS if may(call.person.role, action)],
            "last_login_at": account.last_login_at if account else None,
        }


class MyPassword(Room):
    """My password."""

    @endpoint("desk.read", "Change one's own password; all other logins end.", body=Passwords, rate="heavy")
    def post(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Change it."""
        users.verify(call.database, call.person.name, call.body.present)
        keep = getattr(self.identity_provider, "secret_of", str)(self) or None
        with call.write() as session:
            users.set_password(session, call.person.name, call.body.new, by=call.person, keep=keep)
        return {"changed": True}


class Users(Room):
    """All accounts."""

    @endpoint("users.read", "Accounts with their roles.", answer=tuple[users.User, ...])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Return them."""
        with call.read() as session:
            return [asdict(user) for user in users.list(session)]


ROUTES = [(r"/workbench/api/users/me", Me), (r"/workbench/api/users/me/password", MyPassword), (r"/workbench/api/users", Users)]
