"""Addresses for compiled code: how the loops reach columns, states and steps without numba's reference counts.

Everything that touches numba's inside is here. ``step_at`` makes the value that numba itself makes when a compiled function is passed as an
argument of a function type (``numba.types.FunctionType``); going by address instead lets later processes find the compiled loops on disk.
The caller keeps the arrays and the step alive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import workbench.compiled  # noqa: F401 - prepares numba's cache folder

import numba  # isort: skip - its cache folder must be known first
from llvmlite import ir  # type: ignore[import-untyped]  # isort: skip
from numba.core import cgutils, types  # isort: skip
from numba.experimental.function_type import FunctionType  # type: ignore[attr-defined]  # isort: skip
from numba.extending import intrinsic  # isort: skip

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VECTOR = types.Array(types.float64, 1, "C")
STEP_SIGNATURE = types.void(_VECTOR, _VECTOR, _VECTOR, _VECTOR)
_STEP_TYPE = FunctionType(STEP_SIGNATURE)
LOOP_SIGNATURE = types.void(types.Array(types.int64, 1, "C"), types.int64)
_LOOP_TYPE = FunctionType(LOOP_SIGNATURE)

LOOPS: dict[int, Any] = {}
"""The batch loop of each built-in step, by the step's identity (``loops.py``)."""

array_at: Any = numba.carray  # type: ignore[attr-defined]
"""Inside compiled code: ``array_at(pointer, length)``, an array without reference count."""


def address_of(step: Any, signature: Any = STEP_SIGNATURE) -> int:  # noqa: ANN401 - a numba dispatcher and a type
    """Return the address of the compiled code of ``step``, compiling it or loading it from disk where needed.

    Raises:
        numba.core.errors.NumbaError: the function cannot be compiled for ``signature``: ``(state, inputs, params, out)``, four float64 arrays.
    """
    result = step.get_compile_result(signature)
    return int(result.library.get_pointer_to_function(result.fndesc.llvm_func_name))


def address(memory: NDArray[Any]) -> int:
    """Return where a contiguous array starts in memory."""
    return int(memory.__array_interface__["data"][0])


def _function_at(kind: Any) -> Any:  # noqa: ANN401 - a numba function type
    def typed(context: Any, address: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            function = cgutils.create_struct_proxy(kind)(context, builder)  # type: ignore[no-untyped-call]
            void = context.get_value_type(types.voidptr)
            function.c_addr = void(None)
            function.py_addr = void(None)
            function.jit_addr = builder.inttoptr(arguments[0], void)
            return function._getvalue()  # noqa: SLF001 - the only way to take a struct by value

        return kind(types.int64), generate

    return intrinsic(typed)


def _pointer(number: Any, width: Any) -> Any:  # noqa: ANN401 - types of numba and LLVM
    def typed(context: Any, address: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            return builder.inttoptr(arguments[0], width.as_pointer())

        return types.CPointer(number)(types.int64), generate  # type: ignore[no-untyped-call]

    return intrinsic(typed)


def word_comparison(relation: str) -> Any:  # noqa: ANN401 - for compiled code
    """Return a compiled function (left address, right address) -> uint64 that compares 64 numbers with 64; NaN gives 0."""

    def typed(context: Any, left: Any, right: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            pointer = ir.VectorType(ir.DoubleType(), 64).as_pointer()
            sides = [builder.load(builder.inttoptr(argument, pointer), align=8) for argument in arguments]
            return builder.bitcast(builder.fcmp_ordered(relation, *sides), ir.IntType(64))

        return types.uint64(types.int64, types.int64), generate

    return intrinsic(typed)


step_at: Any = _function_at(_STEP_TYPE)
"""Inside compiled code: the step whose code lies at an address."""
loop_at: Any = _function_at(_LOOP_TYPE)
"""Inside compiled code: the batch loop whose code lies at an address."""
numbers_at: Any = _pointer(types.float64, ir.DoubleType())
"""Inside compiled code: a pointer to float64."""
integers_at: Any = _pointer(types.int64, ir.IntType(64))
"""Inside compiled code: a pointer to int64."""

__all__ = [
    "LOOPS",
    "LOOP_SIGNATURE",
    "STEP_SIGNATURE",
    "address",
    "address_of",
    "array_at",
    "integers_at",
    "loop_at",
    "numbers_at",
    "step_at",
    "word_comparison",
]
