"""Many parameter points of one program as a table: what each register that depends on nothing else holds, and each point's warm-up."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from workbench.strategy import ops
from workbench.strategy.ops import Op

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from workbench.strategy.program import BoundProgram, Program

_NUMBERS = frozenset({int, float, np.float64, np.int64})


class Points:
    """The points of one program, in order."""

    def __init__(self, program: Program, values: NDArray[np.float64]) -> None:
        """Keep ``values``, (points, registers); only the fixed registers are read."""
        self.program = program
        self.values = values

    @classmethod
    def of(cls, program: Program, points: Sequence[Mapping[str, float]] | NDArray[np.float64]) -> Self:
        """Return the points given by name, or as a float64 table with a column for each of ``program.parameters``.

        Raises:
            UnknownNameError: a name that is no parameter of the program.
            InputError: a parameter without a value, or a value that an indicator cannot take.
        """
        given = points if isinstance(points, np.ndarray) else _table(program, points)
        if not np.isfinite(given).all():
            program.bind(dict(zip(program.parameters, given[~np.isfinite(given).all(axis=1)][0].tolist(), strict=True)))
        column = {name: given[:, place] + 0.0 for place, name in enumerate(program.parameters)}  # minus zero has no canonical text
        values = np.zeros((len(given), len(program.instructions)))
        for register, entry in enumerate(program.instructions):
            if entry.op is Op.CONSTANT:
                values[:, register] = entry.payload
            elif entry.op is Op.PARAMETER:
                values[:, register] = column[entry.payload]
            elif program.fixed[register]:
                values[:, register] = ops.column(entry.op, values[:, entry.args[0]], values[:, entry.args[-1]])
        made = cls(program, values)
        for register in program.steps if len(given) else ():
            made.params(register)
        return made

    @classmethod
    def bound(cls, points: Sequence[BoundProgram]) -> Self:
        """Return points that are bound already, at least one."""
        return cls(points[0].program, np.array([point.values for point in points]))

    def __len__(self) -> int:
        """Return the number of points."""
        return len(self.values)

    def half(self, first: int, last: int) -> Points:
        """Return the points at ``first`` to before ``last``."""
        return Points(self.program, self.values[first:last])

    def params(self, register: int) -> tuple[list[tuple[float, ...]], NDArray[np.int64]]:
        """Return the distinct parameters of the indicator in a register, checked, and which of them each point has.

        Raises:
            InputError: the indicator cannot take them.
        """
        entry, step = self.program.instructions[register], self.program.steps[register]
        registers = list(entry.args[len(step.inputs) :])
        if not registers:
            return [self.program.step_params(register, self.values[0])], np.zeros(len(self), dtype=np.int64)
        first, which = distinct(self.values[:, registers])
        return [self.program.step_params(register, self.values[place]) for place in first], which

    @cached_property
    def warmup(self) -> NDArray[np.int64]:
        """Warm-up of each point in bars, (points,)."""
        program = self.program
        bars: dict[int, NDArray[np.int64]] = {}
        nothing = np.zeros(len(self), dtype=np.int64)
        for register, args, lookback in program.lookbacks:
            depth = nothing
            for arg in args:
                depth = np.maximum(depth, bars.get(arg, nothing))
            if lookback < 0:
                params, which = self.params(register)
                own = np.array([program.steps[register].warmup_bars(given) for given in params], dtype=np.int64)[which]
                bars[register] = depth + own
            else:
                bars[register] = depth + lookback
        longest = nothing
        for register in program.outputs.values():
            longest = np.maximum(longest, bars.get(register, nothing))
        return longest


def distinct(table: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the place of the first of each distinct row, to the bit, and which distinct row every row is."""
    key = np.zeros(len(table), dtype=np.int64)
    for column in range(table.shape[1]):
        _, own = np.unique(np.ascontiguousarray(table[:, column]).view(np.int64), return_inverse=True)
        _, key = np.unique(key * (int(own.max()) + 1) + own, return_inverse=True)
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return first, which


def _table(program: Program, points: Sequence[Mapping[str, float]]) -> NDArray[np.float64]:
    """Return the values of ``points`` in the order of the program's parameters; what is wrong is said by ``Program.bind``."""
    names = program.parameters
    try:
        rows = [[point[name] for name in names] for point in points]
    except KeyError:
        rows = []
    kinds = {type(value) for row in rows for value in row}
    if len(rows) != len(points) or not kinds <= _NUMBERS or any(len(point) != len(names) for point in points):
        rows = [[program.bind(point).params[name] for name in names] for point in points]
    return np.array(rows, dtype=np.float64).reshape(len(points), len(names))
