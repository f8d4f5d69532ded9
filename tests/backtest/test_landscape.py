"""Sensitivity and plateau: numbers that a person can work out by hand, from sweeps whose metric is known."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.plateau import plateau
from workbench.backtest.sensitivity import sensitivity
from workbench.backtest.sweep import Between, Plan, SweepResult, sweep
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample
from workbench.strategy.strategy import Strategy, strategy

GRID = {"n": [2, 3, 4, 5], "low": [5, 10, 20, 30, 40]}


def dip() -> Strategy:
    return strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", stop="2%", parameters={"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)})


@pytest.fixture(scope="module")
def swept() -> SweepResult:
    return sweep(dip(), sample("SPX").head(900), GRID)


def told(swept: SweepResult, metric: np.ndarray, grid: dict[str, list[float]]) -> SweepResult:
    """Return ``swept`` as if its points had these Sharpe ratios, in the order of the product of ``grid``, best first."""
    frame = pd.DataFrame(list(product(*grid.values())), columns=list(grid), dtype=float).assign(sharpe=metric, max_drawdown=metric)
    frame.index.name = "point"
    key = frame["sharpe"].sort_values(ascending=False, na_position="last", kind="stable").index
    return replace(swept, frame=frame.loc[key], totals=replace(swept.totals, points=len(frame)), planned=len(frame), swept=tuple(grid))


def test_variance_is_explained_as_worked_out_by_hand(swept: SweepResult) -> None:
    """For 3 a + b over a in -1 0 1 and b in -1 0 1 the shares are 9/10 and 1/10, and the means are -3 0 3 and -1 0 1."""
    grid = {"n": [-1.0, 0.0, 1.0], "low": [-1.0, 0.0, 1.0]}
    metric = np.array([3 * a + b for a, b in product(*grid.values())])
    found = sensitivity(told(swept, metric, grid))
    assert found.frame["explained"].to_dict() == pytest.approx({"n": 0.9, "low": 0.1})
    assert list(found.frame.index) == ["n", "low"]
    assert found.margins.loc[found.margins["parameter"] == "n", "mean"].tolist() == pytest.approx([-3, 0, 3])
    assert found.margins.loc[found.margins["parameter"] == "low", "best"].tolist() == pytest.approx([2, 3, 4])
    assert found.margins.loc[found.margins["parameter"] == "low", "median"].tolist() == pytest.approx([-1, 0, 1])
    assert found.frame.loc["n", ["lowest", "highest", "best"]].tolist() == pytest.approx([-3, 3, 1])


def test_what_parameters_do_together_is_explained_by_none(swept: SweepResult) -> None:
    """A pure product leaves nothing to either alone."""
    grid = {"n": [-1.0, 1.0], "low": [-1.0, 1.0]}
    found = sensitivity(told(swept, np.array([1.0, -1.0, -1.0, 1.0]), grid))
    assert found.frame["explained"].tolist() == pytest.approx([0.0, 0.0])


def test_missing_points_are_left_out_and_counted(swept: SweepResult) -> None:
    """A point that never traded is no zero in a mean."""
    grid = {"n": [1.0, 2.0], "low": [1.0, 2.0]}
    found = sensitivity(told(swept, np.array([1.0, 3.0, np.nan, 5.0]), grid))
    assert (found.points, found.missing) == (3, 1)
    assert found.margins.loc[found.margins["parameter"] == "n", "mean"].tolist() == [2.0, 5.0]


def test_many_values_are_grouped() -> None:
    """A range of a random plan has twelve groups of nearly equal size."""
    random = sweep(dip(), sample("SPX").head(600), plan=Plan.random({"stop": Between(0.5, 5.0), "n": [2, 3]}, points=600, seed=1))
    margins = sensitivity(random).margins
    groups = margins[margins["parameter"] == "stop"]
    assert len(groups) == 12
    assert groups["points"].between(40, 60).all()
    assert groups["value"].is_monotonic_increasing


def test_a_huge_sweep_is_looked_at_through_its_sample(swept: SweepResult) -> None:
    """Where only the best are kept the random sample speaks, and says so."""
    some = sweep(dip(), swept.bars, GRID, keep=3)
    assert sensitivity(some).sampled
    assert sensitivity(some).frame.equals(sensitivity(swept).frame)
    with pytest.raises(InputError, match="neighbours of a good point may be bad"):
        plateau(some)


def test_a_needle_is_no_plateau(swept: SweepResult) -> None:
    """A lonely 9 among ones is found to stand alone; the plateau of fives is the robust choice."""
    grid = {"n": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "low": [1.0, 2.0, 3.0]}
    metric = np.array([[1, 1, 1], [1, 9, 1], [1, 1, 1], [5, 5, 5], [5, 5, 5], [5, 5, 5]], dtype=float).ravel()
    found = plateau(told(swept, metric, grid), close=0.5)
    assert (found.value, found.mean, found.worst, found.near, found.neighbours) == (9.0, pytest.approx(17 / 9), 1.0, 0.0, 8)
    assert found.point == {"n": 2.0, "low": 2.0}
    assert found.robust == {"n": 5.0, "low": 2.0}
    assert found.robust_mean == 5.0
    assert found.frame.loc[found.frame["n"] == 5.0, "near"].tolist() == [1.0, 1.0, 1.0]
    edge = plateau(told(swept, metric, grid), {"n": 1, "low": 1}, close=0.5)
    assert (edge.neighbours, edge.mean, edge.near) == (3, 3.0, pytest.approx(1 / 3))


@given(st.lists(st.integers(1, 4), min_size=1, max_size=3), st.integers(0, 2**32), st.floats(0.3, 1.0))
@settings(max_examples=40)
def test_neighbourhoods_equal_the_slow_count(swept: SweepResult, shape: list[int], seed: int, close: float) -> None:
    """Means, worst values and shares of every point are those of two nested loops over all points."""
    grid = {name: list(range(size)) for name, size in zip(("n", "low", "stop"), (size + 1 for size in shape), strict=False)}
    size = int(np.prod([len(values) for values in grid.values()]))
    metric = np.random.default_rng(seed).normal(1.0, 1.0, size)
    found = plateau(told(swept, metric, grid), close=close)
    points = np.array(list(product(*grid.values())))
    bar = metric.max() - (1 - close) * abs(metric.max())
    for place, row in found.frame.iterrows():
        inside = (np.abs(points - points[place]) <= 1).all(axis=1)
        others = inside & (np.arange(size) != place)
        assert row["mean"] == pytest.approx(metric[inside].mean())
        assert row["worst"] == pytest.approx(metric[inside].min())
        assert (row["neighbours"], row["near"]) == (others.sum(), pytest.approx((metric[others] >= bar).mean()))


def test_never_trading_beside_a_point_is_no_comfort(swept: SweepResult) -> None:
    """A missing neighbour counts as nothing earned."""
    grid = {"n": [1.0, 2.0, 3.0]}
    found = plateau(told(swept, np.array([np.nan, 4.0, 2.0]), grid))
    assert (found.mean, found.worst) == (2.0, 0.0)


def test_less_can_be_better(swept: SweepResult) -> None:
    """For drawdown the best point is the lowest, and the worst of a neighbourhood the highest."""
    grid = {"n": [1.0, 2.0, 3.0]}
    found = plateau(told(swept, np.array([0.3, 0.1, 0.2]), grid), metric="max_drawdown")
    assert (found.value, found.worst, found.mean) == (0.1, 0.3, pytest.approx(0.2))
    assert sensitivity(told(swept, np.array([0.3, 0.1, 0.2]), grid), "max_drawdown").frame.loc["n", "best"] == 2.0


def test_scattered_points_have_nearest_neighbours() -> None:
    """Random points have as many neighbours as a point in a grid of that many parameters, and the best is among those looked at."""
    random = sweep(dip(), sample("SPX").head(600), plan=Plan.random({"stop": Between(0.5, 5.0), "low": Between(5, 40)}, points=800, seed=1))
    found = plateau(random)
    assert (found.neighbours, found.value) == (8, random.frame["sharpe"].max())
    assert len(found.frame) == 500
    assert found.robust_mean >= found.mean


def test_they_show_themselves(swept: SweepResult) -> None:
    """Pictures, tables and JSON of real results."""
    margin, around = sensitivity(swept), plateau(swept)
    assert len(margin.figure().data) == 6
    assert len(around.figure().data) == 3
    assert len(plateau(sweep(dip(), swept.bars, {"n": [2, 3, 4]})).figure().data) == 1
    for found in (margin, around):
        json.dumps(found.to_dict(), allow_nan=False)
        assert "<table" in found._repr_html_()
    assert "explained by" in repr(margin)
    assert "close to the best" in repr(around)


def test_impossible_questions_say_so(swept: SweepResult) -> None:
    """Nothing varied, an unknown metric, no such point, a share that is none."""
    alone = sweep(dip(), swept.bars, {"n": [2]})
    for call, words in (
        (lambda: sensitivity(alone), "varies nothing"),
        (lambda: plateau(alone), "varies nothing"),
        (lambda: plateau(swept, {"n": 2, "low": 6}), "none of the sweep's points"),
        (lambda: plateau(swept, {"n": 2}), "give a value for low, n"),
        (lambda: plateau(swept, close=0), "share of the best"),
        (lambda: plateau(sweep(dip(), swept.bars, {"low": [-1, -2]})), "no point of this sweep has a sharpe"),
        (lambda: sensitivity(sweep(dip(), swept.bars, {"low": [-1, -2]})), "fewer than two points"),
    ):
        with pytest.raises(InputError, match=words):
            call()
    with pytest.raises(UnknownNameError, match="metric"):
        sensitivity(swept, "luck")
