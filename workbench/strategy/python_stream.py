"""The live form of a strategy in Python: the last bars in a ring, and at every new bar the function asked about them."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from workbench.content import content_hash
from workbench.errors import InputError
from workbench.strategy.python.frame import WIDTH
from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from workbench.strategy.python.runner import Runner
    from workbench.strategy.python_program import BoundPython


class PythonStream:
    """A bound function fed one bar at a time; it decides each bar from its declared window."""

    def __init__(self, bound: BoundPython, runner: Runner) -> None:
        """Start before the first bar; ``runner`` asks the function."""
        self.bound = bound
        self.bars = 0
        self._runner = runner
        self._times = np.zeros(bound.window_bars, dtype=np.int64)
        self._rows = np.zeros((WIDTH, bound.window_bars))
        self._extra = None if bound.extra is None else bound.extra.stream()

    def feed(self, *bar: float, time: int | None = None, known_at: int | None = None) -> dict[str, float]:  # noqa: ARG002 - rules' model columns ask
        """Take a bar that is not traded, without asking the function: how a session is warmed up; returns the numbers for brackets.

        Raises:
            InputError: a bar without its five numbers and its open time.
        """
        if time is None or len(bar) < WIDTH:
            message = "a strategy in Python takes open, high, low, close and volume of a bar, and time=, its open in ns since 1970"
            raise InputError(message)
        self._times[:-1], self._times[-1] = self._times[1:], time
        self._rows[:, :-1], self._rows[:, -1] = self._rows[:, 1:], bar[:WIDTH]
        self.bars += 1
        return {} if self._extra is None else {name: value for name, value in self._extra.update(*bar).items() if name not in DIRECTIONS}

    def update(self, *bar: float, time: int | None = None, known_at: int | None = None) -> dict[str, float]:
        """Take the next bar and return what the function says at its close: the four directions as bool, other outputs as float.

        ``bar`` is open, high, low, close, volume and the exchange's clock, ``time`` its open in ns since 1970. All directions are False during warm-up.

        Raises:
            InputError: the function fails, or its answer is no signals.
            BacktestError: it takes too long or too much memory.
        """
        numbers = self.feed(*bar, time=time, known_at=known_at)
        said: dict[str, float] = dict.fromkeys(DIRECTIONS, False)
        if self.bars > self.bound.warmup:
            held = min(self.bars, len(self._times))
            answer = self._runner.ask(self._times[-held:], self._rows[:, -held:], self.bound.params)
            said = {name: bool(answer[place, -1]) for place, name in enumerate(DIRECTIONS)}
        return said | numbers

    def snapshot(self) -> bytes:
        """Return everything ``restore`` needs, as bytes that are equal where the stream is."""
        extra = b"" if self._extra is None else self._extra.snapshot()
        return json.dumps([*self._identity, self.bars]).encode() + b"\n" + self._times.tobytes() + self._rows.tobytes() + extra

    def restore(self, snapshot: bytes) -> None:
        """Go on from a ``snapshot`` of a stream of the same function with the same parameters.

        Raises:
            InputError: the snapshot is of another function, other parameters, or damaged.
        """
        text, _, state = snapshot.partition(b"\n")
        try:
            *identity, bars = json.loads(text)
        except ValueError:
            identity, bars = [], 0
        edges = (self._times.nbytes, self._times.nbytes + self._rows.nbytes)
        if identity != self._identity or len(state) < edges[1] or (self._extra is None and len(state) != edges[1]):
            message = "this snapshot is of another strategy or other parameters, or damaged; start again from the anchor bar"
            raise InputError(message)
        if self._extra is not None:
            self._extra.restore(state[edges[1] :])
        self.bars = bars
        self._times[:] = np.frombuffer(state[: edges[0]], dtype=np.int64)
        self._rows[:] = np.frombuffer(state[edges[0] : edges[1]]).reshape(self._rows.shape)

    @cached_property
    def _identity(self) -> list[str]:
        return [self.bound.program.program_hash, content_hash(self.bound.params)]
