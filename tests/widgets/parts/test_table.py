from __future__ import annotations

import time
from typing import Any

import pytest

from workbench.errors import PermissionDeniedError
from workbench.widgets import parts

COLUMNS = [{"key": "bot", "title": "Bot"}, {"key": "day", "title": "Day", "kind": "signed"}]


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What tables send to the browser, beside their traits."""
    messages: list[dict[str, Any]] = []
    monkeypatch.setattr(parts.Table, "send", lambda _self, content, **_buffers: messages.append(content))
    return messages


def table() -> parts.Table:
    return parts.Table(COLUMNS, [{"id": "a", "bot": "es-orb", "day": 1.0}, {"id": "b", "bot": "nq", "day": float("nan")}])


def test_a_patch_sends_only_what_changed_and_keeps_all(sent: list[dict[str, Any]]) -> None:
    """The message carries the changed fields; a page that opens later gets whole rows."""
    shown = table()
    shown.patch([{"id": "b", "day": 2.5}])

    assert sent == [{"patch": [{"id": "b", "day": 2.5}]}]
    assert shown.get_state()["rows"] == [{"id": "a", "bot": "es-orb", "day": 1.0}, {"id": "b", "bot": "nq", "day": 2.5}]


def test_unknown_rows_come_in_at_the_top(sent: list[dict[str, Any]]) -> None:
    """A rolling feed adds rows by patching and trims the rest."""
    shown = table()
    shown.patch([{"id": 7, "bot": "new"}])
    assert [row["id"] for row in shown.rows] == ["7", "a", "b"]
    shown.trim(2)

    assert [row["id"] for row in shown.rows] == ["7", "a"]
    assert sent[-1] == {"remove": ["b"]}


def test_nothing_is_sent_for_nothing(sent: list[dict[str, Any]]) -> None:
    """An empty patch is silent."""
    table().patch([])

    assert sent == []


def test_actions_come_with_their_reason_and_end_in_the_row(sent: list[dict[str, Any]]) -> None:
    """The callback gets id, name and reason; its refusal goes back to the row it was asked in."""
    shown = table()
    heard: list[tuple[str, str, str]] = []

    def act(row: str, name: str, reason: str) -> None:
        heard.append((row, name, reason))
        if name == "stop":
            message = "operators only"
            raise PermissionDeniedError(message)

    shown.on_action(act)
    shown._handle_custom_msg({"did": "action", "id": "a", "name": "pause", "reason": ""}, [])
    shown._handle_custom_msg({"did": "action", "id": "b", "name": "stop", "reason": "loss"}, [])

    assert heard == [("a", "pause", ""), ("b", "stop", "loss")]
    assert sent == [
        {"settled": {"id": "a", "name": "pause", "error": ""}},
        {"settled": {"id": "b", "name": "stop", "error": "operators only"}},
    ]


def test_a_row_is_opened_by_its_id(sent: list[dict[str, Any]]) -> None:
    """Activation calls back with the id and sends nothing."""
    heard: list[str] = []
    shown = table()
    shown.on_activate(heard.append)
    shown._handle_custom_msg({"did": "activate", "id": "b"}, [])

    assert (heard, sent) == (["b"], [])


def test_what_a_person_filters_is_a_trait() -> None:
    """Sort, filters and page come from the browser as traits, so that an address can hold them."""
    shown = table()
    seen: list[str] = []
    shown.observe(lambda change: seen.append(change["name"]), names=["sort", "filters", "page", "selected"])
    shown.set_state({"sort": "-day", "filters": {"day": ">1"}, "page": 1, "selected": "a"})

    assert seen == ["sort", "filters", "page", "selected"]


def test_patching_fifty_rows_is_quick(sent: list[dict[str, Any]]) -> None:
    """Fifty patches of fifty rows are sent as fifty messages, within the time a live table has for them."""
    shown = parts.Table(COLUMNS, [{"id": number, "bot": f"b{number}", "day": 0.0} for number in range(50)])
    begun = time.perf_counter()
    for step in range(50):
        shown.patch([{"id": number, "day": float(step)} for number in range(50)])

    assert (time.perf_counter() - begun) / 50 < 0.1
    assert len(sent) == 50
