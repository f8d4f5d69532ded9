"""Columns of bars and clocks to try indicators on, with what makes them stumble: ties, holes, prices that stand still."""

from __future__ import annotations

import numpy as np

SESSION = 13


def walk(bars: int, seed: int = 11, *, still: bool = True, gaps: bool = True) -> dict[str, np.ndarray]:
    """A random walk on a cent grid with ties, gaps and stretches that stand still, in sessions of 13 half hours."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 0.3, bars) * (rng.random(bars) > 0.2)
    if gaps:
        steps[rng.random(bars) < 0.01] *= 20
    close = np.round(200 + steps.cumsum(), 2)
    opened = np.round(close + rng.normal(0, 0.2, bars), 2)
    high, low = np.maximum(opened, close) + np.round(rng.random(bars), 2), np.minimum(opened, close) - np.round(rng.random(bars), 2)
    if still:
        close[bars // 6 : bars // 6 + 60] = close[bars // 6]
        high[bars // 6 : bars // 6 + 60] = np.maximum(high, close)[bars // 6 : bars // 6 + 60]
        low[bars // 6 : bars // 6 + 60] = np.minimum(low, close)[bars // 6 : bars // 6 + 60]
        for column in (opened, high, low, close):
            column[bars // 3 : bars // 3 + 60] = 150.1
    table = {"open": opened, "high": high, "low": low, "close": close, "volume": rng.integers(0, 900, bars).astype(float)}
    return table | clock(bars)


def clock(bars: int) -> dict[str, np.ndarray]:
    """The clock of sessions of 13 half hours."""
    place = np.arange(bars)
    first = (place % SESSION).astype(float)
    table = {"session_bar": first, "minutes_since_open": 30 * first, "minutes_to_close": 30 * (SESSION - 1 - first)}
    table |= {"session_day": 19_000.0 + place // SESSION, "bar_minutes": np.full(bars, 30.0)}
    return table | {"minute_of_day": 570 + 30 * first, "day_of_week": (place // SESSION % 5).astype(float)}


def daily(table: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same bars, each a session of its own."""
    bars = len(table["close"])
    zero = np.zeros(bars)
    calm = {"session_bar": zero, "minutes_since_open": zero, "minutes_to_close": zero, "minute_of_day": zero}
    return table | calm | {"session_day": 19_000.0 + np.arange(bars), "bar_minutes": np.full(bars, 1440.0)}
