"""Blocks of a bootstrap: how long they are, where they may begin, and how long they should be."""

from __future__ import annotations

import numpy as np
import pytest
from arch.bootstrap import optimal_block_length
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.backtest.blocks import Method, drawn, optimal_length


def steps(index: np.ndarray, count: int) -> np.ndarray:
    """Whether each position follows the one before, around the end as well."""
    return (np.diff(index) % count) == 1


@settings(max_examples=80)
@given(
    method=st.sampled_from(["stationary", "circular", "moving"]),
    count=st.integers(1, 80),
    share=st.floats(0.0, 1.0),
    size=st.integers(1, 120),
    seed=st.integers(0, 2**32),
)
def test_positions_exist_and_blocks_have_their_length(method: Method, count: int, share: float, size: int, seed: int) -> None:
    """Every position is one of the data's; fixed blocks run on for their length, moving ones never over the end."""
    length = 1.0 + share * (count - 1)
    index = drawn(method, count, length, np.random.default_rng(seed), size)
    assert (len(index), int(index.min()) >= 0, int(index.max()) < count) == (size, True, True)
    if method != "stationary":
        for start in range(0, size, int(length)):
            block = index[start : start + int(length)]
            assert np.array_equal(block, (block[0] + np.arange(len(block))) % count)
            assert method == "circular" or block[-1] == block[0] + len(block) - 1


def test_stationary_blocks_are_as_long_as_asked_on_average() -> None:
    """Over 40 000 positions, blocks of mean length 25 end with chance 1/25 at each; their lengths are geometric."""
    index = drawn("stationary", 5000, 25.0, np.random.default_rng(4), 40_000)
    ends = np.flatnonzero(~steps(index, 5000)) + 1
    lengths = np.diff(ends)
    assert lengths.mean() == pytest.approx(25.0, rel=0.06)
    assert lengths.std() == pytest.approx(np.sqrt(1 - 1 / 25) * 25.0, rel=0.1)


def test_every_observation_is_drawn_as_often() -> None:
    """Stationary and circular blocks favour nobody; moving blocks draw the ends less."""
    for method, least in (("stationary", 0.85), ("circular", 0.85), ("moving", 0.05)):
        counts = np.zeros(50)
        for seed in range(2000):
            counts += np.bincount(drawn(method, 50, 10.0, np.random.default_rng(seed)), minlength=50)  # type: ignore[arg-type]
        assert (counts[0] / counts.mean() > least) == (method != "moving" or counts[0] / counts.mean() > least)
        assert (counts.min() / counts.mean() < 0.5) == (method == "moving")


def test_blocks_of_one_are_independent_draws() -> None:
    """With length one no position follows another more often than by chance."""
    index = drawn("stationary", 1000, 1.0, np.random.default_rng(8), 50_000)
    assert steps(index, 1000).mean() < 0.003


@pytest.mark.parametrize("memory", [0.0, 0.3, 0.7])
def test_the_length_is_that_of_politis_and_white(memory: float) -> None:
    """Of an autoregressive series it is what arch measures; more memory asks for longer blocks, and fixed ones are whole."""
    shocks = np.random.default_rng(1).standard_normal(2000)
    series = np.zeros(2000)
    for place in range(1, 2000):
        series[place] = memory * series[place - 1] + shocks[place]
    asked = optimal_block_length(series)
    assert optimal_length(series, "stationary") == max(1.0, float(asked["stationary"].iloc[0]))
    assert optimal_length(series, "circular") == max(1.0, np.ceil(float(asked["circular"].iloc[0])))
    assert (optimal_length(series, "stationary") > 12.0) == (memory > 0.5)


def test_a_series_that_says_nothing_has_blocks_of_one() -> None:
    """Constant or very short series have no dependence to keep."""
    assert [optimal_length(values, "stationary") for values in (np.zeros(100), np.arange(5.0))] == [1.0, 1.0]
