"""The trial ledger: distinct evaluations are counted once, in one transaction, and what was counted can be shown."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import select

from workbench import strategy
from workbench.backtest import ledger as module
from workbench.backtest.ledger import Count, Ledger, family_of, ground_of, read_block, trial_id
from workbench.backtest.run import backtest
from workbench.backtest.sweep import SweepResult, sweep
from workbench.content import bytes_hash
from workbench.errors import StoreError
from workbench.market import Bars, sample
from workbench.store import Database, chain, outbox
from workbench.store.tables import TrialBlockRow, TrialRow

if TYPE_CHECKING:
    from workbench.strategy.strategy import Strategy

GRID = {"n": [2, 3, 4], "low": [10, 20]}


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(600)


@pytest.fixture(scope="module")
def dip() -> Strategy:
    return strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", parameters={"n": (2, 2, 10, 1), "low": (10, 5, 40, 5)})


@pytest.fixture(scope="module")
def swept(dip: Strategy, bars: Bars) -> SweepResult:
    return sweep(dip, bars, GRID)


def _actions(database: Database) -> list[str]:
    with database.read() as session:
        return [event.action for event in chain.events(session)]


def test_a_repeated_run_is_one_trial(database: Database, dip: Strategy, bars: Bars) -> None:
    """The second time the same id comes back, marked as known, and the count stays one."""
    ledger = Ledger(database, owner="ana")
    first = ledger.record(backtest(dip, bars))
    again = ledger.record(backtest(dip, bars))
    assert (first.new, again.new, first.trial_id == again.trial_id) == (True, False, True)
    assert ledger.count("SPX/common").trials == 1
    assert _actions(database) == ["family.opened", "trial.recorded"]


def test_what_differs_is_another_trial(sqlite_database: Database, dip: Strategy, bars: Bars) -> None:
    """Other parameters, bars, costs, brackets or money make another trial; another name does not."""
    ledger = Ledger(sqlite_database)
    runs = [
        backtest(dip, bars),
        backtest(dip, bars, parameters={"n": 3}),
        backtest(dip, bars.head(599)),
        backtest(dip, bars, cash=50_000.0),
        backtest(dip.revised(brackets={"stop": "2%"}), bars),
        backtest(dip.revised(costs={"slippage_bps": 5.0}), bars),
        backtest(dip.revised(name="renamed"), bars),
    ]
    assert [ledger.record(run).new for run in runs] == [True] * 6 + [False]


def test_a_sweep_is_one_block_one_audit_event_and_one_message(database: Database, swept: SweepResult) -> None:
    """Six points make one row whose bytes the audit chain seals, and one event in the outbox."""
    block = Ledger(database, owner="ana").record_sweep(swept)
    assert (block.trials, block.new, block.family) == (6, 6, "SPX/common")
    with database.read() as session:
        row = session.execute(select(TrialBlockRow)).scalar_one()
        events = chain.events(session)
        messages = outbox.after(session)
    assert [event.action for event in events] == ["family.opened", "sweep.recorded"]
    assert json.loads(events[1].detail)["data"] == bytes_hash(row.data)
    assert [(message.topic, message.payload["new"]) for message in messages] == [("sweep_recorded", 6)]


def test_a_repeated_sweep_adds_nothing(sqlite_database: Database, swept: SweepResult) -> None:
    """The second time the earlier block comes back and nothing is written."""
    ledger = Ledger(sqlite_database)
    first, before = ledger.record_sweep(swept), _actions(sqlite_database)
    again = ledger.record_sweep(swept)
    assert (again.block_id, again.new, _actions(sqlite_database)) == (first.block_id, 0, before)


def test_singles_and_blocks_are_counted_as_one_set(sqlite_database: Database, dip: Strategy, bars: Bars, swept: SweepResult) -> None:
    """One single inside the sweep, the sweep, a single it holds, and a wider sweep: eight distinct points in all."""
    ledger = Ledger(sqlite_database)
    assert ledger.record(backtest(dip, bars, parameters={"n": 3, "low": 20})).new
    assert ledger.record_sweep(swept).new == 5
    assert not ledger.record(backtest(dip, bars, parameters={"n": 4, "low": 10})).new
    assert ledger.record_sweep(sweep(dip, bars, {"n": [2, 3, 4, 5], "low": [10, 20]})).new == 2
    assert ledger.count("SPX/common").trials == 8


def test_equal_points_in_one_grid_count_once(sqlite_database: Database, dip: Strategy, bars: Bars) -> None:
    """A value listed twice is one trial."""
    assert Ledger(sqlite_database).record_sweep(sweep(dip, bars, {"n": [2, 2, 3]})).new == 2


def test_the_variance_is_that_of_all_distinct_ratios(sqlite_database: Database, dip: Strategy, bars: Bars, swept: SweepResult) -> None:
    """Singles and blocks together give numpy's variance of the annual Sharpe ratios, and per bar that over the bars of a year."""
    ledger = Ledger(sqlite_database)
    other = backtest(dip, bars, parameters={"n": 7, "low": 30})
    ledger.record(other)
    ledger.record_sweep(swept)
    ratios = [*swept.frame["sharpe"].fillna(0.0), other.metrics.sharpe]
    found = ledger.count("SPX/common")
    assert math.isclose(found.annual_variance, float(np.var(ratios, ddof=1)), rel_tol=1e-9)
    assert math.isclose(ledger.sharpe_variance("SPX/common", 252.0), float(np.var(ratios, ddof=1)) / 252.0, rel_tol=1e-9)


def test_an_unknown_family_is_empty(sqlite_database: Database) -> None:
    """Nothing tried, nothing varied."""
    assert Ledger(sqlite_database).count("ES/none") == Count(family="ES/none", trials=0, annual_variance=0.0)


def test_families_are_symbols_and_lineage(dip: Strategy) -> None:
    """Changing numbers, text or name stays in the family; only a declared lineage or other symbols open another."""
    apart = dip.revised(provenance=dip.spec.provenance.model_copy(update={"root": "fresh"}))
    assert family_of(dip.spec) == family_of(strategy("buy when close > sma(20); sell when close < sma(20)").spec) == "SPX/common"
    assert family_of(apart.spec) == "SPX/fresh"
    assert family_of(dip.revised(symbols=("MSFT", "AAPL")).spec) == "AAPL+MSFT/common"


def test_a_declared_lineage_is_audited(sqlite_database: Database, dip: Strategy, bars: Bars) -> None:
    """Opening a family leaves an event with who and what."""
    apart = dip.revised(provenance=dip.spec.provenance.model_copy(update={"root": "fresh"}))
    ledger = Ledger(sqlite_database, owner="ana")
    ledger.record(backtest(dip, bars))
    ledger.record(backtest(apart, bars, parameters={"n": 3}))
    with sqlite_database.read() as session:
        opened = [(event.actor, event.subject) for event in chain.events(session) if event.action == "family.opened"]
    assert opened == [("ana", "family:SPX/common"), ("ana", "family:SPX/fresh")]


def test_a_kill_in_the_middle_leaves_no_half_block(sqlite_database: Database, swept: SweepResult, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the process dies between the block and its message, neither block nor audit event is there."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module.outbox, "publish", die)
    with pytest.raises(KeyboardInterrupt):
        Ledger(sqlite_database).record_sweep(swept)
    assert _actions(sqlite_database) == []
    assert Ledger(sqlite_database).count("SPX/common").trials == 0


def test_a_block_holds_every_point_with_its_metrics(sqlite_database: Database, swept: SweepResult) -> None:
    """Read back, the block has the ids that single runs would have, the parameters and the metrics."""
    Ledger(sqlite_database).record_sweep(swept)
    with sqlite_database.read() as session:
        table = read_block(session.execute(select(TrialBlockRow.data)).scalar_one())
    ground = ground_of(swept.spec, swept.program_hash, swept.bars.dataset_hash, swept.rules)
    expected = [trial_id(ground, point) for point in swept.frame[["n", "low"]].to_dict("records")]
    assert [identity.hex() for identity in table["trial_id"].to_pylist()] == expected
    assert np.array_equal(table["sharpe"].to_numpy(), swept.frame["sharpe"].to_numpy(), equal_nan=True)


def test_a_damaged_block_says_so() -> None:
    """Bytes that are no block end in one sentence."""
    with pytest.raises(StoreError, match="cannot be read"):
        read_block(b"nothing")


def test_a_trial_that_never_traded_counts_with_ratio_zero(sqlite_database: Database, bars: Bars) -> None:
    """Trying something that finds no trade is a trial as well."""
    ledger = Ledger(sqlite_database)
    assert ledger.record(backtest(strategy("buy when close < 0; sell when close > 0"), bars)).new
    with sqlite_database.read() as session:
        row = session.execute(select(TrialRow)).scalar_one()
    assert (row.sharpe, row.metrics["win_rate"], ledger.count("SPX/common").trials) == (None, None, 1)
