"""The proof that a function passes before it is registered: on made-up bars, no value needs a later bar or more earlier ones than declared.

Values are compared with a tolerance, because a sum over other bars rounds differently; the decisions made from them are compared exactly, on the bars of
the strategy, by ``backtest.evidence.lookahead``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench.errors import InputError, LookAheadError
from workbench.strategy.python.suspects import suspects

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.strategy.indicators.functions import ColumnFunction

CUTS, WINDOWS = 16, 16
_SPARE = 1_200
_MOST = 20_000
_DAY = 86_400_000_000_000
_SAME, _ALIKE = 1e-9, 1e-6


def prove_function(column: ColumnFunction) -> None:
    """Ask ``column`` about made-up bars, all of them, cut at 16 places, and 16 windows; with defaults and at both ends of each parameter.

    Raises:
        LookAheadError: a value changes when later bars are taken away; ``bar`` is the first found.
        InputError: it fails, says nothing after its warm-up, or remembers more bars than declared.
    """
    for params in _ends(column):
        _prove(column, params)


def _ends(column: ColumnFunction) -> list[tuple[float, ...]]:
    defaults = tuple(entry.default for entry in column.parameters)
    found = [defaults]
    for place, entry in enumerate(column.parameters):
        found += [(*defaults[:place], value, *defaults[place + 1 :]) for value in (entry.low, entry.high)]
    return [params for params in dict.fromkeys(found) if column.warmup(params) <= _MOST]


def _prove(column: ColumnFunction, params: tuple[float, ...]) -> None:
    warmup = column.warmup(params)
    bars = warmup * 2 + _SPARE
    times, known_at, rows = made_up(bars)
    full = column.columns(times, known_at, rows, params)
    if column.text.endswith("they were known"):
        return  # an as-of join of what is given
    shown = ", ".join(f"{entry.name}={value:g}" for entry, value in zip(column.parameters, params, strict=True))
    told = f"{column.name}{f' ({shown})' if shown else ''}"
    if np.isnan(full[:, warmup:]).all(axis=1).any():
        message = f"{told} says nothing (NaN) on {bars - warmup} bars after its warm-up of {warmup}"
        raise InputError(message)
    for cut in np.linspace(warmup + 1, bars - 1, CUTS).astype(int):
        again = column.columns(times[:cut], known_at[:cut], rows[:, :cut], params)
        bar = _differs(again, full[:, :cut], _SAME)
        if bar is not None:
            message = (
                f"{told} looks ahead: its value at bar {bar} of {bars} made-up bars changes when the bars from {cut} on are taken away; "
                f"{'; '.join(map(str, suspects(column.text))) or 'a value may use its own bar and earlier ones only'}"
            )
            raise LookAheadError(message, bar)
    _prove_windows(column, params, full, told)


def _prove_windows(column: ColumnFunction, params: tuple[float, ...], full: NDArray[np.float64], told: str) -> None:
    warmup, bars = column.warmup(params), full.shape[1]
    times, known_at, rows = made_up(bars)
    for bar in np.linspace(bars - _SPARE // 8, bars - 1, WINDOWS).astype(int):
        width = warmup + 1
        while width <= bar + 1:
            part = slice(bar + 1 - width, bar + 1)
            last = column.columns(times[part], known_at[part], rows[:, part], params)[:, -1:]
            if _differs(last, full[:, bar : bar + 1], _ALIKE) is None:
                break
            width *= 2
        if width > warmup + 1:
            enough = (
                f"about {width - 1} bars would do"
                if width <= bar + 1
                else "even twice as many do not suffice; it remembers everything since the first bar"
            )
            message = f"{told} declares a warm-up of {warmup} bars, and from these alone its value at bar {bar} is another one: {enough}"
            raise InputError(message)


def _differs(left: NDArray[np.float64], right: NDArray[np.float64], tolerance: float) -> int | None:
    """Return the first bar on which two (outputs, n) differ, or None; NaN equals NaN."""
    with np.errstate(invalid="ignore"):
        scale = np.maximum(np.abs(left), np.abs(right))
        spread = np.nanmax(np.abs(right), initial=0.0)
        same = (np.isnan(left) & np.isnan(right)) | (left == right) | (np.abs(left - right) <= tolerance * (scale + 1e-3 * spread))
    wrong = ~same.all(axis=0)
    return int(wrong.argmax()) if wrong.any() else None


def made_up(bars: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return open times, known times and (5, n) rows of a made-up daily walk, the same in every process."""
    rng = np.random.default_rng(11)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0.0003, 0.01, bars)))
    open_ = np.concatenate([[100.0], close[:-1]]) * (1.0 + rng.normal(0.0, 0.002, bars))
    high = np.maximum(open_, close) * (1.0 + np.abs(rng.normal(0.0, 0.004, bars)))
    low = np.minimum(open_, close) * (1.0 - np.abs(rng.normal(0.0, 0.004, bars)))
    volume = np.round(rng.lognormal(13.0, 0.3, bars))
    times = np.arange(bars, dtype=np.int64) * _DAY
    return times, times + _DAY, np.stack([open_, high, low, close, volume])
