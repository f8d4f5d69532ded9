"""The one door for indicators: a *step* that turns one bar into one value, used by batch and streaming alike.

A step is a small compiled function ``step(state, inputs, params, out)`` over four float64 arrays. ``state`` is all zero before the anchor bar and
is the step's only memory; ``out`` arrives full of NaN, so a step that is still warming up writes nothing. Only ``+ - * /``, ``sqrt``,
``abs``, ``min``, ``max`` and comparisons: they are the same to the bit on every processor, ``log`` and ``exp`` are not.

1. ``indicator(...)`` decorates a step, in this package or in a notebook cell, checks it (``checks.py``) and registers it.
2. ``batch`` drives it down columns, ``Stream`` bar by bar; both go through ``driver.advance``, so they agree to the bit.
3. An input that is NaN or infinite restarts the step: its outputs are NaN until it has warmed up again. That is also how ``sma(rsi(14), 5)``
   warms up: the average sees its first number when the RSI has one.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.errors import InputError
from workbench.strategy.indicators import driver, registry
from workbench.strategy.indicators.checks import check_declaration, check_step
from workbench.strategy.indicators.declaration import Indicator, Parameter, finite_number
from workbench.strategy.indicators.registry import exact, find, names
from workbench.strategy.indicators.source import code_hash, compiled_step
from workbench.strategy.series import CLOCK, FED, SERIES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.market.bars import Bars

__all__ = [
    "CLOCK",
    "FED",
    "SERIES",
    "Indicator",
    "Parameter",
    "Stream",
    "batch",
    "exact",
    "find",
    "finite_number",
    "indicator",
    "names",
    "values",
]


def indicator(  # noqa: PLR0913 - a declaration has this many parts
    name: str,
    *,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...] = ("value",),
    parameters: tuple[Parameter, ...] = (),
    state_size: Callable[[tuple[float, ...]], int],
    warmup: Callable[[tuple[float, ...]], int],
    convention: str,
    source: str,
    aliases: tuple[str, ...] = (),
    output_aliases: Mapping[str, str] | None = None,
    refused: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., None]], Indicator]:
    """Return a decorator that makes a step function an indicator under ``name``, here or in a notebook cell.

    ``inputs`` are columns of the bar or of the exchange's clock (``series.FED``). ``aliases`` and ``output_aliases`` are other names people use, ``refused`` are
    outputs that others give and this one does not, each with the reason.

    Running a cell again replaces the indicator; programs made before keep the old one. A built-in name cannot be taken. Steps from
    outside this package are compiled and checked at once, so that a mistake shows in its own cell.

    Raises:
        InputError: a bad name, parameter or series; a function that cannot be compiled, writes outside its arrays, keeps a
            memory of its own, or does not warm up as declared.
    """

    def register(function: Callable[..., None]) -> Indicator:
        check_declaration(name, inputs, outputs, parameters, FED)
        ours = str(getattr(function, "__module__", "")).startswith(registry.BUILT_IN)
        if registry.is_built_in(name) and not ours:
            message = f"{name} is a built-in indicator; choose another name for yours"
            raise InputError(message)
        step = compiled_step(function)
        entry = Indicator(
            name=name,
            inputs=inputs,
            outputs=outputs,
            parameters=parameters,
            state_size=state_size,
            warmup=warmup,
            step=step,
            convention=convention,
            source=source,
            code_hash=code_hash(step, name),
            aliases=aliases,
            output_aliases=MappingProxyType(dict(output_aliases or {})),
            refused=MappingProxyType(dict(refused or {})),
        )
        if not ours:
            check_step(entry)
        registry.register(entry)
        return entry

    return register


def batch(
    entry: Indicator, inputs: NDArray[np.float64] | Sequence[NDArray[np.float64]], params: Sequence[float] = ()
) -> NDArray[np.float64]:
    """Return the outputs of an indicator over whole columns, shape (bars, outputs), each column contiguous; NaN during warm-up.

    ``inputs`` are one column per input of the indicator, as a list or as the columns of an array (bars, inputs); ``params`` are completed
    by defaults.

    Raises:
        InputError: the columns do not fit the indicator, or a parameter is not allowed.
    """
    if entry.function is not None:
        message = f"{entry.name} is a function of bars; ask it with values({entry.name!r}, bars)"
        raise InputError(message)
    given = inputs.T if isinstance(inputs, np.ndarray) and inputs.ndim == 2 else inputs
    if len(given) != len(entry.inputs):
        message = f"{entry.name} reads {len(entry.inputs)} columns ({', '.join(entry.inputs)}), not {len(given)}"
        raise InputError(message)
    columns = [np.ascontiguousarray(column, dtype=np.float64) for column in given]
    if any(column.shape != columns[0].shape or column.ndim != 1 for column in columns):
        message = f"{entry.name} needs one-dimensional columns of one length, not shapes {[column.shape for column in columns]}"
        raise InputError(message)
    out = np.empty((len(entry.outputs), len(columns[0])))
    call = entry.call(entry.checked(params), out)
    call.feed(columns)
    driver.drive(call.row, len(columns[0]))
    return out.T


class Stream:
    """An indicator fed one bar at a time; equal to ``batch`` from the same first bar, to the bit."""

    def __init__(self, entry: Indicator, params: Sequence[float] = ()) -> None:
        """Start before the anchor bar."""
        self.indicator = entry
        self.params = entry.checked(params)
        self._call = entry.call(self.params)

    def update(self, *inputs: float) -> tuple[float, ...]:
        """Take the next bar's inputs and return its outputs; NaN during warm-up.

        Raises:
            InputError: the wrong number of inputs.
        """
        if len(inputs) != len(self._call.inputs):
            message = f"{self.indicator.name} reads {', '.join(self.indicator.inputs)}: {len(self._call.inputs)} numbers, not {len(inputs)}"
            raise InputError(message)
        self._call.inputs[:] = inputs
        driver.advance_once(self._call.row)
        return tuple(self._call.outputs.tolist())

    def snapshot(self) -> bytes:
        """Return the state as bytes, for ``restore``."""
        return self._call.state.tobytes()

    def restore(self, state: bytes) -> None:
        """Go on from a ``snapshot`` of the same indicator and parameters.

        Raises:
            InputError: the bytes do not fit.
        """
        if len(state) != self._call.state.nbytes:
            message = f"this snapshot holds {len(state)} bytes, {self.indicator.name}{self.params} needs {self._call.state.nbytes}"
            raise InputError(message)
        self._call.state[:] = np.frombuffer(state)


def values(name: str, bars: Bars, **params: float) -> pd.Series | pd.DataFrame:
    """Return an indicator over ``bars`` as a pandas Series, or a DataFrame with one column an output; NaN during warm-up.

    Raises:
        UnknownNameError: no such indicator or parameter.
        InputError: a parameter is not allowed.
    """
    import pandas as pd  # noqa: PLC0415 - only faces need it

    entry = find(name)
    numbers = entry.named(params)
    out = entry.function.of(bars, numbers).T if entry.function else batch(entry, _columns(bars, entry), numbers)
    frame: Any = getattr(bars, "frame", bars)  # a strategy in Python hands over its frame
    index = frame.index
    if len(entry.outputs) == 1:
        return pd.Series(out[:, 0], index=index, name=entry.name)
    return pd.DataFrame(dict(zip(entry.outputs, out.T, strict=True)), index=index)


def _columns(bars: Bars, entry: Indicator) -> list[NDArray[np.float64]]:
    """Return the columns an indicator reads; those of the clock need bars that know their calendar."""
    asked = [series for series in entry.inputs if series in CLOCK]
    if not asked:
        return [getattr(bars, series) for series in entry.inputs]
    if not hasattr(bars, "known_at"):
        message = f"{entry.name} follows the sessions of a calendar ({', '.join(asked)}); ask it about Bars, a plain frame has no calendar"
        raise InputError(message)
    from workbench.market.windows import clock_columns  # noqa: PLC0415 - calendars load only where an indicator follows sessions

    clock = clock_columns(bars)
    return [getattr(clock if series in CLOCK else bars, series) for series in entry.inputs]
