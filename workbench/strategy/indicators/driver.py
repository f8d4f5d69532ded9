"""The compiled loops that drive any step: one for whole columns, one for a single bar.

1. A step is known to these loops only by the address of its compiled code (``memory.address_of``), so the loops are compiled once, kept on disk, and
   serve built-in steps and steps of a notebook cell alike; a new step costs the compilation of the step alone.
2. ``advance`` is the meaning of one bar, for both clocks. A step never sees a number that is not finite: a NaN or an infinity among
   its inputs puts the step back to the state before its first bar, and its outputs are NaN for this bar. ``out`` arrives full of NaN.
3. ``drive`` applies ``advance`` down the columns of one call (built-in steps have a loop of their own for that, ``loops``), ``drive_many`` does so for
   several calls on all cores, ``advance_once`` applies it to one bar for the streaming form. A call is a row of integers (``rows``).

Memory travels as addresses because arrays made from an address carry no reference count (8 ns a bar instead of 35) and because pandas hands out
read-only columns, which would be another type to compile for.
"""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np

from workbench.compiled import inlined_kernel, kernel, parallel_kernel
from workbench.strategy.indicators.memory import address, array_at, loop_at, numbers_at, step_at
from workbench.strategy.indicators.rows import (
    COLUMNS_AT,
    INPUTS,
    INPUTS_AT,
    LOOP,
    OUT_AT,
    OUTPUTS,
    PARAMS,
    PARAMS_AT,
    STATE,
    STATE_AT,
    STEP,
    VALUES_AT,
)

import numba  # isort: skip - after workbench.compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["COLUMNS_AT", "INPUTS", "INPUTS_AT", "OUTPUTS", "PARAMS", "PARAMS_AT", "STATE", "STATE_AT", "STEP", "VALUES_AT", "Call"]
__all__ += ["advance", "advance_once", "drive", "drive_many"]


@inlined_kernel
def advance(
    step: int, state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]
) -> None:
    """Apply one bar. The first input and output are taken out of the loops: most steps have one of each."""
    out[0] = np.nan
    for output in range(1, len(out)):
        out[output] = np.nan
    finite = inputs[0] - inputs[0] == 0.0
    for column in range(1, len(inputs)):
        finite = finite and inputs[column] - inputs[column] == 0.0
    if finite:
        step_at(step)(state, inputs, params, out)
    else:
        for cell in range(len(state)):
            state[cell] = 0.0


@kernel
def drive(row: NDArray[np.int64], bars: int) -> None:
    """Apply the call in ``row`` to ``bars`` bars and write its outputs, one row of ``bars`` numbers each, to the memory it names."""
    if row[LOOP] != 0:
        loop_at(row[LOOP])(row, bars)
        return
    step, outputs, columns = row[STEP], row[OUTPUTS], row[INPUTS]
    state = array_at(numbers_at(row[STATE_AT]), row[STATE])
    inputs = array_at(numbers_at(row[INPUTS_AT]), columns)
    params = array_at(numbers_at(row[PARAMS_AT]), row[PARAMS])
    values = array_at(numbers_at(row[VALUES_AT]), outputs)
    out = array_at(numbers_at(row[OUT_AT]), outputs * bars)
    first = array_at(numbers_at(row[COLUMNS_AT]), bars)
    for bar in range(bars):
        inputs[0] = first[bar]
        for column in range(1, columns):
            inputs[column] = numbers_at(row[COLUMNS_AT + column])[bar]
        advance(step, state, inputs, params, values)
        out[bar] = values[0]
        for output in range(1, outputs):
            out[output * bars + bar] = values[output]


@parallel_kernel
def drive_many(rows: NDArray[np.int64], bars: int) -> None:
    """Apply several independent calls, spread over threads."""
    for call in numba.prange(len(rows)):
        drive(rows[call], bars)


@kernel
def advance_once(row: NDArray[np.int64]) -> None:
    """Apply the call in ``row`` to the one bar in its inputs; its outputs are in its values."""
    advance(
        row[STEP],
        array_at(numbers_at(row[STATE_AT]), row[STATE]),
        array_at(numbers_at(row[INPUTS_AT]), row[INPUTS]),
        array_at(numbers_at(row[PARAMS_AT]), row[PARAMS]),
        array_at(numbers_at(row[VALUES_AT]), row[OUTPUTS]),
    )


class Call:
    """The memory of one use of a step, and the row of integers that tells the loops about it."""

    def __init__(
        self, step: int, params: tuple[float, ...], sizes: tuple[int, int, int], out: NDArray[np.float64] | None = None, loop: int = 0
    ) -> None:
        """Lay out memory for a step at address ``step``; ``sizes`` are its inputs, outputs and state cells; ``out`` is (outputs, bars).

        ``loop`` is the address of a batch loop of the step's own.
        """
        inputs, outputs, cells = sizes
        edges = list(accumulate([0, len(params), cells, inputs, outputs]))
        self.memory = np.zeros(edges[-1])
        self.memory[: len(params)] = params
        self.params, self.state, self.inputs, self.outputs = (self.memory[a:b] for a, b in pairwise(edges))
        self.out = out
        places = [address(self.memory) + 8 * edge for edge in edges[:4]]
        head = [step, inputs, len(params), cells, outputs, *places, 0 if out is None else address(out), loop]
        self.row = np.array(head + [0] * inputs, dtype=np.int64)

    def feed(self, columns: list[NDArray[np.float64]]) -> None:
        """Name the input columns of a batch; they must be contiguous float64 and stay alive until it is driven."""
        self.row[COLUMNS_AT:] = [address(column) for column in columns]
