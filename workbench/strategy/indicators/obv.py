"""On-balance volume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.step import indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _PREVIOUS, _BALANCE = 0, 1, 2


@indicator(
    "obv",
    inputs=("close", "volume"),
    state_size=lambda _params: 3,
    warmup=lambda _params: 0,
    convention=(
        "running total from the anchor bar: its volume, then plus the volume of each rising bar, minus that of each falling one; its level depends on the "
        "anchor, its changes do not"
    ),
    source="Granville (1963); TA-Lib OBV",
    aliases=("on_balance_volume",),
)
def obv(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Volume of rising bars less that of falling ones."""
    close, volume = inputs[0], inputs[1]
    if state[_SEEN] == 0.0:
        state[_SEEN] = 1.0
        state[_BALANCE] = volume
    elif close > state[_PREVIOUS]:
        state[_BALANCE] += volume
    elif close < state[_PREVIOUS]:
        state[_BALANCE] -= volume
    state[_PREVIOUS] = close
    out[0] = state[_BALANCE]
