"""Golden numbers are those printed in the two papers of Bailey and Lopez de Prado (2012, 2014); scipy checks the moments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.backtest.evidence.sharpe import (
    Moments,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    min_track_record,
    probabilistic_sharpe,
)
from workbench.errors import InputError

HEDGE_FUND = Moments(sharpe=0.458, observations=24, skew=-2.448, kurtosis=10.164)
DEFLATED_EXAMPLE = Moments(sharpe=2.5 / math.sqrt(250), observations=1250, skew=-3.0, kurtosis=10.0)


def test_psr_of_the_2012_hedge_fund_if_returns_were_normal() -> None:
    """The 2012 paper prints 0.982 for two years of monthly returns with Sharpe 0.458 when normality is assumed."""
    assert round(probabilistic_sharpe(Moments(sharpe=0.458, observations=24)), 3) == 0.982


def test_psr_of_the_2012_hedge_fund_with_its_own_moments() -> None:
    """The 2012 paper prints 0.913 once the skew of -2.448 and the kurtosis of 10.164 are taken in."""
    assert round(probabilistic_sharpe(HEDGE_FUND), 3) == 0.913


@pytest.mark.parametrize(
    ("per_year", "skew", "kurtosis", "years"),
    [(250, 0.0, 3.0, 2.73), (52, 0.0, 3.0, 2.83), (12, 0.0, 3.0, 3.24), (12, -0.72, 5.78, 4.99)],
)
def test_minimum_track_record_of_the_2012_paper(per_year: int, skew: float, kurtosis: float, years: float) -> None:
    """An annual Sharpe of 2 shown to be above 1 takes 2.73, 2.83, 3.24 years (daily, weekly, monthly normal) and 4.99 (hedge funds)."""
    moments = Moments(sharpe=2.0 / math.sqrt(per_year), observations=100, skew=skew, kurtosis=kurtosis)
    found = min_track_record(moments, benchmark=1.0 / math.sqrt(per_year), confidence=0.95)
    assert round(found / per_year, 2) == years


def test_deflated_sharpe_of_the_2014_example() -> None:
    """Annual Sharpe 2.5 over 1250 days, skew -3, kurtosis 10, best of 100 with variance 1/2: the 2014 paper prints 0.9004."""
    assert round(expected_max_sharpe(100, 0.5 / 250), 4) == 0.1132
    assert round(deflated_sharpe(DEFLATED_EXAMPLE, trials=100, variance=0.5 / 250), 4) == 0.9004


def test_deflated_sharpe_of_the_2014_example_with_fewer_trials() -> None:
    """The 2014 paper prints 0.9505 had the strategist found it after 46 trials, and after 88 if returns were normal."""
    normal = Moments(sharpe=2.5 / math.sqrt(250), observations=1250)
    assert round(deflated_sharpe(DEFLATED_EXAMPLE, trials=46, variance=0.5 / 250), 4) == 0.9505
    assert round(deflated_sharpe(normal, trials=88, variance=0.5 / 250), 4) == 0.9505


def test_expected_maximum_agrees_with_simulation() -> None:
    """The expected best of 50 standard normal draws is close to what 20 000 simulated maxima average to."""
    draws = np.random.default_rng(3).standard_normal((20_000, 50)).max(axis=1).mean()
    assert abs(expected_max_sharpe(50, 1.0) - draws) < 0.03


def test_one_trial_is_not_deflated() -> None:
    """A strategy that was the only one tried keeps its probabilistic Sharpe ratio."""
    assert deflated_sharpe(HEDGE_FUND, trials=1, variance=0.5) == probabilistic_sharpe(HEDGE_FUND)


def test_moments_agree_with_scipy() -> None:
    """Sharpe, skew and kurtosis of a series equal scipy's population moments."""
    series = np.random.default_rng(1).standard_t(5, 3000) * 0.01 + 0.0005
    found = Moments.of(series)
    assert np.allclose(
        [found.sharpe, found.skew, found.kurtosis],
        [series.mean() / series.std(ddof=1), stats.skew(series), stats.kurtosis(series, fisher=False)],
        rtol=1e-12,
    )


def test_returns_and_their_moments_give_the_same_answer() -> None:
    """A series may be handed over instead of its moments; NaN are left out."""
    series = np.random.default_rng(2).normal(0.001, 0.01, 500)
    assert probabilistic_sharpe(np.append(series, np.nan)) == probabilistic_sharpe(Moments.of(series))


def test_a_flat_series_has_no_sharpe() -> None:
    """A strategy that never traded has Sharpe 0 and is as likely above zero as below."""
    assert probabilistic_sharpe(np.zeros(100)) == 0.5


@given(trials=st.integers(1, 10**7), more=st.integers(1, 10**6), variance=st.floats(1e-6, 1.0))
def test_more_trials_never_help(trials: int, more: int, variance: float) -> None:
    """The deflated Sharpe ratio does not rise when more was tried."""
    assert deflated_sharpe(HEDGE_FUND, trials=trials + more, variance=variance) <= deflated_sharpe(
        HEDGE_FUND, trials=trials, variance=variance
    )


@given(sharpe=st.floats(0.01, 0.5), skew=st.floats(-2, 2), extra=st.floats(0.0, 10.0))
def test_the_minimum_track_record_is_where_psr_reaches_the_confidence(sharpe: float, skew: float, extra: float) -> None:
    """At the minimum length, rounded up, the probabilistic Sharpe ratio is at least the confidence asked for, and just below it before."""
    kurtosis = 1.0 + skew * skew + extra
    needed = math.ceil(min_track_record(Moments(sharpe=sharpe, observations=2, skew=skew, kurtosis=kurtosis)))
    at = probabilistic_sharpe(Moments(sharpe=sharpe, observations=max(2, needed), skew=skew, kurtosis=kurtosis))
    assert at >= 0.95 - 1e-9
    if needed > 3:
        assert probabilistic_sharpe(Moments(sharpe=sharpe, observations=needed - 1, skew=skew, kurtosis=kurtosis)) <= 0.95 + 1e-9


def test_a_sharpe_below_the_benchmark_never_gets_long_enough() -> None:
    """No track record shows a Sharpe ratio to be above what it is not above."""
    assert min_track_record(HEDGE_FUND, benchmark=1.0) == math.inf


def test_effective_trials_run_from_one_to_all() -> None:
    """Perfectly correlated trials count as one, independent ones all."""
    assert (effective_trials(100, 1.0), effective_trials(100, 0.0), effective_trials(100, 0.5)) == (1.0, 100.0, 50.5)


@pytest.mark.parametrize(
    "moments",
    [
        {"sharpe": 0.1, "observations": 1},
        {"sharpe": float("nan"), "observations": 10},
        {"sharpe": 0.1, "observations": 10, "skew": 2.0, "kurtosis": 3.0},
    ],
)
def test_impossible_moments_are_refused(moments: dict[str, float]) -> None:
    """Too few observations, NaN, and excess kurtosis in the place of kurtosis end in an input error."""
    with pytest.raises(InputError):
        Moments(**moments)  # type: ignore[arg-type]


def test_nonsense_arguments_are_refused() -> None:
    """No trials, a negative variance, and a confidence of one end in an input error."""
    with pytest.raises(InputError, match="one trial"):
        expected_max_sharpe(0, 1.0)
    with pytest.raises(InputError, match="variance"):
        expected_max_sharpe(10, -1.0)
    with pytest.raises(InputError, match="confidence"):
        min_track_record(HEDGE_FUND, confidence=1.0)
    with pytest.raises(InputError, match="correlation"):
        effective_trials(10, 1.5)
