"""The one door to numba: ``kernel`` compiles a function once and finds it again in every later process.

A fresh kernel, a papermill job and a viewer's page are each a new process, so compiled code is kept on disk. The folder
belongs to the bench (``data/cache/numba``) and its name carries a hash of every source file that compiles something: numba itself does not notice
that a function called from another file has changed, we do. ``fastmath`` stays off: streaming and batch must agree to the bit.
"""

from __future__ import annotations

import hashlib
import os
import threading
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from workbench.home import cache_folder

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")
_PACKAGE = Path(__file__).parent
_ROOMS = ("portfolio", "strategy", "backtest")
_OURS = "workbench-"


def sources_hash() -> str:
    """Return 12 digits that change whenever a source file with a compiled function changes."""
    digest = hashlib.sha256()
    for room in _ROOMS:
        for path in sorted((_PACKAGE / room).rglob("*.py")):
            source = path.read_bytes()
            if b"kernel" in source or path.parent.name == "indicators":  # constants of steps and loops too
                digest.update(path.name.encode() + b"\0" + source)
    return digest.hexdigest()[:12]


def _prepare() -> None:
    """Choose the folder: under ``NUMBA_CACHE_DIR`` where somebody set it, else under the bench's; named by the sources in either."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(given) if given else cache_folder("numba")
    if base.name.startswith(_OURS):
        base = base.parent  # handed down by the process that started this one
    os.environ["NUMBA_CACHE_DIR"] = str(base / f"{_OURS}{sources_hash()}")


_prepare()

import numba  # noqa: E402 - the cache folder must be known before numba reads its settings


def kernel(function: F) -> F:
    """Compile ``function`` with numba: cached on disk, without the interpreter lock, exact arithmetic."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy")(function))


def inlined_kernel(function: F) -> F:
    """Compile ``function`` like ``kernel``, as a part of every compiled function that calls it.

    A call between compiled functions passes every array as seven words; inside a loop over bars that costs more than the arithmetic.
    """
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", forceinline=True)(function))


_ONE_AT_A_TIME = threading.RLock()


def parallel_kernel(function: F) -> F:
    """Compile ``function`` like ``kernel`` with ``numba.prange`` loops spread over threads; for calls from Python.

    numba's own thread pool ends the process when two Python threads enter it at once, so they wait for each other here.
    """
    compiled = numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", parallel=True)(function)

    @wraps(function)
    def alone(*arguments: Any) -> Any:  # noqa: ANN401 - whatever the kernel takes and returns
        with _ONE_AT_A_TIME:
            return compiled(*arguments)

    return cast("F", alone)
