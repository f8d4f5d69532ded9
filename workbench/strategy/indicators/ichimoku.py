"""Ichimoku: the lines that are known at a bar's close. There is no chikou: it is a later close."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.compiled import inlined_kernel
from workbench.strategy.indicators.step import Parameter, indicator
from workbench.strategy.indicators.window import HIGHEST, LOWEST, RING, reach

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SEEN, _PLACE, _RINGS = 0, 1, 2
_CHIKOU = (
    "the chikou span at a bar is the close of a bar 26 later, so a rule that used it would look ahead; what it is looked at for, the price against that of 26 "
    "bars ago, is close > close[26]"
)


@inlined_kernel
def _middle(state: NDArray[np.float64], base: int, period: float, high: float, low: float) -> float:
    """Take a bar into the two windows at ``base`` and return the middle between highest high and lowest low."""
    top = reach(state, base, period, high, HIGHEST)
    bottom = reach(state, base + RING + int(period), period, low, LOWEST)
    return (top + bottom) / 2.0


def _cells(params: tuple[float, ...]) -> int:
    return _RINGS + 6 * RING + 2 * int(sum(params))


@indicator(
    "ichimoku",
    inputs=("high", "low"),
    outputs=("tenkan", "kijun", "senkou_a", "senkou_b"),
    parameters=(
        Parameter(name="tenkan", default=9, low=1, high=10_000),
        Parameter(name="kijun", default=26, low=1, high=10_000),
        Parameter(name="senkou", default=52, low=1, high=10_000),
        Parameter(name="displacement", default=26, low=1, high=10_000),
    ),
    state_size=_cells,
    warmup=lambda params: int(max(params[0], params[1], params[2]) + params[3]) - 1,
    convention=(
        "middles between highest high and lowest low; senkou_a and senkou_b are the cloud that stands at this bar, drawn from the bars up to `displacement` bars "
        "ago; the cloud ahead is (tenkan + kijun) / 2 of now; all outputs start with the slowest; no chikou"
    ),
    source="Hosoda (1969); StockCharts ChartSchool, Ichimoku Cloud",
    aliases=("ichimoku_cloud", "ichimoku_kinko_hyo"),
    output_aliases={
        "conversion": "tenkan",
        "base": "kijun",
        "span_a": "senkou_a",
        "span_b": "senkou_b",
        "leading_a": "senkou_a",
        "leading_b": "senkou_b",
        "tenkan_sen": "tenkan",
        "kijun_sen": "kijun",
    },
    refused={"chikou": _CHIKOU, "chikou_span": _CHIKOU, "lagging": _CHIKOU, "lagging_span": _CHIKOU},
)
def ichimoku(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Conversion and base line, and the cloud at this bar."""
    first, second, third, shift = params[0], params[1], params[2], params[3]
    seconds = _RINGS + 2 * (RING + int(first))
    thirds = seconds + 2 * (RING + int(second))
    delayed = thirds + 2 * (RING + int(third))
    tenkan = _middle(state, _RINGS, first, inputs[0], inputs[1])
    kijun = _middle(state, seconds, second, inputs[0], inputs[1])
    slowest = _middle(state, thirds, third, inputs[0], inputs[1])
    cell = delayed + 2 * int(state[_PLACE])
    ahead_a, ahead_b = state[cell], state[cell + 1]
    state[cell] = (tenkan + kijun) / 2.0
    state[cell + 1] = slowest
    state[_PLACE] = 0.0 if state[_PLACE] + 1.0 == shift else state[_PLACE] + 1.0
    if state[_SEEN] < max(first, second, third) + shift - 1.0:
        state[_SEEN] += 1.0
        return
    out[0] = tenkan
    out[1] = kijun
    out[2] = ahead_a
    out[3] = ahead_b
