"""A bare Jupyter server with our classes in a thread, and a browser-like client with a jar of cookies."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import threading
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import tornado.web
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.websocket import websocket_connect
from traitlets.config import Config

from workbench.server.authorizer import WorkbenchAuthorizer
from workbench.server.handlers import ROUTES
from workbench.server.identity import HEADER, WorkbenchIdentity
from workbench.server.socket import ROUTES as SOCKETS

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from workbench.store import Database

TOKEN = "t" * 48
BASE = "/desk/"
PASSWORD = "correct horse battery"


class Careless(JupyterHandler):
    """A handler of some extension that asks who it is and not what they may do."""

    @tornado.web.authenticated
    def get(self) -> None:
        self.finish({"user": self.current_user.username, "header": self.request.headers.get(HEADER)})

    post = get


class BenchServer:
    """The server; ``client()`` opens a browser on it."""

    database: Database
    listening: list[Any]

    def __init__(self, folder: Path) -> None:
        (folder / "root").mkdir()
        (folder / "root" / "secret.txt").write_text("secret")
        served = {"root_dir": str(folder / "root"), "base_url": BASE, "allow_root": True, "open_browser": False, "log_level": "CRITICAL"}
        classes = {"identity_provider_class": WorkbenchIdentity, "authorizer_class": WorkbenchAuthorizer}
        config = Config({"ServerApp": served | classes, "IdentityProvider": {"token": TOKEN}})
        self.listening = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(config,), daemon=True)
        self._thread.start()
        assert self._ready.wait(30)

    def _run(self, config: Config) -> None:
        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)
        app = ServerApp(config=config)
        app.init_signal = lambda: None
        app.initialize(argv=[], find_extensions=False, new_httpserver=False)
        extra = [(r"/scheduler/jobs", Careless), (r"/careless", Careless), (r"/lab", Careless), (r"/voila/tree", Careless)]
        table = [(url_path_join(BASE, pattern), handler) for pattern, handler in [*ROUTES, *SOCKETS, *extra]]
        app.web_app.add_handlers(".*$", table)
        self.settings: dict[str, Any] = app.web_app.settings
        for port in range(18150, 18200):
            try:
                sockets = bind_sockets(port, "127.0.0.1")
            except OSError:
                continue
            self.port = port
            break
        self._http = HTTPServer(app.web_app)
        self._http.add_sockets(sockets)
        self.loop.call_soon(self._ready.set)
        self.loop.run_forever()

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self._http.stop)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run a client's work, then close every websocket it opened and wait until the server has let go."""

        async def whole() -> Any:
            try:
                return await work
            finally:
                for connection in self.listening:
                    connection.close()
                self.listening.clear()
                for _ in range(500):
                    if self.settings.get("workbench_sockets"):
                        await asyncio.sleep(0.01)

        return asyncio.run(whole())

    def client(self, name: str = "") -> Client:
        """Return a browser, logged in as ``name`` if one is given."""
        made = Client(self)
        return made.login(name) if name else made


class Answer:
    """What came back."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8", "replace")

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def problem(self) -> str:
        return str(self.json["error"]["what"])


class Client:
    """A browser with its cookies."""

    def __init__(self, server: BenchServer) -> None:
        self.server = server
        self.cookies: dict[str, str] = {}

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        xsrf: bool = True,
        raw: bytes | None = None,
    ) -> Answer:
        """Send one request below the base address; ``body`` is sent as JSON."""
        sent = {"Host": f"127.0.0.1:{self.server.port}", **(headers or {})}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if xsrf and "_xsrf" in self.cookies:
            sent.setdefault("X-XSRFToken", self.cookies["_xsrf"])
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        try:
            connection.request(method, BASE + path, raw if raw is not None else (json.dumps(body) if body is not None else None), sent)
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie") or []:
            for name, morsel in SimpleCookie(line).items():
                if morsel.value:
                    self.cookies[name] = morsel.value
                else:
                    self.cookies.pop(name, None)
        return answer

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        return self.ask("POST", path, {} if body is None else body, **options)

    def form(self, path: str, **fields: str) -> Answer:
        """Send a form as the login page does."""
        if "_xsrf" not in self.cookies:
            self.get("login")
        given = {"_xsrf": self.cookies["_xsrf"], **fields}
        return self.ask(
            "POST", path, raw=urlencode(given).encode(), headers={"Content-Type": "application/x-www-form-urlencoded"}, xsrf=False
        )

    def login(self, name: str, password: str = PASSWORD) -> Client:
        answer = self.form("login", name=name, password=password)
        assert answer.status == 302, (answer.status, re.sub(r"\s+", " ", answer.text)[-400:])
        return self

    @property
    def login_cookie(self) -> str:
        return next(name for name in self.cookies if name.startswith("workbench-"))

    async def socket(self, query: str = "", **headers: str) -> Any:
        """Open the websocket with this browser's cookies."""
        from tornado.httpclient import HTTPRequest

        sent = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), **headers}
        address = f"ws://127.0.0.1:{self.server.port}{BASE}workbench/ws{query}"
        connection = await websocket_connect(HTTPRequest(address, headers=sent))
        self.server.listening.append(connection)
        return connection
