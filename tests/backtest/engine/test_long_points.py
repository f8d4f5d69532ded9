"""The sweep's kernel on bars enough for several stretches, full tapes and long idle times: still the single run, to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_engines_agree import bits, counted, packed
from worlds import World, flags_of, prices_of, worlds

from workbench.backtest.engine import tally as t
from workbench.backtest.engine.arrays import Hours, Orders, quotes_of
from workbench.backtest.engine.point import run_points
from workbench.backtest.engine.rules import RULES_SIZE

FEW = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@st.composite
def long_worlds(draw: st.DrawFn, *, plain: bool = True) -> World:
    """Draw a world of up to 20 000 bars, from hardly any order to one on every third bar."""
    world = draw(worlds(plain=plain))
    bars, seed = draw(st.one_of(st.integers(100, 2_000), st.integers(8_000, 20_000))), draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    tick = world.rules.tick
    prices = prices_of(seed, bars, tick, draw(st.sampled_from([0.0002, 0.002])))
    busy = draw(st.sampled_from([0.0005, 0.01, 0.3]))
    signals = Orders(*(flags_of(random, bars, busy * draw(st.sampled_from([0.0, 1.0, 1.0]))) for _ in range(4)))
    hours = Hours(
        new_session=flags_of(random, bars, draw(st.sampled_from([0.0, 0.002, 0.1]))),
        can_enter=1 - flags_of(random, bars, 0.1),
        must_flat=flags_of(random, bars, draw(st.sampled_from([0.0, 0.002, 0.05]))),
        nights=np.zeros(bars),
    )
    distance = np.where(random.random(bars) < 0.1, np.nan, np.abs(random.normal(1.0, 0.5, bars)))
    return World(world.rules, prices, hours, signals, distance)


def rows_of(world: World, table: np.ndarray) -> np.ndarray:
    """Run points on a world, each under its own row of rules."""
    new_session, can_enter, must_flat, _nights = world.hours
    hours, signals = packed((can_enter, must_flat, new_session)), packed(world.signals)
    out = np.full((len(table), t.POINT_SIZE), 7.0)
    rows = np.tile(np.arange(4), (len(table), 1))
    quotes = quotes_of(world.prices, world.hours)
    run_points(table, quotes, hours, signals, rows, world.distance[None], np.zeros(len(table), np.int64), out)
    return out


@given(long_worlds())
@FEW
def test_long_points_equal_single_runs(world: World) -> None:
    """On thousands of bars a point counts what the single run counts."""
    assert bits(counted(world)) == bits(rows_of(world, np.array([world.rules]))[0])


@given(long_worlds(), st.lists(worlds(plain=False), min_size=2, max_size=5))
@settings(FEW, max_examples=25)
def test_points_run_under_their_own_rules(world: World, others: list[World]) -> None:
    """Points of one call may differ in every rule, plain ones or not; each counts as if it were alone."""
    rules = [world.rules, *(other.rules for other in others)]
    found = rows_of(world, np.array(rules))
    assert (len(rules), RULES_SIZE) == np.array(rules).shape
    for place, own in enumerate(rules):
        assert bits(counted(world._replace(rules=own))) == bits(found[place])
