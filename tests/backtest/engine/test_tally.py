"""Sums of returns have one order of adding, written here once more in plain Python."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.engine import tally as t


def added(values: list[tuple[int, float]]) -> float:
    """Add numbers by bar: lane by lane in time, then lanes k and k + 4, k and k + 2, and the last two."""
    lanes = [0.0] * 8
    for bar, value in values:
        lanes[bar % 8] += value
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [lanes[place] + lanes[place + half] for place in range(half)]
    return lanes[0]


def plain(equity: list[float], initial: float) -> dict[int, float]:
    """Return what is counted over an equity curve."""
    before, top, top_bar = initial, initial, -1
    returns: list[tuple[int, float]] = []
    deepest, longest = 0.0, 0
    for bar, now in enumerate(equity):
        returns.append((bar, now / before - 1.0 if before > 0.0 else 0.0))
        if now >= top:
            top, top_bar = now, bar
        deepest, longest, before = max(deepest, (top - now) / top), max(longest, bar - top_bar), now
    bars = len(equity)
    found = {
        t.FINAL_EQUITY: equity[-1],
        t.MAX_DRAWDOWN: deepest,
        t.MAX_DRAWDOWN_BARS: float(longest),
        t.DOWNSIDE: added([(bar, min(gain, 0.0) * min(gain, 0.0)) for bar, gain in returns]),
    }
    for block in range(t.BLOCKS):
        part = returns[block * bars // t.BLOCKS : (block + 1) * bars // t.BLOCKS]
        found[t.SUMS + block] = added(part)
        found[t.SQUARES + block] = added([(bar, gain * gain) for bar, gain in part])
    return found


@given(st.integers(1, 700), st.integers(0, 2**32 - 1), st.sampled_from([0.0001, 0.02, 0.4]), st.sampled_from([0.0, 0.7]))
@settings(max_examples=200, deadline=None)
def test_tally_is_the_plain_sum(bars: int, seed: int, spread: float, still: float) -> None:
    """Every number equals its plain definition, to the bit, also where money is lost or stands still."""
    random = np.random.default_rng(seed)
    steps = random.normal(0.0, spread, bars) * (random.random(bars) >= still)
    equity = 1000.0 * (1.0 + np.cumsum(steps))
    out = np.full(t.POINT_SIZE, 7.0)
    t.tally(equity, 1000.0, out)
    expected = plain(equity.tolist(), 1000.0)
    assert expected == {place: out[place] for place in expected}
    assert out[t.BARS_IN_MARKET : t.TURNOVER + 1].tolist() == [7.0] * 7


def test_lanes_do_not_change_what_is_summed() -> None:
    """The sums are those of numpy up to rounding."""
    equity = 100.0 * np.cumprod(1.0 + np.random.default_rng(1).normal(0.0, 0.01, 999))
    out = np.zeros(t.POINT_SIZE)
    t.tally(equity, 100.0, out)
    returns = np.diff(equity, prepend=100.0) / np.concatenate([[100.0], equity[:-1]])
    assert out[t.SUMS : t.SUMS + t.BLOCKS].sum() == pytest.approx(returns.sum(), rel=1e-10)
    assert out[t.SQUARES : t.SQUARES + t.BLOCKS].sum() == pytest.approx((returns**2).sum(), rel=1e-10)
    assert out[t.DOWNSIDE] == pytest.approx((np.minimum(returns, 0.0) ** 2).sum(), rel=1e-10)
