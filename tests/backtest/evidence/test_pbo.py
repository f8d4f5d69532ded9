"""CSCV against a slow direct implementation that keeps all returns, and against cases whose answer is known."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.evidence.pbo import BLOCKS, BlockSums, block_edges, block_sums, probability_of_overfitting
from workbench.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def _slow_logits(matrix: NDArray[np.float64], blocks: int) -> list[float]:
    """Algorithm 2.3 of the paper as it is written: cut, join, rank, one combination after the other."""
    pieces = [
        matrix[first:last] for first, last in zip(block_edges(len(matrix), blocks)[:-1], block_edges(len(matrix), blocks)[1:], strict=True)
    ]
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([pieces[b] for b in chosen])
        outside = np.concatenate([pieces[b] for b in range(blocks) if b not in chosen])
        winner = int(np.argmax(inside.mean(axis=0) / inside.std(axis=0, ddof=1)))
        after = outside.mean(axis=0) / outside.std(axis=0, ddof=1)
        rank = 1 + sum(1 for other in range(matrix.shape[1]) if after[other] < after[winner])
        relative = rank / (matrix.shape[1] + 1)
        logits.append(math.log(relative / (1 - relative)))
    return logits


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), trials=st.integers(2, 12), blocks=st.sampled_from([2, 4, 6, 8]), rows=st.integers(40, 130))
def test_block_sums_give_the_same_logits_as_all_the_returns(seed: int, trials: int, blocks: int, rows: int) -> None:
    """The fast form over sums of r and r^2 equals the paper's algorithm over the full matrix, combination by combination."""
    matrix = np.random.default_rng(seed).normal(0.0002, 0.01, (rows, trials))
    found = probability_of_overfitting(block_sums(matrix, blocks))
    assert np.allclose(_slow_logits(matrix, blocks), found.logits, atol=1e-12)


def test_sixteen_blocks_make_12870_choices() -> None:
    """The default of the paper's examples: C(16, 8) = 12 870."""
    found = probability_of_overfitting(block_sums(np.random.default_rng(0).normal(0, 1, (400, 20))))
    assert (found.blocks, found.combinations, len(found.logits), found.trials) == (BLOCKS, 12_870, 12_870, 20)


def test_noise_is_overfitted_about_half_of_the_time() -> None:
    """Choosing between worthless independent trials ranks at random afterwards, so PBO averages about one half."""
    draws = [probability_of_overfitting(block_sums(np.random.default_rng(seed).normal(0, 0.01, (800, 40)), 10)).pbo for seed in range(30)]
    assert abs(float(np.mean(draws)) - 0.5) < 0.12


def test_a_real_edge_is_not_overfitted() -> None:
    """One trial with an edge far above the others wins in and out of sample: PBO 0 and no loss."""
    matrix = np.random.default_rng(5).normal(0.0, 0.01, (1600, 30))
    matrix[:, 7] += 0.004
    found = probability_of_overfitting(block_sums(matrix))
    assert (found.pbo, found.loss_probability) == (0.0, 0.0)


def test_a_winner_that_only_moves_its_luck_about_is_overfitted() -> None:
    """When trial b earns only in block b, the winner in sample has had all its luck: PBO is 1."""
    matrix = np.random.default_rng(6).normal(0.0, 0.001, (800, 8))
    for trial in range(8):
        matrix[trial * 100 : (trial + 1) * 100, trial] += 0.01
        matrix[:, trial] -= matrix[:, trial].mean()
    assert probability_of_overfitting(block_sums(matrix, 8)).pbo == 1.0


def test_copies_of_one_trial_rank_in_the_middle() -> None:
    """Identical trials share their middle rank: every logit is 0, which counts as not above the median."""
    found = probability_of_overfitting(block_sums(np.tile(np.random.default_rng(4).normal(0, 1, (64, 1)), (1, 5)), 4))
    assert (found.logits.tolist(), found.pbo) == ([0.0] * 6, 1.0)


def test_ties_may_be_taken_at_their_worst() -> None:
    """By the strict convention five copies all rank last, and rank over N gives the best of all an infinite logit above zero."""
    copies = block_sums(np.tile(np.random.default_rng(4).normal(0, 1, (64, 1)), (1, 5)), 4)
    assert np.allclose(probability_of_overfitting(copies, ties="worst").logits, math.log((1 / 6) / (5 / 6)))
    matrix = np.random.default_rng(5).normal(0.0, 0.01, (1600, 30))
    matrix[:, 7] += 0.004
    found = probability_of_overfitting(block_sums(matrix), relative="n")
    assert (found.pbo, float(found.logits.max())) == (0.0, math.inf)


def test_series_without_any_edge_compensate() -> None:
    """Trials recentred to a Sharpe ratio of exactly zero: what is won in sample is lost out of sample, and PBO is 1 (the paper's null case)."""
    matrix = np.random.default_rng(9).normal(0.0, 0.01, (1000, 50))
    matrix -= matrix.mean(axis=0)
    found = probability_of_overfitting(block_sums(matrix))
    assert found.pbo > 0.99
    assert found.degradation < -0.9


def test_overfitting_says_itself_in_words() -> None:
    """The sentence holds trials, share and splits; the record is JSON; the picture is one histogram."""
    found = probability_of_overfitting(block_sums(np.random.default_rng(0).normal(0, 1, (400, 20)), 4))
    assert found.words.startswith("of 20 points the best of one half of time was at or below the median")
    assert found.to_dict()["combinations"] == 6
    assert len(found.figure().data) == 1
    assert "20 points" in found._repr_html_()


def test_trials_that_never_trade_have_sharpe_zero() -> None:
    """Flat columns do not divide by zero; a losing trial never beats them."""
    matrix = np.zeros((64, 3))
    matrix[:, 1] = np.random.default_rng(8).normal(-1.0, 0.1, 64)
    found = probability_of_overfitting(block_sums(matrix, 4))
    assert found.loss_probability == 0.0
    assert np.isfinite(found.logits).all()


def test_edges_cut_time_evenly() -> None:
    """Block lengths differ by one at most and cover everything."""
    assert block_edges(10, 4).tolist() == [0, 2, 5, 7, 10]


def test_bad_input_is_refused() -> None:
    """One trial, NaN, too few returns, odd blocks and shapes that do not fit end in an input error."""
    with pytest.raises(InputError, match="no choice"):
        probability_of_overfitting(block_sums(np.ones((64, 1)), 4))
    with pytest.raises(InputError, match="without NaN"):
        block_sums(np.full((64, 2), np.nan))
    with pytest.raises(InputError, match="too few"):
        block_sums(np.ones((20, 2)))
    with pytest.raises(InputError, match="even number"):
        block_sums(np.ones((64, 2)), 3)
    with pytest.raises(InputError, match="fit together"):
        BlockSums(sums=np.ones((4, 2)), squares=np.ones((4, 3)), counts=np.ones(4, dtype=np.int64))
