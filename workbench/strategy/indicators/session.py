"""Prices that belong to a session: its open and extremes so far, those of the one before, and its opening range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.strategy.indicators.anchor import ANCHORED, KNOWN, WHOLE, begins
from workbench.strategy.indicators.step import Parameter, indicator

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_PRICE, _BEFORE, _READY = ANCHORED, ANCHORED + 1, ANCHORED + 2
_TOP, _BOTTOM, _STATE = ANCHORED, ANCHORED + 1, ANCHORED + 2
_EMPTY, _GROWING = 0.0, 1.0
_CLOCK = ("session_bar", "session_day")
_SOURCE = "the exchange's calendar (market.clock_columns)"
_JOINED = "NaN in a session joined midway"


@indicator(
    "session_open",
    inputs=("open", *_CLOCK),
    state_size=lambda _params: ANCHORED + 1,
    warmup=lambda _params: 0,
    convention=f"first price of this session; {_JOINED}",
    source=_SOURCE,
    aliases=("day_open", "todays_open", "opening_price"),
)
def session_open(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """First price of the session."""
    if begins(state, inputs[1], inputs[2]):
        state[_PRICE] = inputs[0]
    if state[KNOWN] == WHOLE:
        out[0] = state[_PRICE]


@indicator(
    "session_high",
    inputs=("high", *_CLOCK),
    state_size=lambda _params: ANCHORED + 1,
    warmup=lambda _params: 0,
    convention=f"highest price of this session so far, this bar included; {_JOINED}",
    source=_SOURCE,
    aliases=("day_high", "todays_high"),
)
def session_high(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Highest price of the session so far."""
    if begins(state, inputs[1], inputs[2]) or inputs[0] > state[_PRICE]:
        state[_PRICE] = inputs[0]
    if state[KNOWN] == WHOLE:
        out[0] = state[_PRICE]


@indicator(
    "session_low",
    inputs=("low", *_CLOCK),
    state_size=lambda _params: ANCHORED + 1,
    warmup=lambda _params: 0,
    convention=f"lowest price of this session so far, this bar included; {_JOINED}",
    source=_SOURCE,
    aliases=("day_low", "todays_low"),
)
def session_low(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Lowest price of the session so far."""
    if begins(state, inputs[1], inputs[2]) or inputs[0] < state[_PRICE]:
        state[_PRICE] = inputs[0]
    if state[KNOWN] == WHOLE:
        out[0] = state[_PRICE]


@indicator(
    "prior_high",
    inputs=("high", *_CLOCK),
    state_size=lambda _params: ANCHORED + 3,
    warmup=lambda _params: 1,
    convention="highest price of the session before; NaN until one session was seen whole: at least one bar, as many as that session has",
    source=_SOURCE,
    aliases=("previous_high", "prior_day_high", "previous_day_high", "yesterdays_high"),
)
def prior_high(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Highest price of the session before."""
    whole = state[KNOWN] == WHOLE
    if begins(state, inputs[1], inputs[2]):
        if whole:
            state[_BEFORE], state[_READY] = state[_PRICE], 1.0
        state[_PRICE] = inputs[0]
    elif inputs[0] > state[_PRICE]:
        state[_PRICE] = inputs[0]
    if state[_READY] > 0.0:
        out[0] = state[_BEFORE]


@indicator(
    "prior_low",
    inputs=("low", *_CLOCK),
    state_size=lambda _params: ANCHORED + 3,
    warmup=lambda _params: 1,
    convention="lowest price of the session before; NaN until one session was seen whole: at least one bar, as many as that session has",
    source=_SOURCE,
    aliases=("previous_low", "prior_day_low", "previous_day_low", "yesterdays_low"),
)
def prior_low(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Lowest price of the session before."""
    whole = state[KNOWN] == WHOLE
    if begins(state, inputs[1], inputs[2]):
        if whole:
            state[_BEFORE], state[_READY] = state[_PRICE], 1.0
        state[_PRICE] = inputs[0]
    elif inputs[0] < state[_PRICE]:
        state[_PRICE] = inputs[0]
    if state[_READY] > 0.0:
        out[0] = state[_BEFORE]


@indicator(
    "prior_close",
    inputs=("close", *_CLOCK),
    state_size=lambda _params: ANCHORED + 3,
    warmup=lambda _params: 1,
    convention="last price of the session before; NaN until a session has ended: at least one bar, as many as that session has",
    source=_SOURCE,
    aliases=("previous_close", "prior_day_close", "previous_day_close", "yesterdays_close"),
)
def prior_close(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:  # noqa: ARG001
    """Last price of the session before."""
    seen = state[KNOWN] > 0.0
    if begins(state, inputs[1], inputs[2]) and seen:
        state[_BEFORE], state[_READY] = state[_PRICE], 1.0
    state[_PRICE] = inputs[0]
    if state[_READY] > 0.0:
        out[0] = state[_BEFORE]


@indicator(
    "orb",
    inputs=("high", "low", *_CLOCK, "minutes_since_open", "bar_minutes"),
    outputs=("high", "low", "middle"),
    parameters=(Parameter(name="minutes", default=30, low=1, high=1_440),),
    state_size=lambda _params: ANCHORED + 3,
    warmup=lambda _params: 0,
    convention=(
        "extremes of the bars that open in the session's first `minutes`, from the close of the bar that reaches their end until the session's end; NaN while the "
        f"range grows, and {_JOINED} or without a bar in its range"
    ),
    source=f"Crabel, Day Trading with Short Term Price Patterns and Opening Range Breakout (1990); {_SOURCE}",
    aliases=("opening_range", "opening_range_breakout"),
    output_aliases={"upper": "high", "lower": "low", "top": "high", "bottom": "low"},
)
def orb(state: NDArray[np.float64], inputs: NDArray[np.float64], params: NDArray[np.float64], out: NDArray[np.float64]) -> None:
    """Opening range, once it is complete."""
    high, low, since = inputs[0], inputs[1], inputs[4]
    if begins(state, inputs[2], inputs[3]):
        state[_STATE] = _EMPTY
    if state[KNOWN] != WHOLE:
        return
    if since < params[0]:
        empty = state[_STATE] == _EMPTY
        state[_TOP] = high if empty or high > state[_TOP] else state[_TOP]
        state[_BOTTOM] = low if empty or low < state[_BOTTOM] else state[_BOTTOM]
        state[_STATE] = _GROWING
    if state[_STATE] != _EMPTY and since + inputs[5] >= params[0]:
        out[0] = state[_TOP]
        out[1] = state[_BOTTOM]
        out[2] = (state[_TOP] + state[_BOTTOM]) / 2.0
