"""Stochastic oscillator and Williams %R: where the close stands in the range of the last bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import HIGHEST, LOWEST, RING, SEEN, SUM, reach, ring_cells, roll

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERIOD = Parameter(name="period", default=14, low=1, high=10_000)


@indicator(
    "stoch",
    inputs=("high", "low", "close"),
    outputs=("k", "d"),
    parameters=(_PERIOD, Parameter(name="smooth", default=3, low=1, high=10_000), Parameter(name="signal", default=3, low=1, high=10_000)),
    state_size=lambda params: 2 * ring_cells(params) + 2 * RING + int(params[1] + params[2]),
    warmup=lambda params: int(params[0] + params[1] + params[2]) - 3,
    convention=(
        "slow stochastic: %K is the position of the close in the range of `period` bars in percent (0 where the range is 0), averaged over `smooth` bars, "
        "%D its average over `signal` bars; smooth 1 gives the fast one"
    ),
    source="Lane; TA-Lib STOCH (simple averages)",
    aliases=("stochastic", "stochastics", "stochastic_oscillator", "stoch_slow", "slow_stochastic"),
    output_aliases={"slowk": "k", "slowd": "d", "fastk": "k", "fastd": "d", "signal": "d", "percent_k": "k", "percent_d": "d"},
)
def stoch(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Smoothed position of the close in the range, and its average."""
    period = params[0]
    lows = RING + int(period)
    fast = 2 * lows
    slow = fast + RING + int(params[1])
    top = reach(state, 0, period, inputs[0], HIGHEST)
    bottom = reach(state, lows, period, inputs[1], LOWEST)
    if state[SEEN] < period:
        return
    position = 100.0 * ((inputs[2] - bottom) / (top - bottom)) if top != bottom else 0.0
    if roll(state, fast, params[1], position):
        smoothed = state[fast + SUM] / params[1]
        if roll(state, slow, params[2], smoothed):
            out[0] = smoothed
            out[1] = state[slow + SUM] / params[2]


@indicator(
    "williams",
    inputs=("high", "low", "close"),
    parameters=(_PERIOD,),
    state_size=lambda params: 2 * ring_cells(params),
    warmup=lambda params: int(params[0]) - 1,
    convention="distance of the close from the highest high as a share of the range, from 0 (top) to -100 (bottom); 0 where the range is 0",
    source="Williams; TA-Lib WILLR",
    aliases=("willr", "williams_r", "williams_percent_r", "percent_r"),
)
def williams(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Distance from the top of the range."""
    period = params[0]
    top = reach(state, 0, period, inputs[0], HIGHEST)
    bottom = reach(state, RING + int(period), period, inputs[1], LOWEST)
    if state[SEEN] == period:
        out[0] = -100.0 * ((top - inputs[2]) / (top - bottom)) if top != bottom else 0.0
