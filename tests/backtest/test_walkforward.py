"""Walk-forward: folds follow each other, nothing of the test reaches the choice, and every trial is counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from workbench import strategy
from workbench.backtest import walkforward as module
from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.backtest.walkforward import ROBUST, fold_edges, walk_forward
from workbench.errors import InputError
from workbench.market import Bars, sample, synthetic, validate

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


def test_anchored_folds_train_on_everything_before(dip: Strategy, bars: Bars) -> None:
    """Each of five folds tests the next stretch and trains from the first bar to its start."""
    folds = walk_forward(dip, bars, GRID).folds
    index = bars.frame.index
    assert (folds["train_from"] == index[0]).all()
    assert (folds["train_to"] == folds["test_from"]).all()
    assert (folds["test_from"].iloc[1:].to_numpy() == folds["test_to"].iloc[:-1].to_numpy()).all()
    assert folds["test_from"].tolist() == [index[1400 * k // 7] for k in range(2, 7)]


def test_rolling_folds_train_on_the_last_stretches(dip: Strategy, bars: Bars) -> None:
    """With two training stretches the window moves along."""
    folds = walk_forward(dip, bars, GRID, anchored=False, train=2).folds
    assert folds["train_from"].tolist() == [bars.frame.index[1400 * k // 7] for k in range(5)]


def test_the_choice_is_the_best_point_in_sample(dip: Strategy, bars: Bars) -> None:
    """The chosen parameters and their Sharpe ratio are those of a sweep over the training bars alone."""
    first = walk_forward(dip, bars, GRID).folds.iloc[0]
    best = sweep(dip, bars.head(400), GRID).frame.iloc[0]
    assert (first["n"], first["low"], first["is_sharpe"]) == (best["n"], best["low"], best["sharpe"])


def test_bars_after_a_fold_change_nothing_in_it(dip: Strategy, bars: Bars) -> None:
    """With everything after the second test stretch replaced by other prices, the first two folds stay as they were, to the bit."""
    frame = bars.frame.copy()
    frame.iloc[800:, :4] *= 0.5
    changed = validate(frame, bars.instrument)
    before, after = walk_forward(dip, bars, GRID), walk_forward(dip, changed, GRID)
    pd.testing.assert_frame_equal(before.folds.iloc[:2].drop(columns="test_to"), after.folds.iloc[:2].drop(columns="test_to"))
    assert np.array_equal(before.equity.to_numpy()[:400], after.equity.to_numpy()[:400])


def test_test_bars_do_not_reach_the_choice(dip: Strategy, bars: Bars) -> None:
    """With the first test stretch replaced, the first fold chooses the same parameters."""
    frame = bars.frame.copy()
    frame.iloc[400:, :4] = frame.iloc[400:, :4].to_numpy()[::-1]
    changed = validate(frame, bars.instrument)
    columns = ["n", "low", "is_sharpe"]
    assert walk_forward(dip, bars, GRID).folds[columns].iloc[0].tolist() == walk_forward(dip, changed, GRID).folds[columns].iloc[0].tolist()


def test_indicators_are_warm_and_positions_are_not_carried(bars: Bars) -> None:
    """Always long: every fold buys at its second open, at once, although the average needs 50 bars, and not earlier."""
    held = strategy("buy when close > 0 and sma(50) > 0; sell when close < 0", parameters={})
    found = walk_forward(held, bars, [{}])
    assert found.folds["oos_trades"].tolist() == [0] * 5
    edges = fold_edges(bars, 5, 2)
    returns = found.equity.pct_change().to_numpy()
    for start in edges[2:-1] - edges[2]:
        assert start == 0 or returns[start] == 0.0
        assert returns[start + 1] != 0.0


def test_equity_runs_on_from_fold_to_fold(dip: Strategy, bars: Bars) -> None:
    """The stitched equity covers the test stretches, starts from the given money and has no jump where folds meet."""
    found = walk_forward(dip, bars, GRID, cash=50_000.0)
    assert len(found.equity) == 1000
    assert found.equity.iloc[0] == 50_000.0
    total = float(np.prod(1.0 + found.folds["oos_return"]))
    assert found.equity.iloc[-1] / 50_000.0 == pytest.approx(total, rel=1e-12)


def test_robustness_is_the_share_of_folds_that_hold(dip: Strategy, bars: Bars) -> None:
    """A fold holds when its Sharpe ratio out of sample is above zero; sixty per cent are asked for."""
    found = walk_forward(dip, bars, GRID)
    assert found.robustness == float((found.folds["oos_sharpe"] > 0).mean())
    assert (found.threshold, found.robust) == (ROBUST, found.robustness >= 0.6)


def test_a_fold_without_trades_does_not_hold(bars: Bars) -> None:
    """Doing nothing is not robust."""
    never = strategy("buy when close < $level; sell when close > 0", parameters={"level": (0, 0, 1, 1)})
    found = walk_forward(never, bars, {"level": [0, 1]})
    assert (found.robustness, found.robust, np.isnan(found.oos_sharpe)) == (0.0, False, True)


def test_every_fold_enters_the_ledger(sqlite_database: Database, dip: Strategy, bars: Bars) -> None:
    """Five sweeps of nine points and five tests are 50 trials; the same walk-forward again adds none."""
    ledger = Ledger(sqlite_database)
    for _ in range(2):
        walk_forward(dip, bars, GRID, ledger=ledger)
        assert ledger.count("SPX/common").trials == 50


def test_an_interrupt_keeps_finished_folds(dip: Strategy, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stopped in the third fold, two are returned, and those that were not run do not hold."""
    from dataclasses import replace

    calls = iter(range(10))

    def stopping(*arguments: object, **options: object) -> object:
        found = sweep(*arguments, **options)  # type: ignore[arg-type]
        return replace(found, planned=found.planned + 1) if next(calls) == 2 else found

    monkeypatch.setattr(module, "sweep", stopping)
    found = walk_forward(dip, bars, GRID)
    assert (len(found.folds), found.planned) == (2, 5)
    assert found.robustness <= 2 / 5


def test_an_interrupt_before_the_first_fold_is_passed_on(dip: Strategy, bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was finished, so the interrupt goes to the caller."""
    from dataclasses import replace

    monkeypatch.setattr(module, "sweep", lambda *a, **o: replace(sweep(*a, **o), planned=99))
    with pytest.raises(KeyboardInterrupt):
        walk_forward(dip, bars, GRID)


def test_progress_counts_the_points_of_all_folds(dip: Strategy, bars: Bars) -> None:
    """Faces see how many of the 45 points are done, fold by fold, and the end."""
    told: list[tuple[int, int]] = []

    class Listener:
        def at(self, done: int, total: int, what: str) -> None:  # noqa: ARG002 - the port
            told.append((done, total))

    walk_forward(dip, bars, GRID, progress=Listener())
    assert told == [(9, 45), (18, 45), (27, 45), (36, 45), (45, 45), (45, 45)]


def test_an_interrupt_told_by_the_progress_keeps_finished_folds(dip: Strategy, bars: Bars) -> None:
    """A person who stops it in the third fold gets the two before."""

    class Impatient:
        stopped = False

        def at(self, done: int, total: int, what: str) -> None:  # noqa: ARG002 - the port
            if done > 40 and not self.stopped:
                self.stopped = True
                raise KeyboardInterrupt

    grid = {"n": [2, 3, 5, 7], "low": [10, 15, 20, 25, 30]}  # 20 points a fold, more than the 16 of a slice
    found = walk_forward(dip, bars, grid, progress=Impatient())
    assert (len(found.folds), found.planned) == (2, 5)


def test_intraday_folds_begin_with_a_session() -> None:
    """No session is cut in two."""
    bars = synthetic("SYN", "30m", sessions=60)
    edges = fold_edges(bars, 3, 1)
    assert (bars.session[edges[1:-1]] != bars.session[edges[1:-1] - 1]).all()
    assert (edges[0], edges[-1]) == (0, len(bars))


def test_a_fold_equals_a_backtest_of_warm_signals(dip: Strategy, bars: Bars) -> None:
    """The tested stretch makes the trades that a run over all bars so far makes from its first decision on."""
    found = walk_forward(dip, bars, {"n": [2], "low": [20]})
    whole = backtest(dip, bars, parameters={"n": 2, "low": 20}).trades
    first = found.folds["test_from"].iloc[0]
    last = found.folds["test_to"].iloc[0]
    inside = whole[(whole["entry_time"] > first) & (whole["exit_time"] < last)]
    assert abs(int(found.folds["oos_trades"].iloc[0]) - len(inside)) <= 1
    assert len(inside) > 3


def test_too_little_is_refused(dip: Strategy, bars: Bars) -> None:
    """One fold, no training or stretches under 32 bars end in an input error that says so."""
    with pytest.raises(InputError, match="two folds"):
        walk_forward(dip, bars, GRID, folds=1)
    with pytest.raises(InputError, match="train=0"):
        walk_forward(dip, bars, GRID, train=0)
    with pytest.raises(InputError, match="fewer folds or more bars"):
        walk_forward(dip, bars.head(150), GRID)
