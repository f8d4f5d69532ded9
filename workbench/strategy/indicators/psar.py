"""Parabolic stop and reverse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _HIGH, _LOW, _TREND, _STOP, _EXTREME, _SPEED = range(7)


@indicator(
    "psar",
    inputs=("high", "low"),
    outputs=("psar", "direction"),
    parameters=(
        Parameter(name="acceleration", default=0.02, low=0.0, high=1.0, integer=False),
        Parameter(name="maximum", default=0.2, low=0.0, high=1.0, integer=False),
    ),
    state_size=lambda _params: 7,
    warmup=lambda _params: 1,
    convention=(
        "Wilder: the trend of the first two bars is down where the low fell by more than the high rose, else up; the stop never enters the range of this bar "
        "and the one before; direction 1 long, -1 short, after this bar"
    ),
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib SAR",
    aliases=("sar", "parabolic_sar", "parabolic"),
    output_aliases={"value": "psar", "sar": "psar", "trend": "direction"},
)
def psar(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Stop that speeds up with the trend, and its side."""
    high, low = inputs[0], inputs[1]
    old_high, old_low = state[_HIGH], state[_LOW]
    state[_HIGH], state[_LOW] = high, low
    speed = min(params[0], params[1])
    if state[_SEEN] < 2.0:
        state[_SEEN] += 1.0
        if state[_SEEN] == 1.0:
            return
        falls = old_low - low > 0.0 and high - old_high < old_low - low
        state[_TREND] = -1.0 if falls else 1.0
        state[_STOP] = old_high if falls else old_low
        state[_EXTREME] = low if falls else high
        state[_SPEED] = speed
        old_high, old_low = high, low
    up = state[_TREND] > 0.0
    stop = state[_STOP]
    if low <= stop if up else high >= stop:
        up = not up
        stop = min(state[_EXTREME], old_low, low) if up else max(state[_EXTREME], old_high, high)
        state[_EXTREME] = high if up else low
        state[_SPEED] = speed
        state[_TREND] = -state[_TREND]
    elif high > state[_EXTREME] if up else low < state[_EXTREME]:
        state[_EXTREME] = high if up else low
        state[_SPEED] = min(state[_SPEED] + speed, params[1])
    out[0] = stop
    out[1] = state[_TREND]
    stop = stop + state[_SPEED] * (state[_EXTREME] - stop)
    state[_STOP] = min(stop, old_low, low) if up else max(stop, old_high, high)
