"""The pieces that a bench gathers: cheap ones always, deep ones when asked, and all of them fit into the bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import strategy
from workbench.backtest.evidence import assemble, permutation_test, pieces
from workbench.backtest.evidence.pieces import points_of
from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.market import sample

if TYPE_CHECKING:
    from workbench.backtest.sweep import SweepResult
    from workbench.store import Database

RULE = strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", stop="5%", parameters={"n": (2, 2, 10, 1), "low": (10, 5, 40, 5)})
GRID = {"n": [2, 3, 5], "low": [10, 20, 30]}


@pytest.fixture(scope="module")
def swept() -> SweepResult:
    return sweep(RULE, sample("SPX").head(1200), GRID)


def test_cheap_pieces_are_always_there(swept: SweepResult, sqlite_database: Database) -> None:
    """Without depth: stress, capacity, regimes, and what the counted trials are worth from the ledger's own sample."""
    ledger = Ledger(sqlite_database)
    result = backtest(RULE, swept.bars)
    ledger.record_sweep(swept)
    family = ledger.record(result).family
    found = pieces(RULE, result, swept=swept, count=ledger.count(family), sample=ledger.sample(family))
    assert set(found) == {"stress", "capacity", "regimes", "effective"}
    assert (found["effective"].trials, found["effective"].observations) == (9, 16)
    assert 1.0 <= found["effective"].effective <= 9.0
    assert assemble(result, ledger.count(family), **found).words.keys() == {"stress", "capacity", "regimes", "effective_trials"}


def test_only_trials_on_the_same_bars_are_compared(swept: SweepResult, sqlite_database: Database) -> None:
    """Blocks of other bars are other stretches of time: their trials count, but their correlation with these says nothing."""
    ledger = Ledger(sqlite_database)
    result = backtest(RULE, swept.bars)
    ledger.record_sweep(swept)
    ledger.record_sweep(sweep(RULE, swept.bars.head(700), GRID))
    family = ledger.record(result).family
    found = pieces(RULE, result, count=ledger.count(family), sample=ledger.sample(family))["effective"]
    assert (found.trials, found.sampled) == (18, 9)


def test_deep_pieces_are_added(swept: SweepResult) -> None:
    """With depth: the permutation test, with the search repeated where one is given, and SPA over the sweep's points."""
    result = backtest(RULE, swept.bars)
    found = pieces(RULE, result, swept=swept, permutations=9, deep=True, search=lambda market: float(market.close[-1]))
    assert set(found) == {"stress", "capacity", "regimes", "permutation", "superior_ability"}
    assert found["permutation"].searched
    assert (found["superior_ability"].trials, found["superior_ability"].best) == (9, 0)


def test_the_points_of_a_thinned_sweep_are_its_best_and_a_fair_sample(swept: SweepResult) -> None:
    """Of a sweep that keeps two points the best comes first, then the sample that was drawn before anything was known."""
    thin = sweep(RULE, swept.bars, GRID, keep=2)
    assert points_of(swept)[0] == points_of(thin)[0] == thin.best
    assert len(points_of(thin)) == 10
    assert len(points_of(swept)) == 9


def test_a_result_with_another_stop_is_shuffled_with_that_stop(swept: SweepResult) -> None:
    """Brackets that the result varied are those of its permutations."""
    tight = strategy(RULE.spec.provenance.source_text, stop="1%", parameters={"n": (2, 2, 10, 1), "low": (10, 5, 40, 5)})
    varied = backtest(RULE, swept.bars, parameters={"stop": 1.0})
    given, plain = permutation_test(RULE, varied, runs=5), permutation_test(tight, backtest(tight, swept.bars), runs=5)
    assert varied.run.rules.stop_value == pytest.approx(0.01)
    assert given.chance.tolist() == plain.chance.tolist()
