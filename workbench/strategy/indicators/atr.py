"""True range, its average, and the average as a share of price."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _PREVIOUS, _AVERAGE = 0, 1, 2
CELLS = 3
"""Cells of ``average_range``."""
_PERIOD = Parameter(name="period", default=14, low=1, high=10_000)
_WILDER = "Wilder, New Concepts in Technical Trading Systems (1978)"


@inlined_kernel
def average_range(state: NDArray[np.float64], period: float, high: float, low: float, close: float) -> bool:
    """Take a bar and return whether the average true range, in ``state[2]``, is known; cells: bars seen, close before, average."""
    previous = state[_PREVIOUS]
    reach = max(high - low, abs(high - previous), abs(low - previous))
    state[_PREVIOUS] = close
    if state[_SEEN] <= period:
        state[_SEEN] += 1.0
        if state[_SEEN] == 1.0:
            return False
        state[_AVERAGE] += reach
        if state[_SEEN] <= period:
            return False
        state[_AVERAGE] /= period
    else:
        # the new part is ready before the old one: half as long a chain as (old * (period - 1) + new) / period
        state[_AVERAGE] = state[_AVERAGE] * ((period - 1.0) / period) + reach / period
    return True


@indicator(
    "atr",
    inputs=("high", "low", "close"),
    parameters=(_PERIOD,),
    state_size=lambda _params: CELLS,
    warmup=lambda params: int(params[0]),
    convention="Wilder: the first bar has no true range; first value is the mean of `period` ranges, then smoothed with 1 / period",
    source=f"{_WILDER}; TA-Lib ATR",
    aliases=("average_true_range",),
)
def atr(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Smoothed distance a bar covers, gaps included."""
    if average_range(state, params[0], inputs[0], inputs[1], inputs[2]):
        out[0] = state[_AVERAGE]


@indicator(
    "natr",
    inputs=("high", "low", "close"),
    parameters=(_PERIOD,),
    state_size=lambda _params: CELLS,
    warmup=lambda params: int(params[0]),
    convention="average true range in percent of the close; 0 where the close is 0",
    source=f"{_WILDER}; TA-Lib NATR",
    aliases=("normalized_atr", "normalised_atr", "atr_percent", "atrp"),
)
def natr(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Smoothed distance a bar covers, in percent."""
    if average_range(state, params[0], inputs[0], inputs[1], inputs[2]):
        out[0] = 100.0 * (state[_AVERAGE] / inputs[2]) if inputs[2] != 0.0 else 0.0


@indicator(
    "true_range",
    inputs=("high", "low", "close"),
    state_size=lambda _params: 2,
    warmup=lambda _params: 1,
    convention="largest of high - low and the distances of both from the close before; the first bar has none",
    source=f"{_WILDER}; TA-Lib TRANGE",
    aliases=("trange", "tr"),
)
def true_range(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Distance a bar covers, the gap before it included."""
    high, low, previous = inputs[0], inputs[1], state[_PREVIOUS]
    if state[_SEEN] > 0.0:
        out[0] = max(high - low, abs(high - previous), abs(low - previous))
    state[_SEEN] = 1.0
    state[_PREVIOUS] = inputs[2]
