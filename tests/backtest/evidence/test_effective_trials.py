"""What a number of trials is worth: known answers for copies, groups and independent trials, by each counting."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from workbench.backtest.evidence.effective_trials import METHODS, correlations, effective_number
from workbench.backtest.evidence.pbo import block_sums
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _groups(groups: int, each: int, rows: int = 1500) -> NDArray[np.float64]:
    """Trials in groups; two of a group correlate by 0.81, two of different groups not at all."""
    random = np.random.default_rng(3)
    return 0.9 * np.repeat(random.normal(size=(rows, groups)), each, axis=1) + 0.4359 * random.normal(size=(rows, groups * each))


@pytest.mark.parametrize("method", METHODS)
def test_copies_of_one_trial_are_one(method: str) -> None:
    """Fifty times the same returns are worth one trial, however it is counted."""
    same = np.tile(np.random.default_rng(1).normal(size=(200, 1)), (1, 50))
    assert effective_number(same, method=method).effective == pytest.approx(1.0)  # type: ignore[arg-type]


@pytest.mark.parametrize("method", ["average", "clusters"])
def test_independent_trials_count_in_full(method: str) -> None:
    """Noise is not taken for a few ideas: 200 independent trials are worth at least 195."""
    noise = np.random.default_rng(2).normal(size=(1000, 200))
    assert 195 <= effective_number(noise, method=method).effective <= 200  # type: ignore[arg-type]


def test_clusters_are_found() -> None:
    """Ten groups of twenty are ten ideas, and the silhouette says that they are clear."""
    found = effective_number(_groups(10, 20), method="clusters")
    assert (found.effective, found.clusters, found.sampled) == (10.0, 10, 200)
    assert found.silhouette > 0.4


def test_the_average_follows_the_paper() -> None:
    """Bailey and Lopez de Prado's rho + (1 - rho) M with the mean correlation of all pairs, which for a sample stands for the whole."""
    matrix = _groups(4, 5)
    ratios = np.corrcoef(matrix, rowvar=False)
    mean = ratios[np.triu_indices(20, 1)].mean()
    assert effective_number(matrix).effective == pytest.approx(mean + (1 - mean) * 20)
    assert effective_number(matrix, trials=5_000).effective == pytest.approx(mean + (1 - mean) * 5_000)
    assert effective_number(matrix).mean_correlation == pytest.approx(mean)


def test_eigenvalues_give_the_participation_ratio() -> None:
    """The squared sum of the eigenvalues over the sum of their squares, from numpy's own decomposition."""
    matrix = _groups(4, 5)
    values = np.linalg.eigvalsh(np.corrcoef(matrix, rowvar=False))
    assert effective_number(matrix, method="eigenvalues").effective == pytest.approx(values.sum() ** 2 / (values**2).sum())


def test_clusters_that_a_sample_missed_are_estimated() -> None:
    """Sixty of 5 000 trials from ten groups still say about ten; when most are seen once, more are expected than were seen."""
    few = _groups(10, 20)[:, np.random.default_rng(4).choice(200, 60, replace=False)]
    assert 10 <= effective_number(few, trials=5_000, method="clusters").effective <= 14
    pairs = _groups(40, 2)[:, np.random.default_rng(5).choice(80, 44, replace=False)]
    found = effective_number(pairs, trials=5_000, method="clusters")
    assert found.effective > found.clusters


def test_trials_that_never_traded_are_one() -> None:
    """Thirty flat trials add one to whatever the others are worth."""
    moving = np.random.default_rng(6).normal(size=(300, 1))
    found = effective_number(np.hstack([np.tile(moving, (1, 50)), np.zeros((300, 30))]))
    assert (found.flat, found.effective) == (30, 2.0)
    assert effective_number(np.zeros((300, 30))).effective == 1.0


def test_block_sums_stand_for_returns() -> None:
    """Over twenty searches the mean correlation of sixteen block means is on average that of all returns; a single one scatters by about 0.05."""
    found = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        matrix = 0.6 * random.normal(size=(1600, 1)) + 0.8 * random.normal(size=(1600, 30))
        found.append(effective_number(block_sums(matrix)))
    means = [entry.mean_correlation for entry in found]
    assert found[0].observations == 16
    assert float(np.mean(means)) == pytest.approx(0.36, abs=0.05)


def test_a_sample_is_taken_of_many() -> None:
    """More columns than asked for are sampled, the same ones for the same seed, and the total stays what it was."""
    noise = np.random.default_rng(7).normal(size=(50, 300))
    first, again = effective_number(noise, most=100), effective_number(noise, most=100)
    assert (first.sampled, first.trials, first.effective) == (100, 300, again.effective)


def test_correlations_are_scipys() -> None:
    """Each entry is Pearson's coefficient."""
    matrix = _groups(2, 2)
    assert correlations(matrix)[0, 3] == pytest.approx(stats.pearsonr(matrix[:, 0], matrix[:, 3]).statistic)


def test_it_says_itself() -> None:
    """Words, one row, JSON without NaN."""
    found = effective_number(_groups(3, 4), method="clusters")
    assert found.words == "12 trials are worth about 3 independent ones by clusters"
    assert len(found.frame) == 1
    assert effective_number(_groups(3, 4)).to_dict()["silhouette"] is None
    assert "Effective trials" in found._repr_html_()


def test_nonsense_is_refused() -> None:
    """An unknown counting, NaN, too few observations and a total below the sample end in an error."""
    with pytest.raises(UnknownNameError, match="clusters"):
        effective_number(np.ones((5, 2)), method="cluster")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="without NaN"):
        effective_number(np.full((5, 2), np.nan))
    with pytest.raises(InputError, match="three rows"):
        effective_number(np.ones((2, 2)))
    with pytest.raises(InputError, match="count all"):
        effective_number(np.ones((5, 3)), trials=2)
