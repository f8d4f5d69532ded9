"""Functions and model columns as indicators: pandas, TA-Lib, pandas-ta-classic, a researcher's own, or what a model said.

A function answers for whole columns at once, so unlike a step it *can* look ahead: ``trial.py`` proves on made-up bars that it does not before it is
registered, and every strategy that uses it is proved again on its own bars. In a batch it is asked once; live it is asked at every bar about its
declared window (warm-up and the new bar), and the proof compares the two.

1. ``register_function`` takes a function of series, ``model_column`` one of the whole frame, or values with the moments they were known.
2. ``ColumnFunction`` is what the registry holds beside a step that only hands on the numbers (``_handed_over``), so that the register program, the
   sweep and the live form treat it like any indicator. It reads the bars themselves, never another indicator.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.content import content_hash
from workbench.errors import InputError
from workbench.strategy.indicators import registry
from workbench.strategy.indicators.checks import check_declaration
from workbench.strategy.indicators.declaration import Indicator, Parameter
from workbench.strategy.indicators.handover import handed_over
from workbench.strategy.indicators.step import SERIES
from workbench.strategy.python.frame import COLUMNS, frame_of
from workbench.strategy.python.reading import read

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True, eq=False)
class ColumnFunction:
    """A function from columns of bars to columns of numbers."""

    name: str
    """How rules call it."""
    function: Callable[..., Any]
    """What is asked."""
    inputs: tuple[str, ...]
    """Series it is handed; empty for the whole frame."""
    outputs: tuple[str, ...]
    """Names of what it returns, in order."""
    parameters: tuple[Parameter, ...]
    """Its numbers."""
    warmup: Callable[[tuple[float, ...]], int]
    """Bars before one that it needs, for these parameters."""
    text: str
    """Its source where it is a researcher's own, else where it is from."""

    def columns(
        self, times: NDArray[np.int64], known_at: NDArray[np.int64], rows: NDArray[np.float64], params: tuple[float, ...]
    ) -> NDArray[np.float64]:
        """Return (outputs, n) for bars with ``rows`` (5, n); NaN on the warm-up bars.

        Raises:
            InputError: the function fails, or does not return one number a bar and output.
        """
        frame = frame_of(times, rows)
        frame.attrs["known_at"] = known_at
        given = {entry.name: int(value) if entry.integer else value for entry, value in zip(self.parameters, params, strict=True)}
        asked = [frame[name] for name in self.inputs] if self.inputs else [frame]
        try:
            with np.errstate(all="ignore"):
                answer = self.function(*asked, **given)
        except Exception as error:
            message = f"{self.name} fails on {len(times)} bars: {type(error).__name__}: {error}"
            raise InputError(message) from error
        out = self._numbers(answer, frame)
        out[:, : min(self.warmup(params), len(times))] = np.nan
        return out

    def of(self, bars: Any, params: tuple[float, ...]) -> NDArray[np.float64]:  # noqa: ANN401 - Bars
        """Return (outputs, n) over ``bars``."""
        return self.columns(bars.time, bars.known_at, np.stack([getattr(bars, name) for name in COLUMNS]), params)

    def _numbers(self, answer: Any, frame: pd.DataFrame) -> NDArray[np.float64]:  # noqa: ANN401 - whatever was returned
        parts = self._parts(answer)
        out = np.full((len(self.outputs), len(frame)), np.nan)
        for place, (output, part) in enumerate(zip(self.outputs, parts, strict=True)):
            if hasattr(part, "iloc") and not part.index.equals(frame.index):
                message = f"{output} of {self.name} has other times than the bars; keep bars.index"
                raise InputError(message)
            try:
                column = np.asarray(part, dtype=np.float64)
            except (TypeError, ValueError) as error:
                message = f"{output} of {self.name} holds no numbers: {error}"
                raise InputError(message) from error
            if column.shape != (len(frame),):
                message = f"{output} of {self.name} has shape {column.shape}, not one number for each of the {len(frame)} bars"
                raise InputError(message)
            out[place] = column
        return out

    def _parts(self, answer: Any) -> list[Any]:  # noqa: ANN401 - whatever was returned
        if hasattr(answer, "columns"):
            parts = [answer.iloc[:, place] for place in range(answer.shape[1])]
        else:
            parts = [*answer] if isinstance(answer, tuple) else [answer]
        if len(parts) != len(self.outputs) or answer is None:
            message = f"{self.name} returned {'nothing' if answer is None else f'{len(parts)} columns'}; it declares the outputs {', '.join(self.outputs)}"
            raise InputError(message)
        return parts


def register_function(
    name: str,
    function: Callable[..., Any] | str,
    *,
    warmup: int | Callable[..., int],
    inputs: tuple[str, ...] | str = ("close",),
    outputs: tuple[str, ...] = ("value",),
    parameters: Mapping[str, Any] | None = None,
) -> Indicator:
    """Make a function of series an indicator that rules can use under ``name``; it passes the look-ahead proof first.

    ``function`` is a function of ``inputs`` (pandas Series) and ``parameters`` by name, or where it is: ``"talib:T3"``, ``"pandas_ta_classic:zscore"``.
    ``warmup`` is the number of earlier bars that a value needs, or a function of the parameters that says it. ``parameters`` are a number or
    ``(default, low, high)`` by name. Where it returns several columns name them in ``outputs``.

    Raises:
        LookAheadError: a value changes when later bars are taken away; with the bar that betrays it.
        InputError: it is not installed, fails, needs more bars than declared, or is a function of the notebook that reads hidden names.
    """
    series = (inputs,) if isinstance(inputs, str) else tuple(inputs)
    return _registered(name, function, series, outputs, _parameters(parameters or {}), warmup)


def model_column(
    name: str,
    function: Callable[..., Any] | None = None,
    *,
    warmup: int | None = None,
    values: Any = None,  # noqa: ANN401 - a pandas Series
    known_at: Any = None,  # noqa: ANN401 - a moment, or one each
) -> Any:  # noqa: ANN401 - an indicator, or a decorator that makes one
    """Make what a model says a column that rules can name: ``buy when up > 0.6``.

    Either a ``function`` of the frame of bars that fits and predicts (also as a decorator), with the ``warmup`` bars it needs: it is proved like any
    function, so one that is fitted on later bars is refused. Or ``values``, a Series by time, with ``known_at``: when each could have been computed,
    fitting included, as a moment for all of them or one each. A bar sees the last value known by its close; what cannot be recomputed cannot be
    proved, only taken at its word.

    Raises:
        LookAheadError: a value changes when later bars are taken away; with the bar that betrays it.
        InputError: values without the moments they were known, or a function without a warm-up.
    """
    if values is not None:
        return _registered(name, _Known(values, known_at, name), (), ("value",), (), 0)

    def make(function: Callable[..., Any]) -> Indicator:
        if warmup is None:
            message = f"how many bars before the one predicted does {name} need? Say warmup=500, for example: live it is fitted on no more than these"
            raise InputError(message)
        return _registered(name, function, (), ("value",), (), warmup)

    return make if function is None else make(function)


class _Known:
    """Values with the moments at which they were known."""

    def __init__(self, values: Any, known_at: Any, name: str) -> None:  # noqa: ANN401 - pandas
        import pandas as pd  # noqa: PLC0415 - the register of indicators stays light

        if known_at is None:
            message = (
                f"when was each value of {name} known? Give known_at: the end of the training for all of them, or a time each. A model knows nothing "
                f"about the bars it was fitted on"
            )
            raise InputError(message)
        series = pd.Series(values, dtype=np.float64)
        moments = pd.DatetimeIndex(
            pd.to_datetime(known_at if hasattr(known_at, "__len__") and not isinstance(known_at, str) else [known_at], utc=True)
        )
        if len(moments) not in (1, len(series)):
            message = f"known_at of {name} holds {len(moments)} moments for {len(series)} values; give one, or one each"
            raise InputError(message)
        about = pd.DatetimeIndex(pd.to_datetime(series.index, utc=True))
        stamps = moments.as_unit("ns").asi8
        known = np.maximum(stamps, about.as_unit("ns").asi8) if len(stamps) == 1 else stamps
        order = np.argsort(known, kind="stable")
        self.known, self.values = known[order], series.to_numpy(dtype=np.float64)[order]
        self.text = f"{len(series)} values of {name} with the moments they were known"
        self.code = content_hash({"known": self.known.tobytes().hex(), "values": self.values.tobytes().hex()})

    def __call__(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the last value known at the close of each bar."""
        place = np.searchsorted(self.known, frame.attrs["known_at"], side="right") - 1
        return np.where(place >= 0, self.values[np.maximum(place, 0)], np.nan)


def _registered(
    name: str,
    function: Callable[..., Any] | str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    parameters: tuple[Parameter, ...],
    warmup: int | Callable[..., int],
) -> Indicator:
    from workbench.strategy.indicators.trial import prove_function  # noqa: PLC0415 - it makes bars

    check_declaration(name, inputs or SERIES, outputs, parameters, SERIES)
    if registry.is_built_in(name):
        message = f"{name} is a built-in indicator; choose another name for yours"
        raise InputError(message)
    needs = _warmup(warmup, parameters, name)
    found, text, code = _found(function, needs(tuple(entry.default for entry in parameters)))
    column = ColumnFunction(name=name, function=found, inputs=inputs, outputs=outputs, parameters=parameters, warmup=needs, text=text)
    shape = [[entry.name, entry.default, entry.low, entry.high] for entry in parameters]
    entry = Indicator(
        name=name,
        inputs=inputs or SERIES,
        outputs=outputs,
        parameters=parameters,
        state_size=lambda _params: len(outputs),
        warmup=needs,
        step=handed_over(),
        convention=f"a function of {', '.join(inputs) or 'the bars'}",
        source=text.partition("\n")[0],
        code_hash=content_hash({"function": code, "inputs": list(inputs), "outputs": list(outputs), "parameters": shape}),
        function=column,
    )
    prove_function(column)
    registry.register(entry)
    return entry


def _found(function: Callable[..., Any] | str, warmup: int) -> tuple[Callable[..., Any], str, str]:
    """Return the function, its text and the hash of what it is."""
    if isinstance(function, _Known):
        return function, function.text, function.code
    if isinstance(function, str):
        module, _, name = function.partition(":")
        try:
            found = getattr(import_module(module), name)
        except (ImportError, AttributeError) as error:
            message = f"{function!r} is not here ({error}); write 'library:function' and install the library"
            raise InputError(message) from error
        return found, function, content_hash({"library": function, "version": _version(module)})
    from workbench.strategy.python.limits import is_library  # noqa: PLC0415 - one caller
    from workbench.strategy.python.source import function_of  # noqa: PLC0415 - one caller

    module = getattr(function, "__module__", None) or ""
    if is_library(module) or not inspect.isfunction(function):
        origin = f"{module}:{getattr(function, '__name__', type(function).__name__)}"
        return function, origin, content_hash({"library": origin, "version": _version(module)})
    source = read(function, warmup=warmup)
    return function_of(source), source.text, source.code_hash


def _version(module: str) -> str:
    top = module.partition(".")[0]
    return str(getattr(import_module(top), "__version__", "")) if top else ""


def _parameters(given: Mapping[str, Any]) -> tuple[Parameter, ...]:
    made = []
    for name, value in given.items():
        numbers = [*value] if isinstance(value, tuple | list) else [value, value, value]
        if len(numbers) != 3:
            message = f"the parameter {name} is a number or (default, low, high), not {value!r}"
            raise InputError(message)
        whole = all(float(number).is_integer() and not isinstance(number, float) for number in numbers)
        default, low, high = (float(number) for number in numbers)
        made.append(Parameter(name=name, default=default, low=low, high=high, integer=whole))
    return tuple(made)


def _warmup(given: int | Callable[..., int], parameters: tuple[Parameter, ...], name: str) -> Callable[[tuple[float, ...]], int]:
    if callable(given):
        return lambda params: int(given(*(int(value) if entry.integer else value for entry, value in zip(parameters, params, strict=True))))
    if isinstance(given, bool) or not isinstance(given, int) or given < 0:
        message = f"the warm-up of {name} is the number of earlier bars a value needs, or a function of its parameters; not {given!r}"
        raise InputError(message)
    return lambda _params: given
