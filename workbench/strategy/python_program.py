"""The program of a strategy in Python: what a register program is to rules, so that everything that runs strategies runs these.

1. ``PythonProgram.bind`` gives the function's parameters their values.
2. ``BoundPython.columns`` asks the function once about all bars, ``window`` about the declared window that ends at one bar, ``stream`` is the live form:
   the window at every bar, in a child process.
3. Numbers that brackets are measured by (``"atr"``) come from a register program beside it, as for rules.

The function only ever answers for what it was handed: the bars up to the one that is decided. That it keeps to them in the batch is not taken on
trust but proved (``backtest.evidence.lookahead``).
"""

from __future__ import annotations

from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.content import content_hash
from workbench.errors import InputError, UnknownNameError
from workbench.strategy.indicators.step import finite_number
from workbench.strategy.packed import PackedSignals
from workbench.strategy.python.child import Child
from workbench.strategy.python.frame import COLUMNS
from workbench.strategy.python.runner import Here, is_written_here
from workbench.strategy.python_stream import PythonStream
from workbench.strategy.signals import DIRECTIONS, Signals
from workbench.strategy.words import packed_row, words_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from workbench.market.bars import Bars
    from workbench.strategy.columns import Columns
    from workbench.strategy.program import BoundProgram, Program
    from workbench.strategy.python.runner import Runner
    from workbench.strategy.python.source import PythonSource


LIVE_SECONDS = 10.0
"""Longest that one live decision may take."""


class PythonProgram:
    """A function with the names of its parameters; bind values and ask it."""

    instructions: tuple[Any, ...] = ()
    outputs: Mapping[str, int] = MappingProxyType({})
    steps: Mapping[int, Any] = MappingProxyType({})

    def __init__(self, source: PythonSource, parameters: Sequence[str], extra: Program | None = None) -> None:
        """Keep what it is made of; ``extra`` computes numbers for brackets."""
        self.source = source
        self.parameters = tuple(sorted(parameters))
        self.extra = extra

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel to other processes as text."""
        return PythonProgram, (self.source, self.parameters, self.extra)

    @cached_property
    def program_hash(self) -> str:
        """SHA-256 of the canonical JSON of source, imports, warm-up, parameter names and what brackets are measured by."""
        extra = None if self.extra is None else self.extra.program_hash
        return content_hash({"format": 1, "python": self.source.code_hash, "parameters": list(self.parameters), "extra": extra})

    @cached_property
    def runner(self) -> Runner:
        """Who asks the function for a batch: this process where it was written here, else a child."""
        return Here(self.source) if is_written_here(self.source) else Child(self.source)

    def bind(self, params: Mapping[str, float] | None = None) -> BoundPython:
        """Return the function with values for its parameters.

        Raises:
            UnknownNameError: a name that is no parameter.
            InputError: a parameter without a value, or a value that is no finite number.
        """
        given = dict(params or {})
        for name in given:
            if name not in self.parameters:
                kind = "parameter"
                raise UnknownNameError(kind, name, self.parameters)
        for name in self.parameters:
            if name not in given:
                message = f"no value for the parameter {name} of {self.source.entry}; give one, for example bind({{{name!r}: 10}})"
                raise InputError(message)
        return BoundPython(self, {name: finite_number(given[name], f"the parameter {name}") + 0.0 for name in self.parameters})

    def warmup(self, params: Mapping[str, float] | None = None) -> int:
        """Return the number of leading bars without decisions."""
        return self.bind(params).warmup

    def packed(self, points: Sequence[Mapping[str, float]] | NDArray[np.float64], columns: Columns) -> PackedSignals:
        """Return the signals of many parameter points, one bit a bar; the function is asked once a point.

        ``points`` may be a float64 table with one row a point and a column for each of ``parameters``.
        """
        given = [dict(zip(self.parameters, row, strict=True)) for row in points.tolist()] if isinstance(points, np.ndarray) else points
        bound = [self.bind(point) for point in given]
        rows: dict[bytes, int] = {bytes(8 * words_for(columns.length)): 0}
        place = np.zeros((len(bound), len(DIRECTIONS)), dtype=np.int64)
        numbers: dict[str, list[NDArray[np.float64]]] = {}
        for point, decider in enumerate(bound):
            said = decider.columns(columns.bars, columns)
            for direction, name in enumerate(DIRECTIONS):
                place[point, direction] = rows.setdefault(packed_row(getattr(said, name).astype(np.bool_)).tobytes(), len(rows))
            numbers = numbers or {name: [column] for name, column in said.numbers.items()}
        return PackedSignals(
            words=np.stack([np.frombuffer(row, dtype=np.uint64) for row in rows]),
            rows=place,
            warmup=np.array([decider.warmup for decider in bound], dtype=np.int64),
            numbers={name: (held, np.zeros(len(bound), dtype=np.int64)) for name, held in numbers.items()},
            bars=columns.length,
        )


class BoundPython:
    """A function with values for its parameters, ready for either clock."""

    def __init__(self, program: PythonProgram, params: dict[str, float]) -> None:
        """Keep what ``PythonProgram.bind`` checked."""
        self.program = program
        self.params = params
        self.extra: BoundProgram | None = None if program.extra is None else program.extra.bind({})

    @property
    def warmup(self) -> int:
        """Leading bars without decisions: as declared, or until brackets can be measured."""
        return max(self.program.source.warmup, 0 if self.extra is None else self.extra.warmup)

    @property
    def window_bars(self) -> int:
        """Bars of the window that one decision is made from: the declared warm-up and the bar that is decided."""
        return self.program.source.warmup + 1

    def columns(self, bars: Bars, columns: Columns | None = None) -> Signals:
        """Return the signals on every bar, from one call of the function with all of them.

        Raises:
            InputError: the function fails, or its answer is no signals.
        """
        answer = self.program.runner.ask(bars.time, _rows(bars), self.params)
        answer[:, : self.warmup] = 0
        numbers = {} if self.extra is None else self.extra.columns(bars, columns).numbers
        return Signals(**dict(zip(DIRECTIONS, answer, strict=True)), numbers=numbers, warmup=self.warmup)

    def window(self, bars: Bars, bar: int, width: int | None = None) -> NDArray[np.uint8]:
        """Return the four decisions (4,) at position ``bar``, from the ``width`` bars that end there; without it the declared window, as live.

        Raises:
            InputError: as for ``columns``.
        """
        if bar < self.warmup:
            return np.zeros(len(DIRECTIONS), dtype=np.uint8)
        first = max(0, bar + 1 - (width or self.window_bars))
        part = slice(first, bar + 1)
        last: NDArray[np.uint8] = self.program.runner.ask(bars.time[part], _rows(bars)[:, part], self.params)[:, -1]
        return last

    def stream(self) -> PythonStream:
        """Return the live form, to be fed one bar at a time; the function runs in a child process with limits of time and memory."""
        return PythonStream(self, Child(self.program.source, seconds=LIVE_SECONDS))


def _rows(bars: Bars) -> NDArray[np.float64]:
    return np.stack([getattr(bars, name) for name in COLUMNS])
