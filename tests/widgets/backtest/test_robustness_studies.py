"""Studies of robustness: checked at their fields, priced before they run, stopped without losing what was drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from workbench.progress import SILENT
from workbench.widgets.backtest import FormError
from workbench.widgets.backtest.chances import shown
from workbench.widgets.backtest.studies import STUDIES, Settings, study, unfinished

if TYPE_CHECKING:
    from workbench.widgets.backtest import Desk, Form, Outcome

WAIT = 60


@pytest.fixture
def outcome(desk: Desk, form: Form) -> Outcome:
    """A single backtest of the strategy."""
    found = desk.run(desk.ticket(form)).wait(WAIT).result
    assert found is not None
    return found


class Stopper:
    """Interrupts at its second word after a number of finished units, as a person's Stop does."""

    def __init__(self, after: int) -> None:
        self.after = after

    def at(self, done: int, _total: int, _what: str) -> None:
        if done >= self.after:
            raise KeyboardInterrupt


def ask(desk: Desk, outcome: Outcome, name: str, **settings: Any) -> Any:
    """Run a study to its end."""
    task = desk.study(study(name, outcome, Settings(**settings))).wait(WAIT)
    assert task.problem == ""
    return task.result


@pytest.mark.parametrize("name", list(STUDIES))
def test_every_study_answers_with_words_pictures_and_figures(desk: Desk, outcome: Outcome, name: str) -> None:
    """A sentence, three cards or more, two pictures and a row or more; nothing is left out."""
    runs = {"monte_carlo": 50.0, "bootstrap": 40.0, "paths": 20.0}.get(name, 50.0)
    found = shown(ask(desk, outcome, name, runs=runs, folds=3, groups=4), daily=True)
    assert len(found.words) > 40
    assert (len(found.cards) >= 3, len(found.pictures), len(found.rows) >= 1, found.partial) == (True, 2, True, "")
    assert all({"id", found.columns[0]["key"]} <= set(row) for row in found.rows)


def test_studies_that_choose_say_what_they_cost(desk: Desk, outcome: Outcome) -> None:
    """Walk-forward and cross-validation name their trials beforehand and the ledger then agrees; drawing again costs nothing."""
    cross = study("cpcv", outcome, Settings(groups=4))
    told = cross.cost(desk.bench)
    assert told is not None
    assert (told.least, told.most) == (14, 14)
    before = desk.bench.ledger.count(told.family).trials
    cross.run(desk.bench, SILENT)
    assert desk.bench.ledger.count(told.family).trials == before + 14
    assert study("monte_carlo", outcome, Settings()).cost(desk.bench) is None
    ask(desk, outcome, "paths", runs=20.0)
    assert desk.bench.ledger.count(told.family).trials == before + 14


@pytest.mark.parametrize(
    ("name", "settings", "field", "told"),
    [
        ("walk_forward", {"folds": 1.0}, "folds", "at least 2"),
        ("walk_forward", {"folds": None}, "folds", "missing"),
        ("cpcv", {"groups": 2.0}, "groups", "at least 3"),
        ("cpcv", {"groups": 4.0, "tested": 4.0}, "tested", "at most 3"),
        ("monte_carlo", {"runs": 2.5}, "runs", "at least 20"),
        ("monte_carlo", {"runs": 1e9}, "runs", "at most"),
        ("monte_carlo", {"ruin": 0.0}, "ruin", "above 0"),
        ("monte_carlo", {"method": "skip", "strength": 200.0}, "strength", "at most 100"),
        ("bootstrap", {"block": 0.0}, "block", "at least 1"),
        ("paths", {"seed": -1.0}, "seed", "at least 0"),
    ],
)
def test_nonsense_in_a_setting_is_answered_there(outcome: Outcome, name: str, settings: dict[str, Any], field: str, told: str) -> None:
    """The field that is wrong is named, with what would do."""
    with pytest.raises(FormError) as refused:
        study(name, outcome, Settings(**settings))
    assert told in refused.value.fields[field]


def test_a_study_without_its_ground_says_what_is_missing(desk: Desk, form: Form) -> None:
    """Without a grid nothing can be chosen; without trades nothing can be drawn."""
    flat = replace(form, tried={"low": "10", "high": "60"}, values={**form.values, "low": -5.0})
    still = desk.run(desk.ticket(flat)).wait(WAIT).result
    assert still is not None
    for name, told in (("cpcv", "nothing varies"), ("monte_carlo", "too few to draw from")):
        with pytest.raises(FormError) as refused:
            study(name, still, Settings())
        assert told in refused.value.fields["run"]


@pytest.mark.parametrize(("name", "runs", "after"), [("bootstrap", 600, 64), ("paths", 120, 30)])
def test_stopped_drawings_are_the_first_of_all(desk: Desk, outcome: Outcome, name: str, runs: int, after: int) -> None:
    """What was drawn before the stop is kept, and is what fewer draws would have given."""
    whole = study(name, outcome, Settings(runs=float(runs)))
    stopped = whole.run(desk.bench, Stopper(after))
    fewer = ask(desk, outcome, name, runs=float(after))
    assert stopped.frame.equals(fewer.frame)
    assert unfinished(whole, stopped) == f"Stopped: {after} of {runs} were drawn"


def test_a_study_stopped_too_early_gives_nothing(desk: Desk, outcome: Outcome) -> None:
    """Fewer than twenty draws say nothing: the stop passes on."""
    with pytest.raises(KeyboardInterrupt):
        study("paths", outcome, Settings(runs=50.0)).run(desk.bench, Stopper(3))


def test_a_stopped_walk_forward_says_which_folds_are_missing(desk: Desk, outcome: Outcome) -> None:
    """Finished folds are shown, the others are told as missing."""
    found = study("walk_forward", outcome, Settings(folds=4.0)).run(desk.bench, Stopper(35))
    assert found.interrupted
    assert "folds are missing: it was stopped" in shown(found, daily=True).partial
