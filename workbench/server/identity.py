"""Who is asking: looked up at every request, so that a changed role, a disabled account and a logout count at once.

1. A **token** in the address or the ``Authorization`` header: of a kernel (``wbk_...``, acts for its person), or of the server.
2. A **cookie**, signed by Jupyter, that holds nothing but the random secret of a login.
3. Nobody: pages lead to the login, the rest is refused.

Without users there is one implicit person, the user of the operating system, an admin, who comes with the server's token. As soon as there is
a user the token opens nothing but the launcher's own checks (``LAUNCHER``). A viewer is kept to ``paths``. ``X-Workbench-User`` from outside is
dropped and set anew. Write code against ``current_user`` and ``role_of`` alone: under JupyterHub the Hub's provider stands here instead.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from jupyter_server.auth.identity import IdentityProvider, User
from tornado.web import Finish, HTTPError

from workbench.errors import StoreError
from workbench.lifecycle import credentials, users
from workbench.lifecycle.access import ROLES
from workbench.lifecycle.people import Person, Role, whoami
from workbench.server import paths
from workbench.server.headers import secure
from workbench.server.login import LoginPage, LogoutPage
from workbench.server.store import apart, database

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

T = TypeVar("T")
HEADER = "X-Workbench-User"
LAUNCHER = "launcher"
"""Name under which the process that started the server checks its parts."""
_LOCAL = "local."
_GROUP = "workbench-"  # a Hub's group workbench-reviewer makes its members reviewers


@dataclass
class BenchUser(User):
    """Jupyter's user with a role."""

    role: str = "viewer"


class WorkbenchIdentity(IdentityProvider):
    """Named users in one server."""

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401 - traitlets' own
        """Use our own pages, and keep a configured token where Lab cannot write it into its page: every person who opens Lab could read it there."""
        super().__init__(**kwargs)
        self.login_handler_class, self.logout_handler_class = LoginPage, LogoutPage
        self._secret = str(self.token)
        if not self.token_generated:  # one that Jupyter made up is printed by Jupyter alone
            self.token = ""

    async def get_user(self, handler: Any) -> User | None:  # noqa: ANN401 - any handler of Jupyter
        """Return who sent this request, None for nobody; a viewer off their path is refused here.

        Raises:
            HTTPError: 403 off a viewer's path, 503 where the store cannot be asked.
        """
        known = getattr(handler, "_jupyter_current_user", None)
        if known is not None:
            return cast(User, known)
        if HEADER in handler.request.headers:
            del handler.request.headers[HEADER]
        secure(handler)
        try:
            person = await self.identify(handler)
        except StoreError as error:
            handler.current_user = None  # the page that says so asks for it
            raise HTTPError(503, "the store does not answer, so nobody can be known: %s", error) from error
        if person is None:
            if handler.get_cookie(self.get_cookie_name(handler)) is not None:
                self.clear_login_cookie(handler)
            return None
        user = user_of(person)
        handler.request.headers[HEADER] = person.name
        if person.role == "viewer":
            self._keep_to_paths(handler, user)
        return user

    async def identify(self, handler: Any) -> Person | None:  # noqa: ANN401 - any handler of Jupyter
        """Return the person of this request as the store knows them now; sets whether a token said so."""
        token = self.get_token(handler) or ""
        if token:
            person = await self._by_token(handler, token)
            if person is not None:
                handler._token_authenticated = True  # noqa: SLF001 - the name by which Jupyter skips the check of forged forms
                return person
        secret = self.secret_of(handler)
        if not secret:
            return None
        if secret.startswith(_LOCAL):
            fits = bool(self._secret) and hmac.compare_digest(secret.encode(), self._local_mark().encode())
            return local() if fits and not await self.has_users(handler.settings) else None
        return await _asked(handler.settings, lambda session: credentials.login(session, secret))

    async def _by_token(self, handler: Any, token: str) -> Person | None:  # noqa: ANN401 - any handler of Jupyter
        if self._secret and hmac.compare_digest(token.encode(), self._secret.encode()):
            if await self.has_users(handler.settings):
                return Person(name=LAUNCHER, role="viewer")
            if handler.get_query_argument("token", "") and handler.request.method == "GET":
                self.remember_local(handler)
            return local()
        if not token.startswith(credentials.TOKEN_PREFIX):
            return None
        tokens = handler.settings.get("workbench_tokens")
        owner = None if tokens is None else tokens.owner_of_token(token)
        if owner is not None:
            return await _asked(handler.settings, lambda session: _present(session, owner.user))
        return await _asked(handler.settings, lambda session: credentials.token_owner(session, token, local=local().name))

    async def has_users(self, settings: dict[str, Any]) -> bool:
        """Return whether anybody was ever added; then everybody logs in."""
        return bool(await _asked(settings, users.any_user))

    def local_user(self, token: str) -> User | None:
        """Return the implicit local user for the server's token, None for another one."""
        fits = bool(self._secret) and hmac.compare_digest(token.strip().encode("utf-8", "replace"), self._secret.encode())
        return user_of(local()) if fits else None

    def remember_local(self, handler: Any) -> None:  # noqa: ANN401 - any handler of Jupyter
        """Let this browser come back without the token, for as long as the server keeps it."""
        self._set_cookie(handler, self._local_mark())

    async def open_login(self, handler: Any, name: str, *, agent: str, instead_of: str) -> None:  # noqa: ANN401 - any handler of Jupyter
        """Open a login for a verified account, close the one it takes the place of, and give the browser its cookie."""
        store = database(handler.settings)

        def opened() -> str:
            with store.session() as session:
                if instead_of and not instead_of.startswith(_LOCAL):
                    credentials.close_login(session, instead_of)
                return credentials.open_login(session, name, agent=agent)

        self._set_cookie(handler, await apart(opened))

    def secret_of(self, handler: Any) -> str:  # noqa: ANN401 - any handler of Jupyter
        """Return what the signed cookie holds, empty for none, a forged or an unreadable one."""
        try:
            raw = handler.get_secure_cookie(self.get_cookie_name(handler), **self.get_secure_cookie_kwargs)
            return raw.decode("ascii") if raw else ""
        except (UnicodeDecodeError, ValueError):
            return ""

    def get_cookie_name(self, handler: Any) -> str:  # noqa: ANN401 - any handler of Jupyter
        """Return a name of our own: another Jupyter server on the same host keeps its cookie."""
        return str(self.cookie_name or f"workbench-{super().get_cookie_name(handler).removeprefix('username-')}")

    def _set_cookie(self, handler: Any, secret: str) -> None:  # noqa: ANN401 - any handler of Jupyter
        options = {"httponly": True, "samesite": "Lax", "path": handler.base_url, **self.cookie_options}
        secure_cookie = handler.request.protocol == "https" if self.secure_cookie is None else self.secure_cookie
        if secure_cookie:
            options["secure"] = True
        days = credentials.LOGIN_LASTS.total_seconds() / 86400
        handler.set_secure_cookie(self.get_cookie_name(handler), secret, expires_days=days, **options)

    def _local_mark(self) -> str:
        """Return what proves that a browser had the server's token, without being it."""
        return _LOCAL + hashlib.sha256(f"workbench local {self._secret}".encode()).hexdigest()

    def _keep_to_paths(self, handler: Any, user: BenchUser) -> None:  # noqa: ANN401 - any handler of Jupyter
        method, path, base_url = str(handler.request.method), handler.request.path, handler.base_url
        if paths.viewer_may(method, path, base_url, lambda kernel: owns_kernel(handler.settings, user, kernel)):
            return
        if user.username == LAUNCHER and paths.launcher_may(method, path, base_url):
            return
        handler.current_user = handler._jupyter_current_user = user  # noqa: SLF001 - the error page names who was refused
        if user.username != LAUNCHER and paths.is_front_door(method, path, base_url):
            handler.redirect(f"{base_url}workbench/boards/")
            raise Finish
        raise HTTPError(403, "a viewer looks at boards and runs no code; an admin can give %s another role", user.username)


def role_of(user: Any) -> Role:  # noqa: ANN401 - Jupyter's user, or the Hub's
    """Return what ``user`` may do: the role of the request, of a Hub's group or scope, and for a stock Jupyter server its one owner's."""
    role = getattr(user, "role", None)
    if role in ROLES:
        return cast(Role, role)
    hub = getattr(user, "hub_user", None)
    if isinstance(hub, dict):
        return _hub_role(hub)
    return "viewer" if user is None else "researcher"


def person_of(user: Any) -> Person:  # noqa: ANN401 - Jupyter's user, or the Hub's
    """Return the person behind ``current_user``."""
    return Person(name=user.username, role=role_of(user))


def user_of(person: Person) -> BenchUser:
    """Return Jupyter's user for a person."""
    return BenchUser(username=person.name, name=person.name, display_name=person.name, initials=person.name[:2].upper(), role=person.role)


def local() -> Person:
    """Return the implicit person of a bench without users: whoever runs the server, an admin."""
    return Person(name=whoami().name, role="admin")


def owns_kernel(settings: dict[str, Any], user: Any, kernel_id: str) -> bool:  # noqa: ANN401 - Jupyter's user
    """Return whether this kernel was started for this person."""
    tokens = settings.get("workbench_tokens")
    owner = None if tokens is None else tokens.owner_of_kernel(kernel_id)
    return owner is not None and owner.user == user.username


def _hub_role(hub: dict[str, Any]) -> Role:
    """Return the highest role that the Hub's groups name; the server's own person is a researcher, a guest a viewer."""
    groups = {str(group).removeprefix(_GROUP) for group in hub.get("groups") or [] if str(group).startswith(_GROUP)}
    if hub.get("admin"):
        return "admin"
    named: list[Role] = [role for role in ROLES if role in groups]
    if named:
        return named[-1]
    return "researcher" if hub.get("name") == os.environ.get("JUPYTERHUB_USER", "") else "viewer"


def _present(session: Session, name: str) -> Person | None:
    """Return the person of a kernel as they are now: an account that holds, or the local one while there is no account."""
    account = users.find(session, name)
    if account is not None:
        return None if account.disabled else account.person
    if name == LAUNCHER:
        return Person(name=LAUNCHER, role="viewer")
    return local() if name == local().name and not users.any_user(session) else None


async def _asked(settings: dict[str, Any], question: Callable[[Session], T]) -> T:
    def ask() -> T:
        with database(settings).read() as session:
            return question(session)

    return await apart(ask)
