"""The table of agreement: every built-in in one row, close to its counterpart, and no worse without TA-Lib."""

from __future__ import annotations

import sys

import pytest

from workbench.errors import InputError
from workbench.market import sample
from workbench.strategy.indicators import find, names
from workbench.strategy.indicators.agreement import agreement, made_up


def test_every_built_in_has_a_row_and_agrees() -> None:
    """Where TA-Lib defines the same thing the worst difference is below 1e-9 and the warm-up the same; elsewhere a note says what is compared."""
    table = agreement(length=3000, repeats=1)
    assert list(table.index) == [name for name in names() if find(name).step.__module__.startswith("workbench.")]
    compared = table[table["peer"] != ""]
    assert len(compared) >= 29
    assert (compared["worst"] <= 1e-9).all()
    assert (compared["warmup"] == compared["warmup_peer"]).all()
    assert (table[table["peer"] == ""]["note"] != "").all()
    assert (table["ms"] > 0).all()


def test_own_bars_can_be_given() -> None:
    """On S&P 500 days the indicators agree as well."""
    table = agreement(sample("SPX"), repeats=1)
    assert table["worst"].max() <= 1e-9
    with pytest.raises(InputError, match="12 bars are too few"):
        agreement(sample("SPX").head(12))


def test_without_talib_the_table_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours are computed and timed, the columns of the peer are empty."""
    monkeypatch.setitem(sys.modules, "talib", None)
    table = agreement(length=600, repeats=1)
    assert table["worst"].isna().all()
    assert (table["ms"] > 0).all()


def test_made_up_bars_are_hard_ones() -> None:
    """They hold ties, gaps and stretches without movement, are proper bars, and are the same every time."""
    table = made_up(9000)
    moves = abs(table["close"][1:] - table["close"][:-1])
    assert (moves == 0).mean() > 0.1
    assert moves.max() > 2.0
    assert (table["high"] == table["low"]).sum() >= 60
    assert (table["low"] > 0).all()
    assert (table["high"] >= table["close"]).all()
    assert table["close"].tolist() == made_up(9000)["close"].tolist()
