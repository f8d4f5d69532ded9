"""Is the best of many better than nothing, knowing that it is the best of many? White's reality check and Hansen's test of superior predictive ability.

1. d is the (T, N) matrix of returns in excess of a benchmark (zero by default), one column a trial; each trial's null is that its mean is not above 0.
   Against zero the drift of a rising market counts as ability; give the market's own returns to ask for more, or ask the permutation test about timing.
2. The reality check [1] compares the largest sqrt(T) mean(d) with the largest sqrt(T) (mean(d*) - mean(d)) over bootstrap resamples d* of whole rows.
3. SPA [2] divides each trial's mean by its standard error, so that a wild trial does not speak for a calm one, and compares
   max(0, max_k sqrt(T) mean(d_k) / w_k) with the same of resamples recentred by g_k:
   upper g = mean(d_k) (all trials as good as the benchmark); lower g = max(0, mean(d_k)) (bad trials left as bad as they look); consistent g = mean(d_k) where
   mean(d_k) >= -w_k sqrt(2 ln ln T / T), else 0. The three p-values are in this order: lower <= consistent <= upper.
4. w_k^2 is the long-run variance under the stationary bootstrap's own kernel [3] (``variance="kernel"``) or that of the resampled means (``"bootstrap"``).
5. A resample is a vector of counts, so all means of all resamples are one product of matrices: 1 000 resamples of 2 000 periods and 500 trials take
   a third of a second.

Indices come from ``arch``. Its own ``SPA`` class does not divide the statistic by w_k (it only uses it to decide what is consistent), has no max with 0 and counts
p = b / B: ``Choices(studentise=False, floor=False, plus_one=False)`` gives its numbers to the digit, ``upper`` then being White's.

Sources:
    [1] H. White, "A Reality Check for Data Snooping", Econometrica 68(5), 2000.
    [2] P. R. Hansen, "A Test for Superior Predictive Ability", Journal of Business & Economic Statistics 23(4), 2005.
    [3] D. N. Politis and J. P. Romano, "The Stationary Bootstrap", Journal of the American Statistical Association 89, 1994.
    [4] A. C. Davison and D. V. Hinkley, "Bootstrap Methods and their Application", Cambridge 1997: p = (b + 1) / (B + 1), never 0.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.backtest.evidence import drawing
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

Bootstrap = Literal["stationary", "circular", "moving"]
BOOTSTRAPS: tuple[Bootstrap, ...] = ("stationary", "circular", "moving")
_FEWEST = 8
_ROWS = 256  # resamples at a time: a count for each period and resample


@dataclass(frozen=True, kw_only=True)
class Choices:
    """What the papers and programs disagree about."""

    studentise: bool = True
    """Divide by each trial's standard error ([2]); False as White and as arch."""
    floor: bool = True
    """Take the maximum with 0 ([2])."""
    plus_one: bool = True
    """p = (b + 1) / (B + 1) with b resamples at least as large ([4]); False: p = b / B with b strictly larger, as arch and [2]."""
    variance: Literal["kernel", "bootstrap"] = "kernel"
    """Long-run variance from the kernel ([3]) or from the resampled means."""


STANDARD = Choices()


@dataclass(frozen=True, kw_only=True, eq=False)
class SuperiorAbility:
    """What the two tests say about the best of several trials."""

    lower: float
    """p-value if trials that look bad are as bad as they look: the most lenient."""
    consistent: float
    """Hansen's p-value: the one to use."""
    upper: float
    """p-value if every trial is as good as the benchmark: the strictest."""
    reality_check: float
    """White's p-value: not divided by standard errors, all trials as good as the benchmark."""
    statistic: float
    """Largest mean over its standard error (or sqrt(T) times the largest mean where not studentised)."""
    best: int
    """Column of the trial with the largest statistic."""
    trials: int
    """Trials compared."""
    searched: int
    """Trials that there were in all; more than ``trials`` where a sample was compared, which makes the test lenient."""
    observations: int
    """Periods."""
    block: float
    """Mean length of a bootstrap block, in periods."""
    runs: int
    """Resamples."""
    chance: NDArray[np.float64] = field(repr=False)
    """(runs,) statistics of the resamples, consistent recentring."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        of = f"{self.trials:,} trials" + (f" sampled from {self.searched:,}" if self.searched > self.trials else "")
        verdict = "chance explains the best of them badly" if self.consistent <= 0.05 else "chance explains the best of them well enough"  # noqa: PLR2004 - the usual level
        return f"of {of}, {verdict}: p {self.consistent:.3f} (SPA, {self.lower:.3f} to {self.upper:.3f}), reality check {self.reality_check:.3f}"

    @property
    def frame(self) -> pd.DataFrame:
        """One row with all numbers."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        return pd.DataFrame([self.to_dict()])

    def figure(self) -> Any:  # noqa: ANN401 - a plotly figure
        """Return what chance gives, with a line at the best trial."""
        return drawing.against(self.chance, self.statistic, title="Best of all, and what chance makes of it", of="statistic", label="best")

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record without the resamples."""
        return drawing.recorded({name: value for name, value in asdict(self).items() if name != "chance"})

    def _repr_html_(self) -> str:
        return drawing.card("Superior predictive ability", self.words, self.frame)


def superior_ability(
    returns: ArrayLike,
    *,
    benchmark: ArrayLike | float = 0.0,
    searched: int | None = None,
    runs: int = 1_000,
    block: float | None = None,
    method: Bootstrap = "stationary",
    choices: Choices = STANDARD,
    seed: int = 0,
) -> SuperiorAbility:
    """Return White's and Hansen's p-values for the best column of ``returns``.

    Args:
        returns: (T, N), one row a period, one column a trial; a (T,) series is one trial.
        benchmark: what is to be beaten, a number or (T,).
        searched: trials that there were in all, where the columns are a sample.
        runs: resamples.
        block: mean length of a block in periods; sqrt(T) by default, as arch has it.
        method: ``stationary``, ``circular`` or ``moving`` blocks.
        choices: conventions; see ``Choices``.
        seed: of the resamples.

    Raises:
        InputError: NaN, fewer than eight periods, no trial, or a block that does not fit.
        UnknownNameError: no such bootstrap.
    """
    excess = _excess(returns, benchmark)
    length = len(excess)
    size = np.sqrt(length) if block is None else float(block)
    if not 1.0 <= size <= length or runs < 1:
        message = f"blocks must be from 1 to {length} periods long and runs at least 1, not {block} and {runs}"
        raise InputError(message)
    means = _resampled_means(excess, runs, int(size), method, seed)
    mean = excess.mean(axis=0)
    variance = length * means.var(axis=0) if choices.variance == "bootstrap" else long_run_variance(excess, int(size))
    return _tested(means, mean, variance, length, choices, searched=searched, block=int(size))


def long_run_variance(excess: NDArray[np.float64], block: float) -> NDArray[np.float64]:
    """Return (N,) the variance of sqrt(T) times the mean under the stationary bootstrap with this mean block length ([3], lemma 1).

    ``g0 + 2 sum_i k(i) g_i`` with ``k(i) = (1 - i/T)(1 - q)^i + (i/T)(1 - q)^(T - i)``, ``q = 1 / block`` and ``g_i`` the autocovariances over T; by Fourier
    transform, so T log T a trial.
    """
    length = len(excess)
    centred = excess - excess.mean(axis=0)
    width = 1 << (2 * length - 1).bit_length()
    lag = np.arange(1, length)
    keep = 1.0 - 1.0 / block
    weight = (1.0 - lag / length) * keep**lag + (lag / length) * keep ** (length - lag)
    found = np.empty(excess.shape[1])
    for start in range(0, excess.shape[1], 64):
        part = np.fft.rfft(centred[:, start : start + 64], width, axis=0)
        covariance = np.fft.irfft(part * part.conj(), width, axis=0)[:length] / length
        found[start : start + 64] = covariance[0] + 2.0 * (weight @ covariance[1:])
    return np.maximum(found, 0.0)


def _excess(returns: ArrayLike, benchmark: ArrayLike | float) -> NDArray[np.float64]:
    matrix = np.asarray(returns, dtype=np.float64)
    matrix = matrix[:, None] if matrix.ndim == 1 else matrix
    against = np.asarray(benchmark, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] < 1 or len(matrix) < _FEWEST or np.isnan(matrix).any():  # noqa: PLR2004 - rows and columns
        message = f"give a matrix of returns without NaN: {_FEWEST} rows or more, one column a trial"
        raise InputError(message)
    if against.ndim not in {0, 1} or (against.ndim == 1 and len(against) != len(matrix)) or np.isnan(against).any():
        message = "the benchmark is a number or one return a row, without NaN"
        raise InputError(message)
    return np.ascontiguousarray(matrix - (against[:, None] if against.ndim else against))


def resampled_rows(length: int, runs: int, block: int, method: Bootstrap, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield ``runs`` vectors of row numbers from arch's bootstraps, the same that its own classes use with this seed.

    Raises:
        UnknownNameError: no such bootstrap.
    """
    from arch import bootstrap as arch  # noqa: PLC0415 - a second to import

    kinds = {"stationary": arch.StationaryBootstrap, "circular": arch.CircularBlockBootstrap, "moving": arch.MovingBlockBootstrap}
    if method not in kinds:
        kind = "bootstrap"
        raise UnknownNameError(kind, method, BOOTSTRAPS)
    source = kinds[method](block, np.arange(length), seed=seed)
    for values, _named in source.bootstrap(runs):
        yield np.asarray(values[0], dtype=np.int64)


def _resampled_means(excess: NDArray[np.float64], runs: int, block: int, method: Bootstrap, seed: int) -> NDArray[np.float64]:
    """(runs, N) means of each resample."""
    length = len(excess)
    means = np.empty((runs, excess.shape[1]))
    counts = np.empty((min(_ROWS, runs), length))
    filled = done = 0
    for rows in resampled_rows(length, runs, block, method, seed):
        counts[filled] = np.bincount(rows, minlength=length)
        filled += 1
        if filled == len(counts) or done + filled == runs:
            means[done : done + filled] = counts[:filled] @ excess / length
            done, filled = done + filled, 0
    return means


def _tested(
    means: NDArray[np.float64],
    mean: NDArray[np.float64],
    variance: NDArray[np.float64],
    length: int,
    choices: Choices,
    *,
    searched: int | None,
    block: float,
) -> SuperiorAbility:
    scale, root = np.sqrt(variance), np.sqrt(length)
    moving = scale > 1e-14 * max(float(scale.max(initial=0.0)), 1e-300)
    divisor = np.where(moving, scale, 1.0) if choices.studentise else np.ones_like(scale)
    relevant = mean >= -scale * np.sqrt(2.0 * np.log(np.log(length)) / length)
    centres = (np.maximum(mean, 0.0), np.where(relevant, mean, 0.0), mean)
    seen = _largest(mean[None, :] * root / divisor, choices)[0]
    drawn = [_largest((means - centre) * root / divisor, choices) for centre in centres]
    lower, consistent, upper = (_p_value(values, seen, choices) for values in drawn)
    plain = _p_value(((means - mean) * root).max(axis=1), float(mean.max() * root), choices)
    return SuperiorAbility(
        lower=lower,
        consistent=consistent,
        upper=upper,
        reality_check=plain,
        statistic=float(seen),
        best=int(np.argmax(mean / divisor)),
        trials=len(mean),
        searched=max(len(mean), searched or 0),
        observations=length,
        block=float(block),
        runs=len(means),
        chance=drawn[1],
    )


def _largest(values: NDArray[np.float64], choices: Choices) -> NDArray[np.float64]:
    found: NDArray[np.float64] = values.max(axis=1)
    return np.maximum(found, 0.0) if choices.floor else found


def _p_value(drawn: NDArray[np.float64], seen: float, choices: Choices) -> float:
    if choices.plus_one:
        return float((np.count_nonzero(drawn >= seen) + 1) / (len(drawn) + 1))
    return float(np.mean(drawn > seen))
