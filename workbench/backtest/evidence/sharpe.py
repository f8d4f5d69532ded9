"""How sure a Sharpe ratio is: probabilistic and deflated Sharpe ratio, minimum track record, minimum backtest length.

All Sharpe ratios here are **per observation** (per bar), not annualised, and kurtosis is Pearson's (a normal variable has 3).

Where the literature disagrees the choice is a ``Convention``, by default that of Bailey and Lopez de Prado:

- the variance of an estimated Sharpe ratio: with skew and kurtosis of the returns ([1], after Mertens), or ``"normal"``, ``1 + SR^2 / 2``, as Lo [4] has
  it for independent normal returns (with skew 0 and kurtosis 3 the two are the same);
- its divisor: n - 1 ([1], [2]) or n ([4]);
- the deviation in the ratio itself: ``Moments.of(..., ddof=1)`` or 0;
- kurtosis: Pearson's everywhere; ``Moments.of_excess`` takes the excess over 3 that pandas and scipy report by default;
- the spread of the trials' ratios in the deflated Sharpe ratio: that of all counted trials ([2]), or ``null_variance``, what the ratios of worthless
  trials scatter by if each is estimated from n returns [4]. The second needs no record of the trials but assumes that all are worthless.

Sources:
    [1] D. H. Bailey and M. Lopez de Prado, "The Sharpe Ratio Efficient Frontier", Journal of Risk 15(2), 2012.
    [2] D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio: Correcting for Selection Bias, Backtest Overfitting and
        Non-Normality", Journal of Portfolio Management 40(5), 2014.
    [3] D. H. Bailey, J. M. Borwein, M. Lopez de Prado and Q. J. Zhu, "Pseudo-Mathematics and Financial Charlatanism: The Effects of Backtest
        Overfitting on Out-of-Sample Performance", Notices of the AMS 61(5), 2014.
    [4] A. W. Lo, "The Statistics of Sharpe Ratios", Financial Analysts Journal 58(4), 2002.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

_NORMAL = NormalDist()
_EULER_MASCHERONI = 0.5772156649015329
_FEWEST = 2


@dataclass(frozen=True, kw_only=True)
class Convention:
    """How the variance of an estimated Sharpe ratio is computed."""

    variance: Literal["moments", "normal"] = "moments"
    """``moments`` uses skew and kurtosis of the returns ([1], equation 6), ``normal`` takes them for normal ([4])."""
    lost: Literal[0, 1] = 1
    """Observations taken off n: 1 as in [1] and [2], 0 as in [4]."""

    def spread(self, moments: Moments) -> float:
        """Return the variance of the estimated Sharpe ratio times n less ``lost``."""
        if self.variance == "normal":
            return 1.0 + moments.sharpe**2 / 2.0
        return 1.0 - moments.skew * moments.sharpe + (moments.kurtosis - 1.0) / 4.0 * moments.sharpe**2


PAPERS = Convention()
"""The convention of [1] and [2]."""


@dataclass(frozen=True, kw_only=True)
class Moments:
    """What the formulas need to know of a series of returns."""

    sharpe: float
    """Mean over standard deviation (ddof 1) per observation."""
    observations: int
    """How many returns."""
    skew: float = 0.0
    """Third standardised moment of the population form (no small-sample correction), as in [1]."""
    kurtosis: float = 3.0
    """Fourth standardised moment of the population form; a normal variable has 3."""

    def __post_init__(self) -> None:
        """Refuse moments that no distribution has.

        Raises:
            InputError: a moment is not finite, there are fewer than two observations, or kurtosis < 1 + skew squared.
        """
        if not all(math.isfinite(value) for value in (self.sharpe, self.skew, self.kurtosis)):
            message = f"the moments {self} are not finite"
            raise InputError(message)
        if self.observations < _FEWEST:
            message = f"a Sharpe ratio needs two observations or more, not {self.observations}"
            raise InputError(message)
        if self.kurtosis < 1.0 + self.skew * self.skew - 1e-6:
            message = (
                f"no distribution has skew {self.skew} and kurtosis {self.kurtosis}; give Pearson's kurtosis (normal = 3), not the excess"
            )
            raise InputError(message)

    @classmethod
    def of_excess(cls, *, sharpe: float, observations: int, skew: float, excess: float) -> Moments:
        """Return moments from a kurtosis that counts from the normal's 3, as pandas and scipy report it by default."""
        return cls(sharpe=sharpe, observations=observations, skew=skew, kurtosis=excess + 3.0)

    @classmethod
    def of(cls, returns: ArrayLike, *, ddof: Literal[0, 1] = 1) -> Moments:
        """Return the moments of a (n,) series of returns per bar; NaN are left out; a constant series has Sharpe 0.

        ``ddof`` is that of the deviation in the Sharpe ratio; skew and kurtosis are of the population form.

        Raises:
            InputError: fewer than two returns.
        """
        series = np.asarray(returns, dtype=np.float64).ravel()
        series = series[~np.isnan(series)]
        if len(series) < _FEWEST:
            message = f"a Sharpe ratio needs two returns or more, not {len(series)}"
            raise InputError(message)
        centred = series - series.mean()
        variance = float(np.mean(centred**2))
        if variance <= 1e-28 * max(1.0, float(np.max(np.abs(series))) ** 2):
            return cls(sharpe=0.0, observations=len(series))
        return cls(
            sharpe=float(series.mean() / series.std(ddof=ddof)),
            observations=len(series),
            skew=float(np.mean(centred**3) / variance**1.5),
            kurtosis=float(np.mean(centred**4) / variance**2),
        )


def probabilistic_sharpe(track: Moments | ArrayLike, benchmark: float = 0.0, *, convention: Convention = PAPERS) -> float:
    """Return the probability that the true Sharpe ratio is above ``benchmark``, given the length and shape of the track record.

    ``PSR = Z[(SR - SR*) sqrt(n - 1) / sqrt(1 - g3 SR + (g4 - 1)/4 SR^2)]`` with g3 skew and g4 kurtosis ([1], equation 9; [2], 2).

    ``track`` is a series of returns or its ``Moments``; ``benchmark`` is per observation, like everything here.

    Raises:
        InputError: fewer than two returns, or moments that no distribution has.
    """
    moments = _moments(track)
    distance = moments.sharpe - benchmark
    spread = convention.spread(moments)
    if spread <= 0.0:
        return 0.5 if distance == 0.0 else float(distance > 0.0)
    return _NORMAL.cdf(distance * math.sqrt(moments.observations - convention.lost) / math.sqrt(spread))


def expected_max_sharpe(trials: float, variance: float, mean: float = 0.0) -> float:
    """Return the Sharpe ratio that the best of ``trials`` worthless strategies is expected to show.

    ``E[max] = mean + sqrt(V) ((1 - g) Z^-1[1 - 1/N] + g Z^-1[1 - 1/(N e)])``, g the Euler-Mascheroni constant ([2], equation 1).
    ``variance`` is that of the trials' Sharpe ratios per observation. One trial was not selected from anything: it gives ``mean``.

    Raises:
        InputError: less than one trial or a negative variance.
    """
    if not trials >= 1.0 or not variance >= 0.0:
        message = f"need one trial or more and a variance of zero or more, not {trials} and {variance}"
        raise InputError(message)
    if trials == 1.0 or variance == 0.0:
        return mean
    best = (1.0 - _EULER_MASCHERONI) * _quantile(1.0 / trials) + _EULER_MASCHERONI * _quantile(1.0 / (trials * math.e))
    # The approximation is asymptotic: between one and two trials it can fall below the mean, which no maximum does.
    return mean + math.sqrt(variance) * max(0.0, best)


def null_variance(observations: int, convention: Convention = PAPERS) -> float:
    """Return the variance of Sharpe ratios of worthless trials, each estimated from ``observations`` returns ([4] with a true ratio of 0).

    Raises:
        InputError: fewer than two observations.
    """
    if observations < _FEWEST:
        message = f"a Sharpe ratio needs two observations or more, not {observations}"
        raise InputError(message)
    return 1.0 / (observations - convention.lost)


def min_backtest_length(trials: float, sharpe: float = 1.0) -> float:
    """Return the years of data below which the best of ``trials`` worthless strategies is expected to show this *annual* Sharpe ratio.

    ``MinBTL = (((1 - g) Z^-1[1 - 1/N] + g Z^-1[1 - 1/(N e)]) / E)^2`` ([3], equation 6); it is less than ``2 ln N / E^2``. A backtest that is shorter and
    shows no more than that Sharpe ratio shows nothing.

    Raises:
        InputError: less than one trial, or a Sharpe ratio that is not positive.
    """
    if not sharpe > 0.0:
        message = f"the Sharpe ratio to be explained must be positive, not {sharpe}"
        raise InputError(message)
    return (expected_max_sharpe(trials, 1.0) / sharpe) ** 2


def deflated_sharpe(
    track: Moments | ArrayLike, *, trials: float, variance: float, mean: float = 0.0, convention: Convention = PAPERS
) -> float:
    """Return the probability that the true Sharpe ratio is above zero after allowing for the search that found it.

    The probabilistic Sharpe ratio against ``expected_max_sharpe(trials, variance, mean)`` ([2], equation 2). ``trials`` is the number of
    independent trials; taking the counted number when trials are correlated errs on the strict side. ``mean`` is what the trials are held to be
    worth on average: 0 as in [2], which asks whether all of them are worthless.

    Raises:
        InputError: as ``probabilistic_sharpe`` and ``expected_max_sharpe``.
    """
    return probabilistic_sharpe(track, expected_max_sharpe(trials, variance, mean), convention=convention)


def min_track_record(
    track: Moments | ArrayLike, benchmark: float = 0.0, confidence: float = 0.95, *, convention: Convention = PAPERS
) -> float:
    """Return how many observations are needed before the Sharpe ratio is above ``benchmark`` with this ``confidence``.

    ``MinTRL = 1 + (1 - g3 SR + (g4 - 1)/4 SR^2) (Z_a / (SR - SR*))^2`` ([1], equation 11). Infinite where the Sharpe ratio is not above
    the benchmark: no length would do.

    Raises:
        InputError: the confidence is not between 0.5 and 1.
    """
    if not 0.5 <= confidence < 1.0:  # noqa: PLR2004 - below one half the formula turns round
        message = f"the confidence must be from 0.5 to below 1, not {confidence}"
        raise InputError(message)
    moments = _moments(track)
    if moments.sharpe <= benchmark:
        return math.inf
    return convention.lost + convention.spread(moments) * (_NORMAL.inv_cdf(confidence) / (moments.sharpe - benchmark)) ** 2


def effective_trials(trials: int, mean_correlation: float) -> float:
    """Return the number of independent trials that ``trials`` with this average correlation are worth.

    ``N = rho + (1 - rho) M`` ([2], appendix 3, equation 9). The gates use the counted number, which is stricter.

    Raises:
        InputError: less than one trial, or a correlation outside 0 to 1.
    """
    if trials < 1 or not 0.0 <= mean_correlation <= 1.0:
        message = f"need one trial or more and a mean correlation from 0 to 1, not {trials} and {mean_correlation}"
        raise InputError(message)
    return mean_correlation + (1.0 - mean_correlation) * trials


def _moments(track: Moments | ArrayLike) -> Moments:
    return track if isinstance(track, Moments) else Moments.of(track)


def _quantile(tail: float) -> float:
    """Z^-1[1 - tail], taken from the small side so that millions of trials lose no digits."""
    return -_NORMAL.inv_cdf(tail)
