"""Files for browsers: our parts, plotly's bundle and Voila's own scripts, each from the package it belongs to.

An address that carries a version (``?v=``, or a folder named after it) may be kept by the browser for ever; the version changes with the content. None of these
files holds a secret, so none asks for a login: the login page itself needs some.
"""

from __future__ import annotations

import importlib
import importlib.util
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jupyter_server.auth.decorator import allow_unauthenticated
from tornado.web import HTTPError, RequestHandler, StaticFileHandler
from voila.paths import collect_static_paths  # type: ignore[import-untyped,unused-ignore]
from voila.utils import get_voila_labextensions_path  # type: ignore[import-untyped,unused-ignore]

from workbench import look
from workbench.content import bytes_hash
from workbench.server.config import BOARD_EXTENSIONS, TEMPLATE

_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".json": "application/json"}


class Text(RequestHandler):
    """Serves what the parts say a browser needs."""

    @allow_unauthenticated
    def get(self, name: str) -> None:
        """Write the file ``name``."""
        found = text(name)
        if found is None:
            raise HTTPError(404, f"no file {name}")
        self.set_header("Content-Type", f"{_TYPES.get(Path(name).suffix, 'application/octet-stream')}; charset=utf-8")
        self.set_header("Cache-Control", _FOREVER if self.get_argument("v", "") else "no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.write(found)


class Files(StaticFileHandler):
    """Serves the first file of that name in several folders, to be kept for ever."""

    def initialize(self, folders: list[str]) -> None:  # type: ignore[override]
        """Look in ``folders``, the first one first."""
        super().initialize(path=folders[0])
        self._folders = folders

    @allow_unauthenticated
    async def get(self, path: str, include_body: bool = True) -> None:  # noqa: FBT001, FBT002 - tornado's signature
        """Write the file."""
        self.root = self._home_of(path)
        await super().get(path, include_body)

    def _home_of(self, path: str) -> str:
        return next((folder for folder in self._folders if Path(self.get_absolute_path(folder, path)).is_file()), self._folders[0])

    def set_extra_headers(self, path: str) -> None:
        """Let the browser keep the file: its address changes with its version."""
        del path
        self.set_header("Cache-Control", _FOREVER)
        self.set_header("X-Content-Type-Options", "nosniff")


def text(name: str) -> bytes | None:
    """Return one of our own files for browsers: the palette, or what the parts need; None when there is no such file."""
    if name == "look.css":
        return look.css_variables().encode()
    assets = importlib.import_module("workbench.widgets.parts.assets")  # ipywidgets, half a second: on the first request
    found: dict[str, bytes] = assets.static_files()
    return found.get(name)


@cache
def voila_version() -> str:
    """Return a name for the set of scripts that a board page loads; it changes when any of them does."""
    installed = [f"voila {version('voila')}"]
    for folder in map(Path, get_voila_labextensions_path()):
        for name in BOARD_EXTENSIONS:
            package = folder / name / "package.json"
            if package.is_file():
                installed.append(bytes_hash(package.read_bytes()))
    return bytes_hash("\n".join(installed).encode())[:12]


def routes() -> list[tuple[str, Any, dict[str, Any]]]:
    """Return the routes below ``/workbench/static``."""
    kept = voila_version()
    return [
        (r"/workbench/static/plotly/(.*)", Files, {"folders": [str(_plotly())]}),
        (
            rf"/workbench/static/voila/{kept}/(.*)",
            Files,
            {"folders": list(collect_static_paths(["voila", "nbconvert"], TEMPLATE))},
        ),
        (rf"/workbench/static/labextensions/{kept}/(.*)", Files, {"folders": get_voila_labextensions_path()}),
        (r"/workbench/static/([\w.-]+)", Text, {}),
    ]


def _plotly() -> Path:
    found = importlib.util.find_spec("plotly")
    return Path(found.origin).parent / "package_data" if found is not None and found.origin else Path("/nonexistent")
