"""Exponential moving average."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import full_window

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _AVERAGE = 0, 1


@indicator(
    "ema",
    inputs=("close",),
    parameters=(Parameter(name="period", default=20, low=1, high=10_000),),
    state_size=lambda _params: 2,
    warmup=full_window,
    convention="weight 2 / (period + 1) on the new bar; the first value is the mean of the first `period` bars",
    source="TA-Lib EMA (classic compatibility)",
    aliases=("exponential_moving_average",),
)
def ema(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Seed with a mean, then move towards each new value."""
    period = params[0]
    if state[_SEEN] < period:
        state[_SEEN] += 1.0
        state[_AVERAGE] += inputs[0]
        if state[_SEEN] == period:
            state[_AVERAGE] /= period
            out[0] = state[_AVERAGE]
        return
    state[_AVERAGE] = (inputs[0] - state[_AVERAGE]) * (2.0 / (period + 1.0)) + state[_AVERAGE]
    out[0] = state[_AVERAGE]
