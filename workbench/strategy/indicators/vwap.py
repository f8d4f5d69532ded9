"""Volume-weighted average price of the session, and bands around it."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.anchor import ANCHORED, KNOWN, WHOLE, begins
from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_MONEY, _VOLUME, _MEAN, _SQUARES = range(ANCHORED, ANCHORED + 4)
_INPUTS = ("high", "low", "close", "volume", "session_bar", "session_day")
_CONVENTION = "typical price times volume over volume since the session's first bar; the typical price until something was traded; NaN in a session joined midway"
_SOURCE = "Berkowitz, Logue and Noser, Journal of Finance (1988); TA-Lib VWAP within one session"


@inlined_kernel
def _average(state: NDArray[np.float64], inputs: NDArray[np.float64], fresh: bool) -> float:  # noqa: FBT001 - compiled
    """Take a bar into the session's totals, ``fresh`` ones where it begins one, and return the average price."""
    typical = (inputs[0] + inputs[1] + inputs[2]) / 3.0
    state[_MONEY] = typical * inputs[3] + (0.0 if fresh else state[_MONEY])
    state[_VOLUME] = inputs[3] + (0.0 if fresh else state[_VOLUME])
    return float(state[_MONEY] / state[_VOLUME] if state[_VOLUME] > 0.0 else typical)


@indicator(
    "vwap",
    inputs=_INPUTS,
    state_size=lambda _params: ANCHORED + 2,
    warmup=lambda _params: 0,
    convention=_CONVENTION,
    source=_SOURCE,
    aliases=("session_vwap", "volume_weighted_average_price"),
)
def vwap(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Average price of the session so far."""
    average = _average(state, inputs, begins(state, inputs[4], inputs[5]))
    if state[KNOWN] == WHOLE:
        out[0] = average


@indicator(
    "vwap_bands",
    inputs=_INPUTS,
    outputs=("upper", "middle", "lower"),
    parameters=(Parameter(name="deviations", default=2.0, low=0.0, high=100.0, integer=False),),
    state_size=lambda _params: ANCHORED + 4,
    warmup=lambda _params: 0,
    convention=f"{_CONVENTION}; bands `deviations` volume-weighted standard deviations of the typical price away, updated bar by bar",
    source=f"{_SOURCE}; West, Communications of the ACM 22 (1979) for the deviation",
)
def vwap_bands(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Average price of the session so far, and the spread around it."""
    fresh, volume, typical = begins(state, inputs[4], inputs[5]), inputs[3], (inputs[0] + inputs[1] + inputs[2]) / 3.0
    average = _average(state, inputs, fresh)
    mean, squares = (0.0, 0.0) if fresh else (state[_MEAN], state[_SQUARES])
    spread = 0.0
    if state[_VOLUME] > 0.0:
        away = typical - mean
        mean += away * (volume / state[_VOLUME])
        squares += volume * away * (typical - mean)
        spread = params[0] * sqrt(max(squares, 0.0) / state[_VOLUME])
    state[_MEAN], state[_SQUARES] = mean, squares
    if state[KNOWN] == WHOLE:
        out[0] = average + spread
        out[1] = average
        out[2] = average - spread
