"""Plans number points and make them when asked: grids in order, random ones alike in every process, ten million in the memory of ten."""

from __future__ import annotations

import math
import subprocess
import sys
import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.sweep import Between, Plan
from workbench.errors import InputError

TEN_MILLION = {"fast": range(1, 101), "slow": range(100, 200), "stop": [0.5 * step for step in range(1, 101)], "target": range(1, 11)}


def test_ten_million_points_are_planned_in_a_few_kilobytes() -> None:
    """Planning, hashing and reaching into a grid of ten million points never holds them."""
    tracemalloc.start()
    plan = Plan.grid(TEN_MILLION)
    _, points = plan.points(9_999_990, 10_000_010)
    assert (len(plan), len(plan.hash), points.shape) == (10_000_000, 64, (10, 4))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert points[-1].tolist() == [100.0, 199.0, 50.0, 10.0]
    assert peak < 200_000


def test_ten_million_random_points_are_planned_in_a_few_kilobytes() -> None:
    """A random plan makes the block that is asked for and no other."""
    tracemalloc.start()
    plan = Plan.random(TEN_MILLION | {"size": Between(0.1, 1.0)}, points=10_000_000, seed=7)
    _, points = plan.points(5_000_000, 5_000_100)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(plan), points.shape) == (10_000_000, (100, 5))
    assert peak < 500_000


@given(st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=4), min_size=1, max_size=4), st.data())
@settings(max_examples=60)
def test_a_grid_is_the_product_in_its_order(axes: list[list[float]], data: st.DataObject) -> None:
    """Any stretch of a grid equals that stretch of itertools.product."""
    plan = Plan.grid({f"p{place}": values for place, values in enumerate(axes)})
    first = data.draw(st.integers(0, len(plan)))
    last = data.draw(st.integers(first, len(plan)))
    assert [list(point) for point in product(*axes)][first:last] == plan.points(first, last)[1].tolist()


@given(st.integers(1, 5000), st.integers(0, 2**40), st.data())
@settings(max_examples=30)
def test_a_random_point_does_not_depend_on_how_it_is_reached(points: int, seed: int, data: st.DataObject) -> None:
    """Cut anywhere, the pieces of a random plan are the whole."""
    plan = Plan.random({"a": [1, 5, 9], "b": Between(0.0, 1.0), "c": Between(10, 20, step=2.5)}, points=points, seed=seed)
    cut = data.draw(st.integers(0, points))
    whole = plan.points(0, points)[1]
    assert np.array_equal(whole, np.concatenate([plan.points(0, cut)[1], plan.points(cut, points)[1]]))
    assert set(whole[:, 0]) <= {1.0, 5.0, 9.0}
    assert set(whole[:, 2]) <= {10.0, 12.5, 15.0, 17.5, 20.0}
    assert whole[:, 1].min() >= 0.0
    assert whole[:, 1].max() < 1.0


def test_random_points_are_spread_evenly() -> None:
    """Of 30 000 points each of three values gets a third, and a range has the mean and the variance of a uniform number."""
    values = Plan.random({"a": [1, 2, 3], "b": Between(2.0, 4.0)}, points=30_000, seed=3).points(0, 30_000)[1]
    counts = np.array([(values[:, 0] == value).sum() for value in (1, 2, 3)])
    assert np.abs(counts - 10_000).max() < 4 * math.sqrt(30_000 * 2 / 9)
    assert values[:, 1].mean() == pytest.approx(3.0, abs=0.02)
    assert values[:, 1].var() == pytest.approx(4 / 12, abs=0.01)


def test_another_process_makes_the_same_points() -> None:
    """Hash and points of a random plan are those of a fresh interpreter."""
    code = (
        "from workbench.backtest.sweep.plan import *; p = Plan.random({'a': range(50), 'b': Between(0.0, 1.0)}, points=3000, seed=11);"
        "print(p.hash, p.points(2990, 2992)[1].tobytes().hex())"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    here = Plan.random({"a": range(50), "b": Between(0.0, 1.0)}, points=3000, seed=11)
    assert told == [here.hash, here.points(2990, 2992)[1].tobytes().hex()]


def test_the_hash_is_of_the_content() -> None:
    """A range and the same numbers in a list are one plan; another order, value, seed or kind is another."""
    assert Plan.grid({"a": range(3, 6)}).hash == Plan.grid({"a": [3.0, 4.0, 5.0]}).hash
    others = [
        Plan.grid({"a": [3, 4, 5]}),
        Plan.grid({"a": [5, 4, 3]}),
        Plan.grid({"b": [3, 4, 5]}),
        Plan.grid({"a": [3, 4, 5], "b": [1]}),
        Plan.listed([{"a": 3}, {"a": 4}, {"a": 5}]),
        Plan.random({"a": [3, 4, 5]}, points=3, seed=1),
        Plan.random({"a": [3, 4, 5]}, points=3, seed=2),
        Plan.random({"a": Between(3, 5)}, points=3, seed=1),
    ]
    assert len({plan.hash for plan in others}) == len(others)


def test_listed_points_may_leave_names_out() -> None:
    """What a point does not say is NaN, which a sweep turns into the default."""
    names, values = Plan.listed([{"a": 1}, {"b": 2.0}]).points(0, 2)
    assert names == ("a", "b")
    assert np.array_equal(values, [[1.0, np.nan], [np.nan, 2.0]], equal_nan=True)


def test_impossible_plans_say_so() -> None:
    """Each wrong plan is one sentence that says what would be right."""
    for make, words in (
        (lambda: Plan.grid({}), "the grid is empty"),
        (lambda: Plan.listed([]), "the grid is empty"),
        (lambda: Plan.grid({"a": []}), "no value for \\$a"),
        (lambda: Plan.grid({"a": [float("nan")]}), "finite number"),
        (lambda: Plan.grid({f"p{place}": range(1000) for place in range(9)}), "draw some of them"),
        (lambda: Plan.random({}, points=5, seed=1), "nothing to draw"),
        (lambda: Plan.random({"a": [1]}, points=0, seed=1), "points must be a whole number"),
        (lambda: Plan.random({"a": [1]}, points=5, seed=-1), "seed must be a whole number"),
        (lambda: Between(2, 1), "low below high"),
        (lambda: Between(1, 2, step=5), "a step that fits"),
    ):
        with pytest.raises(InputError, match=words):
            make()
