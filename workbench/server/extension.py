"""The server extension: one table of routes, then Voila's, and the work in the background."""

from __future__ import annotations

from typing import Any

from jupyter_server.utils import url_path_join
from traitlets.config import Config
from voila import server_extension as voila  # type: ignore[import-untyped,unused-ignore]
from voila.configuration import VoilaConfiguration  # type: ignore[import-untyped,unused-ignore]
from voila.paths import collect_template_paths  # type: ignore[import-untyped,unused-ignore]

from workbench.server import handlers, menu, pages, socket, static
from workbench.server.config import TEMPLATE

Route = tuple[str, Any, dict[str, Any]]


def routes(base_url: str) -> list[Route]:
    """Return every route of ours as (pattern, handler, arguments), below ``base_url``."""
    table: list[Route] = [
        (r"/workbench/?", pages.ShortAddress, {}),
        (r"/workbench/boards/?", pages.ShortAddress, {}),
        (r"/workbench/boards/([^/]+)/?", pages.ShortAddress, {}),
        (r"/workbench/menu", menu.Menu, {}),
        *static.routes(),
    ]
    for room in (handlers, socket):
        table += [(each[0], each[1], dict(each[2]) if len(each) > 2 else {}) for each in room.ROUTES]  # noqa: PLR2004 - arguments are optional
    return [(url_path_join(base_url, pattern), handler, arguments) for pattern, handler, arguments in table]


def _link_jupyter_server_extension(app: Any) -> None:  # noqa: ANN401 - ServerApp
    """Give Voila its hooks before its configuration is read."""
    app.update_config(Config({"VoilaConfiguration": {"page_config_hook": pages.page_config, "prelaunch_hook": pages.access}}))


def _load_jupyter_server_extension(app: Any) -> None:  # noqa: ANN401 - ServerApp
    """Add the routes, ours before Voila's: the first that matches answers."""
    base_url = app.web_app.settings["base_url"]
    app.web_app.add_handlers(".*$", [*routes(base_url), *_page_routes(app, base_url)])
    voila._load_jupyter_server_extension(app)  # noqa: SLF001 - the name by which Jupyter itself calls it
    kernels = app.kernel_manager
    app.web_app.settings["workbench_tokens"] = kernels.tokens
    app.io_loop.add_callback(kernels.begin)


def _page_routes(app: Any, base_url: str) -> list[Route]:  # noqa: ANN401 - ServerApp
    known = VoilaConfiguration(parent=app)
    page = {"config": app.config, "template_paths": collect_template_paths(["voila", "nbconvert"], TEMPLATE), "voila_configuration": known}
    return [
        (url_path_join(base_url, r"/voila/render/(.*)"), pages.BoardPage, page),
        (url_path_join(base_url, r"/workbench/mark"), pages.Mark, {"home": app.kernel_manager.bench_home}),
    ]
