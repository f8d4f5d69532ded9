"""Pages around the boards: the short address, the board page itself, and what is shown when there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import tornado.web
from jupyter_server.auth.decorator import allow_unauthenticated
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado.web import HTTPError, RequestHandler
from voila.tornado.handler import TornadoVoilaHandler  # type: ignore[import-untyped,unused-ignore]

from workbench import __version__, look
from workbench.errors import UnknownNameError
from workbench.server import boards
from workbench.server.options import home_mark
from workbench.server.people import acting
from workbench.server.static import voila_version

if TYPE_CHECKING:
    from workbench.server.boards import Board


class ShortAddress(JupyterHandler):
    """``/workbench/boards/<name>`` leads to the board's page, with its query."""

    @tornado.web.authenticated
    def get(self, name: str = "") -> None:
        """Redirect, or show which boards there are."""
        found = boards.available(_root(self))
        if not name and found:
            name = found[0].name
        try:
            board = boards.find(_root(self), name)
        except UnknownNameError as error:
            missing(self, str(error))
            return
        query = f"?{self.request.query}" if self.request.query else ""
        self.redirect(url_path_join(self.base_url, "voila", "render", board.path) + query)


class BoardPage(TornadoVoilaHandler):  # type: ignore[misc]
    """Voila's page, from a warm kernel where there is one."""

    board_path: str | None = None

    @tornado.web.authenticated
    async def get(self, path: str | None = None) -> None:
        """Write the page piece by piece: the frame at once, what the kernel says when it says it."""
        if path is None or not (_root(self) / path).is_file():
            missing(self, f"there is no notebook {path}")
            return
        self.board_path = path
        _ = self.xsrf_token  # sets the cookie: without it the page may not end its kernel when it is closed
        await super().get(path)

    def get_template(self, name: str) -> Any:  # noqa: ANN401 - a Jinja template
        """Return the template of an error page: ours, not Voila's."""
        return self.settings["jinja2_env"].get_template(name)


class Mark(RequestHandler):
    """Tells a second ``workbench up`` that this port is taken by a workbench, and by the bench of which folder."""

    def initialize(self, home: str) -> None:
        """Keep the folder's hash; the folder itself is nobody's business before the login."""
        self._home = home_mark(home)

    @allow_unauthenticated
    def get(self) -> None:
        """Write the mark."""
        self.set_header("Cache-Control", "no-store")
        self.write({"workbench": __version__, "home": self._home})


def missing(handler: JupyterHandler, sentence: str) -> None:
    """Write the page that says what is not there and lists what is."""
    handler.set_status(404)
    found = boards.available(_root(handler))
    listed = [{"name": board.name, "title": board.title, "href": address(handler.base_url, board)} for board in found]
    handler.finish(
        handler.render_template(  # type: ignore[no-untyped-call]
            "missing.html", sentence=sentence, boards=listed
        )
    )


def address(base_url: str, board: Board) -> str:
    """Return the short address of a board."""
    return url_path_join(base_url, "workbench", "boards", board.name)


def page_config(given: dict[str, Any], **about: Any) -> dict[str, Any]:  # noqa: ANN401 - Voila's hook
    """Return Voila's page configuration with ours: no request leaves this server, scripts are kept by the browser, the frame knows who looks."""
    base_url, path = str(about["base_url"]), Path(str(about.get("notebook_path") or ""))
    kept = voila_version()
    person = acting()
    root = Path(about["settings"]["server_root_dir"]).expanduser()
    found = boards.available(root)
    current = next((board for board in found if board.path == str(path)), None)
    return {
        **given,
        # Both "null": Voila then leaves MathJax out instead of fetching it from a public server.
        "fullMathjaxUrl": "null",
        "mathjaxConfig": "null",
        "fullStaticUrl": url_path_join(base_url, "workbench/static/voila", kept),
        "fullLabextensionsUrl": url_path_join(base_url, "workbench/static/labextensions", kept),
        "workbench": {
            "title": current.title if current else path.stem,
            "palette": look.css_variables(),
            "user": person.name if person else "",
            "role": person.role if person else "",
            "boards": [
                {"title": board.title, "href": address(base_url, board), "here": board is current}
                for board in found
                if board.name in boards.ORDER or board is current
            ],
        },
    }


def access(_handler: Any, *, notebook: Any, cwd: str) -> None:  # noqa: ANN401 - Voila's hook
    """Let a viewer open boards only; other notebooks run whatever their author wrote.

    Raises:
        HTTPError: 403.
    """
    del notebook
    person = acting()
    if person is None:
        raise HTTPError(403)
    if person.role == "viewer" and cwd.strip("/") != boards.FOLDER:
        raise HTTPError(403, f"a viewer may open the boards in {boards.FOLDER}/ only; ask an administrator for the researcher role")


def _root(handler: JupyterHandler) -> Path:
    return Path(handler.settings["server_root_dir"]).expanduser()
