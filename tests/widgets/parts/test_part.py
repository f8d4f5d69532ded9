from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from functools import wraps
from typing import TYPE_CHECKING, Any

import pytest
from traitlets import TraitError

from workbench.errors import PermissionDeniedError
from workbench.widgets import parts

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

DRAWN = [
    name
    for name in parts.__all__
    if isinstance(getattr(parts, name), type) and issubclass(getattr(parts, name), parts.Part) and name != "Part"
]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What parts send to the browser, beside their traits."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(parts.Part, "send", lambda _self, content, **_buffers: messages.append(content))
    return messages


def hear(part: parts.Part, **message: Any) -> None:
    """Do what a message from the browser does."""
    part._handle_custom_msg(message, [])


@pytest.mark.parametrize("name", DRAWN)
def test_an_empty_part_can_be_sent(name: str) -> None:
    """A part made without arguments has a state that JSON and buffers carry, and every trait says what it is."""
    part = getattr(parts, name)()
    state = {key: value for key, value in part.get_state().items() if not isinstance(value, bytes)}
    own = [
        trait
        for key, trait in type(part).class_traits(sync=True).items()
        if not key.startswith("_") and key not in {"layout", "tabbable", "tooltip"}
    ]

    assert json.loads(json.dumps(state, allow_nan=False))["_part"] == part.part
    assert [trait.name for trait in own if not trait.help] == []


def test_every_part_has_the_same_states() -> None:
    """State, message and remedy can be set on each; an unknown state is refused."""
    card = parts.Card("Day", state="error", message="the store is away", remedy="start it")

    assert (card.state, card.message, card.remedy) == ("error", "the store is away", "start it")
    with pytest.raises(TraitError, match="forbidden"):
        card.state = "unknown"


def test_fail_and_ready_change_what_is_shown() -> None:
    """``fail`` says what happened and what to do; ``ready`` shows the content again."""
    table = parts.Table()
    table.fail("the store is away", "start it")

    assert (table.state, table.message, table.remedy) == ("error", "the store is away", "start it")
    table.ready()
    assert table.state == "ready"


def test_a_press_reaches_python_with_its_reason(sent: list[dict[str, Any]]) -> None:
    """The callback gets the reason; the button is free again afterwards."""
    del sent
    heard: list[str] = []
    button = parts.Button("Stop", "danger", confirm=True, reason=True)
    button.on_click(heard.append)
    hear(button, did="click", reason="too many losses")

    assert heard == ["too many losses"]
    assert (button.busy, button.error, button.confirm) == (False, "", "This cannot be undone.")


@pytest.mark.parametrize(
    ("expected", "callback"),
    [
        (("b", "stop", "loss"), lambda id, name, reason: (id, name, reason)),  # noqa: A006 - the message's own word
        (("b", "stop", "loss"), lambda row, what, why: (row, what, why)),
        (("b",), lambda row: (row,)),
        (("b", "stop", "loss"), lambda *all_of_it: all_of_it),
        (("loss",), lambda reason="", **_: (reason,)),
        (("loss", 1), lambda reason, other=1: (reason, other)),
        ((), lambda: ()),
    ],
)
def test_a_callback_takes_what_it_wants(expected: tuple[Any, ...], callback: Any) -> None:
    """By name or in order, all or a part of what a person did."""
    heard: list[Any] = []
    table = parts.Table()
    table.listen("action", wraps(callback)(lambda *given, **named: heard.append(callback(*given, **named))), "id", "name", "reason")
    hear(table, did="action", id="b", name="stop", reason="loss")

    assert heard == [expected]


@pytest.mark.parametrize("state", [{"disabled": True}, {"busy": True}, {"reason": True}])
def test_a_press_that_must_not_be_is_refused(state: dict[str, bool]) -> None:
    """A disabled or busy button, and one that wants a reason and got none, does nothing: the browser's word is not enough."""
    heard: list[str] = []
    button = parts.Button("Stop", **state)
    button.on_click(heard.append)
    hear(button, did="click", reason=" ")

    assert heard == []


def test_what_goes_wrong_is_said_under_the_button() -> None:
    """An error of ours is shown; any other is shown and raised for the log."""
    button = parts.Button("Promote")
    button.on_click(_refuse)
    hear(button, did="click", reason="")
    assert button.error == "reviewers only"

    broken = parts.Button("Promote")
    broken.on_click(lambda reason: {}[reason])
    with pytest.raises(KeyError):
        broken.press()
    assert "KeyError" in broken.error
    assert not broken.busy


def _refuse(reason: str) -> None:
    del reason
    message = "reviewers only"
    raise PermissionDeniedError(message)


def elsewhere(coroutine: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run in a thread of its own: this one may have an event loop already."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: asyncio.run(coroutine())).result()


def test_a_coroutine_keeps_the_button_busy() -> None:
    """The button is busy until the coroutine ends, and says what it ended with."""

    async def run() -> list[tuple[bool, str]]:
        gate = asyncio.Event()
        button = parts.Button("Run")

        async def slow(reason: str) -> None:
            await gate.wait()
            _refuse(reason)

        button.on_click(slow)
        button.press()
        during = (button.busy, button.error)
        gate.set()
        await asyncio.sleep(0.01)
        return [during, (button.busy, button.error)]

    assert elsewhere(run) == [(True, ""), (False, "reviewers only")]


def test_disable_says_why() -> None:
    """A button is switched off with a reason and on with an empty one."""
    button = parts.Button("Promote")
    button.disable("1 gate fails")
    assert (button.disabled, button.why) == (True, "1 gate fails")
    button.disable("")
    assert (button.disabled, button.why) == (False, "")


def test_gate_sources_open_only_when_someone_listens() -> None:
    """The link appears with its listener, which gets gate and hash."""
    heard: list[tuple[str, str]] = []
    rows = parts.GateRows([{"gate": "trades", "status": "pass"}])
    assert not rows.opens
    rows.on_source(lambda gate, source: heard.append((gate, source)))
    hear(rows, did="source", gate="trades", source="b91c")

    assert rows.opens
    assert heard == [("trades", "b91c")]


def test_only_new_lines_of_a_log_travel(sent: list[dict[str, Any]]) -> None:
    """``append`` sends the new lines, keeps all for pages that open later, and drops the oldest."""
    log = parts.Log(["one"], most=2)
    log.append(["two", {"at": 3.0, "level": "error", "text": "three"}])

    assert sent == [{"added": [{"text": "two"}, {"at": 3.0, "level": "error", "text": "three"}]}]
    assert [line["text"] for line in log.get_state()["lines"]] == ["two", "three"]


def test_an_answer_belongs_to_the_text_it_was_made_for() -> None:
    """The editor's answer carries the revision that the browser sent last."""
    editor = parts.RuleEditor("Entry", "")
    heard: list[str] = []
    editor.on_text(heard.append)
    editor.set_state({"text": "close > 3", "caret": 9, "revision": 4})
    editor.answer(spans=[{"from": 0, "to": 5, "kind": "price"}], note="confidence 96 %")

    assert heard == ["close > 3"]
    assert (editor.answered, editor.spans, editor.errors, editor.note) == (
        4,
        [{"from": 0, "to": 5, "kind": "price"}],
        [],
        "confidence 96 %",
    )


def test_choices_are_words_pairs_or_mappings() -> None:
    """Any of the three becomes value and title; the first is chosen; ``offer`` keeps what is still offered."""
    choice = parts.Choice("Stage", ["LAB", ("PAPER", "Paper"), {"value": "LIVE", "disabled": True}])

    assert choice.options == [
        {"value": "LAB", "title": "LAB"},
        {"value": "PAPER", "title": "Paper"},
        {"value": "LIVE", "title": "LIVE", "disabled": True},
    ]
    assert choice.value == "LAB"
    choice.value = "PAPER"
    choice.offer(["LAB", "PAPER"])
    assert choice.value == "PAPER"
    choice.offer(["LAB"])
    assert choice.value == "LAB"
    assert parts.Choice("Months", ["Jan"], many=True).value == []


def test_a_card_is_changed_by_its_label() -> None:
    """Only the named card gets the new fields."""
    cards = parts.Cards([{"label": "Day", "value": 1.0}, {"label": "Sharpe", "value": 2.0}])
    cards.change("Day", value=float("nan"))

    assert cards.get_state()["cards"] == [{"label": "Day", "value": None}, {"label": "Sharpe", "value": 2.0}]


def test_facts_take_values_and_descriptions() -> None:
    """A plain value is shown as it is, a mapping says how."""
    facts = parts.Facts({"owner": "ana", "capital": {"value": 1e5, "kind": "money"}})

    assert facts.facts == [{"label": "owner", "value": "ana"}, {"label": "capital", "value": 1e5, "kind": "money"}]
