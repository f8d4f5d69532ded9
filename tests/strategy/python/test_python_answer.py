"""What a function may return, what it means, and how a wrong answer is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from workbench.errors import InputError
from workbench.strategy.python.answer import columns_of

INDEX = pd.date_range("2024-01-02", periods=6, tz="UTC", name="open_time")


def read(answer: Any, warmup: int = 0) -> dict[str, list[int]]:
    return {name: column.tolist() for name, column in columns_of(answer, INDEX, warmup, "rule").items() if column.any()}


def series(*values: Any, **options: Any) -> pd.Series:
    return pd.Series(values, INDEX, **options)


def test_booleans_are_long_while_true() -> None:
    """True holds long, False leaves; nothing is ever short."""
    assert read(series(False, True, True, False, True, False)) == {"entry_long": [0, 1, 1, 0, 1, 0], "exit_long": [1, 0, 0, 1, 0, 1]}


def test_positions_are_levels_on_both_sides() -> None:
    """1 holds long, -1 short, 0 nothing; going over from one side to the other leaves and enters at once."""
    assert read(series(0, 1, 1, -1, -1, 0)) == {
        "entry_long": [0, 1, 1, 0, 0, 0],
        "exit_long": [1, 0, 0, 1, 1, 1],
        "entry_short": [0, 0, 0, 1, 1, 0],
        "exit_short": [1, 1, 1, 0, 0, 1],
    }


def test_a_dictionary_or_a_frame_names_its_directions() -> None:
    """Events are taken as they are; what is not named never happens."""
    events = {"entry_long": series(False, True, False, False, False, False), "exit_long": series(0, 0, 0, 1, 0, 0)}
    expected = {"entry_long": [0, 1, 0, 0, 0, 0], "exit_long": [0, 0, 0, 1, 0, 0]}
    assert read(events) == expected
    assert read(pd.DataFrame(events)) == expected


def test_the_warm_up_is_silent_and_may_be_missing() -> None:
    """Nothing is decided on the warm-up bars, whatever they hold; an object column with gaps is read."""
    assert read(series(np.nan, None, True, True, False, False, dtype=object), 2) == {
        "entry_long": [0, 0, 1, 1, 0, 0],
        "exit_long": [0, 0, 0, 0, 1, 1],
    }
    assert read(series(True, True, pd.NA, True, True, True, dtype="boolean"), 3) == {"entry_long": [0, 0, 0, 1, 1, 1]}
    assert read(np.array([1, 1, 1, 1, 0, 0]), 1) == {
        "entry_long": [0, 1, 1, 1, 0, 0],
        "exit_long": [0, 0, 0, 0, 1, 1],
        "exit_short": [0, 1, 1, 1, 1, 1],
    }


@pytest.mark.parametrize(
    ("answer", "match"),
    [
        (None, "must be a pandas Series .* not nothing; did you forget return"),
        ([True] * 6, "must be a pandas Series .* not a list"),
        (pd.Series([True] * 5, INDEX[:5]), "has 5 values, not one for each of the 6 bars; reindex"),
        (np.zeros(5), "has 5 values, not one value for each of the 6 bars"),
        (np.zeros((6, 2)), r"has shape \(6, 2\)"),
        (pd.Series([True] * 6), "has other times than the bars: at row 0 0 instead of 2024-01-02"),
        (pd.Series([True] * 6, INDEX.shift(1, "D")), "has other times than the bars: at row 0 2024-01-03"),
        (pd.Series([0, 1, np.nan, 0, 0, 0], INDEX), r"is missing \(NaN\) at 2024-01-04 .*\(bar 2\), after the warm-up of 0 bars"),
        (pd.Series([0, 1, 2, 0, 0, 0], INDEX), r"is 2 at 2024-01-04 .*sizes belong into sizing"),
        (pd.Series([0, 0.5, 1, 0, 0, 0], INDEX), r"is 0.5 at 2024-01-03"),
        (pd.Series(["buy"] * 6, INDEX), "holds object values"),
        ({"entry_lng": pd.Series([True] * 6, INDEX)}, "returned entry_lng; did you mean entry_long"),
        ({}, "returned nothing; it may return entry_long"),
        ({"entry_long": pd.Series([-1] * 6, INDEX)}, "entry_long of rule holds numbers below zero"),
    ],
)
def test_a_wrong_answer_is_told_with_its_place(answer: Any, match: str) -> None:
    """Length, times, type, gaps and values each have their own sentence."""
    with pytest.raises(InputError, match=match):
        columns_of(answer, INDEX, 0, "rule")
