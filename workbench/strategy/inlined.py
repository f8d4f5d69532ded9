"""``inlined_kernel``: a compiled function that always becomes part of the compiled function that calls it.

A call between compiled functions passes every array as seven words; inside a loop over bars that costs more than the arithmetic.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import workbench.compiled  # noqa: F401 - prepares numba's cache folder

import numba  # isort: skip - after workbench.compiled

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")


def inlined_kernel(function: F) -> F:
    """Compile ``function`` like ``workbench.compiled.kernel``, inlined wherever it is called from compiled code."""
    return cast("F", numba.njit(cache=True, nogil=True, fastmath=False, error_model="numpy", forceinline=True)(function))
