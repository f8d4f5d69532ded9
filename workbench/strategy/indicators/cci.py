"""Commodity channel index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.bb import STILL
from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import RING, SUM, full_window, ring_cells, roll

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@indicator(
    "cci",
    inputs=("high", "low", "close"),
    parameters=(Parameter(name="period", default=20, low=2, high=10_000),),
    state_size=ring_cells,
    warmup=full_window,
    convention="distance of the typical price from its simple average over 0.015 mean absolute deviations; 0 while the window stands still",
    source="Lambert, Commodities (1980); TA-Lib CCI",
    aliases=("commodity_channel_index",),
)
def cci(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Distance from the average in mean deviations."""
    period = params[0]
    typical = (inputs[0] + inputs[1] + inputs[2]) / 3.0
    if roll(state, 0, period, typical):
        mean = state[SUM] / period
        total = 0.0
        for cell in range(RING, RING + int(period)):
            total += abs(state[cell] - mean)
        deviation = total / period
        out[0] = (typical - mean) / (0.015 * deviation) if deviation > STILL * abs(mean) else 0.0
