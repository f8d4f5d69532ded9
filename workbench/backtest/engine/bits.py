"""Memory and bits inside compiled code: arrays without reference counts, and finding bars in packed columns.

A packed column holds 64 bars a word: bit ``b`` of word ``w`` is bar ``64 w + b``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import workbench.compiled  # noqa: F401 - prepares numba's cache folder
from workbench.compiled import inlined_kernel

import numba  # isort: skip - its cache folder must be known first
from llvmlite import ir  # type: ignore[import-untyped]  # isort: skip
from numba.core import types  # isort: skip
from numba.extending import intrinsic  # isort: skip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

word: Any = numba.uint64
Pointer: TypeAlias = Any
"""What compiled code gets from ``numbers_at`` or ``words_at``; indexed like an array."""
array_at: Any = numba.carray  # type: ignore[attr-defined]


def _trailing_zeros(context: Any, word: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


def _pointer(number: Any, width: Any) -> Any:  # noqa: ANN401 - types of numba and LLVM
    def typed(context: Any, address: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            return builder.inttoptr(arguments[0], width.as_pointer())

        return types.CPointer(number)(types.intp), generate  # type: ignore[no-untyped-call]

    return intrinsic(typed)


trailing_zeros: Any = intrinsic(_trailing_zeros)
"""Inside compiled code: the place of the lowest set bit of a word that is not zero."""
numbers_at: Any = _pointer(types.float64, ir.DoubleType())
"""Inside compiled code: a pointer to the float64 at an address. A pointer, unlike an array, costs nothing to hand to a function."""
words_at: Any = _pointer(types.uint64, ir.IntType(64))
"""Inside compiled code: a pointer to the words at an address."""


@inlined_kernel
def borrowed(memory: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the same float64 memory as an array that is not reference-counted; the caller keeps ``memory`` alive.

    Handing a counted array to a function costs two atomic operations, more than all arithmetic of a bar.
    """
    return array_at(numbers_at(memory.ctypes.data), memory.shape)  # type: ignore[no-any-return]


@inlined_kernel
def bit(column: Pointer, bar: int) -> int:
    """Return 0 or 1: what the packed ``column`` (a pointer to its words) says about ``bar``."""
    return int((column[bar >> 6] >> word(bar & 63)) & word(1))


@inlined_kernel
def next_bit(column: Pointer, bar: int, bars: int) -> int:
    """Return the first bar from ``bar`` on that is set in the packed ``column`` (a pointer to its words); ``bars`` if there is none."""
    if bar >= bars:
        return bars
    place = bar >> 6
    found = column[place] >> word(bar & 63)
    if found != word(0):
        return bar + int(trailing_zeros(found))
    place += 1
    while place << 6 < bars:
        found = column[place]
        if found != word(0):
            return (place << 6) + int(trailing_zeros(found))
        place += 1
    return bars


@inlined_kernel
def next_soon(column: Pointer, bar: int, bars: int) -> int:
    """Return what ``next_bit`` does, without a branch for the 64 bars from ``bar`` on; ``column`` has a word more than the bars need."""
    if bar >= bars:
        return bars
    place, shift = bar >> 6, word(bar & 63)
    found = (column[place] >> shift) | ((column[place + 1] << word(1)) << (word(63) - shift))
    if found != word(0):
        return bar + int(trailing_zeros(found))
    return next_bit(column, bar + 64, bars)
