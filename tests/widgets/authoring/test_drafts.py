from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.errors import InputError
from workbench.strategy import drafts
from workbench.strategy.drafts import DraftConflictError
from workbench.widgets.authoring.form import Form
from workbench.widgets.authoring.keeper import DraftKeeper
from workbench.widgets.authoring.model import AuthorModel

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.app import Bench
    from workbench.store import Database


def test_a_draft_comes_back_after_a_restart(bench: Bench) -> None:
    """What was written, half a rule and nonsense included, is there when the desk is opened again."""
    desk = AuthorModel(bench)
    for name, text in {"text": "buy when rsi(2) <", "stop": "2 banan", "$low": "10", "bot_name": "dip"}.items():
        desk.change(name, text)
    assert desk.keeper.standing.state == "writing"
    assert desk.keeper.keep(desk.form)
    again = AuthorModel(bench)

    assert desk.form == again.form
    assert (desk.keeper.standing.state, again.keeper.standing.state) == ("kept", "restored")


def test_drafts_belong_to_a_person_and_a_subject(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another person, or the same desk opened on a strategy, does not see the draft."""
    desk = AuthorModel(bench)
    desk.change("text", "buy when close > 3")
    desk.change("stop", "2%")
    desk.keeper.keep(desk.form)
    on_strategy = AuthorModel(bench, desk.reading.strategy)
    monkeypatch.setenv("WORKBENCH_USER", "ana")

    assert on_strategy.keeper.standing.state == "none"
    assert AuthorModel(bench).form == Form()


def test_starting_over_forgets_and_can_be_undone(bench: Bench) -> None:
    """Start over empties desk and store; undo brings the words back."""
    desk = AuthorModel(bench)
    desk.change("text", "buy when close > 3")
    desk.keeper.keep(desk.form)
    desk.start_over()
    assert (Form(), Form()) == (desk.form, AuthorModel(bench).form)
    desk.undo()

    assert desk.form.text == "buy when close > 3"


def test_two_pages_notice_each_other(bench: Bench) -> None:
    """The second page to save is told, loses nothing, and chooses whose text stays."""
    first, second = AuthorModel(bench), AuthorModel(bench)
    first.change("text", "buy when close > 1")
    first.keeper.keep(first.form)
    second.change("text", "buy when close > 2")

    assert not second.keeper.keep(second.form)
    assert second.keeper.standing.state == "conflict"
    assert second.form.text == "buy when close > 2"
    second.settle(theirs=True)
    assert second.form.text == "buy when close > 1"
    second.change("text", "buy when close > 3")
    assert second.keeper.keep(second.form)
    first.change("text", "buy when close > 4")
    assert not first.keeper.keep(first.form)
    first.settle(theirs=False)
    assert first.keeper.keep(first.form)
    assert AuthorModel(bench).form.text == "buy when close > 4"


def test_a_draft_waits_for_the_store(bench: Bench, away: Callable[[bool], None]) -> None:
    """A store that is away is said, not raised; when it is back the draft is saved."""
    desk = AuthorModel(bench)
    away(True)
    desk.change("text", "buy when close > 1")
    assert not desk.keeper.keep(desk.form)
    assert (desk.keeper.standing.state, desk.keeper.changed(desk.form)) == ("away", True)
    assert AuthorModel(bench).keeper.standing.state == "away"
    away(False)

    assert desk.keeper.keep(desk.form)
    assert AuthorModel(bench).form.text == "buy when close > 1"


def test_a_draft_is_not_endless(bench: Bench) -> None:
    """A draft longer than ten texts is refused in words."""
    keeper = DraftKeeper(bench.database, "ana", "new")

    assert not keeper.keep(Form(parameters={f"p{place}": "9" * 4000 for place in range(12)}))
    assert keeper.standing.state == "refused"


def test_the_store_keeps_one_row_a_slot(database: Database) -> None:
    """Saving counts the revision up in place; a stale revision with other words is refused, with what is stored."""
    with database.session() as session:
        first = drafts.save(session, "ana", "new", {"text": "a"})
    with database.session() as session:
        second = drafts.save(session, "ana", "new", {"text": "b"}, revision=first.revision)
    with database.session() as session, pytest.raises(DraftConflictError) as caught:
        drafts.save(session, "ana", "new", {"text": "c"}, revision=first.revision)
    with database.session() as session:
        same = drafts.save(session, "ana", "new", {"text": "b"}, revision=first.revision)
        drafts.discard(session, "ana", "new")
        drafts.discard(session, "ana", "new")

    assert (first.revision, second.revision, same.revision, caught.value.theirs.content) == (1, 2, 3, {"text": "b"})
    with database.session() as session, pytest.raises(InputError, match="characters"):
        drafts.save(session, "ana", "new", {"text": "x" * 50_000})
