"""An evaluation that was made elsewhere enters the ledger as if it had been made here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from workbench import strategy
from workbench.backtest.ledger import Ledger, Tried
from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.market import sample
from workbench.store import chain
from workbench.store.tables import TrialRow

if TYPE_CHECKING:
    from workbench.backtest.result import Result
    from workbench.store import Database


@pytest.fixture(scope="module")
def results() -> list[Result]:
    dip = strategy("buy when rsi($n) < 10; sell when rsi($n) > 60", parameters={"n": (2, 2, 10, 1)})
    return [backtest(dip, sample("SPX").head(600), parameters={"n": n}) for n in (2, 3, 4)]


def test_a_record_survives_its_journey(results: list[Result]) -> None:
    """Written to JSON and read again it is the same record, numbers to the last digit."""
    tried = Tried.of(results[0])
    assert Tried.from_dict(json.loads(json.dumps(tried.to_dict()))) == tried


def test_several_at_once_are_counted_like_one_by_one(database: Database, results: list[Result]) -> None:
    """One transaction, an audit event each, what is there or comes twice is not counted again, and the rows are those of single records."""
    ledger = Ledger(database, owner="ana")
    first = ledger.record(results[0])
    found = ledger.record_all([Tried.of(result) for result in (*results, results[1])])
    assert [trial.new for trial in found] == [False, True, True, False]
    assert (found[0].trial_id, found[3].trial_id) == (first.trial_id, found[1].trial_id)
    assert [ledger.record(result).new for result in results] == [False, False, False]
    assert ledger.count("SPX/common").trials == 3
    with database.read() as session:
        actions = [event.action for event in chain.events(session)]
        row = session.execute(select(TrialRow).where(TrialRow.trial_id == found[2].trial_id)).scalar_one()
    assert actions == ["family.opened", *["trial.recorded"] * 3]
    assert (row.sharpe, row.parameters, row.owner) == (results[2].metrics.sharpe_per_bar, {"n": 4.0}, "ana")


def test_a_point_of_a_sweep_is_not_counted_again(sqlite_database: Database, results: list[Result]) -> None:
    """What a sweep has counted, an evaluation elsewhere does not add."""
    ledger = Ledger(sqlite_database)
    dip = strategy("buy when rsi($n) < 10; sell when rsi($n) > 60", parameters={"n": (2, 2, 10, 1)})
    ledger.record_sweep(sweep(dip, sample("SPX").head(600), {"n": [2, 3]}))
    assert [trial.new for trial in ledger.record_all([Tried.of(result) for result in results])] == [False, False, True]
    assert ledger.count("SPX/common").trials == 3


def test_nothing_is_nothing(sqlite_database: Database) -> None:
    """No evaluation, no trial, no event."""
    ledger = Ledger(sqlite_database)
    assert (ledger.record_all([]), ledger.families()) == ([], [])
