"""What the launcher asks a server over HTTP: whose it is, and whether every part answers."""

from __future__ import annotations

import http.client
import json
import re
import socket
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from workbench.server.options import Options

_ANSWER_SECONDS = 5.0
_BOARD_SECONDS = 60.0
_KERNEL = re.compile(r'"kernelId":\s*"([\w-]+)"')
_OK = 200
_READY = 400


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server said."""

    status: int
    """HTTP status; 0 when nobody answered."""
    body: str = ""
    """Text of the answer."""


def busy(host: str, port: int) -> bool:
    """Say whether something listens on ``port`` already, or it may not be used."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family, socket.SOCK_STREAM)) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port that has just been left is free
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def mark_at(url: str) -> dict[str, str] | None:
    """Return the mark of the workbench at ``url``, None when none answers there."""
    answer = ask(url, "workbench/mark")
    try:
        found = json.loads(answer.body) if answer.status == _OK else {}
    except ValueError:
        return None
    return found if isinstance(found, dict) and "workbench" in found else None


def missing_parts(options: Options, board: str | None) -> list[str]:
    """Return the parts that do not answer yet, cheapest first; the board is rendered once, and its kernel ended."""
    for name, path in {"health": "workbench/api/health", "Lab": "lab"}.items():
        if not _fine(ask(options.url, path, token=options.token)):
            return [name]
    if board is None:
        return []
    page = ask(options.url, f"voila/render/{board}", token=options.token, seconds=_BOARD_SECONDS)
    kernel = _KERNEL.search(page.body)
    if kernel is not None:
        ask(options.url, f"api/kernels/{kernel[1]}", token=options.token, method="DELETE")
    return [] if _fine(page) and kernel is not None and page.body.rstrip().endswith("</html>") else ["boards"]


def ask(url: str, path: str, *, token: str = "", method: str = "GET", seconds: float = _ANSWER_SECONDS) -> Answer:
    """Return what the server below ``url`` says to ``path``."""
    parts = urlsplit(url)
    headers = {"Authorization": f"token {token}"} if token else {}
    with closing(http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=seconds)) as connection:
        try:
            connection.request(method, f"{parts.path}{path}", headers=headers)
            answer = connection.getresponse()
            return Answer(status=answer.status, body=answer.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException):
            return Answer(status=0)


def _fine(answer: Answer) -> bool:
    return 0 < answer.status < _READY
