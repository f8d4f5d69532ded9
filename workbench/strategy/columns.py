"""Batch evaluation of bound programs, column by column, over one table of bars.

Each register is known by what it computes: operation, fixed numbers and the identities of the columns it reads. Equal ones, in one program or in
the hundreds of a sweep, are computed once and kept while the budget lasts; indicator columns first, because they cost most.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from workbench.strategy import ops
from workbench.strategy.indicators import driver
from workbench.strategy.ops import Op
from workbench.strategy.series import CLOCK
from workbench.strategy.signals import DIRECTIONS, Signals
from workbench.strategy.words import words_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.market.bars import Bars
    from workbench.strategy.points import Points
    from workbench.strategy.program import BoundProgram, Instruction

Column: TypeAlias = "NDArray[Any]"
_BUDGET = 256 * 2**20  # bytes of columns kept


class Columns:
    """Columns over one table of bars, shared by all programs evaluated on it. Not for several threads at once."""

    def __init__(self, bars: Bars, budget: int = _BUDGET) -> None:
        """Keep at most ``budget`` bytes of columns."""
        self.bars = bars
        self.length = len(bars)
        self._budget, self._held = budget, 0
        self._kept: OrderedDict[Any, NDArray[np.float64]] = OrderedDict()
        self._series: dict[str, NDArray[np.float64]] = {}
        self._numbers: dict[Any, int] = {}
        self._scratch = np.empty((0, words_for(self.length)), dtype=np.uint64)

    def signals(self, bound: BoundProgram) -> Signals:
        """Return the four boolean columns and the named numbers of one bound program."""
        program, warmup = bound.program, bound.warmup
        values = self.registers(bound)
        made: dict[str, NDArray[np.uint8]] = {}
        numbers: dict[str, NDArray[np.float64]] = {}
        for name, register in program.outputs.items():
            whole = self._whole(values[register])
            if program.instructions[register].kind == "number":
                numbers[name] = whole.copy()  # the caller's own: kept columns serve other points too
            else:
                made[name] = whole.astype(np.uint8)
                made[name][:warmup] = 0
        for name in DIRECTIONS:
            if name not in made:
                made[name] = np.zeros(self.length, dtype=np.uint8)
        return Signals(**{name: made[name] for name in DIRECTIONS}, numbers=numbers, warmup=warmup)

    def registers(self, bound: BoundProgram) -> list[Any]:
        """Return the content of every register: a number where it is fixed, else a column."""
        program = bound.program
        values: list[Any] = []
        keys = self.identities(bound)
        for register, entry in enumerate(program.instructions):
            if program.fixed[register]:
                fixed = bound.values[register]
                values.append(fixed if entry.kind == "number" else bool(fixed))
            else:
                values.append(self._evaluate(bound, register, entry, values, keys))
        return values

    def identities(self, bound: BoundProgram) -> list[Any]:
        """Return for every register a small key, equal where the same thing is computed from the same columns."""
        program, known = bound.program, self._numbers
        keys: list[Any] = []
        for register, entry in enumerate(program.instructions):
            if program.fixed[register]:
                value = bound.values[register]
                keys.append(value or str(value))  # 0.0 and -0.0 divide differently
                continue
            if entry.op is Op.STEP:
                step = program.steps[register]
                inputs = tuple([keys[arg] for arg in entry.args[: len(step.inputs)]])
                key: tuple[Any, ...] = (entry.op, step, bound.step_params[register], inputs)
            else:
                key = (entry.op, entry.payload, *[keys[arg] for arg in entry.args])
            keys.append(("c", known.setdefault(key, len(known))))
        return keys

    def identity(self, points: Points, register: int, point: int) -> Any:  # noqa: ANN401 - a key
        """Return the key that ``identities`` gives to one register of one point."""
        program = points.program
        if program.fixed[register]:
            value = float(points.values[point, register])
            return value or str(value)
        entry = program.instructions[register]
        if entry.op is Op.STEP:
            step = program.steps[register]
            inputs = tuple([self.identity(points, arg, point) for arg in entry.args[: len(step.inputs)]])
            key: tuple[Any, ...] = (entry.op, step, program.step_params(register, points.values[point]), inputs)
        else:
            key = (entry.op, entry.payload, *[self.identity(points, arg, point) for arg in entry.args])
        return ("c", self._numbers.setdefault(key, len(self._numbers)))

    def series(self, name: str) -> NDArray[np.float64]:
        """Return a column of the bars or of the exchange's clock as contiguous float64."""
        if name not in self._series:
            if name in CLOCK:
                from workbench.market.windows import clock_columns  # noqa: PLC0415 - calendars load only where a rule tells the time

                found = clock_columns(self.bars)
                column = found[name] if isinstance(found, dict) else getattr(found, name)
            else:
                column = getattr(self.bars, name)
            self._series[name] = np.ascontiguousarray(column, dtype=np.float64)
        return self._series[name]

    @property
    def kept_columns(self) -> int:
        """How many indicators' outputs are held now."""
        return len(self._kept)

    def scratch(self, rows: int) -> NDArray[np.uint64]:
        """Return words for ``rows`` boolean columns, overwritten by the next caller: fresh memory costs more than what is computed into it."""
        if len(self._scratch) < rows:
            self._scratch = np.empty((rows, self._scratch.shape[1]), dtype=np.uint64)
        return self._scratch[:rows]

    def _evaluate(self, bound: BoundProgram, register: int, entry: Instruction, values: list[Any], keys: list[Any]) -> Column:
        op, args = entry.op, [values[arg] for arg in entry.args]
        if op is Op.SERIES:
            return self.series(entry.payload)
        if op is Op.STEP:
            first: Column = self._outputs(bound, register, values, keys)[0]
            return first
        if op is Op.OUTPUT:
            other: Column = self._outputs(bound, entry.args[0], values, keys)[entry.payload[3]]
            return other
        if op in {Op.DELAY, Op.DELAY_BOOLEAN}:
            return delayed(self._whole(args[0]), entry.payload)
        if op in {Op.RISING, Op.FALLING}:
            out = np.empty(self.length, dtype=np.bool_)
            ops.trend(self._whole(args[0]), entry.payload, op is Op.RISING, out)
            return out
        return ops.column(op, args[0], args[-1])

    def _outputs(self, bound: BoundProgram, register: int, values: list[Any], keys: list[Any]) -> NDArray[np.float64]:
        """Return all outputs of a STEP register, (outputs, bars), from the kept ones if there."""
        key = keys[register]
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        step = bound.program.steps[register]
        if step.function is not None:
            said = step.function.of(self.bars, bound.step_params[register])
            self.keep(key, said)
            return said
        args = bound.program.instructions[register].args[: len(step.inputs)]
        out = np.empty((len(step.outputs), self.length))
        call = step.call(bound.step_params[register], out)
        inputs = [self._whole(values[arg]) for arg in args]
        call.feed(inputs)
        driver.drive(call.row, self.length)
        self.keep(key, out)
        return out

    def keep(self, key: Any, out: NDArray[np.float64]) -> None:  # noqa: ANN401 - an identity
        """Keep computed outputs under their identity; the least recently used go when the budget is passed."""
        self._kept[key] = out
        self._held += out.nbytes
        while self._held > self._budget and len(self._kept) > 1:
            self._held -= self._kept.popitem(last=False)[1].nbytes

    def kept(self, key: Any) -> NDArray[np.float64] | None:  # noqa: ANN401 - an identity
        """Return kept outputs, or None."""
        return self._kept.get(key)

    def _whole(self, value: Any) -> Column:  # noqa: ANN401 - a column or a number
        return (
            value
            if isinstance(value, np.ndarray)
            else np.full(self.length, value, dtype=np.bool_ if isinstance(value, bool) else np.float64)
        )


def delayed(values: Column, bars: int) -> Column:
    """Return ``values`` moved ``bars`` later; the first are NaN, or False for booleans."""
    out = np.empty_like(values)
    out[:bars] = False if values.dtype == np.bool_ else np.nan
    out[bars:] = values[: max(0, len(values) - bars)]
    return out
