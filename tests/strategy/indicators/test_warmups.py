"""Warm-ups: exact for every parameter value, nothing missing afterwards, nothing from later bars, the same sums after any number of bars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indicator_tables import daily, walk
from test_step import BUILT_IN, bits, parameters

from workbench.strategy.indicators import batch, find

TABLES = [daily(walk(700, seed=seed)) for seed in range(3)]
LONG = 400
FOLLOWS_SESSIONS = [name for name in BUILT_IN if "session_day" in find(name).inputs]


def run(entry: Any, table: dict[str, np.ndarray], params: tuple[float, ...]) -> np.ndarray:
    """Outputs of an indicator, one row each."""
    return batch(entry, [table[series] for series in entry.inputs], params).T


def expect_exact(entry: Any, table: dict[str, np.ndarray], params: tuple[float, ...]) -> None:
    """Every output is NaN on exactly the declared number of leading bars and on no later one."""
    warmup = entry.warmup(params)
    missing = [np.flatnonzero(np.isnan(row)).tolist() for row in run(entry, table, params)]
    assert missing == [list(range(min(warmup, len(table["close"]))))] * len(entry.outputs)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(BUILT_IN), st.sampled_from(TABLES), st.data())
def test_the_first_known_bar_is_the_declared_one(name: str, table: dict[str, np.ndarray], data: Any) -> None:
    """For random parameters every output is NaN on the declared bars and on no other, gaps, ties and still stretches included."""
    entry = find(name)
    expect_exact(entry, table, data.draw(parameters(entry, 150)))


@pytest.mark.parametrize("name", BUILT_IN)
def test_both_ends_of_every_range_warm_up_as_declared(name: str) -> None:
    """Each parameter at its lowest, and as high as 3 000 bars can show, one at a time."""
    entry = find(name)
    table = daily(walk(3000))
    for place, each in enumerate(entry.parameters):
        for value in (each.low, min(each.high, 900.0 if each.integer else each.high)):
            expect_exact(entry, table, (*entry.defaults[:place], value, *entry.defaults[place + 1 :]))


@pytest.mark.parametrize("name", FOLLOWS_SESSIONS)
def test_sessions_leave_only_the_documented_holes(name: str) -> None:
    """In sessions of 13 bars nothing is missing but the session before the first, and the opening range while it grows."""
    entry = find(name)
    table = walk(60 * 13)
    missing = np.isnan(run(entry, table, entry.defaults)[0]).reshape(60, 13)
    if name.startswith("prior"):
        assert missing[0].all()
        missing = missing[1:]
    assert not missing.any()  # the opening range of 30 minutes is complete with the first half hour


@settings(max_examples=80, deadline=None)
@given(st.sampled_from(BUILT_IN), st.integers(0, 700), st.data())
def test_later_bars_change_nothing(name: str, cut: int, data: Any) -> None:
    """Values on the bars up to a cut are the same to the bit with and without the bars after it."""
    entry = find(name)
    table, params = walk(700), data.draw(parameters(entry, 60))
    whole = run(entry, table, params)[:, :cut]
    part = run(entry, {series: values[:cut].copy() for series, values in table.items()}, params)
    assert bits(whole) == bits(part)


@pytest.mark.parametrize("name", ["sma", "bb", "stdev", "wma", "vwma", "linreg", "mfi", "cmf", "cci", "stoch", "zscore"])
def test_windows_forget(name: str) -> None:
    """After huge numbers have left, two windows later the values are those of bars that never had them, within rounding of the window itself."""
    entry = find(name)
    table = walk(4000, still=False)
    wild = {series: values.copy() for series, values in table.items()}
    for series in ("open", "high", "low", "close", "volume"):
        wild[series][500:520] *= 1e9
    params = entry.checked((20,))
    memory = 520 + 3 * 20 + entry.warmup(params)
    calm, after = run(entry, table, params)[:, memory:], run(entry, wild, params)[:, memory:]
    assert float(np.max(np.abs(calm - after))) <= 1e-9 * max(1.0, float(np.max(np.abs(calm))))


def test_a_million_bars_do_not_drift() -> None:
    """After a million bars a mean of 20 is the mean of its 20 numbers to 13 digits, a money flow the flow of its 14 bars."""
    table = walk(1_000_000, still=False)
    close = np.abs(table["close"]) + 1.0
    last = batch(find("sma"), [close], (20,))[-1, 0]
    assert last == pytest.approx(float(np.mean(close[-20:])), rel=1e-13)
    wma = batch(find("wma"), [close], (20,))[-1, 0]
    assert wma == pytest.approx(float(np.average(close[-20:], weights=range(1, 21))), rel=1e-13)
