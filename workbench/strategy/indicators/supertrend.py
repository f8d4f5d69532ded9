"""Supertrend: a stop line of average true ranges that only moves with the trend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.atr import CELLS, average_range
from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_RANGE, _UPPER, _LOWER, _TREND, _CLOSE = 2, CELLS, CELLS + 1, CELLS + 2, CELLS + 3


@indicator(
    "supertrend",
    inputs=("high", "low", "close"),
    outputs=("supertrend", "direction"),
    parameters=(
        Parameter(name="period", default=10, low=1, high=10_000),
        Parameter(name="multiplier", default=3.0, low=0.0, high=100.0, integer=False),
    ),
    state_size=lambda _params: CELLS + 4,
    warmup=lambda params: int(params[0]),
    convention=(
        "bands `multiplier` Wilder average true ranges around (high + low) / 2, carried on while they tighten or until the close before was beyond them; the "
        "line is the lower band in an uptrend (direction 1), the upper in a downtrend (-1); it starts as an uptrend"
    ),
    source="Seban; TradingView ta.supertrend; TA-Lib SUPERTREND",
    aliases=("super_trend",),
    output_aliases={"line": "supertrend", "value": "supertrend", "trend": "direction"},
)
def supertrend(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Stop line and direction."""
    high, low, close, before = inputs[0], inputs[1], inputs[2], state[_CLOSE]
    state[_CLOSE] = close
    if not average_range(state, params[0], high, low, close):
        return
    middle, width = (high + low) / 2.0, params[1] * state[_RANGE]
    upper, lower, trend = middle + width, middle - width, state[_TREND]
    if trend != 0.0:
        if not (upper < state[_UPPER] or before > state[_UPPER]):
            upper = state[_UPPER]
        if not (lower > state[_LOWER] or before < state[_LOWER]):
            lower = state[_LOWER]
        turns = close > upper if trend < 0.0 else close < lower
        trend = -trend if turns else trend
    else:
        trend = 1.0
    state[_UPPER], state[_LOWER], state[_TREND] = upper, lower, trend
    out[0] = lower if trend > 0.0 else upper
    out[1] = trend
