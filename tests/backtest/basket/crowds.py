"""Random baskets for the shared account: several symbols with their own rules, bars, gaps and rates, that hypothesis can shrink."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))

from worlds import RULES, World, flags_of, worlds

from workbench.backtest.basket.allocation import Ceilings
from workbench.backtest.basket.book import Terms
from workbench.backtest.basket.feed import Feed
from workbench.backtest.engine.arrays import Hours, Orders, Prices

__all__ = ["NO_LIMITS", "RULES", "Crowd", "Line", "World", "always", "crowd_of", "crowds", "flags_of", "special", "worlds"]

NO_LIMITS = Ceilings(initial_cash=100_000.0, max_positions=0.0, max_gross=0.0, max_net=0.0, max_symbol=0.0, max_daily_loss=0.0, ending=0.0)


class Crowd(NamedTuple):
    """Everything a basket takes."""

    feed: Feed
    terms: Terms
    limits: Ceilings


class Line(NamedTuple):
    """One symbol's moments and what only a basket asks."""

    opens_at: np.ndarray
    closes_at: np.ndarray
    session: np.ndarray
    priority: np.ndarray
    rates: tuple[np.ndarray, np.ndarray]
    ended: int


def always(bars: int) -> Line:
    """Return one bar a moment, no priority, one currency."""
    at = np.arange(bars, dtype=np.int64) * 10
    return Line(at, at + 10, at // 50, np.full(bars, -np.inf), (np.ones(bars), np.ones(bars)), 0)


def crowd_of(each: list[World], lines: list[Line], limits: Ceilings, parts: list[float]) -> Crowd:
    """Return worlds side by side on the given moments."""
    counts = [len(world.prices.close) for world in each]

    def joined(columns: list[np.ndarray], fill: float, dtype: type = np.float64) -> np.ndarray:
        whole = [column if len(column) else np.full(count, fill) for column, count in zip(columns, counts, strict=True)]
        return np.ascontiguousarray(np.concatenate(whole), dtype=dtype)

    feed = Feed(
        first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        opens_at=joined([line.opens_at for line in lines], 0, np.int64),
        closes_at=joined([line.closes_at for line in lines], 0, np.int64),
        session=joined([line.session for line in lines], 0, np.int64),
        prices=Prices(*(joined([world.prices[k] for world in each], np.inf) for k in range(5))),
        hours=Hours(
            *(joined([world.hours[k] for world in each], 0, np.uint8) for k in range(3)), joined([world.hours[3] for world in each], 0.0)
        ),
        signals=Orders(*(joined([world.signals[k] for world in each], 0, np.uint8) for k in range(4))),
        distance=joined([world.distance for world in each], np.nan),
        priority=joined([line.priority for line in lines], -np.inf),
        rates_open=joined([line.rates[0] for line in lines], 1.0),
        rates_close=joined([line.rates[1] for line in lines], 1.0),
        ended=np.array([line.ended for line in lines], np.uint8),
    )
    rules = [world.rules for world in each]
    terms = Terms(
        rules=np.array([row._replace(maintenance=0.0) for row in rules], dtype=np.float64),
        parts=np.array(parts),
        maintenance=np.array([row.maintenance for row in rules]),
    )
    return Crowd(feed, terms, limits)


@st.composite
def lines(draw: st.DrawFn, bars: int, *, rated: bool) -> Line:
    """Draw moments with a late start and gaps, a priority and rates."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    step = draw(st.sampled_from([10, 10, 10, 5, 30]))
    gaps = np.where(random.random(bars) < draw(st.sampled_from([0.0, 0.2])), random.integers(1, 4, bars), 0)
    opens = draw(st.sampled_from([0, 0, 20, 300])) + (np.arange(bars) + np.cumsum(gaps)) * step
    closes = opens + draw(st.sampled_from([step, step, max(step - 4, 1)]))
    rank = np.where(random.random(bars) < 0.3, -np.inf, random.integers(0, 3, bars).astype(float))
    ranked = draw(st.booleans())
    rates = (1.0 + random.random(bars), 1.0 + random.random(bars)) if rated and draw(st.booleans()) else (np.ones(bars), np.ones(bars))
    return Line(
        opens.astype(np.int64),
        closes.astype(np.int64),
        (opens // 50).astype(np.int64),
        rank if ranked else np.full(bars, -np.inf),
        rates,
        draw(st.sampled_from([0, 1])),
    )


@st.composite
def crowds(draw: st.DrawFn) -> Crowd:
    """Draw a basket of one to four symbols."""
    each = [special(draw, world) for world in draw(st.lists(worlds(), min_size=1, max_size=4))]
    rated = draw(st.booleans())
    drawn = [draw(lines(len(world.prices.close), rated=rated)) for world in each]
    limits = Ceilings(
        initial_cash=draw(st.sampled_from([1_000.0, 100_000.0])),
        max_positions=draw(st.sampled_from([0.0, 0.0, 1.0, 2.0])),
        max_gross=draw(st.sampled_from([0.0, 0.0, 0.7])),
        max_net=draw(st.sampled_from([0.0, 0.0, 0.3])),
        max_symbol=draw(st.sampled_from([0.0, 0.0, 0.25])),
        max_daily_loss=draw(st.sampled_from([0.0, 0.0, 0.01])),
        ending=draw(st.sampled_from([0.0, 1.0, 2.0])),
    )
    part = draw(st.sampled_from([1.0, 1.0, 0.5]))
    return crowd_of(each, drawn, limits, [part] * len(each))


def special(draw: st.DrawFn, world: World) -> World:
    """Give a world some of the rules that only some markets have, with the volume and nights they ask for."""
    bars = len(world.prices.close)
    random = np.random.default_rng(bars)
    rules = world.rules._replace(
        fill_at=draw(st.sampled_from([0.0, 0.0, 0.0, 1.0])),
        end_kind=draw(st.sampled_from([0.0, 0.0, 1.0, 2.0])),
        fee_minimum=draw(st.sampled_from([0.0, 0.0, 3.0])),
        fee_on=draw(st.sampled_from([0.0, 0.0, 1.0, 2.0])),
        borrow_rate=draw(st.sampled_from([0.0, 0.0, 0.5])),
        leverage=draw(st.sampled_from([1.0, 1.0, 2.0])),
        maintenance=draw(st.sampled_from([0.0, 0.0, 0.9])),
        volume_share=draw(st.sampled_from([0.0, 0.0, 0.1])),
        short_allowed=draw(st.sampled_from([1.0, 1.0, 0.0])),
    )
    prices = Prices(*world.prices[:4], volume=random.integers(0, 3_000, bars).astype(float))
    hours = Hours(*world.hours[:3], nights=np.where(world.hours.new_session != 0, 1.0, 0.0))
    return world._replace(rules=rules, prices=prices, hours=hours)
