"""A search end to end: it finds what is there, rejects what is not, counts everything once, and never sees what it is verified on."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sqlalchemy import select

from workbench.backtest.evidence.sharpe import deflated_sharpe, null_variance
from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest
from workbench.backtest.search import SearchResult, SearchSpace, search
from workbench.backtest.search import run as running
from workbench.backtest.search.objective import moments_of
from workbench.backtest.stretches import session_starts
from workbench.errors import BacktestError, InputError
from workbench.market import Bars, sample, synthetic, validate
from workbench.store.tables import TrialRow
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.backtest.trial_record import Tried
    from workbench.store import Database

TRIALS = 40
FOUR = SearchSpace(archetypes=("breakout", "mean_reversion", "momentum", "trend_following"))
SMALL = SearchSpace(archetypes=("mean_reversion", "breakout"), most_filters=1)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return synthetic("SYN", "15m", sessions=300)


@pytest.fixture(scope="module")
def found(bars: Bars) -> SearchResult:
    return search(bars, space=SMALL, trials=TRIALS, workers=0, keep=3)


def same(first: SearchResult, second: SearchResult) -> bool:
    """Whether two searches made the same trials, in numbers and names, and the same candidates."""
    return (
        first.outcomes == second.outcomes
        and first.frame.equals(second.frame)
        and first.table.equals(second.table)
        and first.key == second.key
        and first.hurdle == second.hurdle
    )


def test_the_planted_edge_is_found() -> None:
    """Within 100 trials over four archetypes a dip or spike that reverts is found, and it holds on the bars that were kept away."""
    found = search(synthetic("SYN", "15m", sessions=1500), space=FOUR, trials=100, workers=0, seed=4)
    assert found.survivors
    best = found.best
    assert (best.survives, best.spec.archetype, best.against) == (True, "mean_reversion", ())
    assert best.deflated > 0.9
    assert best.held_out_deflated > 0.95
    assert found.verdict.startswith(f"{len(found.survivors)} of 5 verified survive, first mean reversion SYN")


def test_nothing_is_found_where_there_is_nothing() -> None:
    """The same search on the market without the edge says so in words."""
    found = search(synthetic("SYN0", "15m", sessions=1500), space=FOUR, trials=100, workers=0, seed=4)
    assert found.survivors == ()
    assert found.verdict.startswith("nothing survives: of 5 verified none holds; the best, ")
    assert not found.best.survives
    assert found.best.against


def test_the_same_search_is_the_same(bars: Bars, found: SearchResult) -> None:
    """Seed, space, bars and money decide everything; another seed is another search."""
    assert same(found, search(bars, space=SMALL, trials=TRIALS, workers=0, keep=3))
    other = search(bars, space=SMALL, trials=16, workers=0, seed=1)
    assert (other.key == found.key, other.outcomes == found.outcomes[:16]) == (False, False)


def test_every_evaluation_is_counted_once(bars: Bars, sqlite_database: Database) -> None:
    """Training runs and verifications are trials, repeated candidates are none; another search counts what it finds new, against a higher hurdle."""
    ledger = Ledger(sqlite_database)
    few = replace(
        SMALL, numbers=False, stops=("template",), targets=("none", "template"), trailing=("none",), time_stops=("none", "template")
    )
    found = search(bars, space=few, trials=TRIALS, workers=0, keep=3, ledger=ledger)
    ran = {outcome.trial_id for outcome in found.outcomes if outcome.state in ("scored", "silent")}
    assert found.states["repeated"] > 0
    assert sum(found.states.values()) == TRIALS
    assert len(ran) == found.states["scored"] + found.states.get("silent", 0)
    counted = ledger.count("SYN/common").trials
    assert counted == len(ran) + found.ground.verified == found.ground.counted.trials
    assert f"the ledger holds {counted} in family SYN/common now" in found.counted
    again = search(bars, space=few, trials=TRIALS, workers=0, keep=3, ledger=ledger)
    both = {trial.trial_id for result in (found, again) for trial in _tried(result)}
    assert ledger.count("SYN/common").trials == len(both)
    assert (again.hurdle.before, found.hurdle.before) == (counted, 0)
    assert again.hurdle.sharpe > found.hurdle.sharpe


def _tried(found: SearchResult) -> list[Tried]:
    tried = [*(entry.tried for entry in found.outcomes), *(entry.held_out for entry in found.candidates)]
    return [entry for entry in tried if entry is not None]


def test_looking_again_and_again_costs(bars: Bars, sqlite_database: Database) -> None:
    """The held-out bars remember who looked: the verification of a second search is deflated by that of the first as well."""
    ledger = Ledger(sqlite_database)
    first = search(bars, space=SMALL, trials=TRIALS, workers=0, keep=3, ledger=ledger)
    second = search(bars, space=SMALL, trials=TRIALS, workers=0, keep=3, ledger=ledger, seed=1)
    assert (first.ground.looks, first.ground.verified) == (3, 3)
    assert second.ground.looks == len({entry.held_out.trial_id for entry in (*first.candidates, *second.candidates) if entry.held_out})
    assert second.ground.looks > second.ground.verified
    for entry in second.candidates:
        assert entry.held_out is not None
        track = moments_of(entry.held_out.metrics)
        assert track is not None
        worth = [deflated_sharpe(track, trials=looks, variance=null_variance(track.observations)) for looks in (3, second.ground.looks)]
        assert entry.held_out_deflated == worth[1] < worth[0]
    assert "that ever looked at those bars" in second.counted


def test_a_trial_of_a_search_is_the_trial_of_a_backtest(bars: Bars, sqlite_database: Database) -> None:
    """Running a candidate by hand on the training bars is no new trial, and the ledger holds the same row."""
    ledger = Ledger(sqlite_database)
    found = search(bars, space=SMALL, trials=8, workers=0, ledger=ledger)
    outcome = next(entry for entry in found.outcomes if entry.state == "scored")
    assert outcome.tried is not None
    result = backtest(Strategy(running.StrategySpec.from_json(outcome.spec)), bars.head(found.cut))
    assert ledger.record(result).new is False
    with sqlite_database.read() as session:
        row = session.execute(select(TrialRow).where(TrialRow.trial_id == outcome.trial_id)).scalar_one()
    assert (row.sharpe, dict(row.metrics)) == (result.metrics.sharpe_per_bar, result.metrics.to_dict())
    assert outcome.tried.metrics["sharpe"] == result.metrics.sharpe


def test_the_search_never_sees_the_held_out_bars(bars: Bars, found: SearchResult) -> None:
    """With other bars after the cut every trial and score stays as it was; only the verification changes."""
    frame = bars.frame.copy()
    frame.iloc[found.cut :, :4] = frame.iloc[found.cut :, :4] * 1.5
    other = search(validate(frame, bars.instrument, "15m"), space=SMALL, trials=TRIALS, workers=0, keep=3)
    assert other.cut == found.cut
    assert [(entry.state, entry.score, entry.trial_id) for entry in other.outcomes] == [
        (entry.state, entry.score, entry.trial_id) for entry in found.outcomes
    ]
    assert [candidate.number for candidate in other.candidates] == [candidate.number for candidate in found.candidates]
    assert [entry.held_out for entry in other.candidates] != [entry.held_out for entry in found.candidates]


def test_the_cut_lies_between_sessions(bars: Bars, found: SearchResult) -> None:
    """Seventy percent of the sessions, no session torn apart, and no trial saw a bar behind the cut."""
    assert found.cut == session_starts(bars)[210]
    assert {entry.tried.observations for entry in found.outcomes if entry.tried is not None} == {found.cut}
    assert {entry.held_out.observations for entry in found.candidates if entry.held_out is not None} == {len(bars) - found.cut}


def test_candidates_differ(found: SearchResult) -> None:
    """No two share a program, each earned something with enough trades, and they come best first."""
    programs = [candidate.train.program_hash for candidate in found.candidates]
    assert len(set(programs)) == len(programs) > 1
    assert all(candidate.overlap <= 0.7 for candidate in found.candidates)
    assert all((candidate.train.metrics["trades"] or 0) >= 30 for candidate in found.candidates)
    scores = [candidate.score for candidate in found.candidates]
    assert scores == sorted(scores, reverse=True)


def test_what_validators_refuse_is_counted_with_its_reason(bars: Bars) -> None:
    """Candidates without a stop are pruned, told to the study as the worst, and never run."""
    space = replace(SMALL, stops=("none", "template"), trailing=("none",))
    found = search(bars, space=space, trials=24, workers=0)
    refused = [outcome for outcome in found.outcomes if outcome.state == "refused"]
    assert found.reasons == {"refused: no-stop": len(refused)}
    assert len(refused) > 0
    assert all(outcome.tried is None and outcome.score is None and "there is no stop" in outcome.words for outcome in refused)
    assert "refused: no-stop" in found._repr_html_()


def test_where_nothing_earns_nothing_is_verified(bars: Bars, sqlite_database: Database) -> None:
    """On a market that only falls a search that only buys verifies nothing, and says why."""
    falling = bars.frame.assign(
        **{name: bars.frame[name].to_numpy() * np.linspace(1.0, 0.4, len(bars)) for name in ("open", "high", "low", "close")}
    )
    falling = falling.assign(high=falling.max(axis=1).where(falling["volume"] < 0, falling[["open", "close", "high"]].max(axis=1)))
    checked = validate(falling.assign(low=falling[["open", "close", "low"]].min(axis=1)), "SYN", "15m")
    found = search(checked, space=replace(SMALL, directions=("long",)), trials=8, workers=0, ledger=Ledger(sqlite_database))
    assert found.candidates == ()
    assert found.verdict.startswith("nothing to verify: none of 8 candidates earned anything")
    with pytest.raises(InputError, match="nothing to verify"):
        _ = found.best
    assert json.loads(json.dumps(found.to_dict()))["candidates"] == []
    assert found.figure().data


def test_an_interrupt_keeps_what_was_finished(bars: Bars, found: SearchResult, tmp_path: Path, sqlite_database: Database) -> None:
    """Stopped after two batches it says so; the same call goes on and ends like one that was never stopped."""

    class Stops:
        def at(self, done: int, total: int, what: str) -> None:
            del total, what
            if done == 16:
                raise KeyboardInterrupt

    ledger = Ledger(sqlite_database)
    options = {"space": SMALL, "trials": TRIALS, "workers": 0, "keep": 3, "journal": tmp_path / "searches", "ledger": ledger}
    stopped = search(bars, **options, progress=Stops())
    assert (len(stopped), stopped.interrupted, stopped.candidates) == (16, True, ())
    assert "stopped after 16 of 40 trials, nothing verified; call again to go on" in repr(stopped)
    before = ledger.count("SYN/common").trials
    resumed = search(bars, **options)
    assert (same(resumed, found), before < ledger.count("SYN/common").trials) == (True, True)
    assert ledger.count("SYN/common").trials == found.ground.counted.trials
    resumed.forget()
    assert list((tmp_path / "searches").iterdir()) == []


def test_a_candidate_that_fails_is_a_failed_trial(bars: Bars, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One that raises is recorded with its words and the search goes on; where all of them do it stops and says why."""
    made = running.Here._answer

    def sometimes(here: object, question: dict[str, object]) -> object:
        if "breakout" in str(question["spec"]):
            return {"failed": "error", "words": "ZeroDivisionError: division by zero"}, b""
        return made(here, question)

    monkeypatch.setattr(running.Here, "_answer", sometimes)
    found = search(bars, space=SMALL, trials=24, workers=0, journal=tmp_path)
    failed = [outcome for outcome in found.outcomes if outcome.state == "failed"]
    assert found.reasons == {"failed: error": len(failed)}
    assert {outcome.words for outcome in failed} == {"ZeroDivisionError: division by zero"}
    assert same(found, search(bars, space=SMALL, trials=24, workers=0, journal=tmp_path))
    with pytest.raises(BacktestError, match="none of 16 candidates can run on these bars; the last said: ZeroDivisionError"):
        search(bars, space=SearchSpace(archetypes=("breakout",)), trials=24, workers=0)


def test_it_shows_itself(found: SearchResult) -> None:
    """Table, picture and record hold the same numbers; made-up bars are marked."""
    assert list(found.frame["trial"]) == list(range(TRIALS))
    assert "SYNTHETIC" in found._repr_html_()
    record = json.loads(json.dumps(found.to_dict()))
    assert (record["search"], len(record["trials"]), record["synthetic"]) == (found.key, TRIALS, True)
    assert record["candidates"][0]["score"] == found.candidates[0].score
    figure = found.figure()
    scores = list(figure.data[0].y)
    assert np.allclose(scores, found.frame["score"].dropna(), atol=1e-4)
    assert max(scores) == figure.data[1].y[-1]
    first = found.candidates[0]
    rules = found.frame.set_index("trial").loc[first.number, "entry"]
    assert "$" not in rules
    assert math.isclose(found.table["train_sharpe"].iloc[0], first.train.metrics["sharpe"] or 0.0)


def test_daily_bars_of_an_index_are_searched_long_only() -> None:
    """Real bars: no shorts of an index, and holding it is told beside the candidates."""
    found = search(sample("SPX").head(1500), trials=16, workers=0, seed=2)
    assert set(found.frame["direction"]) == {"long"}
    closes = sample("SPX").head(1500).close[found.cut - 1 :]
    changes = np.diff(closes) / closes[:-1]
    assert math.isclose(found.holding, changes.mean() / changes.std(ddof=1) * math.sqrt(found.ground.bars_per_year), rel_tol=1e-9)


@pytest.mark.parametrize(
    "given", [{"trials": 0}, {"keep": 0}, {"train": 1.0}, {"train": 0.0}, {"cash": -1.0}, {"seed": -1}, {"workers": -1}, {"trials": 2.5}]
)
def test_numbers_that_make_no_search_are_refused(bars: Bars, given: dict[str, float]) -> None:
    """Nothing starts before the numbers are sound."""
    with pytest.raises(InputError):
        search(bars, **given)


def test_too_few_bars_are_refused(bars: Bars) -> None:
    """Both parts need something to measure."""
    with pytest.raises(InputError, match="each needs 32, use more bars"):
        search(bars.head(60), trials=4, workers=0)
