"""The straight line through the last bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import SEEN, full_window, weigh, weighed_cells

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@indicator(
    "linreg",
    inputs=("close",),
    outputs=("linreg", "slope"),
    parameters=(Parameter(name="period", default=14, low=2, high=10_000),),
    state_size=weighed_cells,
    warmup=full_window,
    convention="least squares over the last `period` bars: the line's value at this bar, and its rise per bar",
    source="TA-Lib LINEARREG, LINEARREG_SLOPE",
    aliases=("linear_regression", "regression", "lsma"),
    output_aliases={"value": "linreg", "line": "linreg"},
)
def linreg(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """End of the line and its slope."""
    period = params[0]
    total, heavy = weigh(state, period, inputs[0])
    if state[SEEN] == period:
        # weights 1 to period have mean (period + 1) / 2 and sum of squared differences period * (period ^ 2 - 1) / 12
        mean = total / period
        slope = (heavy - (period + 1.0) / 2.0 * total) / (period * (period * period - 1.0) / 12.0)
        out[0] = mean + slope * ((period - 1.0) / 2.0)
        out[1] = slope
