"""Where a viewer may go: a short list of addresses; everything else is refused, also what a future extension adds.

Jupyter's authorizer is not asked by every handler (an extension may forget), so the list is applied where the person is known, before any handler.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Callable

_KERNEL = r"(?P<kernel>[\w-]+)"
_OPEN = tuple(
    (methods, re.compile(pattern))
    for methods, pattern in (
        ("GET HEAD", r"login|logout|favicon\.ico|static/.*|api/me"),
        ("POST", r"login|logout"),
        ("GET HEAD", r"workbench/?|workbench/mark|workbench/boards(/[\w-]*)?/?|workbench/static/.*|workbench/runs/.*"),
        ("GET HEAD POST PUT PATCH DELETE", r"workbench/api/.*|workbench/ws"),  # each asks the table of roles itself
        ("GET HEAD", r"voila/render/dashboards/[\w-]+\.ipynb|voila/(static|templates|themes)/.*"),
    )
)
_OWN = tuple(
    (methods, re.compile(pattern))
    for methods, pattern in (
        ("GET HEAD", rf"api/kernels/{_KERNEL}(/channels)?"),
        ("DELETE", rf"api/kernels/{_KERNEL}"),
        ("POST", rf"voila/api/shutdown/{_KERNEL}"),
    )
)
_LAUNCHER = re.compile(r"lab/?")
_HOME = re.compile(r"(lab|tree|lab/tree/.*)?/?")


def viewer_may(method: str, path: str, base_url: str, owns: Callable[[str], bool]) -> bool:
    """Return whether a viewer may send ``method`` to ``path``; ``owns`` says whether a kernel is their own board's."""
    below = _below(path, base_url)
    if below is None:
        return False
    if any(method in methods.split() and pattern.fullmatch(below) for methods, pattern in _OPEN):
        return True
    found = (pattern.fullmatch(below) for methods, pattern in _OWN if method in methods.split())
    return any(match is not None and owns(match["kernel"]) for match in found)


def launcher_may(method: str, path: str, base_url: str) -> bool:
    """Return whether the launcher, which checks that every part answers, may ask for this beside what a viewer may."""
    below = _below(path, base_url)
    return method == "GET" and below is not None and _LAUNCHER.fullmatch(below) is not None


def is_front_door(method: str, path: str, base_url: str) -> bool:
    """Return whether this is where somebody arrives who typed the bare address: a viewer is led to the boards instead."""
    below = _below(path, base_url)
    return method == "GET" and below is not None and _HOME.fullmatch(below) is not None


def _below(path: str, base_url: str) -> str | None:
    """Return the path below the base; None for one that climbs, repeats slashes or hides characters."""
    plain = unquote(path)
    if not plain.startswith(base_url) or ".." in plain or "//" in plain or "\\" in plain or "%" in plain or not plain.isprintable():
        return None
    return plain.removeprefix(base_url)
