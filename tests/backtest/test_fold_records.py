"""What a walk-forward says of its folds: distance, stability, luck, and the record of it all."""

from __future__ import annotations

import json
from math import comb
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.backtest.ledger import Ledger
from workbench.backtest.sweep import sweep
from workbench.backtest.walkforward import WalkForward, walk_forward
from workbench.errors import InputError
from workbench.market import Bars, sample

if TYPE_CHECKING:
    from workbench.store import Database
    from workbench.strategy.strategy import Strategy

GRID = {"n": [2, 3, 5], "low": [10, 20, 30]}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(1400)


@pytest.fixture(scope="module")
def dip() -> Strategy:
    return strategy(
        "buy when rsi($n) < $low and close > sma(50); sell when rsi($n) > 60", parameters={"n": (2, 2, 10, 1), "low": (10, 5, 40, 5)}
    )


@pytest.fixture(scope="module")
def found(dip: Strategy, bars: Bars) -> WalkForward:
    return walk_forward(dip, bars, GRID, anchored=False)


def test_a_purge_ends_training_before_the_test(dip: Strategy, bars: Bars) -> None:
    """Ten bars are left out between training and test of every fold; the choice is that of a sweep without them."""
    folds = walk_forward(dip, bars, GRID, purge=10).folds
    where = bars.frame.index
    gaps = where.get_indexer(folds["test_from"]) - where.get_indexer(folds["train_to"])
    assert gaps.tolist() == [10] * 5
    assert folds["is_sharpe"].iloc[0] == sweep(dip, bars.head(390), GRID).frame["sharpe"].iloc[0]


def test_a_purge_that_leaves_nothing_is_refused(dip: Strategy, bars: Bars) -> None:
    """Neither a negative purge nor one as long as the training is possible."""
    for purge in (-1, 380):
        with pytest.raises(InputError, match=f"purge of {purge} sessions"):
            walk_forward(dip, bars, GRID, anchored=False, purge=purge)


def test_stability_compares_each_choice_with_the_one_before(found: WalkForward) -> None:
    """A row a fold: what was kept of the promise, and the share of the swept parameters that moved."""
    table, folds = found.stability, found.folds
    assert sorted(found.swept) == ["low", "n"]
    assert np.isnan(table["moved"].iloc[0])
    for place in range(1, 5):
        changed = [folds[name].iloc[place] != folds[name].iloc[place - 1] for name in found.swept]
        assert table["moved"].iloc[place] == np.mean(changed)
    assert table["kept"].iloc[1] == folds["oos_sharpe"].iloc[1] / folds["is_sharpe"].iloc[1]
    assert table["holds"].tolist() == (folds["oos_sharpe"] > 0).tolist()


def test_a_coin_holds_as_well(found: WalkForward) -> None:
    """Luck is the chance of as many heads or more in as many tosses as there are folds."""
    held = int((found.folds["oos_sharpe"] > 0).sum())
    assert found.luck == sum(comb(5, heads) for heads in range(held, 6)) / 32


def test_the_record_is_strict_json(found: WalkForward) -> None:
    """Verdict, folds and stability travel as JSON; what has no meaning is null."""
    record = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert (len(record["folds"]), record["robustness"], record["stability"][0]["moved"]) == (5, found.robustness, None)
    assert record["folds"][0]["test_from"] == found.frame["test_from"].iloc[0].isoformat()


def test_stops_are_chosen_and_traded(sqlite_database: Database, bars: Bars) -> None:
    """A grid over the stop: each fold names its choice, trades it, and counts both; a wider stop alone gives another equity."""
    stopped = strategy("buy when rsi(2) < 20; sell when rsi(2) > 60", stop="3%")
    ledger = Ledger(sqlite_database)
    found = walk_forward(stopped, bars, {"stop": [0.5, 8.0]}, ledger=ledger)
    assert set(found.folds["stop"]) <= {0.5, 8.0}
    assert ledger.count("SPX/common").trials == 15
    tight, wide = (walk_forward(stopped, bars, {"stop": [value]}).equity.iloc[-1] for value in (0.5, 8.0))
    assert tight != wide
