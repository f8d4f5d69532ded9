"""Golden numbers are those printed in the two papers of Bailey and Lopez de Prado (2012, 2014); scipy checks the moments."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from workbench.backtest.evidence.sharpe import (
    Convention,
    Moments,
    deflated_sharpe,
    effective_trials,
    expected_max_sharpe,
    min_backtest_length,
    min_track_record,
    null_variance,
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


def test_the_best_of_ten_worthless_strategies_shows_1_57() -> None:
    """Bailey, Borwein, Lopez de Prado and Zhu (Notices of the AMS, 2014) print 1.57 for ten trials with one year of data."""
    assert math.floor(100 * expected_max_sharpe(10, 1.0)) / 100 == 1.57


def test_five_years_bear_45_trials() -> None:
    """The same paper: with five years of data no more than 45 configurations, or an annual Sharpe of 1 is expected of nothing."""
    assert min_backtest_length(45) <= 5.0 < min_backtest_length(46)


@pytest.mark.parametrize("trials", [2, 10, 100, 10_000])
@pytest.mark.parametrize("sharpe", [0.5, 1.0, 2.5])
def test_the_minimum_backtest_length_stays_below_its_bound(trials: int, sharpe: float) -> None:
    """The same paper: MinBTL is less than 2 ln N over the square of the Sharpe ratio."""
    assert min_backtest_length(trials, sharpe) < 2 * math.log(trials) / sharpe**2


def test_the_two_variances_agree_for_normal_returns() -> None:
    """With skew 0 and kurtosis 3 the formula with moments is Lo's; with the hedge fund's own moments it is not."""
    lo = Convention(variance="normal")
    normal = Moments(sharpe=0.458, observations=24)
    assert probabilistic_sharpe(normal, convention=lo) == probabilistic_sharpe(normal)
    assert round(probabilistic_sharpe(HEDGE_FUND, convention=lo), 3) == 0.982


def test_the_normal_variance_is_that_of_simulated_sharpe_ratios() -> None:
    """Lo's (1 + SR^2 / 2) / T against 40 000 simulated records of 60 normal returns with Sharpe 0.5: within 4 %."""
    draws = np.random.default_rng(4).normal(0.5, 1.0, (40_000, 60))
    seen = float(np.var(draws.mean(axis=1) / draws.std(axis=1, ddof=1)))
    said = Convention(variance="normal", lost=0).spread(Moments(sharpe=0.5, observations=60)) / 60
    assert abs(seen / said - 1) < 0.04


def test_worthless_trials_scatter_as_the_null_variance_says() -> None:
    """The Sharpe ratios of 40 000 simulated records of 250 normal returns around zero vary by 1 / (n - 1), within 3 %."""
    draws = np.random.default_rng(5).normal(0.0, 1.0, (40_000, 250))
    assert abs(float(np.var(draws.mean(axis=1) / draws.std(axis=1, ddof=1))) / null_variance(250) - 1) < 0.03


def test_excess_kurtosis_has_a_door_of_its_own() -> None:
    """What pandas reports goes in through ``of_excess`` and means the same."""
    given = Moments.of_excess(sharpe=0.458, observations=24, skew=-2.448, excess=7.164)
    assert round(given.kurtosis, 3) == 10.164
    assert round(probabilistic_sharpe(given), 3) == 0.913


def test_observations_are_lost_as_the_convention_says() -> None:
    """With no observation lost the record counts as one longer, and the minimum track record is one shorter."""
    longer = Moments(sharpe=0.458, observations=23, skew=-2.448, kurtosis=10.164)
    assert probabilistic_sharpe(longer, convention=Convention(lost=0)) == probabilistic_sharpe(HEDGE_FUND)
    assert min_track_record(HEDGE_FUND) - min_track_record(HEDGE_FUND, convention=Convention(lost=0)) == pytest.approx(1.0)


def test_trials_that_are_worth_something_raise_the_bar() -> None:
    """Deflating against a mean above zero is stricter than the paper's zero."""
    kept = deflated_sharpe(DEFLATED_EXAMPLE, trials=100, variance=0.5 / 250)
    assert deflated_sharpe(DEFLATED_EXAMPLE, trials=100, variance=0.5 / 250, mean=0.01) < kept


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
    with pytest.raises(InputError, match="positive"):
        min_backtest_length(10, 0.0)
    with pytest.raises(InputError, match="two observations"):
        null_variance(1)
