"""A sweep of more points than it keeps: the best, a sample and exact totals, all of them counted; pace in words."""

from __future__ import annotations

import gc
import json
import tempfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import select

from workbench.backtest.evidence.pbo import probability_of_overfitting
from workbench.backtest.ledger import Ledger, read_block
from workbench.backtest.sweep import Plan, SweepResult, sweep
from workbench.backtest.sweep import harvest as harvesting
from workbench.backtest.sweep import pace as pacing
from workbench.backtest.sweep import result as results
from workbench.content import bytes_hash
from workbench.errors import InputError, StoreError
from workbench.market import Bars, sample
from workbench.store import Database, chain
from workbench.store.tables import TrialBlockRow
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan.grid({"n": range(2, 12), "low": range(1, 41), "stop": [1.0, 2.0, 3.0, 4.0]})


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(700)


@pytest.fixture(scope="module")
def rule() -> Strategy:
    return strategy("buy when rsi($n) < $low; sell when rsi($n) > 60", stop="2%", parameters={"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)})


@pytest.fixture(scope="module")
def whole(rule: Strategy, bars: Bars) -> SweepResult:
    return sweep(rule, bars, plan=PLAN)


@pytest.mark.parametrize("keep", [1, 7, 100, 1599])
@pytest.mark.parametrize("rank", ["sharpe", "max_drawdown"])
def test_the_best_are_kept(rule: Strategy, bars: Bars, keep: int, rank: str) -> None:
    """Whatever ``keep`` is, the kept points are the head of the full ranking, ties included."""
    everything = sweep(rule, bars, plan=PLAN, rank=rank)
    some = sweep(rule, bars, plan=PLAN, rank=rank, keep=keep)
    assert some.frame.equals(everything.frame.head(keep))
    assert np.array_equal(some.rows, everything.rows[:keep])
    assert (some.finished, some.complete, some.interrupted) == (1600, False, False)


def test_totals_are_exact(rule: Strategy, bars: Bars, whole: SweepResult) -> None:
    """Counts, sums and histogram over all points do not depend on how many are kept."""
    some = sweep(rule, bars, plan=PLAN, keep=5)
    sharpe = whole.frame["sharpe"].to_numpy()
    assert some.totals.to_dict() == whole.totals.to_dict()
    assert some.totals.points == 1600
    assert some.totals.traded == int((whole.frame["trades"] > 0).sum())
    assert some.totals.histogram.sum() == some.totals.rated == np.isfinite(sharpe).sum()
    assert some.totals.mean == pytest.approx(np.nan_to_num(sharpe).mean())
    assert some.totals.variance == pytest.approx(np.nan_to_num(sharpe).var(ddof=1))


def test_the_sample_knows_nothing_of_the_results(rule: Strategy, bars: Bars, whole: SweepResult) -> None:
    """A thousand places drawn from the plan, the same whatever ranks the points and however many are kept."""
    some = sweep(rule, bars, plan=PLAN, keep=5, rank="trades")
    assert len(some.sampled.places) == 1000
    assert np.array_equal(some.sampled.places, whole.sampled.places)
    assert np.array_equal(some.sampled.rows, whole.sampled.rows)
    positions = whole.frame.index.get_indexer(some.sampled.places)
    assert np.array_equal(whole.rows[positions], some.sampled.rows)


def test_overfitting_is_judged_on_the_sample(rule: Strategy, bars: Bars) -> None:
    """Where only the best are kept, block sums are those of the sample: the best alone would look like luck."""
    some = sweep(rule, bars, plan=PLAN, keep=5)
    assert some.block_sums.sums.shape == (16, 1000)
    assert 0.0 <= probability_of_overfitting(some.block_sums).pbo <= 1.0


def test_places_to_sample_are_spread() -> None:
    """Of ten million points a thousand different ones are drawn, from all over the plan, without holding them."""
    places = harvesting.places_to_sample(10_000_000, seed=5)
    assert (len(places), len(set(places.tolist()))) == (1000, 1000)
    assert np.histogram(places, bins=10, range=(0, 10_000_000))[0].min() > 60
    assert np.array_equal(places, harvesting.places_to_sample(10_000_000, seed=5))
    assert harvesting.places_to_sample(7, seed=5).tolist() == list(range(7))


def test_a_huge_sweep_is_several_blocks_and_one_event(
    rule: Strategy, bars: Bars, whole: SweepResult, tmp_path: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points beyond those kept come from the journal, in blocks of bounded size, sealed by one audit event; the count is that of the full sweep."""
    monkeypatch.setattr(results, "PART", 600)
    ledger = Ledger(sqlite_database, owner="ana")
    some = sweep(rule, bars, plan=PLAN, keep=5, journal=tmp_path / "journal")
    block = ledger.record_sweep(some)
    assert (block.trials, block.new) == (1600, 1600)
    with sqlite_database.read() as session:
        rows = session.scalars(select(TrialBlockRow)).all()
        events = chain.events(session)
    assert sorted(row.trials for row in rows) == [400, 600, 600]
    assert [event.action for event in events] == ["family.opened", "sweep.recorded"]
    detail = json.loads(events[1].detail)
    by_id = {row.id: row for row in rows}
    assert detail["blocks"] == 3
    assert detail["data"] in {
        bytes_hash("\n".join(bytes_hash(row.data) for row in order).encode())
        for order in ([by_id[block.block_id], *pair] for first in rows for second in rows for pair in ([first, second],))
    }
    expected = np.nan_to_num(whole.frame["sharpe"].to_numpy())
    assert ledger.count("SPX/common").annual_variance == pytest.approx(expected.var(ddof=1), rel=1e-9)
    assert ledger.record_sweep(whole).new == 0
    some.forget()
    assert list((tmp_path / "journal").iterdir()) == []
    with pytest.raises(StoreError, match="run the sweep again"):
        ledger.record_sweep(some)


def test_without_a_journal_every_point_is_counted_too(
    rule: Strategy, bars: Bars, tmp_path: Path, sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Points that the result does not hold wait in a temporary folder, which goes away with the result."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    some = sweep(rule, bars, plan=PLAN, keep=5)
    assert len(list(folder.iterdir())) == 1
    assert Ledger(sqlite_database).record_sweep(some).new == 1600
    del some
    gc.collect()
    assert list(folder.iterdir()) == []


def test_the_ledger_hands_out_a_sample(rule: Strategy, bars: Bars, whole: SweepResult, sqlite_database: Database) -> None:
    """Sampled trials carry parameters and block sums that are those of the sweep; a family of several blocks gives each its share."""
    ledger = Ledger(sqlite_database)
    ledger.record_sweep(whole)
    ledger.record_sweep(sweep(rule, bars.head(600), {"n": [2, 3], "low": [10, 20]}))
    some = ledger.sample("SPX/common", 401)
    assert (len(some), some.sums.shape, some.squares.shape, some.trials) == (401, (401, 16), (401, 16), 1604)
    assert some.frame["trial_id"].is_unique
    assert some.frame["dataset"].value_counts().tolist() == [400, 1]
    place = {(row["n"], row["low"], row["stop"]): number for number, (_, row) in enumerate(whole.frame.iterrows())}
    for number, trial in some.frame[some.frame["bars"] == 700].head(20).iterrows():
        own = place[tuple(trial["parameters"][name] for name in ("n", "low", "stop"))]
        assert np.array_equal(some.sums[number], whole.block_sums.sums[:, own])
        assert np.array_equal(some.squares[number], whole.block_sums.squares[:, own])
    assert some.frame.equals(ledger.sample("SPX/common", 401).frame)
    assert len(ledger.sample("SPX/none")) == 0


def test_blocks_hold_sums_for_the_sample_only(whole: SweepResult, sqlite_database: Database) -> None:
    """A block of 1 600 points has 32 numbers for the thousand that were sampled and none for the others."""
    Ledger(sqlite_database).record_sweep(whole)
    with sqlite_database.read() as session:
        table = read_block(session.execute(select(TrialBlockRow.data)).scalar_one())
    lengths = table["block_sums"].combine_chunks().value_lengths().to_numpy()
    assert (int((lengths == 32).sum()), int((lengths == 0).sum())) == (1000, 600)


def test_families_are_listed(rule: Strategy, bars: Bars, sqlite_database: Database) -> None:
    """Every family with its count, by name."""
    ledger = Ledger(sqlite_database)
    assert ledger.families() == []
    ledger.record_sweep(sweep(rule, bars, {"n": [2, 3]}))
    apart = rule.revised(provenance=rule.spec.provenance.model_copy(update={"root": "fresh"}))
    ledger.record_sweep(sweep(apart, bars, {"n": [5, 6, 7]}))
    assert [(count.family, count.trials) for count in ledger.families()] == [("SPX/common", 2), ("SPX/fresh", 3)]


@pytest.mark.parametrize("keep", [0, -1, 2.5, True])
def test_keeping_nothing_is_refused(rule: Strategy, bars: Bars, keep: object) -> None:
    """``keep`` is a whole number from 1 on."""
    with pytest.raises(InputError, match="keep is the number of points"):
        sweep(rule, bars, {"n": [2]}, keep=keep)  # type: ignore[arg-type]


def test_a_result_is_json(rule: Strategy, bars: Bars) -> None:
    """``to_dict`` survives JSON, with None where a metric has no value, and the page says what was kept."""
    some = sweep(rule, bars, plan=PLAN, keep=5)
    record = json.loads(json.dumps(some.to_dict(), allow_nan=False))
    assert (record["planned"], record["finished"], len(record["best"])) == (1600, 1600, 5)
    assert "the best 5 of 1,600 points are kept" in some._repr_html_()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.2, "0 seconds"),
        (1.0, "1 second"),
        (44, "40 seconds"),
        (100, "2 minutes"),
        (5000, "83 minutes"),
        (7200, "2 hours"),
        (400_000, "5 days"),
    ],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    """A span of time is said in one unit."""
    assert words == pacing.duration(seconds)


def test_pace_says_rate_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds for a thousand points leave eighty for eight thousand; points that were there before do not count as fast."""
    now = [100.0]
    monkeypatch.setattr(pacing.clock, "monotonic", lambda: now[0])
    pace = pacing.Pace("sweep of x")
    assert pace.words(1000, 1000, 10_000) == "sweep of x"
    now[0] = 110.0
    assert pace.words(1000, 1000, 9_000) == "sweep of x · 100 points/s · about 80 seconds left"
    assert pace.words(6000, 1000, 10_000) == "sweep of x · 100 points/s · about 40 seconds left"
    assert pace.words(10_000, 1000, 10_000) == "sweep of x · 100 points/s · 10 seconds in all"
    assert pacing.speed(0.05) == "3.0 points/min"
