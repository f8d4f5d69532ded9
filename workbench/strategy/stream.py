"""Streaming evaluation of a bound program: the machine that runs all its registers for one bar.

1. ``ProgramStream`` lays the program out as integers once: a row of code per register that changes with the bar, a call row per indicator
   (``indicators/driver.py``) and one block of state (steps, delayed values, runs of rises and falls), all zero before the anchor bar.
2. ``tick``, compiled once for all programs, runs the rows in order for one bar through ``driver.advance`` and ``ops.scalar``.
3. ``snapshot`` is the block of state with the program's identity; ``restore`` goes on from it and refuses any other program.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import content
from workbench.compiled import inlined_kernel, kernel
from workbench.errors import InputError
from workbench.strategy.indicators import driver
from workbench.strategy.indicators.driver import advance
from workbench.strategy.indicators.memory import address, array_at, integers_at, numbers_at
from workbench.strategy.indicators.window_of_bars import WindowOfBars
from workbench.strategy.ops import POINTWISE, Op, lengthen, scalar
from workbench.strategy.series import CLOCK, FED
from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.strategy.program import BoundProgram

_OP, _TO, _LEFT, _RIGHT, _CELL, _WIDTH = range(6)  # a row of code; RIGHT also holds bars, LEFT an address
_REGISTERS, _STATE, _CODE, _ROWS = range(4)  # the head of the machine
_SERIES, _STEP, _OUTPUT, _DELAY, _DELAY_BOOLEAN, _RISING, _FALLING = (int(op) for op in list(Op)[2:9])
_NO_CLOCK = (np.nan,) * len(CLOCK)
_POINTWISE = int(min(POINTWISE))


@inlined_kernel
def _delay(state: Any, cell: int, bars: int, value: float, missing: float) -> float:  # noqa: ANN401 - a pointer
    """Return the value ``bars`` bars ago; cells are: numbers seen (up to ``bars``), next place, ring."""
    place = cell + 2 + int(state[cell + 1])
    before = state[place] if state[cell] >= bars else missing
    state[place] = value
    if state[cell] < bars:
        state[cell] += 1.0
    state[cell + 1] = 0.0 if state[cell + 1] + 1.0 >= bars else state[cell + 1] + 1.0
    return float(before)


@inlined_kernel
def _trend(state: Any, cell: int, bars: int, value: float, up: bool) -> float:  # noqa: ANN401, FBT001 - a pointer; compiled
    """Return whether the run of rises (or falls) is long enough; cells are: whether a bar was seen, its number, run."""
    previous = state[cell + 1] if state[cell] > 0.0 else np.nan
    state[cell] = 1.0
    state[cell + 1] = value
    state[cell + 2] = lengthen(previous, value, state[cell + 2], up)
    return 1.0 if state[cell + 2] >= bars else 0.0


@kernel
def _indicate(row: int, registers: int) -> float:
    """Advance one indicator by one bar and return its first output; both arguments are addresses."""
    call = integers_at(row)
    inputs = array_at(numbers_at(call[driver.INPUTS_AT]), call[driver.INPUTS])
    values = array_at(numbers_at(call[driver.VALUES_AT]), call[driver.OUTPUTS])
    params = array_at(numbers_at(call[driver.PARAMS_AT]), call[driver.PARAMS])
    state = array_at(numbers_at(call[driver.STATE_AT]), call[driver.STATE])
    for place in range(len(inputs)):
        inputs[place] = numbers_at(registers)[call[driver.COLUMNS_AT + place]]  # a register instead of a column
    advance(call[driver.STEP], state, inputs, params, values)
    return float(values[0])


@kernel
def tick(head: NDArray[np.int64], bar: tuple[float, ...]) -> None:
    """Run every row of code for one bar and leave the results in the registers."""
    registers, state, code = numbers_at(head[_REGISTERS]), numbers_at(head[_STATE]), integers_at(head[_CODE])
    for row in range(head[_ROWS]):
        at = row * _WIDTH
        op, left, right, cell = code[at + _OP], code[at + _LEFT], code[at + _RIGHT], code[at + _CELL]
        if op >= _POINTWISE:
            value = scalar(op, registers[left], registers[right])
        elif op == _SERIES:
            value = bar[left]
        elif op == _STEP:
            value = _indicate(left, head[_REGISTERS])
        elif op == _OUTPUT:
            value = numbers_at(left)[0]
        elif op == _DELAY:
            value = _delay(state, cell, right, registers[left], np.nan)
        elif op == _DELAY_BOOLEAN:
            value = _delay(state, cell, right, registers[left], 0.0)
        else:
            value = _trend(state, cell, right, registers[left], op == _RISING)
        registers[code[at + _TO]] = value


class ProgramStream:
    """A bound program fed one bar at a time; equal to ``BoundProgram.columns`` from the same first bar, to the bit."""

    def __init__(self, bound: BoundProgram) -> None:
        """Lay out code and memory, before the anchor bar."""
        self.bound = bound
        self.bars = 0
        program = bound.program
        self._registers = np.array(bound.values, dtype=np.float64)
        self._values: dict[int, NDArray[np.float64]] = {}
        self._state = np.zeros(sum(self._cells(register) for register in range(len(program.instructions))))
        self._keep: list[NDArray[Any]] = []
        self._window = WindowOfBars()
        self._code = self._lay_out()
        self._head = np.zeros(4, dtype=np.int64)
        self._head[[_REGISTERS, _STATE]] = address(self._registers), address(self._state)
        self._head[[_CODE, _ROWS]] = address(self._code), len(self._code)
        truths = [(name, register) for name, register in program.outputs.items() if program.instructions[register].kind == "boolean"]
        self._truths = tuple(truths)
        self._numbers = tuple(item for item in program.outputs.items() if item not in truths)
        self._quiet: dict[str, float] = dict.fromkeys(DIRECTIONS, False)
        self._warmup = bound.warmup

    def feed(self, *bar: float, time: int | None = None, known_at: int | None = None) -> None:
        """Take a bar that is not traded: how a session is warmed up."""
        self.update(*bar, time=time, known_at=known_at)

    def update(
        self,
        open: float,  # noqa: A002 - the field's name
        high: float,
        low: float,
        close: float,
        volume: float,
        *clock: float,
        time: int | None = None,
        known_at: int | None = None,
    ) -> dict[str, float]:
        """Take the next bar and return what the rules say at its close: the four directions as bool, other outputs as float.

        A direction without a rule is False, and all are during warm-up. ``clock`` is what ``market.clock_columns`` says about the bar, in the order of
        ``series.CLOCK``, for rules that tell the time or follow sessions; without it such comparisons are False. ``time`` and ``known_at`` are its open and its completion in ns since 1970, for rules
        that use functions or model columns.

        Raises:
            InputError: only a part of the clock, or no time for a function.
        """
        if not clock:
            clock = _NO_CLOCK
        elif len(clock) != len(_NO_CLOCK):
            message = f"the clock of a bar is {', '.join(CLOCK)}, not {len(clock)} numbers"
            raise InputError(message)
        if self._window:
            self._window.take((open, high, low, close, volume), time, known_at)
        tick(self._head, (float(open), float(high), float(low), float(close), float(volume), *map(float, clock)))
        self.bars += 1
        said = self._quiet.copy()
        read = self._registers.item
        if self.bars > self._warmup:
            for name, register in self._truths:
                said[name] = read(register) != 0.0
        for name, register in self._numbers:
            said[name] = read(register)
        return said

    def snapshot(self) -> bytes:
        """Return everything ``restore`` needs, as bytes that are equal where the stream is."""
        return json.dumps([*self._identity, self.bars]).encode() + b"\n" + self._state.tobytes() + self._window.snapshot()

    def restore(self, snapshot: bytes) -> None:
        """Go on from a ``snapshot`` of a stream of the same program with the same parameters.

        Raises:
            InputError: the snapshot is of another program, other parameters, or damaged.
        """
        text, _, state = snapshot.partition(b"\n")
        try:
            *identity, bars = json.loads(text)
        except ValueError:
            identity, bars = [], 0
        if identity != self._identity or len(state) != self._state.nbytes + self._window.nbytes:
            message = "this snapshot is of another program or other parameters, or damaged; start again from the anchor bar"
            raise InputError(message)
        self.bars = bars
        self._state[:] = np.frombuffer(state[: self._state.nbytes])
        self._window.restore(state[self._state.nbytes :], bars)

    @cached_property
    def _identity(self) -> list[str]:
        return [self.bound.program.program_hash, content.content_hash(self.bound.params)]

    def _cells(self, register: int) -> int:
        """Return the cells of state a register needs."""
        program, entry = self.bound.program, self.bound.program.instructions[register]
        if entry.op is Op.STEP:
            return program.steps[register].cells(self.bound.step_params[register])
        if entry.op in {Op.DELAY, Op.DELAY_BOOLEAN}:
            return 2 + int(entry.payload)
        return 3 if entry.op in {Op.RISING, Op.FALLING} else 0

    def _lay_out(self) -> NDArray[np.int64]:
        """Return the rows of code; each gets its own part of the state."""
        rows: list[list[int]] = []
        cell = 0
        for register, entry in enumerate(self.bound.program.instructions):
            if self.bound.program.fixed[register]:
                continue
            left, right = (entry.args[0], entry.args[-1]) if entry.args else (0, 0)
            if entry.op is Op.SERIES:
                left = FED.index(entry.payload)
            elif entry.op is Op.STEP:
                left = self._call(register, cell)
            elif entry.op is Op.OUTPUT:
                left = address(self._values[entry.args[0]]) + 8 * entry.payload[3]
            elif entry.op not in POINTWISE:
                right = entry.payload
            rows.append([int(entry.op), register, left, right, cell])
            cell += self._cells(register)
        return np.array(rows, dtype=np.int64).reshape(-1, _WIDTH)

    def _call(self, register: int, cell: int) -> int:
        """Return the address of the call row of a STEP register whose state starts at ``cell``."""
        step = self.bound.program.steps[register]
        call = step.call(self.bound.step_params[register])
        call.row[driver.STATE_AT] = address(self._state) + 8 * cell
        call.row[driver.COLUMNS_AT :] = self.bound.program.instructions[register].args[: len(step.inputs)]
        self._values[register] = call.outputs
        if step.function is not None:
            self._window.add(step.function, self.bound.step_params[register], self._state[cell : cell + len(step.outputs)])
        self._keep += [call.memory, call.row]
        return address(call.row)
