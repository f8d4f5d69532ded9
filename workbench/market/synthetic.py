"""Made-up intraday futures bars with an edge that is known because it was put there (``SYN``), and the same without it (``SYN0``).

1. ``_session_noise``: every 15 seconds of every session gets two shocks, each a sum of twelve uniform numbers (nearly normal, and the same bits
   on every machine). A session's numbers depend on the seed and its position only, so a longer run begins with the shorter one.
2. ``_day_levels``: shocks are scaled by the day (volatility clusters: 0.95 of the distance to normal survives a day, kept between half and
   double) and by the time of day (a U: the open and the close are three times as lively as noon).
3. ``_paths``: in ``SYN0`` price is a fair random walk, nothing to be earned. In ``SYN`` 0.85 of each shock's standard deviation is
   *pressure*, a push by impatient traders that does not last: it decays with a half-life of 45 minutes and is gone by the next session;
   the rest is fair as before, and the variance of a 15-second shock is the same in both.
4. ``_minute_bars`` rounds to the tick and takes open, high, low, close of each minute; ``resample`` makes longer bars.

**The planted edge**: after a sharp fall price drifts back up, after a sharp rise back down, every day alike.

Measured on ``synthetic(symbol, "15m")`` with the defaults (500 sessions, seed 7; a year is 252 sessions): one contract, decision at the close, fill at the
next open, one tick of slippage and 2.50 dollars per side, positions kept over night (``window="whole session"``). A plain loop with Wilder's RSI in
``tests/market/test_synthetic.py`` repeats it::

    buy when rsi(2) < 10; sell when rsi(2) > 60
            trades  win rate  profit factor  Sharpe of 15m bars  profit       Sharpe of the four quarters
    SYN        672      66 %           1.89                2.94   45 050 USD  2.5  3.0  5.5  3.2
    SYN0       673      58 %           0.72               -1.92  -28 952 USD

    and also: short when rsi(2) > 90; cover when rsi(2) < 40
    SYN       1295      68 %           2.10                4.70   96 610 USD  3.8  5.5  6.9  5.0
    SYN0      1286      60 %           0.78               -2.03  -41 882 USD

Other seeds: the first rule's Sharpe on SYN lies between 3.1 and 4.1 for seeds 1 to 5. A filter such as ``close > sma(200)`` weakens it (the fair part has no
trend), and so does an entry window of 09:30 to 12:00 (1.18 with 252 trades): pressure needs time to decay.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import InputError, UnknownNameError
from workbench.market.bars import Bars, validate
from workbench.market.calendars import session_table
from workbench.market.resample import resample
from workbench.units import Timeframe
from workbench.units import instrument as find_instrument
from workbench.units import timeframe as find_timeframe

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SYMBOLS = ("SYN", "SYN0")
_MOST_SESSIONS = 5000  # beyond, the minutes no longer fit a small machine
_MINUTE = 60_000_000_000
_MINUTES = 390  # of a full regular session
_STEPS = 4  # shocks a minute
_FIRST_PRICE = 4000.0
_SESSION_DEVIATION = 0.0045  # of a session's return at normal volatility: a quiet market, 7.8 % a year with the nights
_NIGHT_DEVIATION = 0.002  # from close to open
_PRESSURE = 0.85  # share of a shock's standard deviation that is pressure
_DECAY = 0.99616  # of pressure in 15 seconds: half of it is left after 45 minutes
_VOLUME = 900.0  # contracts in a normal minute


def synthetic(
    symbol: str = "SYN", timeframe: Timeframe | str = Timeframe.M5, sessions: int = 500, seed: int = 7, start: str = "2022-01-03"
) -> Bars:
    """Return made-up regular-hours bars of ``SYN`` (planted edge) or ``SYN0`` (none), marked synthetic.

    Args:
        symbol: ``SYN`` or ``SYN0``.
        timeframe: any; longer bars are made of the same minutes.
        sessions: how many NYSE regular sessions, half days included, 1 to 5000.
        seed: another seed is another market with the same law.
        start: first trade date, ISO.

    Raises:
        UnknownNameError: no such synthetic symbol or timeframe.
        InputError: not a positive number of sessions, or a start that is no date.
    """
    folded = symbol.strip().upper()
    if folded not in _SYMBOLS:
        kind = "synthetic symbol"
        raise UnknownNameError(kind, symbol, _SYMBOLS)
    bar = timeframe if isinstance(timeframe, Timeframe) else find_timeframe(timeframe)
    if not 1 <= sessions <= _MOST_SESSIONS:
        message = f"sessions must be from 1 to {_MOST_SESSIONS}, not {sessions}"
        raise InputError(message)
    if seed < 0:
        message = f"seed must not be negative, got {seed}"
        raise InputError(message)
    return _made(folded, bar, sessions, seed, start)


@lru_cache(maxsize=8)
def _made(symbol: str, bar: Timeframe, sessions: int, seed: int, start: str) -> Bars:
    if bar is not Timeframe.M1:
        return resample(_made(symbol, Timeframe.M1, sessions, seed, start), bar)
    entry = find_instrument(symbol)
    table = session_table(entry.calendar, entry.session_mode)
    try:
        first = int(np.searchsorted(table.trade_date, np.datetime64(start, "D")))
    except ValueError as error:
        message = f"start {start!r} is no date; write it as 2022-01-03"
        raise InputError(message) from error
    if first + sessions > len(table.open):
        message = f"there are only {len(table.open) - first} sessions from {start} to the end of the calendar, not {sessions}"
        raise InputError(message)
    opened, closed = table.open[first : first + sessions], table.close[first : first + sessions]
    minutes = ((closed - opened) // _MINUTE).astype(np.int64)
    frame = _minute_bars(opened, minutes, seed, entry.tick, edge=symbol == "SYN")
    return validate(frame, entry, Timeframe.M1, source="synthetic", synthetic=True)


def _minute_bars(opened: NDArray[np.int64], minutes: NDArray[np.int64], seed: int, tick: float, *, edge: bool) -> pd.DataFrame:
    fair, push, night, crowd = _session_noise(len(opened), seed)
    level = _day_levels(night[:, 1])
    walk, pressed = _paths(fair, push, level, edge=edge)
    bases = _bases(walk, night[:, 0] * level * _NIGHT_DEVIATION, minutes)
    prices = np.rint(bases[:, None] * (1.0 + pressed) / tick) * tick
    steps = prices.reshape(len(opened), _MINUTES, _STEPS)
    busy = _shape(_MINUTES) * level[:, None]
    volume = np.rint(_VOLUME * busy * (0.5 + crowd)) + 1.0
    kept = np.arange(_MINUTES) < minutes[:, None]
    times = (opened[:, None] + np.arange(_MINUTES) * _MINUTE)[kept]
    index = pd.DatetimeIndex(times.astype("datetime64[ns]"), name="open_time").tz_localize("UTC")
    columns = {
        "open": steps[:, :, 0][kept],
        "high": steps.max(axis=2)[kept],
        "low": steps.min(axis=2)[kept],
        "close": steps[:, :, -1][kept],
        "volume": volume[kept],
    }
    return pd.DataFrame(columns, index=index)


def _session_noise(sessions: int, seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return fair shocks and pushes (sessions, steps), night and day shocks (sessions, 2), and crowd (sessions, minutes) from 0 to 1."""
    steps = _MINUTES * _STEPS
    normal = np.empty((sessions, 2 * steps + 2))
    crowd = np.empty((sessions, _MINUTES))
    for position in range(sessions):
        draw = np.random.Generator(np.random.PCG64([seed, position]))
        uniform = draw.random((12, 2 * steps + 2))
        total = uniform[0]
        for row in uniform[1:]:  # in this order everywhere
            total += row
        normal[position] = total - 6.0
        crowd[position] = draw.random(_MINUTES)
    return normal[:, :steps], normal[:, steps : 2 * steps], normal[:, 2 * steps :], crowd


def _shape(count: int) -> NDArray[np.float64]:
    """Return the U of the day over ``count`` equal parts, mean about 1."""
    share = (np.arange(count) + 0.5) / count
    return 0.6 + 4.8 * (share - 0.5) * (share - 0.5)


def _day_levels(shocks: NDArray[np.float64]) -> NDArray[np.float64]:
    level = np.empty(len(shocks))
    distance = 0.0
    for position, shock in enumerate(shocks):
        distance = 0.95 * distance + 0.15 * shock
        level[position] = min(max(1.0 + distance, 0.5), 2.0)
    return level


def _paths(
    fair: NDArray[np.float64], push: NDArray[np.float64], level: NDArray[np.float64], *, edge: bool
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the move since the session's base as a share of it, (sessions, steps): the fair part, and with pressure."""
    steps = fair.shape[1]
    scale = _shape(steps) * (_SESSION_DEVIATION / np.sqrt(steps))
    share = _PRESSURE if edge else 0.0
    walk = np.cumsum(fair * level[:, None] * scale * np.sqrt(1.0 - share * share), axis=1)
    pushes = push * level[:, None] * scale * share
    pressed = np.empty_like(walk)
    pressure = np.zeros(len(fair))
    for step in range(steps):
        pressure = pressure * _DECAY + pushes[:, step]
        pressed[:, step] = walk[:, step] + pressure
    return walk, pressed


def _bases(walk: NDArray[np.float64], nights: NDArray[np.float64], minutes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the price that each session starts from: the fair close before it, moved by the night; pressure does not survive it."""
    bases = np.empty(len(nights))
    fair_close = _FIRST_PRICE
    for position, night in enumerate(nights):
        bases[position] = fair_close * (1.0 + night)
        fair_close = bases[position] * (1.0 + walk[position, minutes[position] * _STEPS - 1])
    return bases
