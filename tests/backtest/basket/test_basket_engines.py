"""The compiled shared account against a plain twin, against the single run, and against the sum of its parts."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from crowds import NO_LIMITS, RULES, Crowd, World, always, crowd_of, crowds, flags_of, special, worlds

from workbench.backtest.basket import book as b
from workbench.backtest.basket.curve import OF_EQUITY
from workbench.backtest.basket.kernel import run_events
from workbench.backtest.basket.twin import BasketTwin
from workbench.backtest.engine import account as a
from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import Hours, Orders
from workbench.backtest.engine.simulate import simulate

often = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
ACTION_OF = {0: a.CLOSE, 1: a.GO_LONG, -1: a.GO_SHORT}
NONE = float("nan")


def bits(values: object) -> bytes:
    """Return the bytes of floats, every NaN the same."""
    array = np.array(values, dtype=np.float64)
    return np.where(np.isnan(array), np.nan, array + 0.0).tobytes()


def run(crowd: Crowd) -> tuple[b.Book, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    book, log, curve = run_events(crowd.feed, crowd.terms, crowd.limits, new_account(RULES))
    return book, log.fills, log.orders, log.cuts, curve.rows, curve.moments


@given(crowds())
@often
def test_compiled_basket_equals_twin(crowd: Crowd) -> None:
    """Fills, orders, cuts, curve and moments of the compiled loop are those of the plain twin, to the bit."""
    _book, fills, orders, cuts, curve, moments = run(crowd)
    twin = BasketTwin(crowd.feed, crowd.terms, crowd.limits).run()
    told = [
        [bar, side, size, price, fee, a.REASONS.index(why), *(NONE if v is None else v for v in rest), symbol, b.PHASES.index(phase)]
        for symbol, phase, bar, side, size, price, fee, why, *rest in twin.fills
    ]
    assert bits(told) == bits(fills[:, : b.FILL_MARK])
    decided = [[bar, ACTION_OF[side], size, a.REASONS.index(why), symbol] for symbol, bar, side, size, why in twin.orders]
    assert bits(decided) == bits(orders[:, [a.ORDER_BAR, a.ORDER_ACTION, a.ORDER_QTY, a.ORDER_REASON, b.ORDER_SYMBOL]])
    dropped = [[symbol, bar, wanted, got, b.CUTS.index(why)] for symbol, bar, wanted, got, why in twin.cuts]
    assert bits(dropped) == bits(cuts[:, : b.CUT_MARK])
    assert bits(twin.curve) == bits(curve)
    assert twin.moments == moments.tolist()


@given(st.data(), worlds())
@often
def test_basket_of_one_equals_single_run(data: st.DataObject, world: World) -> None:
    """One symbol alone in the account gives the fills, orders and equity of ``backtest``, to the bit."""
    world = special(data.draw, world)
    account = new_account(world.rules)
    fills, orders, equity = simulate(account, world.rules, world.prices, world.hours, world.signals, world.distance)
    limits = NO_LIMITS._replace(initial_cash=world.rules.initial_cash)
    crowd = crowd_of([world], [always(len(equity))], limits, [1.0])
    book, ours, decided, _cuts, curve, _moments = run(crowd)
    assert bits(fills) == bits(ours[:, : a.FILL_SIZE])
    assert bits(orders) == bits(decided[:, : a.ORDER_SIZE])
    assert bits(equity) == bits(curve[:, OF_EQUITY])
    assert account[a.CASH] == book.purse[b.CASH]


@given(st.integers(0, 2**32 - 1), st.integers(2, 5))
@settings(max_examples=60, deadline=None)
def test_fixed_size_futures_add_up(seed: int, count: int) -> None:
    """Futures of fixed size that never want for money earn together what each earns alone."""
    from worlds import prices_of

    random = np.random.default_rng(seed)
    bars = 200
    rules = RULES._replace(multiplier=50.0, margin=400.0, fee_per_contract=2.5, stop_kind=2.0, stop_value=0.03, initial_cash=1e7)
    each = [
        World(
            rules,
            prices_of(seed + k, bars, 0.0, 0.01),
            Hours.always(bars),
            Orders(*(flags_of(random, bars, 0.1) for _ in range(4))),
            np.full(bars, np.nan),
        )
        for k in range(count)
    ]
    alone = sum(simulate(new_account(w.rules), w.rules, w.prices, w.hours, w.signals, w.distance)[2] - 1e7 for w in each)
    each = [world._replace(hours=Hours(*world.hours[:3], nights=np.zeros(bars))) for world in each]
    together = run(crowd_of(each, [always(bars)] * count, NO_LIMITS._replace(initial_cash=1e7), [1.0] * count))[4][:, OF_EQUITY]
    assert together - 1e7 == pytest.approx(alone, abs=1e-6)
