"""Trial ids of many points at once are those of one by one, and equal ones are found without holding text."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.engine.rules import FillRules, fill_rules
from workbench.backtest.sweep import Axes, Between, Plan
from workbench.backtest.trial_ids import ID, Seen, ground_of, hexes, id_of, identities, ids_of, trial_id
from workbench.strategy.strategy import strategy
from workbench.units import instrument

RULE = strategy(
    "buy when rsi($n) < $low; sell when rsi($n) > 60", stop="2%", time_stop=9, parameters={"n": (2, 2, 20, 1), "low": (10, 5.5, 40, 0.5)}
)


@pytest.mark.parametrize(
    "plan",
    [
        Plan.grid({"n": range(2, 6), "low": [7, 9.25, 1e-7], "stop": [0.5, 1.0, 3.3], "time_stop": [3, 4]}),
        Plan.random({"stop": Between(0.1, 9.0), "low": Between(1.0, 40.0)}, points=60, seed=1),
        Plan.grid({"n": [3]}),
    ],
    ids=["grid", "random", "parameters alone"],
)
def test_many_at_once_are_the_same(plan: Plan) -> None:
    """The id of every point equals ``trial_id`` of its parameters on the ground of its own fill rules."""
    entry = instrument("SPX")
    axes = Axes.of(RULE, entry, fill_rules(RULE.spec, entry, 100_000.0), plan)
    values = axes.complete(plan, 0, len(plan))
    grounds = [ground_of(RULE.spec, "p" * 64, "d" * 64, FillRules(*row.tolist())) for row in axes.rules(values)]
    expected = [trial_id(ground, axes.point(point)) for ground, point in zip(grounds, values, strict=True)]
    assert expected == hexes(identities(RULE.spec, "p" * 64, "d" * 64, axes, values))


def test_a_strategy_without_parameters_has_an_id() -> None:
    """The one point of a plan of the size alone is that of a strategy with that size."""
    plain = strategy("buy when close > sma(20); sell when close < sma(20)", sizing="50%")
    entry = instrument("SPX")
    plan = Plan.grid({"size": [50]})
    axes = Axes.of(plain, entry, fill_rules(plain.spec, entry), plan)
    ground = ground_of(plain.spec, "p", "d", fill_rules(plain.spec, entry))
    assert hexes(identities(plain.spec, "p", "d", axes, axes.complete(plan, 0, 1))) == [trial_id(ground, {})]


def _ids(numbers: list[int]) -> np.ndarray:
    return ids_of(hashlib.sha256(str(number).encode()).hexdigest() for number in numbers)


@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=8))
@settings(max_examples=60)
def test_seen_is_a_set(parts: list[list[int]]) -> None:
    """Part after part, what is new is what a Python set would not hold, of equal ones the first."""
    seen, known = Seen(), set()
    for part in parts:
        expected = []
        for number in part:
            expected.append(number not in known)
            known.add(number)
        assert expected == seen.add(_ids(part)).tolist()
    for number in range(42):
        assert (hashlib.sha256(str(number).encode()).hexdigest() in seen) == (number in known)


def test_ids_with_zeros_at_the_end_stay_whole() -> None:
    """An id that ends in zero bytes is told from one that ends in others, and comes back in full."""
    texts = ["ab" * 31 + "00", "ab" * 30 + "0000", "00" * 32, "ab" * 31 + "01"]
    ids = ids_of(texts)
    assert (ID.itemsize, texts) == (32, hexes(ids))
    assert Seen([np.sort(ids[:2])]).known(ids).tolist() == [True, True, False, False]
    assert hexes(id_of(texts[2])) == [texts[2]]
