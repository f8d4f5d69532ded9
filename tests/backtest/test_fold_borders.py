"""Where folds meet: in order, without overlap, at first bars of sessions, and as far apart as purge and embargo ask."""

from __future__ import annotations

from math import comb
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.backtest.cpcv import sessions_of, splits_of
from workbench.backtest.stretches import fold_edges, session_starts, sessions_before
from workbench.errors import InputError


class Days(SimpleNamespace):
    """Bars as far as folds look at them: a session for each."""

    session: Any

    def __len__(self) -> int:
        return len(self.session)


def days(sizes: list[int]) -> Any:
    return Days(session=np.repeat(np.arange(len(sizes)), sizes))


SIZES = st.lists(st.integers(1, 7), min_size=60, max_size=150)


@settings(max_examples=60)
@given(sizes=SIZES, folds=st.integers(2, 6), train=st.integers(1, 4))
def test_walk_forward_edges_are_session_starts_in_order(sizes: list[int], folds: int, train: int) -> None:
    """All bars are in exactly one stretch; each begins with a session and is as long as the others up to a session."""
    bars = days(sizes)
    try:
        edges = fold_edges(bars, folds, train)
    except InputError:
        assume(False)
    starts = session_starts(bars)
    assert (edges[0], edges[-1], len(edges)) == (0, len(bars), folds + train + 1)
    assert (np.diff(edges) >= 32).all()
    assert set(edges[:-1].tolist()) <= set(starts.tolist())
    assert np.ptp(np.diff(edges)) <= 2 * max(sizes)


@settings(max_examples=60)
@given(sizes=SIZES, place=st.integers(0, 59), sessions=st.integers(0, 20))
def test_a_purge_takes_whole_sessions(sizes: list[int], place: int, sessions: int) -> None:
    """The position so many sessions before a session begins one, and so many lie between; before the first there is nothing."""
    bars = days(sizes)
    position = int(session_starts(bars)[place])
    found = sessions_before(bars, position, sessions)
    assert found == sum(sizes[: max(0, place - sessions)])
    assert sessions_before(bars, len(bars), 1) == len(bars) - sizes[-1]


@settings(max_examples=60)
@given(sizes=SIZES, count=st.integers(0, 60))
def test_an_embargo_covers_the_warm_up_wherever_it_begins(sizes: list[int], count: int) -> None:
    """That many sessions hold the bars asked for wherever something follows them, and one fewer would not."""
    bars = days(sizes)
    found = sessions_of(bars, count)
    windows = [sum(sizes[place : place + found]) for place in range(len(sizes) - found)]
    assert min(windows) >= count
    shorter = [sum(sizes[place : place + found - 1]) for place in range(len(sizes) - found + 1)] if found else [-1]
    assert min(shorter) < count


@settings(max_examples=40)
@given(
    sizes=st.lists(st.integers(4, 9), min_size=80, max_size=140),
    groups=st.integers(3, 6),
    tested=st.integers(2, 5),
    purge=st.integers(0, 4),
    embargo=st.integers(0, 4),
)
def test_training_keeps_its_distance_from_every_test(sizes: list[int], groups: int, tested: int, purge: int, embargo: int) -> None:
    """No training bar is tested, purged or under embargo, everything else trains, and no training stretch crosses the border of a group."""
    assume(tested < groups)
    bars = days(sizes)
    splits = splits_of(bars, groups, tested, purge=purge, embargo=embargo)
    session, starts = bars.session, session_starts(bars)
    border = session[splits.edges[:-1]]
    assert (np.diff(splits.edges) > 0).all()
    assert set(splits.edges[:-1].tolist()) <= set(starts.tolist())
    for train, test in zip(splits.train, splits.test, strict=True):
        inside = np.zeros(len(bars), dtype=int)
        for first, last in train:
            inside[first:last] += 1
            assert np.searchsorted(splits.edges, first, "right") == np.searchsorted(splits.edges, last, "left")
        forbidden = np.zeros(len(sizes), dtype=bool)
        for group in test:
            start, end = border[group], (border[group + 1] if group + 1 < groups else len(sizes))
            forbidden[max(0, start - purge) : end] = True
            forbidden[end : end + purge + embargo] = True
        assert inside.max() <= 1
        assert np.array_equal(inside == 0, forbidden[session])


@pytest.mark.parametrize(("groups", "tested"), [(3, 2), (6, 2), (6, 3), (8, 4), (10, 2)])
def test_there_are_as_many_splits_and_paths_as_the_formulas_say(groups: int, tested: int) -> None:
    """C(N, k) splits and k/N C(N, k) paths, as in the book and in skfolio; each path takes every group once, from a split that tests it."""
    from skfolio.model_selection import CombinatorialPurgedCV

    splits = splits_of(days([5] * 200), groups, tested, purge=0, embargo=0)
    oracle = CombinatorialPurgedCV(n_folds=groups, n_test_folds=tested)
    assert len(splits.train) == len(splits.test) == comb(groups, tested) == oracle.n_splits
    assert splits.path.max() + 1 == comb(groups, tested) * tested // groups == oracle.n_test_paths
    for path in range(int(splits.path.max()) + 1):
        assert sorted(splits.test[splits.path == path].tolist()) == list(range(groups))


def test_groups_are_skfolios_groups_of_sessions() -> None:
    """The tested bars of each split are those of the sessions that skfolio gives."""
    from skfolio.model_selection import CombinatorialPurgedCV

    bars = days([3, 4, 5, 6] * 25)
    splits = splits_of(bars, 6, 2, purge=1, embargo=2)
    oracle = CombinatorialPurgedCV(n_folds=6, n_test_folds=2, purged_size=1, embargo_size=2)
    for number, (train, tests) in enumerate(oracle.split(np.zeros((100, 1)))):
        trained = np.concatenate([np.arange(first, last) for first, last in splits.train[number]])
        assert np.array_equal(trained, np.flatnonzero(np.isin(bars.session, train)))
        for group, test in zip(splits.test[number], tests, strict=True):
            here = np.arange(splits.edges[group], splits.edges[group + 1])
            assert np.array_equal(here, np.flatnonzero(np.isin(bars.session, test)))


@pytest.mark.parametrize(
    ("groups", "tested", "embargo", "words"),
    [(2, 2, 0, "no splits"), (6, 1, 0, "no splits"), (6, 6, 0, "no splits"), (6, 2, 30, "embargo of 30"), (30, 2, 0, "bars for one")],
)
def test_impossible_splits_are_refused(groups: int, tested: int, embargo: int, words: str) -> None:
    """Too few groups, an embargo that eats them or groups too short to measure end in an input error that says so."""
    with pytest.raises(InputError, match=words):
        splits_of(days([3] * 150), groups, tested, purge=0, embargo=embargo)
