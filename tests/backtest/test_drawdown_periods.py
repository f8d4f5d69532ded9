"""The list of drawdowns: each stretch under a peak once, with its dates and lengths."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.backtest.drawdowns import COLUMNS, drawdown_periods


def _equity(*values: float) -> pd.Series[float]:
    return pd.Series(values, index=pd.date_range("2024-01-01", periods=len(values), freq="D", tz="UTC"), dtype=float)


def test_two_falls_are_two_rows_deepest_first() -> None:
    """A fall of 20 % that came back and one of 10 % that has not are listed with peak, trough, recovery and lengths."""
    found = drawdown_periods(_equity(100, 80, 90, 100, 110, 99, 104.5))
    assert found["depth"].tolist() == pytest.approx([0.2, 0.1])
    assert found["peak"].dt.day.tolist() == [1, 5]
    assert found["trough"].dt.day.tolist() == [2, 6]
    assert [None if pd.isna(at) else at.day for at in found["recovered"]] == [4, None]
    assert found[["bars_down", "bars_up", "bars", "days"]].to_numpy().tolist() == [[1, 2, 2, 3], [1, 2, 2, 2]]


def test_a_fall_from_the_starting_money_counts() -> None:
    """A run that loses at once is under its starting money, although no bar was higher."""
    assert drawdown_periods(_equity(95, 96, 101), initial=100.0)["depth"].tolist() == pytest.approx([0.05])
    assert drawdown_periods(_equity(95, 96, 101)).empty


def test_without_a_fall_the_table_is_empty() -> None:
    """Rising equity and no equity give a table with the columns and no row."""
    for equity in (_equity(1, 2, 3), _equity()):
        assert list(drawdown_periods(equity).columns) == list(COLUMNS)
        assert drawdown_periods(equity).empty


@given(st.lists(st.integers(50, 150), min_size=1, max_size=60))
def test_every_bar_under_its_peak_lies_in_one_period(values: list[int]) -> None:
    """The lengths add up to the number of bars under the peak, and the deepest is the largest fall."""
    equity = _equity(*values)
    top = equity.cummax()
    found = drawdown_periods(equity)
    assert int(found["bars"].sum()) == int((equity < top).sum())
    assert float(found["depth"].max() if len(found) else 0.0) == pytest.approx(float((1 - equity / top).max()))
