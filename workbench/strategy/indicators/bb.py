"""Bollinger bands, the standard deviation they are made of, and how many of them the price is away from its mean."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import RING, SUM, full_window, ring_cells, roll

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PERIOD = Parameter(name="period", default=20, low=1, high=10_000)
_WIDTH = Parameter(name="deviations", default=2.0, low=0.0, high=100.0, integer=False)
STILL = 1e-12
"""A spread this small beside the mean is rounding: the window stands still."""


@inlined_kernel
def _spread(state: NDArray[np.float64], period: float, mean: float) -> float:
    """Return the population standard deviation of the window, from the differences: sums of squares cancel."""
    total = 0.0
    for cell in range(RING, RING + int(period)):
        total += (state[cell] - mean) * (state[cell] - mean)
    return sqrt(total / period)


@indicator(
    "bb",
    inputs=("close",),
    outputs=("upper", "middle", "lower"),
    parameters=(_PERIOD, _WIDTH),
    state_size=ring_cells,
    warmup=full_window,
    convention="simple moving average plus and minus `deviations` population standard deviations of the same window",
    source="Bollinger; TA-Lib BBANDS",
    aliases=("bollinger", "bollinger_bands", "bollinger_band", "bbands"),
)
def bb(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Mean of the window, and bands around it."""
    if roll(state, 0, params[0], inputs[0]):
        mean = state[SUM] / params[0]
        width = params[1] * _spread(state, params[0], mean)
        out[0] = mean + width
        out[1] = mean
        out[2] = mean - width


@indicator(
    "stdev",
    inputs=("close",),
    parameters=(_PERIOD,),
    state_size=ring_cells,
    warmup=full_window,
    convention="population standard deviation (divided by `period`) of the last `period` bars",
    source="TA-Lib STDDEV",
    aliases=("stddev", "std", "standard_deviation"),
)
def stdev(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Standard deviation of the window."""
    if roll(state, 0, params[0], inputs[0]):
        out[0] = _spread(state, params[0], state[SUM] / params[0])


@indicator(
    "zscore",
    inputs=("close",),
    parameters=(Parameter(name="period", default=20, low=2, high=10_000),),
    state_size=ring_cells,
    warmup=full_window,
    convention="distance from the simple moving average in population standard deviations of the same window; 0 while the window stands still",
    source="standard score; TA-Lib SMA and STDDEV",
    aliases=("z_score", "standard_score"),
)
def zscore(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Distance from the mean in standard deviations."""
    if roll(state, 0, params[0], inputs[0]):
        mean = state[SUM] / params[0]
        spread = _spread(state, params[0], mean)
        out[0] = (inputs[0] - mean) / spread if spread > STILL * abs(mean) else 0.0
