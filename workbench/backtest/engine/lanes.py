"""Eight numbers at once inside compiled code: the vector form of the arithmetic that ``tally`` and the points of a sweep do on every bar.

``+ - * /`` work lane by lane and round as they do for one number, so a processor with wide registers and one without give the same bits. A
comparison gives a mask, the low eight bits of an integer: bit ``k`` is lane ``k``. A comparison with NaN is 0.
"""

from __future__ import annotations

import operator
from typing import Any, TypeAlias

import workbench.compiled  # noqa: F401 - prepares numba's cache folder

from llvmlite import ir  # type: ignore[import-untyped]  # isort: skip
from numba.core import types  # isort: skip
from numba.core.imputils import lower_builtin  # isort: skip
from numba.core.typing.templates import AbstractTemplate, infer_global, signature  # isort: skip
from numba.extending import intrinsic, models, register_model  # isort: skip

LANES = 8
Lanes: TypeAlias = Any
"""Eight float64 in a register, as compiled code holds them."""
Mask: TypeAlias = int
EVERY = (1 << LANES) - 1
"""The mask of all lanes."""

_NUMBERS = ir.VectorType(ir.DoubleType(), LANES)
_BITS = ir.VectorType(ir.IntType(1), LANES)
_BYTE, _WORD, _PLACE = ir.IntType(LANES), ir.IntType(64), ir.IntType(32)


class _LanesType(types.Type):
    def __init__(self) -> None:
        super().__init__(name="Lanes")


_LANES = _LanesType()


@register_model(_LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, manager: Any, kind: Any) -> None:  # noqa: ANN401 - numba's protocol
        super().__init__(manager, kind, _NUMBERS)  # type: ignore[no-untyped-call]


def _arithmetic(sign: Any, instruction: str) -> None:  # noqa: ANN401 - an operator
    class Template(AbstractTemplate):
        key = sign

        def generic(self, args: Any, kws: Any) -> Any:  # noqa: ANN401 - numba's protocol
            return signature(_LANES, _LANES, _LANES) if args == (_LANES, _LANES) and not kws else None  # type: ignore[no-untyped-call]

    infer_global(sign)(Template)  # type: ignore[no-untyped-call]

    @lower_builtin(sign, _LANES, _LANES)  # type: ignore[no-untyped-call,untyped-decorator]
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        return getattr(builder, instruction)(*arguments)


for _sign, _instruction in ((operator.add, "fadd"), (operator.sub, "fsub"), (operator.mul, "fmul"), (operator.truediv, "fdiv")):
    _arithmetic(_sign, _instruction)


def _spread(context: Any, number: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        single = builder.insert_element(ir.Constant(_NUMBERS, ir.Undefined), arguments[0], ir.Constant(_PLACE, 0))
        return builder.shuffle_vector(single, ir.Constant(_NUMBERS, ir.Undefined), ir.Constant(ir.VectorType(_PLACE, LANES), [0] * LANES))

    return _LANES(types.float64), generate


def _place(builder: Any, pointer: Any, index: Any) -> Any:  # noqa: ANN401 - LLVM values
    return builder.bitcast(builder.gep(pointer, [index]), _NUMBERS.as_pointer())


def _load(context: Any, pointer: Any, index: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        return builder.load(_place(builder, *arguments), align=8)

    return _LANES(types.CPointer(types.float64), types.intp), generate  # type: ignore[no-untyped-call]


def _store(context: Any, pointer: Any, index: Any, numbers: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        builder.store(arguments[2], _place(builder, arguments[0], arguments[1]), align=8)
        return context.get_dummy_value()

    return types.void(types.CPointer(types.float64), types.intp, _LANES), generate  # type: ignore[no-untyped-call]


def _comparison(relation: str) -> Any:  # noqa: ANN401 - for compiled code
    def typed(context: Any, left: Any, right: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            return builder.zext(builder.bitcast(builder.fcmp_ordered(relation, *arguments), _BYTE), _WORD)

        return types.int64(_LANES, _LANES), generate

    return intrinsic(typed)


def _extreme(relation: str) -> Any:  # noqa: ANN401 - for compiled code
    def typed(context: Any, left: Any, right: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            return builder.select(builder.fcmp_ordered(relation, *arguments), *arguments)

        return _LANES(_LANES, _LANES), generate

    return intrinsic(typed)


def _where(context: Any, mask: Any, these: Any, others: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
        bits = builder.bitcast(builder.trunc(arguments[0], _BYTE), _BITS)
        return builder.select(bits, arguments[1], arguments[2])

    return _LANES(types.int64, _LANES, _LANES), generate


def _half(builder: Any, whole: Any, first: int, count: int) -> Any:  # noqa: ANN401 - LLVM values
    places = ir.Constant(ir.VectorType(_PLACE, count), list(range(first, first + count)))
    return builder.shuffle_vector(whole, ir.Constant(whole.type, ir.Undefined), places)


def _folded(combine: Any) -> Any:  # noqa: ANN401 - for compiled code
    def typed(context: Any, numbers: Any) -> Any:  # noqa: ANN401, ARG001 - numba's protocol
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:  # noqa: ANN401, ARG001
            whole, count = arguments[0], LANES
            while count > 1:
                count //= 2
                whole = combine(builder, _half(builder, whole, 0, count), _half(builder, whole, count, count))
            return builder.extract_element(whole, ir.Constant(_PLACE, 0))

        return types.float64(_LANES), generate

    return intrinsic(typed)


spread: Any = intrinsic(_spread)
"""``spread(number)``: the number in all lanes."""
lanes_at: Any = intrinsic(_load)
"""``lanes_at(pointer, index)``: the eight numbers from ``pointer[index]`` on."""
put_lanes: Any = intrinsic(_store)
"""``put_lanes(pointer, index, numbers)``: write them from ``pointer[index]`` on."""
where: Any = intrinsic(_where)
"""``where(mask, these, others)``: lane by lane ``these`` where the mask has a 1."""
at_most, at_least, above = (_comparison(relation) for relation in ("<=", ">=", ">"))
smaller, larger = _extreme("<"), _extreme(">")
"""Lane by lane the smaller (larger) number; the second where they are equal or one is NaN."""
total: Any = _folded(lambda builder, left, right: builder.fadd(left, right))
"""The sum of all lanes, always in this order: lane k and k + 4, then k and k + 2, then the last two."""
smallest: Any = _folded(lambda builder, left, right: builder.select(builder.fcmp_ordered("<", left, right), left, right))
