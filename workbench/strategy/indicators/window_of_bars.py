"""The last bars a live program has seen, for the functions among its indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.strategy.indicators.functions import ColumnFunction

_NUMBERS = 5


class WindowOfBars:
    """A ring of bars, and the functions that are asked about it, each with the memory that takes its answer."""

    def __init__(self) -> None:
        """Start without functions; the ring is laid out with the first bar."""
        self._uses: list[tuple[ColumnFunction, tuple[float, ...], NDArray[np.float64]]] = []
        self._held = np.zeros((0, _NUMBERS + 2))
        self.bars = 0

    def __bool__(self) -> bool:
        """Whether any function is asked."""
        return bool(self._uses)

    def add(self, function: ColumnFunction, params: tuple[float, ...], answer: NDArray[np.float64]) -> None:
        """Ask ``function`` from now on and write what it says into ``answer`` (outputs,)."""
        self._uses.append((function, params, answer))
        width = max(use.warmup(values) + 1 for use, values, _ in self._uses)
        self._held = np.zeros((width, _NUMBERS + 2))

    def take(self, bar: tuple[float, ...], time: int | None, known_at: int | None) -> None:
        """Take a bar and ask every function about its window.

        Raises:
            InputError: the bar comes without its times, or a function fails.
        """
        if time is None:
            message = "a program with functions or model columns takes time= and known_at= with each bar, in ns since 1970"
            raise InputError(message)
        self._held[:-1] = self._held[1:]
        self._held[-1, :_NUMBERS] = bar[:_NUMBERS]
        self._held[-1, _NUMBERS:] = np.array([time, time if known_at is None else known_at], dtype=np.int64).view(np.float64)
        self.bars += 1
        for function, params, answer in self._uses:
            width = function.warmup(params) + 1
            if self.bars < width:
                answer[:] = np.nan
                continue
            part = self._held[-width:]
            times = np.ascontiguousarray(part[:, _NUMBERS:]).view(np.int64)
            rows = np.ascontiguousarray(part[:, :_NUMBERS].T)
            answer[:] = function.columns(times[:, 0].copy(), times[:, 1].copy(), rows, params)[:, -1]

    def snapshot(self) -> bytes:
        """Return the ring as bytes."""
        return self._held.tobytes() if self._uses else b""

    @property
    def nbytes(self) -> int:
        """Bytes of a snapshot."""
        return self._held.nbytes if self._uses else 0

    def restore(self, held: bytes, bars: int) -> None:
        """Go on from a snapshot taken after ``bars`` bars."""
        if self._uses:
            self._held[:] = np.frombuffer(held).reshape(self._held.shape)
        self.bars = bars
