"""How many independent trials a search is worth: a grid of neighbours is not as many ideas as it has points.

1. ``correlations`` of the trials, from a matrix of returns or from block sums (each block's mean is one observation).
2. One of three countings over a sample of at most 1 000 trials:

   - ``average``: N = r + (1 - r) M with r the mean correlation between trials [1]; M is the counted number, so a sample gives the whole at once.
   - ``clusters``: trials that move together are one idea. Hierarchical clustering (average linkage) on the distance sqrt((1 - rho) / 2); the number
     of clusters is the one with the best mean over standard deviation of silhouettes, as in ONC [2]. Where even the best clustering has no
     structure to speak of (mean silhouette under 0.1) the trials are taken as unrelated: noise must not be counted as few ideas.
     Clusters that a sample has missed are estimated from those seen once and twice (Chao's bias-corrected estimator [3]).
   - ``eigenvalues``: (sum of eigenvalues)^2 / sum of their squares of the correlation matrix: the participation ratio.

3. Trials without variance (they never traded) are all the same one and are left out of the correlations.

The gates use the *counted* number, which is never smaller: this is shown beside it. Sixteen blocks give a correlation a standard error of about 0.26, so
``eigenvalues`` of block sums cannot exceed 15, and ``average``, a mean over many pairs, is the one to use with them; with returns ``clusters`` is.

Sources:
    [1] D. H. Bailey and M. Lopez de Prado, "The Deflated Sharpe Ratio", Journal of Portfolio Management 40(5), 2014, appendix 3, equation 9.
    [2] M. Lopez de Prado and M. J. Lewis, "Detection of False Investment Strategies Using Unsupervised Learning Methods", Quantitative Finance
        19(9), 2019. Theirs is K-means and re-clusters the worse half; ours is hierarchical and deterministic.
    [3] A. Chao, "Nonparametric Estimation of the Number of Classes in a Population", Scandinavian Journal of Statistics 11(4), 1984.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from workbench.backtest.evidence import drawing
from workbench.backtest.evidence.pbo import BlockSums
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

Method = Literal["average", "clusters", "eigenvalues"]
METHODS: tuple[Method, ...] = ("average", "clusters", "eigenvalues")
MOST = 1_000
"""Trials that are clustered at most; more are sampled."""
NO_STRUCTURE = 0.1
"""Mean silhouette under which trials count as unrelated."""
_FEWEST_OBSERVATIONS = 3


@dataclass(frozen=True, kw_only=True)
class EffectiveTrials:
    """What a number of trials is worth."""

    effective: float
    """Independent trials that all counted ones are worth; at least 1, at most ``trials``."""
    trials: int
    """Counted trials."""
    sampled: int
    """Trials that were looked at."""
    flat: int
    """Trials among them that never traded; together they are one."""
    mean_correlation: float
    """Mean correlation between two different trials that traded; NaN with fewer than two."""
    clusters: int
    """Groups found in the sample; 0 where the method finds none."""
    silhouette: float
    """Mean silhouette of the clustering, -1 to 1; NaN for other methods."""
    observations: int
    """Returns or blocks behind each correlation."""
    method: Method
    """How it was counted."""

    @property
    def words(self) -> str:
        """Say it in a sentence."""
        looked = f" (from {self.sampled:,} sampled)" if self.sampled < self.trials else ""
        return f"{self.trials:,} trials{looked} are worth about {self.effective:,.0f} independent ones by {self.method}"

    @property
    def frame(self) -> pd.DataFrame:
        """One row with all numbers."""
        import pandas as pd  # noqa: PLC0415 - only where somebody looks

        return pd.DataFrame([asdict(self)])

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return drawing.recorded(asdict(self))

    def _repr_html_(self) -> str:
        return drawing.card("Effective trials", self.words, self.frame)


def effective_number(
    sample: BlockSums | ArrayLike, *, trials: int | None = None, method: Method = "average", most: int = MOST, seed: int = 0
) -> EffectiveTrials:
    """Return how many independent trials a search is worth.

    Args:
        sample: block sums, or a (T, N) matrix of returns: a fair sample of the trials, or all of them.
        trials: how many were counted in all; the number in the sample if not given.
        method: ``average``, ``clusters`` or ``eigenvalues``; see the module.
        most: trials to look at; more are sampled.
        seed: of that sample.

    Raises:
        InputError: no trial, fewer than three observations, NaN, or fewer counted than given.
        UnknownNameError: no such method.
    """
    if method not in METHODS:
        kind = "counting"
        raise UnknownNameError(kind, method, METHODS)
    matrix = _observations(sample)
    given = matrix.shape[1]
    total = given if trials is None else int(trials)
    if total < given:
        message = f"{total} trials are counted and {given} given; count all that were tried"
        raise InputError(message)
    if given > most:
        matrix = matrix[:, np.sort(np.random.default_rng(seed).choice(given, most, replace=False))]
    moving = matrix.std(axis=0) > 1e-12 * np.abs(matrix).max(axis=0, initial=0.0)
    active, flat = matrix[:, moving], int((~moving).sum())
    found, clusters, silhouette, mean = _counted(active, total, matrix.shape[1], method)
    return EffectiveTrials(
        effective=float(min(max(1.0, found + (1.0 if flat else 0.0)), total)),
        trials=total,
        sampled=matrix.shape[1],
        flat=flat,
        mean_correlation=mean,
        clusters=clusters,
        silhouette=silhouette,
        observations=len(matrix),
        method=method,
    )


def correlations(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the (N, N) correlations of the columns of a (T, N) matrix without constant columns, kept inside -1 to 1."""
    centred = returns - returns.mean(axis=0)
    centred /= np.sqrt((centred**2).sum(axis=0))
    found: NDArray[np.float64] = np.clip(centred.T @ centred, -1.0, 1.0)
    return found


def _observations(sample: BlockSums | ArrayLike) -> NDArray[np.float64]:
    matrix = sample.sums / sample.counts[:, None] if isinstance(sample, BlockSums) else np.asarray(sample, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] < 1 or len(matrix) < _FEWEST_OBSERVATIONS or np.isnan(matrix).any():  # noqa: PLR2004 - rows and columns
        message = "give block sums, or a matrix of returns without NaN: three rows or more, one column a trial"
        raise InputError(message)
    return matrix


def _counted(active: NDArray[np.float64], total: int, sampled: int, method: Method) -> tuple[float, int, float, float]:
    """Effective number of the trials that traded, clusters, silhouette and mean correlation."""
    count = active.shape[1]
    whole = count / sampled * total  # how many of all trials traded, judged by the sample
    if count < 2:  # noqa: PLR2004 - nothing to compare
        return (float(count), count, np.nan, np.nan)
    matrix = correlations(active)
    mean = float((matrix.sum() - count) / (count * (count - 1)))
    if method == "average":
        share = min(max(mean, 0.0), 1.0)
        return share + (1.0 - share) * whole, 0, np.nan, mean
    if method == "eigenvalues":
        ratio = float(count**2 / np.sum(matrix**2))  # trace squared over trace of the square
        return ratio, 0, np.nan, mean
    labels, silhouette = _clustered(matrix)
    if silhouette < NO_STRUCTURE:
        return whole, count, silhouette, mean
    sizes = np.bincount(labels)
    unseen = _unseen(sizes) if total > sampled else 0.0
    return min(len(sizes) + unseen, whole), len(sizes), silhouette, mean


def _unseen(sizes: NDArray[np.int64]) -> float:
    """Clusters that the sample missed, from those seen once and twice ([3])."""
    once, twice = int((sizes == 1).sum()), int((sizes == 2).sum())  # noqa: PLR2004 - the estimator's own
    return once * (once - 1) / (2.0 * (twice + 1))


def _clustered(matrix: NDArray[np.float64]) -> tuple[NDArray[np.int64], float]:
    """Labels of the clustering with the best silhouettes, and their mean."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415 - only where trials are clustered
    from scipy.spatial.distance import squareform  # noqa: PLC0415 - only where trials are clustered

    distance = np.sqrt(np.maximum(0.0, (1.0 - matrix) / 2.0))
    np.fill_diagonal(distance, 0.0)
    if distance.max() < 1e-6:  # noqa: PLR2004 - all the same
        return np.zeros(len(matrix), np.int64), 1.0
    tree = linkage(squareform(distance, checks=False), "average")
    best: tuple[float, float, NDArray[np.int64]] = (-np.inf, -1.0, np.arange(len(matrix)))
    for count in _candidates(len(matrix)):
        labels = fcluster(tree, count, "maxclust").astype(np.int64) - 1
        each = _silhouettes(distance, labels)
        quality = float(each.mean() / max(each.std(), 1e-12))
        if quality > best[0] and each.mean() > 0.0:
            best = (quality, float(each.mean()), labels)
    return best[2], best[1]


def _candidates(count: int) -> list[int]:
    """Numbers of clusters to try: each up to 30, then in steps of a tenth."""
    tried, here = [], 2.0
    while here < count:
        tried.append(int(here))
        here = here + 1 if here < 30 else here * 1.1  # noqa: PLR2004 - as the docstring says
    return tried


def _silhouettes(distance: NDArray[np.float64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """Silhouette of each trial: 0 for one that is alone in its cluster."""
    count = labels.max() + 1
    member = np.zeros((len(labels), count))
    member[np.arange(len(labels)), labels] = 1.0
    sizes = member.sum(axis=0)
    totals = distance @ member
    own = sizes[labels]
    inside = totals[np.arange(len(labels)), labels] / np.maximum(own - 1.0, 1.0)
    means = totals / sizes
    means[np.arange(len(labels)), labels] = np.inf
    outside = means.min(axis=1)
    scale = np.maximum(inside, outside)
    return np.where((own > 1) & np.isfinite(outside) & (scale > 0.0), (outside - inside) / np.where(scale > 0.0, scale, 1.0), 0.0)
