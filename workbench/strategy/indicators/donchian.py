"""Donchian channel, and its two edges as indicators of any series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import HIGHEST, LOWEST, RING, SEEN, full_window, reach, ring_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERIOD = Parameter(name="period", default=20, low=1, high=10_000)


@indicator(
    "donchian",
    inputs=("high", "low"),
    outputs=("upper", "middle", "lower"),
    parameters=(_PERIOD,),
    state_size=lambda params: 2 * ring_cells(params),
    warmup=full_window,
    convention="highest high and lowest low of the last `period` bars, this one included: a breakout compares with donchian(20).upper[1]",
    source="Donchian; TA-Lib DONCHIAN",
    aliases=("donchian_channel", "donchian_channels", "dc"),
)
def donchian(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Edges of the channel and the middle between them."""
    period = params[0]
    upper = reach(state, 0, period, inputs[0], HIGHEST)
    lower = reach(state, RING + int(period), period, inputs[1], LOWEST)
    if state[SEEN] == period:
        out[0] = upper
        out[1] = (upper + lower) / 2.0
        out[2] = lower


@indicator(
    "highest",
    inputs=("high",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=full_window,
    convention="largest of the last `period` bars, this one included; highest(close, 20) for another series",
    source="TA-Lib MAX",
    aliases=("highest_high", "rolling_max"),
)
def highest(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Largest number of the window."""
    top = reach(state, 0, params[0], inputs[0], HIGHEST)
    if state[SEEN] >= params[0]:
        out[0] = top


@indicator(
    "lowest",
    inputs=("low",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=full_window,
    convention="smallest of the last `period` bars, this one included; lowest(close, 20) for another series",
    source="TA-Lib MIN",
    aliases=("lowest_low", "rolling_min"),
)
def lowest(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Smallest number of the window."""
    bottom = reach(state, 0, params[0], inputs[0], LOWEST)
    if state[SEEN] >= params[0]:
        out[0] = bottom
