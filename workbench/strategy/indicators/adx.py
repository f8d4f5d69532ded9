"""Average directional index with the two directional indicators it is made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _HIGH, _LOW, _CLOSE, _UP, _DOWN, _RANGE, _ADX = range(8)
_NOTHING = 1e-14
"""A smoothed range this small has died away: what is left of it no longer moves ADX."""


@indicator(
    "adx",
    inputs=("high", "low", "close"),
    outputs=("adx", "plus_di", "minus_di"),
    parameters=(Parameter(name="period", default=14, low=1, high=10_000),),
    state_size=lambda _params: 8,
    warmup=lambda params: 2 * int(params[0]) - 1,
    convention=(
        "Wilder: movements and ranges are sums of `period` - 1 bars, then smoothed with 1 / period; ADX is first the mean of `period` DX; all outputs start "
        "with it; a bar without range leaves ADX where it was"
    ),
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib ADX, PLUS_DI, MINUS_DI",
    aliases=("average_directional_index", "dmi"),
    output_aliases={
        "plus": "plus_di",
        "minus": "minus_di",
        "di_plus": "plus_di",
        "di_minus": "minus_di",
        "pdi": "plus_di",
        "mdi": "minus_di",
    },
)
def adx(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Strength of the trend, and of its upward and downward parts, in percent."""
    period, high, low = params[0], inputs[0], inputs[1]
    rise, fall = high - state[_HIGH], state[_LOW] - low
    reach = max(high - low, abs(high - state[_CLOSE]), abs(low - state[_CLOSE]))
    state[_HIGH], state[_LOW], state[_CLOSE] = high, low, inputs[2]
    if state[_SEEN] < 2.0 * period:
        state[_SEEN] += 1.0
        if state[_SEEN] == 1.0:
            return  # the first bar has no movement
    up = rise if rise > 0.0 and rise > fall else 0.0
    down = fall if fall > 0.0 and fall > rise else 0.0
    if state[_SEEN] <= period:
        state[_UP] += up
        state[_DOWN] += down
        state[_RANGE] += reach
        return
    state[_UP] = state[_UP] - state[_UP] / period + up
    state[_DOWN] = state[_DOWN] - state[_DOWN] / period + down
    state[_RANGE] = state[_RANGE] - state[_RANGE] / period + reach
    plus, minus, found, strength = 0.0, 0.0, False, 0.0
    if state[_RANGE] > 0.0:
        plus = 100.0 * (state[_UP] / state[_RANGE])
        minus = 100.0 * (state[_DOWN] / state[_RANGE])
        if state[_RANGE] > _NOTHING and plus + minus > _NOTHING:
            found = True
            strength = 100.0 * (abs(minus - plus) / (plus + minus))
    if state[_SEEN] < 2.0 * period:
        state[_ADX] += strength
        return
    if state[_SEEN] == 2.0 * period:
        state[_SEEN] += 1.0
        state[_ADX] = (state[_ADX] + strength) / period
    elif found:
        state[_ADX] = (state[_ADX] * (period - 1.0) + strength) / period
    out[0] = state[_ADX]
    out[1] = plus
    out[2] = minus
