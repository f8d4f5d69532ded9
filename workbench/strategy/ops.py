"""The operations of a register program, each with one meaning for both clocks: ``scalar`` for a bar, ``column`` for all bars.

Numbers are float64 and follow IEEE: a division by zero gives an infinity or NaN, never an error. Comparisons with NaN are False, ``!=`` too.
``min`` and ``max`` give NaN when a side is NaN, and their first operand when both are equal. Booleans are 0.0 and 1.0 in ``scalar``, ``bool``
arrays in ``column``. Before there is a bar to look back to, a delayed number is NaN and a delayed boolean is False.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from workbench.compiled import inlined_kernel, kernel

if TYPE_CHECKING:
    from numpy.typing import NDArray

Kind: TypeAlias = Literal["number", "boolean"]


class Op(IntEnum):
    """What an instruction does; the numbers are part of compiled code, not of a program's hash."""

    CONSTANT = 0  # payload: the number
    PARAMETER = 1  # payload: its name
    SERIES = 2  # payload: one of series.FED
    STEP = 3  # payload: (indicator, code hash, outputs, 0); args: inputs, then parameters; gives its first output
    OUTPUT = 4  # payload: (indicator, code hash, outputs, index); arg: the STEP; gives another output
    DELAY = 5  # payload: bars
    DELAY_BOOLEAN = 6  # payload: bars
    RISING = 7  # payload: bars
    FALLING = 8  # payload: bars
    NEGATE = 20
    ABSOLUTE = 21
    ADD = 22
    SUBTRACT = 23
    MULTIPLY = 24
    DIVIDE = 25
    MINIMUM = 26
    MAXIMUM = 27
    LESS = 30
    LESS_EQUAL = 31
    GREATER = 32
    GREATER_EQUAL = 33
    EQUAL = 34
    NOT_EQUAL = 35
    NOT = 40
    AND = 41
    OR = 42


BOOLEAN_OPS = frozenset({Op.DELAY_BOOLEAN, Op.RISING, Op.FALLING, *(op for op in Op if op >= Op.LESS)})
COMPARISONS = frozenset(op for op in Op if Op.LESS <= op <= Op.NOT_EQUAL)
POINTWISE = frozenset(op for op in Op if op >= Op.NEGATE)
_NEGATE, _ABSOLUTE, _ADD, _SUBTRACT, _MULTIPLY, _DIVIDE, _MINIMUM, _MAXIMUM = range(20, 28)
_LESS, _LESS_EQUAL, _GREATER, _GREATER_EQUAL, _EQUAL, _NOT_EQUAL = range(30, 36)
_NOT, _AND, _OR = range(40, 43)


@inlined_kernel
def scalar(op: int, a: float, b: float) -> float:  # noqa: C901, PLR0911, PLR0912 - a table of operations, flat for the compiler
    """Return the result of a pointwise operation on one bar; ``b`` is ignored where there is one operand."""
    if op == _ADD:
        return a + b
    if op == _SUBTRACT:
        return a - b
    if op == _MULTIPLY:
        return a * b
    if op == _DIVIDE:
        return a / b
    if op == _LESS:
        return 1.0 if a < b else 0.0
    if op == _LESS_EQUAL:
        return 1.0 if a <= b else 0.0
    if op == _GREATER:
        return 1.0 if a > b else 0.0
    if op == _GREATER_EQUAL:
        return 1.0 if a >= b else 0.0
    if op == _EQUAL:
        return 1.0 if a == b else 0.0
    if op == _NOT_EQUAL:
        return 1.0 if a < b or a > b else 0.0
    if op == _AND:
        return 1.0 if a != 0.0 and b != 0.0 else 0.0
    if op == _OR:
        return 1.0 if a != 0.0 or b != 0.0 else 0.0
    if op == _NOT:
        return 1.0 if a == 0.0 else 0.0
    if op == _NEGATE:
        return -a
    if op == _ABSOLUTE:
        return abs(a)
    if op == _MINIMUM:
        return b if b < a or b != b else a  # noqa: PLR0124 - NaN
    return b if b > a or b != b else a  # noqa: PLR0124 - NaN


@kernel
def constant(op: int, a: float, b: float) -> float:
    """Return ``scalar`` to Python, for operands that are known when a program is bound."""
    return scalar(op, a, b)


def column(op: Op, a: Any, b: Any) -> NDArray[Any]:  # noqa: ANN401 - arrays or numbers, at least one an array
    """Return a pointwise operation over whole columns: float64 for numbers, bool for comparisons and logic."""
    if op is Op.MINIMUM:
        return np.asarray(np.where((b < a) | (b != b), b, a))  # noqa: PLR0124 - NaN
    if op is Op.MAXIMUM:
        return np.asarray(np.where((b > a) | (b != b), b, a))  # noqa: PLR0124 - NaN
    if op is Op.NOT_EQUAL:
        return np.asarray((a < b) | (a > b))
    if op is Op.NOT:
        return ~np.asarray(a, dtype=bool)
    if op in {Op.AND, Op.OR}:
        return np.asarray((np.logical_and if op is Op.AND else np.logical_or)(a, b))
    function = _FUNCTIONS[op]
    with np.errstate(all="ignore"):
        return np.asarray(function(a) if op in {Op.NEGATE, Op.ABSOLUTE} else function(a, b))


_FUNCTIONS: dict[Op, Any] = {
    Op.NEGATE: np.negative,
    Op.ABSOLUTE: np.absolute,
    Op.ADD: np.add,
    Op.SUBTRACT: np.subtract,
    Op.MULTIPLY: np.multiply,
    Op.DIVIDE: np.divide,
    Op.LESS: np.less,
    Op.LESS_EQUAL: np.less_equal,
    Op.GREATER: np.greater,
    Op.GREATER_EQUAL: np.greater_equal,
    Op.EQUAL: np.equal,
}


@inlined_kernel
def lengthen(previous: float, value: float, run: float, up: bool) -> float:  # noqa: FBT001 - compiled
    """Return how many steps in a row went strictly up (or down), given the run before this bar."""
    return run + 1.0 if (value > previous if up else value < previous) else 0.0


@kernel
def trend(values: NDArray[np.float64], bars: int, up: bool, out: NDArray[np.bool_]) -> None:  # noqa: FBT001 - compiled
    """Mark the bars whose last ``bars`` steps were all strictly up (or down)."""
    run, previous = 0.0, np.nan
    for bar in range(len(values)):
        run = lengthen(previous, values[bar], run, up)
        previous = values[bar]
        out[bar] = run >= bars
