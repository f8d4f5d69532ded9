"""Weighted moving averages: by age, and by volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import RING, SEEN, full_window, gather, ring_cells, weigh, weighed_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERIOD = Parameter(name="period", default=20, low=1, high=10_000)


@indicator(
    "wma",
    inputs=("close",),
    parameters=(_PERIOD,),
    state_size=weighed_cells,
    warmup=full_window,
    convention="weights 1 (oldest) to `period` (this bar), divided by their sum; sums of blocks, nothing is ever subtracted from a running sum",
    source="TA-Lib WMA",
    aliases=("weighted_moving_average",),
)
def wma(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Mean of the window, the newest bar counting most."""
    period = params[0]
    _, heavy = weigh(state, period, inputs[0])
    if state[SEEN] == period:
        out[0] = heavy / (period * (period + 1.0) / 2.0)


@indicator(
    "vwma",
    inputs=("close", "volume"),
    parameters=(_PERIOD,),
    state_size=lambda params: 2 * ring_cells(params),
    warmup=full_window,
    convention="sum of price times volume over sum of volume of the last `period` bars; the plain price where no volume was traded",
    source="TA-Lib VWMA",
    aliases=("volume_weighted_moving_average",),
)
def vwma(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Mean of the window, bars with much volume counting most."""
    period = params[0]
    money = gather(state, 0, period, inputs[0] * inputs[1])
    volume = gather(state, RING + int(period), period, inputs[1])
    if state[SEEN] == period:
        out[0] = money / volume if volume != 0.0 else inputs[0]
