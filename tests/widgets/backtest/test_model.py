"""The backtest widget's model: choices, errors at their fields, the cost in trials told before the run, runs that can be stopped, saved runs."""

from __future__ import annotations

import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import strategy
from workbench.app import Bench
from workbench.errors import InputError, UnknownNameError
from workbench.market import sample
from workbench.widgets.backtest import Desk, Form, FormError, comparison, present

if TYPE_CHECKING:
    from workbench.store import Database
    from workbench.widgets.backtest import Outcome

WAIT = 60


def run(desk: Desk, form: Form) -> Outcome:
    task = desk.run(desk.ticket(form)).wait(WAIT)
    assert task.problem == ""
    assert task.result is not None
    return task.result


def test_what_is_at_hand_comes_first(desk: Desk) -> None:
    """The given strategy and bars lead the choices; stored versions appear once something ran; templates are always there."""
    assert desk.strategies()[0].title == "dip · given"
    assert desk.data()[0].title == "SPX 1d · given"
    assert sum(option.key.startswith("template:") for option in desk.strategies()) == 4
    run(desk, desk.form("given"))
    assert desk.strategies()[1].title.startswith("dip · v1")


def test_a_form_is_filled_from_the_strategy(form: Form) -> None:
    """Defaults, ranges, costs and data are those of the strategy and its instrument."""
    assert (form.data, form.timeframe, form.cash) == ("given", "1d", 100_000.0)
    assert form.values == {"high": 60.0, "low": 10.0, "stop": 5.0, "size": 95.0}
    assert form.tried == {"high": "50..70 by 10", "low": "5..25 by 5", "stop": "", "size": ""}
    assert (form.slippage_bps, form.fee_on, form.borrow, form.fill_at, form.leverage) == (1.0, "both", 0.0, "next_open", 1.0)


def test_nonsense_in_every_field_is_answered_at_that_field(desk: Desk, form: Form) -> None:
    """All problems at once, each under the name of its field; nothing is run."""
    bad = replace(
        form,
        kind="walk_forward",
        start="yesterday",
        end="2020-99-01",
        cash=-1.0,
        folds=2.5,
        slippage=-3.0,
        values={"low": None, "high": 60.0, "stop": 0.0},
        tried={"low": "a b", "high": "70..50", "stop": "0..2"},
        leverage=0.5,
        borrow=-1.0,
        volume_share=0.0,
        fee_on="never",
    )
    with pytest.raises(FormError) as refused:
        desk.ticket(bad)
    named = {"start", "end", "cash", "folds", "values.low", "values.stop", "tried.low", "tried.high", "tried.stop"}
    named |= {"slippage", "borrow", "fee_on", "leverage", "volume_share"}
    assert named <= set(refused.value.fields)
    assert all(1 < len(problem) < 200 for problem in refused.value.fields.values())


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"data": "given", "slippage": -1.0}, "slippage", "at least 0"),
        ({"data": "given", "fee": -1.0}, "fee", "at least 0"),
        ({"strategy": ""}, "strategy", "choose a strategy"),
        ({"strategy": "e" * 64}, "strategy", "no stored strategy"),
        ({"strategy": "template:momentun"}, "strategy", "momentum"),
        ({"data": ""}, "data", "choose the data"),
        ({"data": "SPXX"}, "data", "SPX"),
        ({"cash": None}, "cash", "missing"),
        ({"cash": float("nan")}, "cash", "must be above 0"),
        ({"start": "2200-01-01"}, "start", "no bars in this window"),
        ({"start": "2000-01-01", "end": "1999-01-01"}, "end", "is not after"),
        ({"start": "2004-07-20", "end": "2004-07-28"}, "start", "too few"),
        ({"kind": "sweep", "tried": {"low": "10", "high": "60"}}, "tried", "single point"),
        ({"kind": "sweep", "tried": {"low": "1..60", "high": "60"}}, "no_ceiling", "60 points"),
        ({"kind": "sweep", "tried": {"low": "1..9999", "high": "1..9999"}}, "tried", "larger steps"),
        ({"kind": "walk_forward", "folds": 1.0}, "folds", "at least 2"),
    ],
)
def test_one_wrong_field_is_named(desk: Desk, form: Form, changes: dict[str, object], field: str, told: str) -> None:
    """The error stands at the field that caused it and says what to do."""
    with pytest.raises(FormError) as refused:
        desk.ticket(replace(form, **changes))
    assert told in refused.value.fields[field]


def test_a_strategy_without_parameters_cannot_be_swept(sqlite_database: Database) -> None:
    """The message says how to make something to vary."""
    plain = Desk(Bench(sqlite_database), strategy("buy when close > sma(20); sell when close < sma(20)"), sample("SPX").head(400))
    with pytest.raises(FormError) as refused:
        plain.ticket(replace(plain.form("given"), kind="sweep"))
    assert "$names" in refused.value.fields["kind"]


def test_the_cost_in_trials_is_known_before_a_backtest(desk: Desk, form: Form) -> None:
    """One trial the first time, none the second, as the ledger then counts."""
    ticket = desk.ticket(form)
    told = desk.forecast(ticket)
    assert (told.before, told.least, told.most) == (0, 1, 1)
    assert present.cost_words(told) == "This run adds 1 trial; family SPX/common then has 1 (0 now)."
    outcome = run(desk, form)
    assert (outcome.before, outcome.after) == (0, 1)
    assert desk.forecast(ticket).most == 0
    assert "stays at 1" in present.cost_words(desk.forecast(ticket))


def test_a_sweep_counts_only_points_that_are_new(desk: Desk, form: Form) -> None:
    """Fifteen points, one of which the backtest counted already: the forecast and the ledger both say fourteen."""
    run(desk, form)
    swept = replace(form, kind="sweep")
    told = desk.forecast(desk.ticket(swept))
    assert (told.least, told.most) == (14, 14)
    assert run(desk, swept).after == 15


def test_the_forecast_of_a_walk_forward_holds_what_it_adds(desk: Desk, form: Form) -> None:
    """Sweeps are named exactly; tests out of sample are a range that the truth lies in."""
    walk = replace(form, kind="walk_forward", folds=3.0)
    told = desk.forecast(desk.ticket(walk))
    outcome = run(desk, walk)
    assert told.least <= outcome.after - outcome.before <= told.most
    assert (told.least, told.most) == (45, 48)


def test_full_evidence_brings_every_page(desk: Desk, form: Form) -> None:
    """Run, sweep, folds, evidence and the verdict of each gate of LAB come together, and the forecast held."""
    wanted = replace(form, kind="evidence", folds=3.0)
    told = desk.forecast(desk.ticket(wanted))
    found = run(desk, wanted)
    assert told.least <= found.after - found.before <= told.most
    assert found.result is not None
    assert found.sweep is not None
    assert found.walk is not None
    assert found.evidence is not None
    assert len(found.verdicts) == 12
    assert found.evidence.trials == found.after


def test_a_run_does_not_hold_up_its_caller(desk: Desk, form: Form) -> None:
    """``run`` returns at once; the work is in another thread, which ends."""
    task = desk.run(desk.ticket(replace(form, kind="sweep")))
    assert threading.active_count() >= 2
    task.wait(WAIT)
    assert task.snapshot().status == "done"


def test_a_stopped_sweep_keeps_and_counts_what_was_finished(desk: Desk, form: Form) -> None:
    """Stopped at its first word of progress, a sweep of 3,000 points has some of them, shown and counted."""
    many = replace(form, kind="sweep", tried={"low": "1..60", "high": "40..89"}, no_ceiling=True)
    ticket = desk.ticket(many)
    task = desk.run(ticket)
    task.stop()
    task.wait(WAIT)
    assert task.snapshot().status == "stopped"
    assert task.result is not None
    assert task.result.sweep is not None
    assert 0 < len(task.result.sweep.frame) < 3000
    assert task.result.after == len(task.result.sweep.frame)
    assert task.result.counted.startswith("Stopped; what was finished is kept and counted.")


def test_stopped_evidence_is_no_evidence(desk: Desk, form: Form) -> None:
    """Half of the evidence is none: no gate is asked, but every finished trial is counted."""
    many = replace(form, kind="evidence", tried={"low": "1..60", "high": "40..89"}, no_ceiling=True)
    task = desk.run(desk.ticket(many))
    task.stop()
    task.wait(WAIT)
    assert task.result is not None
    assert (task.result.evidence, task.result.interrupted) == (None, True)
    assert task.result.after > 0


def test_other_data_run_a_copy_counted_where_it_belongs(desk: Desk, form: Form) -> None:
    """On Apple's bars the strategy is copied, the note says so, and the trial is Apple's."""
    ticket = desk.ticket(replace(form, data="AAPL"))
    assert ticket.strategy.spec.symbols == ("AAPL",)
    assert "this runs a copy of it for AAPL 1d" in ticket.notes[0]
    assert desk.forecast(ticket).family == "AAPL/common"


def test_other_costs_are_another_version(desk: Desk, form: Form) -> None:
    """A fee of one dollar a share makes a copy with these costs; unchanged costs leave the strategy as it is."""
    assert desk.ticket(form).strategy is desk.given
    dearer = desk.ticket(replace(form, fee=1.0))
    assert dearer.strategy.spec.costs is not None
    assert dearer.strategy.spec.costs.fee_per_contract == 1.0
    assert "another version" in dearer.notes[0]


def test_synthetic_bars_are_marked_everywhere(desk: Desk, form: Form) -> None:
    """Outcome, saved run and window say that the bars are made up."""
    outcome = run(desk, replace(form, data="SYN", timeframe="1h"))
    assert outcome.synthetic
    assert "made up" in present.window_words(outcome.ticket.bars)
    assert comparison.run_rows(desk.saved("dip"))[0]["badge"] == "SYNTHETIC"


def test_saved_runs_are_made_again_to_the_bit(desk: Desk, form: Form) -> None:
    """Two recorded runs compare with the metrics that were recorded, and comparing counts nothing."""
    first = run(desk, form)
    run(desk, replace(form, values={**form.values, "low": 20.0}))
    saved = desk.saved("dip")
    before = desk.bench.ledger.count("SPX/common").trials
    found = desk.compare(saved)
    assert len(saved) == 2
    assert [result.metrics.sharpe for result in found.results] == [run_.metrics["sharpe"] for run_ in saved]
    assert desk.bench.ledger.count("SPX/common").trials == before
    assert first.result is not None
    assert first.result.metrics.sharpe in [run_.metrics["sharpe"] for run_ in saved]
    drawn = comparison.side_by_side(found)
    assert [len(line["values"]) for line in drawn["series"]] == [len(drawn["times"])] * 2
    assert [row["metric"] for row in drawn["rows"][:2]] == ["return", "CAGR"]
    assert np.allclose(np.diag(drawn["correlation"]["z"]), 1.0)


def test_comparing_takes_two_to_eight(desk: Desk, form: Form) -> None:
    """One run alone is no comparison."""
    run(desk, form)
    with pytest.raises(InputError, match="two to 8"):
        desk.compare(desk.saved("dip"))


def test_a_bot_is_made_from_an_outcome(desk: Desk, form: Form) -> None:
    """The bot trades the strategy of the run; making it again gives the same bot."""
    outcome = run(desk, form)
    bot = desk.make_bot(outcome)
    assert (bot.name, bot.spec_hash, bot.stage.value) == ("dip", outcome.ticket.strategy.spec_hash, "LAB")
    assert desk.make_bot(outcome).id == bot.id


def test_an_unknown_symbol_is_named(desk: Desk) -> None:
    """Bars of a symbol nobody offers are refused with the nearest."""
    with pytest.raises(UnknownNameError, match="did you mean"):
        desk.bars("APPL", "1d")


def test_the_second_engine_is_loaded_only_when_asked() -> None:
    """Importing the widget and its model loads neither vectorbt nor plotly."""
    import subprocess

    text = "import workbench.widgets.backtest.view, workbench.widgets.promotion.view, sys; print([n for n in ('vectorbt', 'plotly', 'torch', 'mlflow') if n in sys.modules])"
    assert subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True).stdout.strip() == "[]"
