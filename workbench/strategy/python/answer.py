"""What a function returned, as four columns: the one place where a researcher's pandas becomes the engine's signals.

A function may return, one value a bar and in the order of its bars:

- booleans: long while True, flat otherwise;
- numbers out of -1, 0 and 1: the position to hold, short, none or long;
- a frame or a dictionary with ``entry_long``, ``exit_long``, ``entry_short``, ``exit_short`` (any of them), booleans each.

Positions are levels, not events: on every bar with 1 it enters if it is flat, so a stop that takes it out is followed by a new entry at the next bar.
Return entries and exits as events where a stop should end the trade. On the warm-up bars the answer is not looked at and may be NaN.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.errors import InputError, nearest
from workbench.strategy.signals import DIRECTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

_POSITIONS = (-1.0, 0.0, 1.0)


def columns_of(answer: Any, index: pd.DatetimeIndex, warmup: int, entry: str) -> dict[str, NDArray[np.uint8]]:  # noqa: ANN401 - whatever was returned
    """Return the four signal columns (n,) of what the function ``entry`` said about bars with ``index``; 0 on the warm-up bars.

    Raises:
        InputError: not one value a bar, other times than those of the bars, values that are neither true nor false nor a position, or missing after
            the warm-up.
    """
    if isinstance(answer, dict | pd.DataFrame):
        made = _named(answer, index, warmup, entry)
    else:
        kind, values = _values(answer, index, warmup, entry, "its answer")
        if kind == "booleans":
            made = {"entry_long": values == 1.0, "exit_long": values == 0.0}
        else:
            made = {"entry_long": values > 0, "exit_long": values <= 0, "entry_short": values < 0, "exit_short": values >= 0}
    columns = {name: np.zeros(len(index), dtype=np.uint8) for name in DIRECTIONS}
    for name, said in made.items():
        columns[name][warmup:] = said[warmup:]
    return columns


def _named(answer: Mapping[str, Any] | pd.DataFrame, index: pd.DatetimeIndex, warmup: int, entry: str) -> dict[str, NDArray[np.bool_]]:
    names = [str(name) for name in answer]
    unknown = [name for name in names if name not in DIRECTIONS]
    if unknown or not names:
        near = nearest(unknown[0], DIRECTIONS) if unknown else []
        hint = f"did you mean {near[0]}?" if near else f"it may return {', '.join(DIRECTIONS)}"
        message = f"{entry} returned {', '.join(names) or 'nothing'}; {hint}"
        raise InputError(message)
    made = {}
    for name in names:
        _, values = _values(answer[name], index, warmup, entry, name)
        if (values[warmup:] < 0).any():
            message = f"{name} of {entry} holds numbers below zero; an entry or an exit is True or False"
            raise InputError(message)
        made[name] = values == 1.0
    return made


def _values(answer: Any, index: pd.DatetimeIndex, warmup: int, entry: str, what: str) -> tuple[str, NDArray[np.float64]]:  # noqa: ANN401 - whatever was returned
    """Return whether these are booleans or positions, and the values as floats, NaN in the warm-up where missing."""
    if isinstance(answer, pd.Series):
        _check_index(answer, index, entry, what)
        array = answer.to_numpy(dtype=object, na_value=np.nan) if not isinstance(answer.dtype, np.dtype) else answer.to_numpy()
    elif isinstance(answer, np.ndarray):
        array = answer
    else:
        message = f"{what} of {entry} must be a pandas Series (or a frame, or a dictionary of them), not {_described(answer)}"
        raise InputError(message)
    if array.shape != (len(index),):
        message = f"{what} of {entry} has {_shape(array)}, not one value for each of the {len(index)} bars"
        raise InputError(message)
    booleans = array.dtype.kind == "b" or (array.dtype.kind == "O" and all(_truth(value) for value in array if not _missing(value)))
    try:
        values = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        message = f"{what} of {entry} holds {array.dtype} values ({error}); it must be True and False, or positions -1, 0 and 1"
        raise InputError(message) from error
    _check_values(values, index, warmup, entry, what)
    return "booleans" if booleans else "positions", values


def _check_index(answer: pd.Series[Any], index: pd.DatetimeIndex, entry: str, what: str) -> None:
    if len(answer) != len(index):
        message = f"{what} of {entry} has {len(answer)} values, not one for each of the {len(index)} bars; reindex(bars.index) after dropping rows"
        raise InputError(message)
    if not answer.index.equals(index):
        differs = np.asarray(answer.index != index)
        place = int(differs.argmax()) if differs.shape == (len(index),) else 0
        message = f"{what} of {entry} has other times than the bars: at row {place} {answer.index[place]} instead of {index[place]}; keep bars.index"
        raise InputError(message)


def _check_values(values: NDArray[np.float64], index: pd.DatetimeIndex, warmup: int, entry: str, what: str) -> None:
    late = values[warmup:]
    missing = np.isnan(late)
    if missing.any():
        place = warmup + int(missing.argmax())
        message = (
            f"{what} of {entry} is missing (NaN) at {index[place]} (bar {place}), after the warm-up of {warmup} bars; declare a longer warm-up, or say "
            f"what NaN means, for example .fillna(False)"
        )
        raise InputError(message)
    wrong = ~np.isin(late, _POSITIONS)
    if wrong.any():
        place = warmup + int(wrong.argmax())
        message = (
            f"{what} of {entry} is {values[place]:g} at {index[place]} (bar {place}); it must be True and False, or positions -1, 0 and 1 (sizes belong "
            f"into sizing=...)"
        )
        raise InputError(message)


def _truth(value: Any) -> bool:  # noqa: ANN401 - an element
    return isinstance(value, bool | np.bool_)


def _missing(value: Any) -> bool:  # noqa: ANN401 - an element
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN


def _described(answer: Any) -> str:  # noqa: ANN401 - whatever was returned
    return "nothing; did you forget return?" if answer is None else f"a {type(answer).__name__}"


def _shape(array: NDArray[Any]) -> str:
    return f"{len(array)} values" if array.ndim == 1 else f"shape {array.shape}"
