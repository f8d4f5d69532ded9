"""The signals of many parameter points at once, one bit a bar: what a sweep reads.

All points share one program, so the work goes register by register over all points together:

1. ``_identify`` numbers, for every register, the distinct contents over the points: same operation, same fixed numbers, same operands.
2. ``_numeric`` and ``_steps`` compute each distinct numeric column once, indicators side by side. If the columns would not fit the budget, the points
   are split in two and packed one half after the other.
3. ``_rows`` turns each distinct comparison (``atoms``) into a row of words (``words.compare_rows``); ``_combine`` evaluates and/or/not/delay over those
   rows, once per distinct output and warm-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.strategy import ops, words
from workbench.strategy.columns import Columns, delayed
from workbench.strategy.indicators import driver
from workbench.strategy.indicators.memory import address
from workbench.strategy.ops import COMPARISONS, Op
from workbench.strategy.points import Points, distinct
from workbench.strategy.signals import DIRECTIONS, Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.strategy.atoms import Atom
    from workbench.strategy.program import BoundProgram, Instruction

_BUDGET = 192 * 2**20  # bytes of distinct columns at once


@dataclass(frozen=True, kw_only=True, eq=False)
class PackedSignals:
    """Signals of many points over the same bars."""

    words: NDArray[np.uint64]
    """Distinct boolean columns, (rows, words); bit b of word w is bar 64 w + b; row 0 is all False."""
    rows: NDArray[np.int64]
    """Which row of ``words`` each point has for entry_long, exit_long, entry_short, exit_short: (points, 4)."""
    warmup: NDArray[np.int64]
    """Warm-up of each point, bars (points,); the bits before it are 0."""
    numbers: dict[str, tuple[list[NDArray[np.float64]], NDArray[np.int64]]]
    """Per named number its distinct columns, and which of them each point has (points,)."""
    bars: int
    """How many bars there are."""

    def signals(self, point: int) -> Signals:
        """Return the signals of one point as columns, equal to ``BoundProgram.columns``."""
        made = {name: words.unpacked_row(self.words[self.rows[point, place]], self.bars) for place, name in enumerate(DIRECTIONS)}
        numbers = {name: columns[which[point]] for name, (columns, which) in self.numbers.items()}
        return Signals(**made, numbers=numbers, warmup=int(self.warmup[point]))


def pack(points: Points | Sequence[BoundProgram], columns: Columns, budget: int = _BUDGET) -> PackedSignals:
    """Return the packed signals of ``points``, all of one program, over the bars of ``columns``."""
    if not len(points):
        empty = np.zeros(0, dtype=np.int64)
        return PackedSignals(
            words=np.zeros((1, words.words_for(columns.length)), dtype=np.uint64),
            rows=np.zeros((0, len(DIRECTIONS)), dtype=np.int64),
            warmup=empty,
            numbers={},
            bars=columns.length,
        )
    given = points if isinstance(points, Points) else Points.bound(points)
    sheet = _Sheet(given, columns)
    if len(given) > 1 and sheet.bytes_needed > budget:
        half = len(given) // 2
        return _joined(pack(given.half(0, half), columns, budget), pack(given.half(half, len(given)), columns, budget))
    return sheet.pack()


def _joined(first: PackedSignals, second: PackedSignals) -> PackedSignals:
    """Return one record of both halves."""
    moved = np.where(second.rows > 0, second.rows + len(first.words) - 1, 0)
    numbers = {
        name: (held + second.numbers[name][0], np.concatenate([which, second.numbers[name][1] + len(held)]))
        for name, (held, which) in first.numbers.items()
    }
    return PackedSignals(
        words=np.concatenate([first.words, second.words[1:]]),
        rows=np.concatenate([first.rows, moved]),
        warmup=np.concatenate([first.warmup, second.warmup]),
        numbers=numbers,
        bars=first.bars,
    )


class _Sheet:
    """The registers of all points: for each its distinct contents, and which of them every point has."""

    def __init__(self, points: Points, columns: Columns) -> None:
        self.points, self.columns, self.program = points, columns, points.program
        self.formulas = self.program.formulas
        self.needed = sorted(self.formulas.needed())
        self.which: dict[int, NDArray[np.int64]] = {}
        self.first: dict[int, NDArray[np.int64]] = {}  # a point that has each distinct content
        self.content: dict[int, list[Any]] = {}
        self.outputs: dict[int, list[NDArray[np.float64]]] = {}  # of an indicator, all of them
        self.pool: list[Any] = []  # what compiled code reads by address
        for register in self.needed:
            self._identify(register)
        self.atoms: dict[Atom, tuple[NDArray[np.int64], NDArray[np.int64]]] = {
            atom: self._together([register for register in (atom.left, atom.right) if register >= 0])
            for atom in self.formulas.atoms
            if atom.op is not Op.CONSTANT
        }

    @property
    def bytes_needed(self) -> int:
        """Bytes of all distinct columns: 8 a bar for numbers, a bit for booleans."""
        numbers = sum(len(self.first[register]) for register in self.needed if not self.program.fixed[register])
        bits = sum(len(first) for first, _ in self.atoms.values()) + len(self.formulas.outputs) * len(self.points)
        return (64 * numbers + bits) * self.columns.length // 8

    def _identify(self, register: int) -> None:
        """Number the distinct contents of a register over the points: same operation, same fixed numbers, same operands."""
        if self.program.fixed[register]:
            self.first[register], self.which[register] = distinct(self.points.values[:, [register]])
        else:
            self.first[register], self.which[register] = self._together(self.program.instructions[register].args)

    def _together(self, registers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return a point for each distinct combination of contents of ``registers``, and which combination every point has."""
        key = np.zeros(len(self.points), dtype=np.int64)
        for register in registers:
            if len(self.first[register]) > 1:
                _, key = np.unique(key * len(self.first[register]) + self.which[register], return_inverse=True)
        _, first, which = np.unique(key, return_index=True, return_inverse=True)
        return first, which

    def pack(self) -> PackedSignals:
        """Compute everything."""
        for register in self.needed:
            if register not in self.content:
                entry = self.program.instructions[register]
                if entry.op is Op.STEP:
                    self._steps(register)
                else:
                    self.content[register] = self._fixed(register) if self.program.fixed[register] else self._numeric(register, entry)
        rows, place = self._rows()
        made, chosen = self._combine(rows, place)
        numbers = {
            name: ([self._whole(value) for value in self.content[register]], self.which[register])
            for name, register in self.program.outputs.items()
            if self.program.instructions[register].kind == "number"
        }
        return PackedSignals(words=made, rows=chosen, warmup=self.points.warmup, numbers=numbers, bars=self.columns.length)

    def _fixed(self, register: int) -> list[float]:
        return [float(self.points.values[point, register]) for point in self.first[register]]

    def _operand(self, register: int, point: int) -> Any:  # noqa: ANN401 - a column or a number
        return self.content[register][self.which[register][point]]

    def _numeric(self, register: int, entry: Instruction) -> list[Any]:
        """Return the distinct numeric columns of one register that is no indicator."""
        if entry.op is Op.SERIES:
            return [self.columns.series(entry.payload)]
        if entry.op is Op.OUTPUT:
            step = self.outputs[entry.args[0]]
            return [step[self.which[entry.args[0]][point]][entry.payload[3]] for point in self.first[register]]
        operands = [[self._operand(arg, point) for arg in entry.args] for point in self.first[register]]
        if entry.op is Op.DELAY:
            return [delayed(self._whole(values[0]), entry.payload) for values in operands]
        return [ops.column(entry.op, values[0], values[-1]) for values in operands]

    def _steps(self, register: int) -> None:
        """Compute the indicator in ``register`` and all others that can be computed now, so that they run side by side."""
        waiting: dict[Any, NDArray[np.float64]] = {}
        rows: list[NDArray[np.int64]] = []
        pending = [other for other in self.program.steps if other >= register and other in self.which and other not in self.content]
        for other in [other for other in pending if self._ready(other)]:
            self.outputs[other] = [self._called(other, int(point), waiting, rows) for point in self.first[other]]
            self.content[other] = [held[0] for held in self.outputs[other]]
        if rows:
            table = np.zeros((len(rows), max(len(row) for row in rows)), dtype=np.int64)
            for place, row in enumerate(rows):
                table[place, : len(row)] = row
            driver.drive_many(table, self.columns.length)
        for key, out in waiting.items():
            self.columns.keep(key, out)

    def _ready(self, register: int) -> bool:
        """Return whether the inputs of an indicator are there; columns of the bars always are."""
        entry = self.program.instructions[register]
        for arg in entry.args[: len(self.program.steps[register].inputs)]:
            if arg not in self.content and self.program.instructions[arg].op is Op.SERIES:
                self.content[arg] = [self.columns.series(self.program.instructions[arg].payload)]
            if arg not in self.content:
                return False
        return True

    def _called(
        self, register: int, point: int, waiting: dict[Any, NDArray[np.float64]], rows: list[NDArray[np.int64]]
    ) -> NDArray[np.float64]:
        """Return the outputs of one use of an indicator: kept ones, or memory that the call added to ``rows`` will fill."""
        key = self.columns.identity(self.points, register, point)
        found = self.columns.kept(key)
        if found is None:
            found = waiting.get(key)
        if found is not None:
            return found
        step = self.program.steps[register]
        params = self.program.step_params(register, self.points.values[point])
        if step.function is not None:
            waiting[key] = step.function.of(self.columns.bars, params)
            return waiting[key]
        waiting[key] = out = np.empty((len(step.outputs), self.columns.length))
        call = step.call(params, out)
        inputs = [self._whole(self._operand(arg, point)) for arg in self.program.instructions[register].args[: len(step.inputs)]]
        call.feed(inputs)
        self.pool.append((call, inputs))
        rows.append(call.row)
        return out

    def _rows(self) -> tuple[NDArray[np.uint64], dict[Atom, int]]:
        """Return rows of words for all distinct atoms, and where those of each atom begin; rows 0 and 1 are False and True."""
        place: dict[Atom, int] = {}
        count = 2
        for atom, (first, _) in self.atoms.items():
            place[atom] = count
            count += len(first)
        rows = self.columns.scratch(count)
        rows[0], rows[1] = 0, ~np.uint64(0)
        trends = [atom for atom in self.atoms if atom.op not in COMPARISONS]
        for atom in trends:
            for item, point in enumerate(self.atoms[atom][0]):
                rows[place[atom] + item] = self._trend(atom, int(point))
        jobs = [self._jobs(atom, place[atom]) for atom in self.atoms if atom.op in COMPARISONS]
        if jobs:
            words.compare_rows(np.concatenate(jobs), self.columns.length, rows)
        return rows, place

    def _jobs(self, atom: Atom, place: int) -> NDArray[np.int64]:
        """Return the comparisons of one atom for compiled code."""
        points = self.atoms[atom][0]
        jobs = np.empty((len(points), words.JOB_WIDTH), dtype=np.int64)
        jobs[:, words.OP] = int(atom.op)
        jobs[:, words.INTO] = np.arange(place, place + len(points))
        for register, at, stride in ((atom.left, words.LEFT, words.LEFT_STRIDE), (atom.right, words.RIGHT, words.RIGHT_STRIDE)):
            fixed = self.program.fixed[register]
            held = [np.full(words.BITS, value) if fixed else np.ascontiguousarray(value) for value in self.content[register]]
            self.pool.append(held)
            addresses = np.array([address(memory) for memory in held], dtype=np.int64)
            jobs[:, at] = addresses[self.which[register][points]]
            jobs[:, stride] = 0 if fixed else 1
        return jobs

    def _trend(self, atom: Atom, point: int) -> NDArray[np.uint64]:
        out = np.empty(self.columns.length, dtype=np.bool_)
        ops.trend(self._whole(self._operand(atom.left, point)), atom.bars, atom.op is Op.RISING, out)
        return words.packed_row(out)

    def _combine(self, rows: NDArray[np.uint64], place: dict[Atom, int]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the rows of all distinct outputs after a row of False, and which one each point has per direction."""
        warmup = self.points.warmup
        chosen = np.zeros((len(self.points), len(DIRECTIONS)), dtype=np.int64)
        made: list[tuple[str, NDArray[np.int64]]] = []
        count = 1
        for direction, name in enumerate(DIRECTIONS):
            if name not in self.formulas.outputs:
                continue
            uses = self._uses(name, place)
            key = np.zeros(len(self.points), dtype=np.int64)
            for column in (*uses.T, warmup):
                _, key = np.unique(key * (int(column.max()) + 1) + column, return_inverse=True)
            _, first, which = np.unique(key, return_index=True, return_inverse=True)
            chosen[:, direction] = which + count
            made.append((name, first))
            count += len(first)
        out = np.empty((count, rows.shape[1]), dtype=np.uint64)
        out[0] = 0
        count = 1
        for name, first in made:
            code = np.array(self.formulas.code[name][0], dtype=np.int64).reshape(-1, 3)
            words.combine_rows(code, self._uses(name, place)[first], rows, warmup[first], out[count : count + len(first)])
            count += len(first)
        tail = self.columns.length % words.BITS
        if tail:
            out[:, -1] &= np.uint64((1 << tail) - 1)  # `not` sets bits after the last bar
        return out, chosen

    def _uses(self, name: str, place: dict[Atom, int]) -> NDArray[np.int64]:
        """Return which row of words each atom of an output is at each point, (points, atoms)."""
        atoms = self.formulas.code[name][1]
        uses = np.empty((len(self.points), len(atoms)), dtype=np.int64)
        for column, atom in enumerate(atoms):
            fixed = atom.op is Op.CONSTANT
            uses[:, column] = self.points.values[:, atom.left] != 0.0 if fixed else place[atom] + self.atoms[atom][1]
        return uses

    def _whole(self, value: Any) -> NDArray[np.float64]:  # noqa: ANN401 - a column or a number
        return value if isinstance(value, np.ndarray) else np.full(self.columns.length, value)
