"""Simple moving averages of price and of volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import SUM, full_window, ring_cells, roll

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERIOD = Parameter(name="period", default=20, low=1, high=10_000)
_CONVENTION = "arithmetic mean of the last `period` bars, this one included; the running sum is renewed every `period` bars"
_SOURCE = "TA-Lib SMA"


@indicator(
    "sma",
    inputs=("close",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=full_window,
    convention=_CONVENTION,
    source=_SOURCE,
    aliases=("ma", "simple_moving_average", "moving_average"),
)
def sma(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Mean of the window."""
    if roll(state, 0, params[0], inputs[0]):
        out[0] = state[SUM] / params[0]


@indicator(
    "volume_sma",
    inputs=("volume",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=full_window,
    convention=_CONVENTION,
    source=_SOURCE,
    aliases=("average_volume", "volume_average", "volume_ma", "avg_volume"),
)
def volume_sma(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Mean volume of the window."""
    if roll(state, 0, params[0], inputs[0]):
        out[0] = state[SUM] / params[0]
