"""Rate of change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import PLACE, RING, SEEN, ring_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@indicator(
    "roc",
    inputs=("close",),
    parameters=(Parameter(name="period", default=10, low=1, high=10_000),),
    state_size=ring_cells,
    warmup=lambda params: int(params[0]),
    convention="percent change against the value `period` bars ago; 0 where that value is 0",
    source="TA-Lib ROC",
)
def roc(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Change over the window, in percent."""
    cell = RING + int(state[PLACE])
    before = state[cell]
    state[cell] = inputs[0]
    state[PLACE] = 0.0 if state[PLACE] + 1.0 == params[0] else state[PLACE] + 1.0
    if state[SEEN] < params[0]:
        state[SEEN] += 1.0
        return
    out[0] = (inputs[0] / before - 1.0) * 100.0 if before != 0.0 else 0.0
