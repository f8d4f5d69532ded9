"""Average true range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _PREVIOUS, _AVERAGE = 0, 1, 2


@indicator(
    "atr",
    inputs=("high", "low", "close"),
    parameters=(Parameter(name="period", default=14, low=1, high=10_000),),
    state_size=lambda _params: 3,
    warmup=lambda params: int(params[0]),
    convention="Wilder: the first bar has no true range; first value is the mean of `period` ranges, then smoothed with 1 / period",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib ATR",
)
def atr(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Smoothed distance a bar covers, gaps included."""
    period = params[0]
    high, low, previous = inputs[0], inputs[1], state[_PREVIOUS]
    reach = max(high - low, abs(high - previous), abs(low - previous))
    state[_PREVIOUS] = inputs[2]
    if state[_SEEN] <= period:
        state[_SEEN] += 1.0
        if state[_SEEN] == 1.0:
            return
        state[_AVERAGE] += reach
        if state[_SEEN] <= period:
            return
        state[_AVERAGE] /= period
    else:
        state[_AVERAGE] = (state[_AVERAGE] * (period - 1.0) + reach) / period
    out[0] = state[_AVERAGE]
