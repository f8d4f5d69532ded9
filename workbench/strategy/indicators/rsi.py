"""Relative strength index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _PREVIOUS, _GAIN, _LOSS = 0, 1, 2, 3


@indicator(
    "rsi",
    inputs=("close",),
    parameters=(Parameter(name="period", default=14, low=1, high=10_000),),
    state_size=lambda _params: 4,
    warmup=lambda params: int(params[0]),
    convention="Wilder: first averages are means of the first `period` changes, then smoothed with 1 / period; 0 while price never moved",
    source="Wilder, New Concepts in Technical Trading Systems (1978); TA-Lib RSI",
    aliases=("relative_strength_index",),
)
def rsi(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Average gain as a share of average gain plus average loss, in percent."""
    period = params[0]
    change = inputs[0] - state[_PREVIOUS]
    state[_PREVIOUS] = inputs[0]
    if state[_SEEN] <= period:
        state[_SEEN] += 1.0
        if state[_SEEN] == 1.0:
            return  # the first bar has no change
        state[_GAIN] += max(change, 0.0)
        state[_LOSS] += max(-change, 0.0)
        if state[_SEEN] <= period:
            return
        state[_GAIN] /= period
        state[_LOSS] /= period
    else:
        state[_GAIN] = (state[_GAIN] * (period - 1.0) + max(change, 0.0)) / period
        state[_LOSS] = (state[_LOSS] * (period - 1.0) + max(-change, 0.0)) / period
    total = state[_GAIN] + state[_LOSS]
    out[0] = 100.0 * (state[_GAIN] / total) if total > 0.0 else 0.0
