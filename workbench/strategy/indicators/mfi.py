"""Money flow: how much of the money went in on rising bars, and at which end of their range bars closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import RING, SEEN, full_window, gather, ring_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_FIRST, _PREVIOUS, _RINGS = 0, 1, 2
_SAME = 1e-13
"""Typical prices of equal sums on a price grid differ by rounding; that is no direction."""


@indicator(
    "mfi",
    inputs=("high", "low", "close", "volume"),
    parameters=(Parameter(name="period", default=14, low=1, high=10_000),),
    state_size=lambda params: _RINGS + 2 * ring_cells(params),
    warmup=lambda params: int(params[0]),
    convention=(
        "typical price times volume of the bars whose typical price rose, as a share of that of bars where it rose or fell, in percent; the first bar has no "
        "direction; 0 where no money moved"
    ),
    source="Quong and Soudack (1989); TA-Lib MFI (which also gives 0 where less than 1.0 money moved)",
    aliases=("money_flow_index",),
)
def mfi(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Money of rising bars as a share of all."""
    period = params[0]
    typical = (inputs[0] + inputs[1] + inputs[2]) / 3.0
    change, same = typical - state[_PREVIOUS], _SAME * abs(typical)
    state[_PREVIOUS] = typical
    if state[_FIRST] == 0.0:
        state[_FIRST] = 1.0
        return
    money = typical * inputs[3]
    into = gather(state, _RINGS, period, money if change > same else 0.0)
    out_of = gather(state, _RINGS + RING + int(period), period, money if change < -same else 0.0)
    if state[_RINGS + SEEN] == period:
        out[0] = 100.0 * (into / (into + out_of)) if into + out_of != 0.0 else 0.0


@indicator(
    "cmf",
    inputs=("high", "low", "close", "volume"),
    parameters=(Parameter(name="period", default=20, low=1, high=10_000),),
    state_size=lambda params: 2 * ring_cells(params),
    warmup=full_window,
    convention="sum of volume weighted by where the bar closed in its range (-1 low, 1 high, 0 without a range) over the sum of volume; 0 without volume",
    source="Chaikin; TA-Lib CMF",
    aliases=("chaikin_money_flow",),
)
def cmf(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Volume closing near the high as a share of all."""
    period, high, low, close, volume = params[0], inputs[0], inputs[1], inputs[2], inputs[3]
    place = ((close - low) - (high - close)) / (high - low) if high != low else 0.0
    flow = gather(state, 0, period, place * volume)
    total = gather(state, RING + int(period), period, volume)
    if state[SEEN] == period:
        out[0] = flow / total if total != 0.0 else 0.0
