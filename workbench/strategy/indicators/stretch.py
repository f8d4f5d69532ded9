"""Batch loops over whole stretches of finite bars: the arithmetic of the step in the order of the step, laid out so that the processor does many bars at once.

1. ``over_stretches`` cuts the columns of a call where a bar is not finite; each stretch starts from nothing, as the step does after such a bar.
2. A function of ``(row, bars, first, last)`` fills in the outputs of one stretch. It may go about it in any way that gives the bits of the step: differences
   and extremes do not round; a sum that the step renews every ``period`` bars can be taken in every block on its own (``tiles.py``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np

import workbench.compiled  # noqa: F401 - prepares numba's cache folder
from workbench.strategy.indicators.memory import array_at, numbers_at
from workbench.strategy.indicators.rows import COLUMNS_AT, OUT_AT, PARAMS_AT

import numba  # isort: skip - its cache folder must be known first

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

F = TypeVar("F", bound="Callable[..., Any]")
_SHORT, _LONG = 32, 4096


def kernel_part(function: F) -> F:
    """Compile ``function`` as a part of the loops that call it; it is not kept on disk itself, what it is a part of is."""
    return cast("F", numba.njit(nogil=True, fastmath=False, error_model="numpy", forceinline=True)(function))


def kernel_call(function: F) -> F:
    """Compile ``function`` like ``kernel_part``, but to be called: for what is done once in thousands of bars, and would only make its callers long to compile."""
    return cast("F", numba.njit(nogil=True, fastmath=False, error_model="numpy")(function))


@kernel_part
def column(row: NDArray[np.int64], place: int, first: int, last: int) -> NDArray[np.float64]:
    """Return the bars ``first`` to ``last`` of an input."""
    values: NDArray[np.float64] = array_at(numbers_at(row[COLUMNS_AT + place] + 8 * first), last - first)
    return values


@kernel_part
def output(row: NDArray[np.int64], bars: int, place: int, first: int, last: int) -> NDArray[np.float64]:
    """Return the bars ``first`` to ``last`` of an output."""
    values: NDArray[np.float64] = array_at(numbers_at(row[OUT_AT] + 8 * (place * bars + first)), last - first)
    return values


@kernel_part
def parameter(row: NDArray[np.int64], place: int) -> float:
    """Return a parameter of the call."""
    return float(numbers_at(row[PARAMS_AT])[place])


@kernel_part
def _finite_until(row: NDArray[np.int64], first: int, bars: int, columns: int) -> int:
    """Return the first bar from ``first`` on with an input that is not finite, or ``bars``; whole chunks are looked at, each twice as long as the last."""
    chunk = _SHORT
    while first < bars:
        last = min(first + chunk, bars)
        bad = 0
        for place in range(columns):
            values = column(row, place, first, last)
            for bar in range(last - first):
                bad += 0 if values[bar] - values[bar] == 0.0 else 1
        if bad > 0:
            for bar in range(first, last):
                for place in range(columns):
                    value = numbers_at(row[COLUMNS_AT + place])[bar]
                    if value - value != 0.0:
                        return bar
        first = last
        chunk = min(2 * chunk, _LONG)
    return bars


@kernel_part
def over_stretches(fill: Any, row: NDArray[np.int64], bars: int, columns: int, outputs: int) -> None:  # noqa: ANN401 - a compiled function
    """Do what ``driver.drive`` does, stretch by stretch."""
    first = 0
    while first < bars:
        last = _finite_until(row, first, bars, columns)
        if last > first:
            fill(row, bars, first, last)
        if last < bars:
            for place in range(outputs):
                numbers_at(row[OUT_AT])[place * bars + last] = np.nan
        first = last + 1


@kernel_part
def unknown(out: NDArray[np.float64], count: int) -> int:
    """Make the first ``count`` values NaN and return how many there were to make."""
    known = min(count, len(out))
    for bar in range(known):
        out[bar] = np.nan
    return known


@kernel_part
def mom(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in differences."""
    whole, period = output(row, bars, 0, first, last), int(parameter(row, 0))
    known = unknown(whole, period)
    values, before, out = column(row, 0, first + known, last), column(row, 0, first, last - known), whole[known:]
    for bar in range(len(out)):
        out[bar] = values[bar] - before[bar]


@kernel_part
def roc(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in changes in percent."""
    whole, period = output(row, bars, 0, first, last), int(parameter(row, 0))
    known = unknown(whole, period)
    values, before, out = column(row, 0, first + known, last), column(row, 0, first, last - known), whole[known:]
    for bar in range(len(out)):
        change = (values[bar] / before[bar] - 1.0) * 100.0
        out[bar] = change if before[bar] != 0.0 else 0.0


@kernel_part
def true_range(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in true ranges."""
    known = unknown(output(row, bars, 0, first, last), 1)
    out, before = output(row, bars, 0, first + known, last), column(row, 2, first, last - known)
    high, low = column(row, 0, first + known, last), column(row, 1, first + known, last)
    for bar in range(len(out)):
        rise, fall, reach = abs(high[bar] - before[bar]), abs(low[bar] - before[bar]), high[bar] - low[bar]
        reach = max(reach, rise)
        out[bar] = max(reach, fall)


@kernel_part
def _averaged(row: NDArray[np.int64], bars: int, first: int, last: int, share: bool) -> None:  # noqa: FBT001 - compiled
    """Fill in average true ranges, as a ``share`` of the close or not: first what each bar adds, as that needs no average, then bar by bar the averages."""
    true_range(row, bars, first, last)
    out, close, period, size = output(row, bars, 0, first, last), column(row, 2, first, last), parameter(row, 0), last - first
    warm = min(int(period), size)
    average = 0.0
    for bar in range(1, warm):
        average += out[bar]
        out[bar] = np.nan
    if size == warm:
        return
    average = (average + out[warm]) / period
    out[warm] = average if not share else 100.0 * (average / close[warm]) if close[warm] != 0.0 else 0.0
    keep = (period - 1.0) / period
    for begin in range(warm + 1, size, _SHORT * _SHORT):
        piece, prices = out[begin : min(begin + _SHORT * _SHORT, size)], close[begin:]
        for bar in range(len(piece)):
            piece[bar] = piece[bar] / period
        for bar in range(len(piece)):
            average = average * keep + piece[bar]
            piece[bar] = average
        if share:
            for bar in range(len(piece)):
                percent = 100.0 * (piece[bar] / prices[bar])
                piece[bar] = percent if prices[bar] != 0.0 else 0.0


@kernel_part
def atr(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in average true ranges."""
    _averaged(row, bars, first, last, False)  # noqa: FBT003


@kernel_part
def natr(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in average true ranges in percent of the close."""
    _averaged(row, bars, first, last, True)  # noqa: FBT003


@kernel_part
def rsi(row: NDArray[np.int64], bars: int, first: int, last: int) -> None:
    """Fill in relative strength, the averages kept in registers: each division waits for the one before, so nothing else may."""
    values, out, period = column(row, 0, first, last), output(row, bars, 0, first, last), parameter(row, 0)
    warm = unknown(out, int(period))
    gain, loss, previous = 0.0, 0.0, values[0]
    for bar in range(1, warm):
        change = values[bar] - previous
        previous = values[bar]
        gain += max(change, 0.0)
        loss += max(-change, 0.0)
    for bar in range(warm, last - first):
        change = values[bar] - previous
        previous = values[bar]
        if bar == warm:
            gain = (gain + max(change, 0.0)) / period
            loss = (loss + max(-change, 0.0)) / period
        else:
            gain = (gain * (period - 1.0) + max(change, 0.0)) / period
            loss = (loss * (period - 1.0) + max(-change, 0.0)) / period
        total = gain + loss
        out[bar] = 100.0 * (gain / total) if total > 0.0 else 0.0
