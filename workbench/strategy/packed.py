"""The signals of many parameter points at once, one bit a bar: what a sweep reads.

All points share one program, so the work goes register by register over all points together:

1. ``_identify`` numbers, for every register, the distinct contents over the points: same operation, same fixed numbers, same operands.
2. ``_numeric`` computes each distinct numeric column once, the steps of one register in parallel. If the columns would not fit the budget, the points
   are split in two and packed one half after the other.
3. ``_atoms`` turns each distinct comparison into a row of words (``words.compare_rows``); ``_combine`` evaluates and/or/not/delay over those rows,
   once per distinct output and warm-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.strategy import ops, words
from workbench.strategy.columns import Columns, delayed
from workbench.strategy.indicators import driver
from workbench.strategy.indicators.memory import address
from workbench.strategy.ops import COMPARISONS, POINTWISE, Op
from workbench.strategy.signals import DIRECTIONS, Signals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from workbench.strategy.program import BoundProgram, Instruction

_BUDGET = 192 * 2**20  # bytes of distinct columns at once
_LOGIC = frozenset({Op.NOT, Op.AND, Op.OR, Op.DELAY_BOOLEAN})


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


def pack(points: Sequence[BoundProgram], columns: Columns, budget: int = _BUDGET) -> PackedSignals:
    """Return the packed signals of ``points``, all of one program, over the bars of ``columns``."""
    if not points:
        empty = np.zeros(0, dtype=np.int64)
        return PackedSignals(
            words=np.zeros((1, words.words_for(columns.length)), dtype=np.uint64),
            rows=np.zeros((0, len(DIRECTIONS)), dtype=np.int64),
            warmup=empty,
            numbers={},
            bars=columns.length,
        )
    sheet = _Sheet(points, columns)
    if len(points) > 1 and sheet.bytes_needed > budget:
        half = len(points) // 2
        return _joined(pack(points[:half], columns, budget), pack(points[half:], columns, budget))
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

    def __init__(self, points: Sequence[BoundProgram], columns: Columns) -> None:
        self.points, self.columns, self.program = points, columns, points[0].program
        self.which: list[NDArray[np.int64]] = []
        self.first: list[NDArray[np.int64]] = []  # a point that has each distinct content
        self.values = np.array([point.values for point in points])
        self.content: dict[int, list[Any]] = {}
        self.pool: list[Any] = []  # what compiled code reads by address
        self._identify()

    @property
    def bytes_needed(self) -> int:
        """Bytes of all distinct columns: 8 a bar for numbers, a bit for booleans."""
        bits = {"number": 64, "boolean": 1}
        entries = enumerate(self.program.instructions)
        return sum(len(self.first[at]) * bits[entry.kind] for at, entry in entries if not self.program.fixed[at]) * self.columns.length // 8

    def _numbers(self) -> list[tuple[int, Instruction]]:
        return [(register, entry) for register, entry in enumerate(self.program.instructions) if entry.kind == "number"]

    def _identify(self) -> None:
        for register, entry in enumerate(self.program.instructions):
            if self.program.fixed[register]:
                key = np.ascontiguousarray(self.values[:, register]).view(np.int64)
            else:
                key = self._together(entry.args)
            _, first, which = np.unique(key, return_index=True, return_inverse=True)
            self.first.append(first)
            self.which.append(which)

    def _together(self, registers: tuple[int, ...]) -> NDArray[np.int64]:
        """Return one number per point, equal where all ``registers`` have equal contents."""
        key = np.zeros(len(self.points), dtype=np.int64)
        for register in registers:
            _, key = np.unique(key * len(self.first[register]) + self.which[register], return_inverse=True)
        return key

    def pack(self) -> PackedSignals:
        """Compute everything."""
        for register, entry in self._numbers():
            self.content[register] = self._fixed(register) if self.program.fixed[register] else self._numeric(register, entry)
        rows, place = self._atoms()
        warmup = np.array([point.warmup for point in self.points], dtype=np.int64)
        made, chosen = self._combine(rows, place, warmup)
        numbers = {
            name: ([self._whole(value) for value in self.content[register]], self.which[register])
            for name, register in self.program.outputs.items()
            if self.program.instructions[register].kind == "number"
        }
        return PackedSignals(words=made, rows=chosen, warmup=warmup, numbers=numbers, bars=self.columns.length)

    def _fixed(self, register: int) -> list[float]:
        return [float(self.values[point, register]) for point in self.first[register]]

    def _operand(self, register: int, point: int) -> Any:  # noqa: ANN401 - a column or a number
        return self.content[register][self.which[register][point]]

    def _numeric(self, register: int, entry: Instruction) -> list[Any]:
        """Return the distinct numeric columns of one register."""
        if entry.op is Op.SERIES:
            return [self.columns.series(entry.payload)]
        if entry.op is Op.STEP:
            return self._step(register, entry)
        if entry.op is Op.OUTPUT:
            step = self.content[-1 - entry.args[0]]
            return [step[self.which[entry.args[0]][point]][entry.payload[3]] for point in self.first[register]]
        operands = [[self._operand(arg, point) for arg in entry.args] for point in self.first[register]]
        if entry.op is Op.DELAY:
            return [delayed(self._whole(values[0]), entry.payload) for values in operands]
        return [ops.column(entry.op, values[0], values[-1]) for values in operands]

    def _step(self, register: int, entry: Instruction) -> list[Any]:
        """Return the first outputs of the distinct uses of an indicator, missing ones computed in parallel into one block of memory."""
        step, length = self.program.steps[register], self.columns.length
        keys = [self.columns.identities(self.points[point])[register] for point in self.first[register]]
        found = [self.columns.kept(key) for key in keys]
        missing = [place for place, held in enumerate(found) if held is None]
        block = np.empty((len(missing), len(step.outputs), length))
        calls: list[driver.Call] = []
        for place, out in zip(missing, block, strict=True):
            point = self.first[register][place]
            call = step.call(self.points[point].step_params[register], out)
            inputs = [self._whole(self._operand(arg, point)) for arg in entry.args[: len(step.inputs)]]
            call.feed(inputs)
            self.pool.append(inputs)
            calls.append(call)
            found[place] = out
        if calls:
            driver.drive_many(np.stack([call.row for call in calls]), length)
        for place, out in zip(missing, block, strict=True):
            self.columns.keep(keys[place], out)
        outputs = [held for held in found if held is not None]
        self.content[-1 - register] = outputs
        return [held[0] for held in outputs]

    def _atoms(self) -> tuple[NDArray[np.uint64], dict[int, int]]:
        """Return rows of words for all distinct comparisons and trends, and where those of each register begin; rows 0 and 1 are False and True."""
        place: dict[int, int] = {}
        jobs: list[NDArray[np.int64]] = []
        trends: list[tuple[int, NDArray[np.uint64]]] = []
        count = 2
        for register, entry in enumerate(self.program.instructions):
            if entry.kind != "boolean" or entry.op in _LOGIC or self.program.fixed[register]:
                continue
            place[register] = count
            if entry.op in COMPARISONS:
                jobs.append(self._jobs(register, entry))
            else:
                trends += [(count + item, self._trend(entry, point)) for item, point in enumerate(self.first[register])]
                jobs.append(np.zeros((len(self.first[register]), words.JOB_WIDTH), dtype=np.int64))
            count += len(self.first[register])
        rows = self.columns.scratch(count)
        rows[0], rows[1] = 0, ~np.uint64(0)
        if jobs:
            work = np.concatenate(jobs)
            real = work[:, words.LEFT] != 0
            if real.all():
                words.compare_rows(work, self.columns.length, rows[2:])
            elif real.any():
                part = np.empty((int(real.sum()), rows.shape[1]), dtype=np.uint64)
                words.compare_rows(np.ascontiguousarray(work[real]), self.columns.length, part)
                rows[2:][real] = part
        for row, bits in trends:
            rows[row] = bits
        return rows, place

    def _jobs(self, register: int, entry: Instruction) -> NDArray[np.int64]:
        """Return the comparisons of one register for compiled code."""
        points = self.first[register]
        jobs = np.empty((len(points), words.JOB_WIDTH), dtype=np.int64)
        jobs[:, words.OP] = int(entry.op)
        for arg, at, stride in ((entry.args[0], words.LEFT, words.LEFT_STRIDE), (entry.args[1], words.RIGHT, words.RIGHT_STRIDE)):
            fixed = self.program.fixed[arg]
            held = [np.full(words.BITS, value) if fixed else np.ascontiguousarray(value) for value in self.content[arg]]
            self.pool.append(held)
            addresses = np.array([address(memory) for memory in held], dtype=np.int64)
            jobs[:, at] = addresses[self.which[arg][points]]
            jobs[:, stride] = 0 if fixed else 1
        return jobs

    def _trend(self, entry: Instruction, point: int) -> NDArray[np.uint64]:
        out = np.empty(self.columns.length, dtype=np.bool_)
        ops.trend(self._whole(self._operand(entry.args[0], point)), entry.payload, entry.op is Op.RISING, out)
        return words.packed_row(out)

    def _combine(
        self, rows: NDArray[np.uint64], place: dict[int, int], warmup: NDArray[np.int64]
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """Return the rows of all distinct outputs after a row of False, and which one each point has per direction."""
        chosen = np.zeros((len(self.points), len(DIRECTIONS)), dtype=np.int64)
        made: list[tuple[int, NDArray[np.int64]]] = []
        count = 1
        for direction, name in enumerate(DIRECTIONS):
            register = self.program.outputs.get(name)
            if register is None:
                continue
            _, first, which = np.unique(self.which[register] * (warmup.max() + 1) + warmup, return_index=True, return_inverse=True)
            chosen[:, direction] = which + count
            made.append((register, first))
            count += len(first)
        out = np.empty((count, rows.shape[1]), dtype=np.uint64)
        out[0] = 0
        count = 1
        for register, first in made:
            code, atoms = self._code(register)
            uses = np.empty((len(first), len(atoms)), dtype=np.int64)
            for column, atom in enumerate(atoms):
                uses[:, column] = self.values[first, atom] != 0.0 if self.program.fixed[atom] else place[atom] + self.which[atom][first]
            words.combine_rows(code, uses, rows, warmup[first], out[count : count + len(first)])
            count += len(first)
        tail = self.columns.length % words.BITS
        if tail:
            out[:, -1] &= np.uint64((1 << tail) - 1)  # `not` sets bits after the last bar
        return out, chosen

    def _code(self, output: int) -> tuple[NDArray[np.int64], list[int]]:
        """Return code for ``words.combine_rows`` that computes a register from atoms, and those atoms."""
        atoms: list[int] = []
        code: list[list[int]] = []
        where: dict[int, int] = {}

        def locate(register: int) -> int:
            if register not in where:
                entry = self.program.instructions[register]
                if entry.op not in _LOGIC or self.program.fixed[register]:
                    atoms.append(register)
                    where[register] = -len(atoms)
                else:
                    left = locate(entry.args[0])
                    right = locate(entry.args[-1]) if entry.op in POINTWISE else int(entry.payload)
                    code.append([int(entry.op), left, right])
                    where[register] = len(code) - 1
            return where[register]

        locate(output)
        return np.array(code, dtype=np.int64).reshape(-1, 3), atoms

    def _whole(self, value: Any) -> NDArray[np.float64]:  # noqa: ANN401 - a column or a number
        return value if isinstance(value, np.ndarray) else np.full(self.columns.length, value)
