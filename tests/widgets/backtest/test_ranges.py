"""What a person writes into the fields of the backtest widget."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import InputError
from workbench.widgets.backtest.ranges import day, values, written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10..40 by 10", [10, 20, 30, 40]),
        ("10 to 12", [10, 11, 12]),
        ("from 1 to 2 step 0.5", [1, 1.5, 2]),
        ("30, 10 20 10", [10, 20, 30]),
        ("-5..5 by 5", [-5, 0, 5]),
        ("7", [7]),
    ],
)
def test_values_are_read_as_people_write_them(text: str, expected: list[float]) -> None:
    """Spans with a step, lists with any separator, one number; ascending, each once."""
    assert values(text) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "no values to try"),
        ("abc", "'abc' is no number"),
        ("10 x", "'x' is no number"),
        ("40..10", "holds nothing"),
        ("1..2 by 0", "step above zero"),
        ("1..999999 by 0.001", "larger step"),
        ("nan", "no number"),
        ("inf 3", "no number"),
        ("9" * 400, "no number"),
    ],
)
def test_nonsense_is_answered_with_what_to_write(text: str, told: str) -> None:
    """No value is guessed; the message says what is wrong and is short enough for a field."""
    with pytest.raises(InputError, match=told) as refused:
        values(text)
    assert len(str(refused.value)) < 160


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=30, unique=True))
def test_written_values_read_back(found: list[int]) -> None:
    """What the widget writes into the field reads as the same values."""
    expected = sorted(float(value) for value in found)
    assert values(written(expected)) == expected


def test_dates_are_read_or_refused() -> None:
    """ISO dates, nothing for all, everything else an error with an example."""
    assert (day("2026-01-31"), day("  ")) == (date(2026, 1, 31), None)
    for text in ("31.1.2026", "tomorrow", "2026-02-30", "x" * 5000):
        with pytest.raises(InputError, match="2026-01-31"):
            day(text)
