"""Moving average convergence/divergence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _FAST, _SLOW, _SIGNAL = 0, 1, 2, 3


@indicator(
    "macd",
    inputs=("close",),
    outputs=("macd", "signal", "histogram"),
    parameters=(
        Parameter(name="fast", default=12, low=1, high=10_000),
        Parameter(name="slow", default=26, low=1, high=10_000),
        Parameter(name="signal", default=9, low=1, high=10_000),
    ),
    state_size=lambda _params: 4,
    warmup=lambda params: int(max(params[0], params[1]) + params[2]) - 2,
    convention="EMAs seeded with means that end on the same bar; all outputs start with the signal; fast and slow may come in either order",
    source="Appel; TA-Lib MACD (classic compatibility)",
    output_aliases={"line": "macd", "value": "macd", "hist": "histogram"},
)
def macd(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Fast EMA minus slow EMA, its own EMA, and the difference of the two."""
    fast, slow, smooth = min(params[0], params[1]), max(params[0], params[1]), params[2]
    value = inputs[0]
    if state[_SEEN] < slow:
        state[_SEEN] += 1.0
        state[_SLOW] += value
        if state[_SEEN] > slow - fast:
            state[_FAST] += value
        if state[_SEEN] < slow:
            return
        state[_FAST] /= fast
        state[_SLOW] /= slow
    else:
        state[_FAST] = (value - state[_FAST]) * (2.0 / (fast + 1.0)) + state[_FAST]
        state[_SLOW] = (value - state[_SLOW]) * (2.0 / (slow + 1.0)) + state[_SLOW]
        if state[_SEEN] < slow + smooth:
            state[_SEEN] += 1.0
    line = state[_FAST] - state[_SLOW]
    lines = state[_SEEN] - slow + 1.0  # lines so far, until the signal is seeded
    if lines <= smooth:
        state[_SIGNAL] += line
        if lines < smooth:
            return
        state[_SIGNAL] /= smooth
    else:
        state[_SIGNAL] = (line - state[_SIGNAL]) * (2.0 / (smooth + 1.0)) + state[_SIGNAL]
    out[0] = line
    out[1] = state[_SIGNAL]
    out[2] = line - state[_SIGNAL]
