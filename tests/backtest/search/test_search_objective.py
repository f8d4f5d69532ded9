"""The score of a candidate: the z of the deflated Sharpe ratio against a hurdle that does not move, less a stated penalty for few trades."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from workbench.backtest.evidence.sharpe import Moments, deflated_sharpe, expected_max_sharpe
from workbench.backtest.ledger import Count
from workbench.backtest.search import PENALTY, Hurdle, score
from workbench.backtest.search.objective import moments_of

METRICS = {"sharpe_per_bar": 0.08, "skew": -0.7, "kurtosis": 6.0, "observations": 1500.0, "trades": 80.0}
HURDLE = Hurdle(before=40, budget=205, variance=0.0009, min_trades=30)


def test_it_is_the_z_of_the_deflated_sharpe_ratio() -> None:
    """The normal quantile of the deflated Sharpe ratio with all trials, before and in the budget, is the score."""
    deflated = deflated_sharpe(Moments(sharpe=0.08, observations=1500, skew=-0.7, kurtosis=6.0), trials=245, variance=0.0009)
    assert math.isclose(score(METRICS, HURDLE) or 0.0, NormalDist().inv_cdf(deflated), rel_tol=1e-9)


def test_missing_trades_cost_standard_errors() -> None:
    """Half of the trades asked for cost half of the penalty; enough of them cost nothing."""
    full = score(METRICS, HURDLE)
    assert full is not None
    assert score(METRICS | {"trades": 30.0}, HURDLE) == full
    assert math.isclose(full - (score(METRICS | {"trades": 15.0}, HURDLE) or 0.0), PENALTY / 2)
    assert math.isclose(full - (score(METRICS | {"trades": 0.0}, HURDLE) or 0.0), PENALTY)


@pytest.mark.parametrize(
    "gap", [{"sharpe_per_bar": None}, {"skew": None}, {"kurtosis": math.nan}, {"observations": None}, {"observations": 1.0}]
)
def test_what_has_no_ratio_has_no_score(gap: dict[str, float | None]) -> None:
    """Missing or meaningless moments give None, never a number."""
    assert score(METRICS | gap, HURDLE) is None


def test_the_hurdle_counts_what_was_before_and_the_whole_budget() -> None:
    """Trials of the family and of the budget together, at the family's spread."""
    hurdle = Hurdle.of(Count(family="X/common", trials=60, annual_variance=4.0), budget=140, bars=1000, bars_per_year=252.0, min_trades=30)
    assert (hurdle.before, hurdle.budget) == (60, 140)
    assert hurdle.sharpe == expected_max_sharpe(200, 4.0 / 252.0)


def test_a_narrow_or_empty_family_does_not_lower_the_hurdle() -> None:
    """The spread is at least that of worthless trials estimated from as many bars."""
    empty = Hurdle.of(None, budget=100, bars=1001, bars_per_year=252.0, min_trades=30)
    narrow = Hurdle.of(Count(family="X/common", trials=1, annual_variance=0.0), budget=99, bars=1001, bars_per_year=252.0, min_trades=30)
    assert (empty.variance, narrow.variance, empty.sharpe == narrow.sharpe) == (0.001, 0.001, True)


def test_the_floor_is_what_worthless_trials_show() -> None:
    """Simulated: the best of 100 series of noise has on average the hurdle's Sharpe ratio."""
    random = np.random.default_rng(5)
    best = []
    for _ in range(200):
        noise = random.standard_normal((100, 500))
        best.append((noise.mean(axis=1) / noise.std(axis=1, ddof=1)).max())
    hurdle = Hurdle.of(None, budget=100, bars=500, bars_per_year=252.0, min_trades=30)
    assert math.isclose(float(np.mean(best)), hurdle.sharpe, rel_tol=0.03)


def test_moments_are_read_from_what_was_measured() -> None:
    """The record of a run gives the moments that the formulas take."""
    assert moments_of(METRICS) == Moments(sharpe=0.08, observations=1500, skew=-0.7, kurtosis=6.0)
