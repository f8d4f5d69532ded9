"""The login page: a name and a password, or the token of a bench without users. Somebody may come back to where they were going, and nowhere else."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler

from workbench import look
from workbench.errors import StoreError
from workbench.lifecycle import credentials, users
from workbench.lifecycle.users import LoginRefusedError
from workbench.server.headers import secure
from workbench.server.limits import LIMITER
from workbench.server.store import apart, database

if TYPE_CHECKING:
    from workbench.server.identity import WorkbenchIdentity

_TEMPLATES = Path(__file__).resolve().parent / "templates"
_LONGEST = 2048
_FORM_BYTES = 16_384


class LoginPage(JupyterHandler):
    """Shows the form and takes it."""

    @allow_unauthenticated
    async def get(self) -> None:
        """Show the form; who is logged in goes on."""
        if self.current_user:
            self.redirect(safe_next(self.get_argument("next", ""), self.base_url))
            return
        await self._show()

    @allow_unauthenticated
    async def post(self) -> None:
        """Take a name and a password, open a login and go on."""
        wait = LIMITER.wait("login", str(self.request.remote_ip))
        if wait > 0 or len(self.request.body) > _FORM_BYTES:
            self.set_header("Retry-After", str(int(wait) + 1))
            await self._show(429, f"too many attempts from this address; try again in {int(wait) + 1} s")
            return
        try:
            await self._enter()
        except LoginRefusedError as error:
            self.log.warning("login refused for an attempt from %s", self.request.remote_ip)
            await self._show(401, str(error))
        except StoreError as error:
            await self._show(503, f"nobody can log in now: {error}")

    async def _enter(self) -> None:
        provider = _provider(self)
        name, password = self.get_body_argument("name", "", strip=False), self.get_body_argument("password", "", strip=False)
        if not await provider.has_users(self.settings):
            user = provider.local_user(password)
            if user is None:
                message = "this is not the token of this bench; it is in the address that workbench up printed"
                raise LoginRefusedError(message)
            provider.remember_local(self)
        else:
            store = database(self.settings)
            account = await apart(lambda: users.verify(store, name, password))
            agent, old = self.request.headers.get("User-Agent", ""), provider.secret_of(self)
            await provider.open_login(self, account.name, agent=agent, instead_of=old)
        self.redirect(safe_next(self.get_argument("next", ""), self.base_url))

    async def _show(self, status: int = 200, problem: str = "") -> None:
        self.set_status(status)
        secure(self)
        self.set_header("Cache-Control", "no-store")
        try:
            named = await _provider(self).has_users(self.settings)
        except StoreError as error:
            named, problem = True, problem or f"nobody can log in now: {error}"
        going = safe_next(self.get_argument("next", ""), self.base_url)
        name = self.get_body_argument("name", "") if self.request.method == "POST" else ""
        page = environment().get_template("login.html")
        self.finish(
            page.render(base_url=self.base_url, problem=problem, named=named, next=going, name=name[:64], xsrf=self.xsrf_token.decode())
        )


class LogoutPage(JupyterHandler):
    """Ends the login of this browser."""

    @allow_unauthenticated
    async def get(self) -> None:
        """End it and show the form."""
        provider = _provider(self)
        secret = provider.secret_of(self)
        if secret:
            store = database(self.settings)

            def close() -> None:
                with store.session() as session:
                    credentials.close_login(session, secret)

            await apart(close)
        provider.clear_login_cookie(self)
        self.redirect(f"{self.base_url}login")

    post = get


def _provider(handler: JupyterHandler) -> WorkbenchIdentity:
    return cast("WorkbenchIdentity", handler.identity_provider)  # these pages are its own


def safe_next(asked: str, base_url: str) -> str:
    """Return where to go after the login: ``asked`` if it is a plain path on this server, below its base; the start page otherwise."""
    parts = urlsplit(asked) if len(asked) <= _LONGEST and asked.isprintable() else None
    fine = (
        parts is not None
        and not parts.scheme
        and not parts.netloc
        and asked.startswith(base_url)
        and not asked.startswith("//")
        and "\\" not in asked
        and "//" not in parts.path
        and ".." not in parts.path
        and not parts.path.startswith((f"{base_url}login", f"{base_url}logout"))
    )
    return asked if fine else base_url


@cache
def environment() -> Environment:
    """Return the environment of our own pages; everything a person typed is escaped."""
    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True)
    made.globals["palette"] = look.css_variables()
    return made
