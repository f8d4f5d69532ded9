"""Rate of change of a triple exponential average."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIRST, _SECOND, _THIRD, _BEFORE = 0, 2, 4, 6  # each average has a count and its value; then: whether there was a value before


@inlined_kernel
def _average(state: NDArray[np.float64], base: int, period: float, value: float) -> bool:
    """Take ``value`` into the exponential average at ``base``, seeded with a mean, and return whether it is known."""
    if state[base] < period:
        state[base] += 1.0
        state[base + 1] += value
        if state[base] < period:
            return False
        state[base + 1] /= period
        return True
    state[base + 1] = (value - state[base + 1]) * (2.0 / (period + 1.0)) + state[base + 1]
    return True


@indicator(
    "trix",
    inputs=("close",),
    parameters=(Parameter(name="period", default=15, low=1, high=3_000),),
    state_size=lambda _params: 7,
    warmup=lambda params: 3 * int(params[0]) - 2,
    convention="percent change from bar to bar of an EMA of an EMA of an EMA, each seeded with the mean of its first `period` values; 0 from 0",
    source="Hutson, Technical Analysis of Stocks and Commodities (1983); TA-Lib TRIX",
    aliases=("triple_exponential_average",),
)
def trix(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Change of the triple average in percent."""
    period = params[0]
    if not _average(state, _FIRST, period, inputs[0]):
        return
    if not _average(state, _SECOND, period, state[_FIRST + 1]):
        return
    before = state[_THIRD + 1]
    if not _average(state, _THIRD, period, state[_SECOND + 1]):
        return
    if state[_BEFORE] > 0.0:
        out[0] = (state[_THIRD + 1] / before - 1.0) * 100.0 if before != 0.0 else 0.0
    state[_BEFORE] = 1.0
