from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.widgets.authoring import Author, AuthorModel

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from workbench.app import Bench

RULES = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"


def write(author: Author, text: str) -> None:
    """Do what the browser does when a person typed."""
    author.rules.editors["text"].text = text


def seen(widget: object) -> bool:
    return widget.layout.display != "none"  # type: ignore[attr-defined]


def test_the_bench_opens_the_desk(bench: Bench) -> None:
    """``bench.author()`` gives the desk, with bars on the chart and the ideas to start from."""
    author = bench.author()

    assert isinstance(author, Author)
    assert (author.sight.chart.count, seen(author.rules.starters), author.act.run.why) == (250, True, "write a rule first")


def test_a_mistake_is_drawn_in_its_place(bench: Bench) -> None:
    """The editor gets place, words and repair; the outline keeps the last reading, dimmed; acts are closed with a reason."""
    author = Author(bench)
    write(author, RULES)
    write(author, RULES.replace("sma(", "smaa("))
    (error,) = author.rules.editors["text"].errors

    assert (error["from"], error["to"], error["suggestion"]) == (33, 37, "sma")
    assert "wb-author-behind" in author.rules.tree.value
    assert (author.act.run.disabled, author.sight.heading.note) == (True, "shows the last text that could be read")


def test_what_was_typed_is_escaped(bench: Bench) -> None:
    """No text of a person becomes markup."""
    author = Author(bench)
    write(author, RULES)
    author.form.fields["name"].value = "<img src=x onerror=alert(1)>"

    assert "<img" not in author.act.code.value + author.act.findings.value + author.rules.tree.value
    assert "&lt;img" in author.act.code.value


def test_figures_come_with_a_counted_run_and_grow_old(bench: Bench) -> None:
    """Figures appear only after a counted run, and say so when the text has moved on."""
    author = Author(bench)
    write(author, RULES)
    assert not seen(author.act.counted)
    author.act.run.press()
    assert author.act.run.done == "counted: 1 trial in this family"
    assert (seen(author.act.counted), seen(author.act.old)) == (True, False)
    write(author, RULES.replace("60", "70"))

    assert seen(author.act.old)


def test_refusals_stand_under_the_button_and_at_the_field(bench: Bench) -> None:
    """A taken name is said where it was asked for."""
    author = Author(bench)
    write(author, RULES)
    author.form.fields["stop"].value = "2 atr"
    author.act.fields["bot_name"].value = "dip"
    author.act.make.press()
    assert author.act.make.done.startswith("dip is in LAB")
    author.act.make.press()

    assert "choose another name" in author.act.make.error
    assert "choose another name" in author.act.fields["bot_name"].error


def test_parameters_get_a_field_when_a_rule_names_them(bench: Bench) -> None:
    """Writing ``$low`` asks for its range beside the rule; leaving it out of the rule takes the field away."""
    author = Author(bench)
    write(author, RULES.replace("10", "$low"))
    (field,) = author.rules.parameters.children
    assert "$low needs a value" in field.error
    field.value = "10, 5, 25, 5"
    assert (field.error, author.strategy is not None) == ("", True)
    write(author, RULES)

    assert author.rules.parameters.children == ()


def test_a_viewer_sees_one_reason_and_closed_fields(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything a viewer could change is closed; the reason stands once; the number of bars is theirs to choose."""
    monkeypatch.setenv("WORKBENCH_USER", "vic")
    monkeypatch.setenv("WORKBENCH_ROLE", "viewer")
    author = Author(bench)
    fields = [*author.form.fields.values(), *author.rules.editors.values(), *author.act.fields.values()]
    author.sight.shown.value = "120"

    assert all(field.disabled for field in fields)
    assert (seen(author.locked), {button.why for button in (author.act.run, author.act.save, author.act.make)}) == (True, {""})
    assert author.sight.chart.count == 120


def test_a_draft_is_kept_by_itself(bench: Bench, away: Callable[[bool], None]) -> None:
    """Beside the writing, in a running loop, the draft is saved; a store that is away is said and tried again."""

    async def write_a_while() -> tuple[str, str]:
        author = Author(bench)
        await asyncio.sleep(0.5)
        away(True)
        write(author, RULES)
        await asyncio.sleep(1.0)
        told = author.draft.text
        away(False)
        await asyncio.sleep(4.5)
        return told, author.model.keeper.standing.state

    told, state = asyncio.run(write_a_while())

    assert told.startswith("The store is away")
    assert (state, AuthorModel(bench).form.text) == ("kept", RULES)
