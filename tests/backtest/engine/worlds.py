"""Random worlds for the engine: bars, flags, signals and rules that hypothesis can shrink."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

from workbench.backtest.engine.arrays import Hours, Orders, Prices
from workbench.backtest.engine.rules import FillRules

RULES = FillRules(
    tick=0.0,
    multiplier=1.0,
    lot=0.0,
    slippage_ticks=0.0,
    slippage_bps=0.0,
    fee_per_contract=0.0,
    fee_bps=0.0,
    stop_kind=0.0,
    stop_value=0.0,
    target_kind=0.0,
    target_value=0.0,
    trail_kind=0.0,
    trail_value=0.0,
    time_stop_bars=0.0,
    size_kind=1.0,
    size_value=1.0,
    max_quantity=0.0,
    max_position=0.0,
    max_daily_loss=0.0,
    margin=0.0,
    initial_cash=100_000.0,
)
"""One unit, no costs, no brackets: what every hand-made table starts from."""


class World(NamedTuple):
    """Everything a simulation takes."""

    rules: FillRules
    prices: Prices
    hours: Hours
    signals: Orders
    distance: np.ndarray


def prices_of(seed: int, bars: int, tick: float, volatility: float) -> Prices:
    """Return a random walk with gaps, on the tick grid where there is one."""
    random = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(random.normal(0.0, volatility, bars)))
    open_ = np.concatenate([[100.0], close[:-1]]) * (1.0 + random.normal(0.0, volatility / 2, bars) * (random.random(bars) < 0.5))
    high = np.maximum(open_, close) * (1.0 + np.abs(random.normal(0.0, volatility / 2, bars)))
    low = np.minimum(open_, close) * (1.0 - np.abs(random.normal(0.0, volatility / 2, bars)))
    columns = [np.maximum(column, 1.0) for column in (open_, high, low, close)]
    if tick > 0:
        per = round(1 / tick)
        columns = [np.round(column * per) / per for column in columns]
    return Prices(*(np.ascontiguousarray(column) for column in columns))


def flags_of(random: np.random.Generator, bars: int, share: float) -> np.ndarray:
    """Return a column that is 1 on about a ``share`` of bars."""
    return (random.random(bars) < share).astype(np.uint8)


def bracket(values: list[tuple[float, float]]) -> st.SearchStrategy[tuple[float, float]]:
    """Draw no bracket half of the time, else one of ``values``."""
    return st.one_of(st.just((0.0, 0.0)), st.sampled_from(values))


def filling(draw: st.DrawFn) -> dict[str, float]:
    """Draw the rules that only some markets have; each is as by default half of the time."""

    def either(default: float, *others: float) -> float:
        return default if draw(st.booleans()) else draw(st.sampled_from(others))

    return {
        "fill_at": either(0.0, 1.0),
        "end_kind": either(0.0, 1.0, 2.0),
        "fee_minimum": either(0.0, 1.0, 40.0),
        "fee_on": either(0.0, 1.0, 2.0),
        "borrow_rate": either(0.0, 0.03, 0.8),
        "leverage": either(1.0, 2.0, 5.0),
        "maintenance": either(0.0, 0.25, 0.9),
        "volume_share": either(0.0, 0.01, 0.5),
        "short_allowed": either(1.0, 0.0),
    }


@st.composite
def worlds(draw: st.DrawFn, *, plain: bool = True) -> World:
    """Draw a world; one that is not plain may have any rule there is."""
    bars = draw(st.integers(1, 120))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    tick = draw(st.sampled_from([0.0, 0.01, 0.25]))
    on_grid = draw(st.booleans())
    prices = prices_of(seed, bars, tick if on_grid else 0.0, draw(st.sampled_from([0.002, 0.02, 0.3])))
    levels = [(2.0, 0.01), (2.0, 0.05), (3.0, 2.0)] + ([(1.0, 3.0), (1.0, 16.0)] if tick else [])
    stop, target, trail = draw(bracket(levels)), draw(bracket(levels)), draw(bracket(levels))
    kind = draw(st.sampled_from([1.0, 2.0, 3.0] if stop[0] or trail[0] else [1.0, 2.0]))
    rules = FillRules(
        tick=tick,
        multiplier=draw(st.sampled_from([1.0, 50.0])),
        lot=draw(st.sampled_from([0.0, 1.0, 0.001])),
        slippage_ticks=draw(st.sampled_from([0.0, 1.0])),
        slippage_bps=draw(st.sampled_from([0.0, 1.0])),
        fee_per_contract=draw(st.sampled_from([0.0, 2.5])),
        fee_bps=draw(st.sampled_from([0.0, 5.5])),
        stop_kind=stop[0],
        stop_value=stop[1],
        target_kind=target[0],
        target_value=target[1],
        trail_kind=trail[0],
        trail_value=trail[1],
        time_stop_bars=float(draw(st.sampled_from([0, 0, 1, 2, 7]))),
        size_kind=kind,
        size_value={1.0: draw(st.sampled_from([1.0, 2.5, 1000.0])), 2.0: draw(st.sampled_from([0.5, 0.95, 1.0])), 3.0: 0.01}[kind],
        max_quantity=draw(st.sampled_from([0.0, 20.0])),
        max_position=draw(st.sampled_from([0.0, 0.1])),
        max_daily_loss=draw(st.sampled_from([0.0, 0.0, 0.005])),
        margin=draw(st.sampled_from([0.0, 500.0])),
        initial_cash=draw(st.sampled_from([1_000.0, 100_000.0])),
        **({} if plain else filling(draw)),
    )
    busy = draw(st.sampled_from([0.03, 0.3]))
    signals = Orders(*(flags_of(random, bars, busy * draw(st.sampled_from([0.0, 1.0, 1.0]))) for _ in range(4)))
    fresh = flags_of(random, bars, 0.1)
    nights = fresh * random.integers(1, 5, bars).astype(np.float64)
    hours = Hours(new_session=fresh, can_enter=1 - flags_of(random, bars, 0.1), must_flat=flags_of(random, bars, 0.05), nights=nights)
    if draw(st.booleans()):
        volume = np.where(random.random(bars) < 0.05, np.nan, np.round(random.exponential(400.0, bars)))
        prices = prices._replace(volume=volume)
    distance = np.where(random.random(bars) < 0.1, np.nan, np.abs(random.normal(1.0, 0.5, bars)))
    return World(rules, prices, hours, signals, distance)
