"""The register program: what a strategy's rules compile to. It is data, so a new strategy costs no compilation.

1. ``compiler.compile_rules`` turns rule trees into ``Instruction`` records, each the content of one register; equal sub-expressions share one.
2. ``Program.bind`` gives the ``$parameters`` values: registers that depend on nothing else become numbers, indicator parameters are
   checked, and the warm-up is computed without looking at a bar.
3. ``BoundProgram.columns`` evaluates column by column over all bars (``columns.py``); ``BoundProgram.stream`` bar by bar (``stream.py``). The
   same steps and the same scalar operations serve both, so they agree to the bit from the same anchor bar.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from workbench.content import content_hash
from workbench.errors import InputError, UnknownNameError
from workbench.strategy.atoms import Formulas
from workbench.strategy.columns import Columns
from workbench.strategy.indicators.step import exact, finite_number
from workbench.strategy.ops import POINTWISE, Kind, Op, constant
from workbench.strategy.packed import PackedSignals, pack
from workbench.strategy.points import Points
from workbench.strategy.signals import DIRECTIONS, Signals
from workbench.strategy.stream import ProgramStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from workbench.market.bars import Bars
    from workbench.strategy.indicators.step import Indicator

__all__ = ["DIRECTIONS", "BoundProgram", "Instruction", "Program", "Signals"]

_STREAM_LOOKBACK = (Op.DELAY, Op.DELAY_BOOLEAN, Op.RISING, Op.FALLING)


@dataclass(frozen=True, slots=True)
class Instruction:
    """The content of one register."""

    op: Op
    """What is done."""
    args: tuple[int, ...] = ()
    """Registers it reads, all of lower number."""
    payload: Any = None
    """What else it needs; see ``Op``."""
    kind: Kind = "number"
    """``"number"`` (float64) or ``"boolean"``."""


@dataclass(frozen=True, eq=False)
class Program:
    """Instructions in topological order and the registers that are its outputs."""

    instructions: tuple[Instruction, ...]
    outputs: Mapping[str, int]
    """Register of each output: any of ``DIRECTIONS`` (booleans), and named numbers such as ``"atr"``."""
    parameters: tuple[str, ...] = ()
    """Names that ``bind`` takes a value for."""

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to other processes as instructions; their indicators are looked up there by name and code."""
        return Program, (self.instructions, dict(self.outputs), self.parameters)

    @cached_property
    def program_hash(self) -> str:
        """SHA-256 of the canonical JSON of instructions and outputs; it changes with the code of an indicator used, not with values given."""
        rows = [[entry.op.name.lower(), list(entry.args), _plain(entry.payload)] for entry in self.instructions]
        return content_hash({"format": 1, "instructions": rows, "outputs": dict(self.outputs)})

    @cached_property
    def fixed(self) -> tuple[bool, ...]:
        """Whether each register is known once parameters are."""
        known: list[bool] = []
        for entry in self.instructions:
            depends = entry.op in POINTWISE and all(known[arg] for arg in entry.args)
            known.append(entry.op in {Op.CONSTANT, Op.PARAMETER} or depends)
        return tuple(known)

    @cached_property
    def steps(self) -> dict[int, Indicator]:
        """The indicator of each STEP register."""
        return {
            register: exact(entry.payload[0], entry.payload[1]) for register, entry in enumerate(self.instructions) if entry.op is Op.STEP
        }

    @cached_property
    def _constants(self) -> tuple[list[float], list[tuple[int, Instruction]]]:
        """Numbers known already, and the instructions that must be computed from parameters."""
        known, rest = [0.0] * len(self.instructions), []
        for register, entry in enumerate(self.instructions):
            if entry.op is Op.CONSTANT:
                known[register] = entry.payload
            elif self.fixed[register]:
                rest.append((register, entry))
        return known, rest

    @cached_property
    def lookbacks(self) -> list[tuple[int, tuple[int, ...], int]]:
        """Registers that change with the bar, those of their operands that do, and the bars they look back; -1 where parameters decide."""
        found = []
        for register, entry in enumerate(self.instructions):
            if not self.fixed[register]:
                back = -1 if entry.op is Op.STEP else entry.payload if entry.op in _STREAM_LOOKBACK else 0
                found.append((register, tuple([arg for arg in entry.args if not self.fixed[arg]]), back))
        return found

    def bind(self, params: Mapping[str, float] | None = None) -> BoundProgram:
        """Return the program with values for its parameters.

        Raises:
            UnknownNameError: a name that is no parameter of this program.
            InputError: a parameter without a value, or a value that an indicator cannot take, such as half a period.
        """
        given = params or {}
        for name in given:
            if name not in self.parameters:
                kind = "parameter"
                raise UnknownNameError(kind, name, self.parameters)
        known, rest = self._constants
        values = known.copy()
        for register, entry in rest:
            if entry.op is Op.PARAMETER:
                values[register] = self._given(entry.payload, given)
            else:
                left, right = entry.args[0], entry.args[-1]
                values[register] = constant(int(entry.op), values[left], values[right])
        return BoundProgram(
            self,
            {name: float(value) + 0.0 for name, value in given.items()},
            tuple(values),
            {register: self.step_params(register, values) for register in self.steps},
        )

    def warmup(self, params: Mapping[str, float] | None = None) -> int:
        """Return the number of leading bars on which some output is not yet known, for these parameters."""
        return self.bind(params).warmup

    def packed(self, points: Sequence[Mapping[str, float]] | NDArray[np.float64], columns: Columns) -> PackedSignals:
        """Return the signals of many parameter points, one bit a bar, each distinct column and comparison computed once.

        ``points`` may be a float64 table with one row a point and a column for each of ``parameters``.
        """
        return pack(Points.of(self, points), columns)

    @cached_property
    def formulas(self) -> Formulas:
        """The comparisons that the outputs come down to, and how they are put together."""
        return Formulas(self)

    def _given(self, name: str, given: Mapping[str, float]) -> float:
        if name not in given:
            message = f"no value for the parameter ${name}; give one, for example bind({{{name!r}: 10}})"
            raise InputError(message)
        return finite_number(given[name], f"the parameter ${name}") + 0.0  # minus zero has no canonical text

    def step_params(self, register: int, values: Sequence[float]) -> tuple[float, ...]:
        """Return the checked parameters of the indicator in ``register``, given the fixed registers.

        Raises:
            InputError: the indicator cannot take them.
        """
        entry, step = self.instructions[register], self.steps[register]
        registers = entry.args[len(step.inputs) :]
        try:
            return step.checked_once(tuple([float(values[arg]) for arg in registers]))
        except InputError as error:
            names = ", ".join(f"${self.instructions[arg].payload}" for arg in registers if self.instructions[arg].op is Op.PARAMETER)
            message = f"{error} (from {names})" if names else str(error)
            raise InputError(message) from error


class BoundProgram:
    """A program with values for its parameters, ready for either clock."""

    def __init__(
        self, program: Program, params: dict[str, float], values: tuple[float, ...], step_params: dict[int, tuple[float, ...]]
    ) -> None:
        """Keep what ``Program.bind`` worked out; ``values`` hold the fixed registers."""
        self.program = program
        self.params = params
        self.values = values
        self.step_params = step_params

    @cached_property
    def warmup(self) -> int:
        """Number of leading bars, counted from the anchor bar, on which some output is not yet known; boolean outputs are False there."""
        bars = [0] * len(self.program.instructions)
        for register, args, lookback in self.program.lookbacks:
            depth = max([bars[arg] for arg in args]) if args else 0
            own = self.program.steps[register].warmup_bars(self.step_params[register]) if lookback < 0 else lookback
            bars[register] = depth + own
        return max([bars[register] for register in self.program.outputs.values()], default=0)

    def columns(self, bars: Bars, columns: Columns | None = None) -> Signals:
        """Return the signals on every bar. Give the same ``columns`` to many points of a sweep: each distinct column is then computed once.

        The first bar is the anchor: indicators that remember everything (EMA, RSI) start there.
        """
        return (columns or Columns(bars)).signals(self)

    def stream(self) -> ProgramStream:
        """Return the program before its anchor bar, to be fed one bar at a time."""
        return ProgramStream(self)


def _plain(payload: Any) -> Any:  # noqa: ANN401 - a JSON value
    return list(payload) if isinstance(payload, tuple) else payload
