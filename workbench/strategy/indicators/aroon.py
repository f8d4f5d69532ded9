"""Aroon: how long ago the highest high and the lowest low were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import HIGHEST, LOWEST

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_BAR, _HIGH, _LOW, _HIGH_AT, _LOW_AT, _RINGS = range(6)


@inlined_kernel
def _search(state: NDArray[np.float64], first: int, span: float, up: bool) -> tuple[float, float]:  # noqa: FBT001 - compiled
    """Return the extreme of a full ring and its place; of equal ones the latest bar, which is the one ``_BAR`` came to last."""
    cells = int(span)
    newest = int(state[_BAR]) % cells
    place, best = newest, state[first + newest]
    for back in range(1, cells):
        cell = newest - back if newest >= back else newest - back + cells
        number = state[first + cell]
        if number > best if up else number < best:
            place, best = cell, number
    return best, float(place)


@indicator(
    "aroon",
    inputs=("high", "low"),
    outputs=("up", "down", "oscillator"),
    parameters=(Parameter(name="period", default=14, low=1, high=10_000),),
    state_size=lambda params: _RINGS + 2 * (int(params[0]) + 1),
    warmup=lambda params: int(params[0]),
    convention=(
        "of the last `period` + 1 bars: 100 where the extreme is this bar, 0 where it is the oldest; of equal extremes the latest counts; the oscillator is "
        "up - down"
    ),
    source="Chande (1995); TA-Lib AROON, AROONOSC",
    output_aliases={"osc": "oscillator", "aroon_up": "up", "aroon_down": "down"},
)
def aroon(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Age of the highest high and of the lowest low."""
    period, high, low = params[0], inputs[0], inputs[1]
    span = period + 1.0
    highs, lows = _RINGS, _RINGS + int(span)
    bar = state[_BAR]  # bars seen; after `span` bars it goes on from `span` to 2 * `span` and back
    place = bar if bar < span else bar - span
    state[highs + int(place)] = high
    state[lows + int(place)] = low
    if bar == 0.0 or high >= state[_HIGH]:
        state[_HIGH], state[_HIGH_AT] = high, place
    elif bar >= span and state[_HIGH_AT] == place:
        state[_HIGH], state[_HIGH_AT] = _search(state, highs, span, HIGHEST)
    if bar == 0.0 or low <= state[_LOW]:
        state[_LOW], state[_LOW_AT] = low, place
    elif bar >= span and state[_LOW_AT] == place:
        state[_LOW], state[_LOW_AT] = _search(state, lows, span, LOWEST)
    state[_BAR] = span if bar + 1.0 == 2.0 * span else bar + 1.0
    if bar < period:
        return
    old_high = place - state[_HIGH_AT]
    old_low = place - state[_LOW_AT]
    up = 100.0 * ((period - (old_high if old_high >= 0.0 else old_high + span)) / period)
    down = 100.0 * ((period - (old_low if old_low >= 0.0 else old_low + span)) / period)
    out[0] = up
    out[1] = down
    out[2] = up - down
