"""Asking a function: in this process where it was written here, in a child process where it came from somewhere else or trades."""

from __future__ import annotations

import inspect
import linecache
import threading
import traceback
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from workbench.errors import InputError, WorkbenchError
from workbench.strategy.python.answer import columns_of
from workbench.strategy.python.frame import frame_of
from workbench.strategy.python.source import PythonSource, function_of
from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FunctionType

    from numpy.typing import NDArray

_WRITTEN_HERE: set[str] = set()
_LOCK = threading.Lock()


class Runner(Protocol):
    """Something that asks a function what it says about bars."""

    def ask(self, times: NDArray[np.int64], rows: NDArray[np.float64], values: Mapping[str, float]) -> NDArray[np.uint8]:
        """Return the four signal columns as (4, n), for times (n,), rows (5, n) and values of the parameters."""


def written_here(source: PythonSource) -> None:
    """Remember that a function was written in this process: it may run in it."""
    with _LOCK:
        _WRITTEN_HERE.add(source.code_hash)


def is_written_here(source: PythonSource) -> bool:
    """Return whether ``source`` was read from a function of this process, not from a record."""
    return source.code_hash in _WRITTEN_HERE


class Here:
    """Asks a function in this process."""

    def __init__(self, source: PythonSource) -> None:
        """Build the function from its text.

        Raises:
            SpecError: the text is no Python.
            InputError: a library is missing.
        """
        self.source = source
        self._function: FunctionType = function_of(source)
        self._whole = _whole_parameters(self._function)

    def ask(self, times: NDArray[np.int64], rows: NDArray[np.float64], values: Mapping[str, float]) -> NDArray[np.uint8]:
        """Return the four signal columns as (4, n).

        Raises:
            InputError: the function fails, with its line, or its answer is no signals.
        """
        frame = frame_of(times, rows)
        index = pd.DatetimeIndex(frame.index)
        given = {name: int(value) if name in self._whole and float(value).is_integer() else value for name, value in values.items()}
        try:
            with np.errstate(all="ignore"):
                answer = self._function(frame, **given)
        except WorkbenchError:
            raise
        except Exception as error:
            message = f"{self.source.entry} fails on {len(index)} bars: {type(error).__name__}: {error}{_line(error, self.source)}"
            raise InputError(message) from error
        made = columns_of(answer, index, min(self.source.warmup, len(index)), self.source.entry)
        return np.stack([made[name] for name in DIRECTIONS])


def _whole_parameters(function: Any) -> set[str]:  # noqa: ANN401 - a function
    """Names of the parameters that get whole numbers as int: all but those whose default is written with a point."""
    entries = list(inspect.signature(function).parameters.values())[1:]
    return {entry.name for entry in entries if not isinstance(entry.default, float)}


def _line(error: BaseException, source: PythonSource) -> str:
    """Say where in the function it failed."""
    places = [entry for entry in traceback.extract_tb(error.__traceback__) if entry.filename == source.place]
    if not places:
        return ""
    number = places[-1].lineno or 0
    text = linecache.getline(source.place, number).strip()
    return f", in {places[-1].name}: {text}"
