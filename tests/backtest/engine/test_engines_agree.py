from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from worlds import World, worlds

from workbench.backtest.engine import account as a
from workbench.backtest.engine import tally as t
from workbench.backtest.engine.account import new_account
from workbench.backtest.engine.arrays import quotes_of
from workbench.backtest.engine.every_bar import every_bar
from workbench.backtest.engine.point import run_points
from workbench.backtest.engine.simulate import simulate
from workbench.backtest.twin import Twin

if TYPE_CHECKING:
    from collections.abc import Iterable

ACTION_OF = {0: a.CLOSE, 1: a.GO_LONG, -1: a.GO_SHORT}
often = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def bits(values: object) -> bytes:
    """Return the bytes of floats, every NaN the same."""
    array = np.array(values, dtype=np.float64)
    return np.where(np.isnan(array), np.nan, array + 0.0).tobytes()


def packed(columns: Iterable[np.ndarray]) -> np.ndarray:
    """Return columns of 0 and 1 as words of 64 bars."""
    whole = np.stack(list(columns))
    padded = np.pad(whole, ((0, 0), (0, -whole.shape[1] % 64)))
    return np.packbits(padded, axis=1, bitorder="little").view(np.uint64)


def point_of(world: World) -> np.ndarray:
    """Run a world through the sweep's kernel."""
    new_session, can_enter, must_flat, _nights = world.hours
    hours, signals = packed((can_enter, must_flat, new_session)), packed(world.signals)
    out = np.full((1, t.POINT_SIZE), 7.0)
    which = np.zeros(1, np.int64)
    run_points(
        world.rules,
        quotes_of(world.prices, world.hours),
        hours,
        signals,
        np.arange(4).reshape(1, 4),
        world.distance[None],
        which,
        out,
    )
    return out[0]


@given(worlds(plain=False))
@often
def test_kernel_equals_twin(world: World) -> None:
    """The compiled engine and the plain twin give the same fills, orders and equity, to the bit."""
    fills, orders, equity = simulate(new_account(world.rules), world.rules, world.prices, world.hours, world.signals, world.distance)
    twin = Twin(world.rules).run(world.prices, world.hours, world.signals, world.distance)
    none = float("nan")
    expected = [
        [bar, side, quantity, price, fee, a.REASONS.index(reason), *(none if value is None else value for value in rest)]
        for bar, side, quantity, price, fee, reason, *rest in twin.fills
    ]
    assert bits(expected) == bits(fills)
    decided = [[bar, ACTION_OF[side], quantity, a.REASONS.index(reason)] for bar, side, quantity, reason in twin.orders]
    assert bits(decided) == bits(orders[:, : a.ORDER_DISTANCE])
    assert bits(twin.equity) == bits(equity)


@given(st.one_of(worlds(), worlds(plain=False)))
@often
def test_sweep_point_equals_single_run(world: World) -> None:
    """The sweep's kernel, which skips bars where the rules let it, counts the same as the single run's, to the bit."""
    assert bits(counted(world)) == bits(point_of(world))


@given(worlds(plain=False))
@often
def test_every_bar_equals_single_run(world: World) -> None:
    """The sweep's kernel for rules that look at every bar counts the same as the single run's, to the bit."""
    new_session, can_enter, must_flat, _nights = world.hours
    out = np.full(t.POINT_SIZE, 7.0)
    hours, signals = packed((can_enter, must_flat, new_session)), packed(world.signals)
    every_bar(world.rules, quotes_of(world.prices, world.hours), hours, signals, np.arange(4), world.distance, out)
    assert bits(counted(world)) == bits(out)


def counted(world: World) -> np.ndarray:
    """Return the row of a point as the single run's fills and equity give it."""
    account = new_account(world.rules)
    fills, _orders, equity = simulate(account, world.rules, world.prices, world.hours, world.signals, world.distance)
    expected = np.zeros(t.POINT_SIZE)
    t.tally(equity, world.rules.initial_cash, expected)
    exits = fills[~np.isnan(fills[:, a.FILL_PNL])]
    net = exits[:, a.FILL_PNL]
    held = account[a.QTY] != 0
    entries = fills[np.isnan(fills[:, a.FILL_PNL])]
    closed = len(exits)
    expected[t.TRADES] = closed
    expected[t.WINS] = np.count_nonzero(net > 0)
    expected[t.GROSS_PROFIT] = sum(net[net > 0].tolist())
    expected[t.GROSS_LOSS] = sum((-net[net <= 0]).tolist())
    costs = entries[:closed, a.FILL_FEE] + exits[:, a.FILL_FEE] + exits[:, a.FILL_BORROW]
    expected[t.FEES] = sum(costs.tolist()) + (account[a.ENTRY_FEE] + account[a.BORROWED])
    money = fills[:, a.FILL_QTY] * fills[:, a.FILL_PRICE] * world.rules.multiplier
    expected[t.TURNOVER] = sum((money[0 : 2 * closed : 2] + money[1 : 2 * closed : 2]).tolist()) + (money[-1] if held else 0.0)
    bars_held = exits[:, a.FILL_BAR] - entries[:closed, a.FILL_BAR]
    expected[t.BARS_IN_MARKET] = bars_held.sum() + (len(equity) - entries[-1, a.FILL_BAR] if held else 0)
    return expected
