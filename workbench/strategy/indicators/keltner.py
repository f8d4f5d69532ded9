"""Keltner channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.atr import CELLS, average_range
from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RANGE, _SEEN, _MIDDLE = 2, CELLS, CELLS + 1


@indicator(
    "keltner",
    inputs=("high", "low", "close"),
    outputs=("upper", "middle", "lower"),
    parameters=(
        Parameter(name="period", default=20, low=1, high=10_000),
        Parameter(name="multiplier", default=2.0, low=0.0, high=100.0, integer=False),
        Parameter(name="atr_period", default=10, low=1, high=10_000),
    ),
    state_size=lambda _params: CELLS + 2,
    warmup=lambda params: max(int(params[0]) - 1, int(params[2])),
    convention="Raschke's form: EMA of the close (seeded with a mean) plus and minus `multiplier` average true ranges (Wilder) of `atr_period` bars",
    source="StockCharts ChartSchool, Keltner Channels; parts as TA-Lib EMA and ATR (its KC averages the typical price and seeds later)",
    aliases=("kc", "keltner_channel", "keltner_channels"),
)
def keltner(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Exponential average, and average ranges around it."""
    period, close = params[0], inputs[2]
    ranged = average_range(state, params[2], inputs[0], inputs[1], close)
    if state[_SEEN] < period:
        state[_SEEN] += 1.0
        state[_MIDDLE] += close
        if state[_SEEN] == period:
            state[_MIDDLE] /= period
    else:
        state[_MIDDLE] = (close - state[_MIDDLE]) * (2.0 / (period + 1.0)) + state[_MIDDLE]
    if ranged and state[_SEEN] == period:
        width = params[1] * state[_RANGE]
        out[0] = state[_MIDDLE] + width
        out[1] = state[_MIDDLE]
        out[2] = state[_MIDDLE] - width
