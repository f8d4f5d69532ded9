from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.errors import InputError, PermissionDeniedError
from workbench.lifecycle import bots, killswitch, users
from workbench.lifecycle.people import Person
from workbench.widgets import boards, parts
from workbench.widgets.boards.actions import Actions

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.store import Database
    from workbench.widgets.boards.desk import Desk

ROLES = ("viewer", "researcher", "reviewer", "operator", "admin")


def under(widget: object) -> list[object]:
    """Return a widget and all it holds."""
    return [widget, *(each for child in getattr(widget, "children", ()) for each in under(child))]


def buttons(widget: object) -> dict[str, parts.Button]:
    """Return the buttons under a widget by their words."""
    return {one.label: one for one in under(widget) if isinstance(one, parts.Button)}


def labels(widget: object) -> set[str]:
    """Return the words of all buttons and row actions under a widget."""
    rows = {action["title"] for one in under(widget) if isinstance(one, parts.Table) for action in one.actions}
    return rows | set(buttons(widget))


ACTS = {
    "Start",
    "Pause",
    "Stop",
    "Stop all trading",
    "Let orders pass again",
    "Make the bot in LAB",
    "Engage kill switch",
    "Request promotion",
}


@pytest.mark.parametrize(
    ("role", "offered"),
    [
        ("viewer", set()),
        ("researcher", {"Start", "Pause", "Stop", "Make the bot in LAB", "Engage kill switch", "Request promotion"}),
        ("reviewer", ACTS - {"Let orders pass again"}),
        ("operator", ACTS),
        ("admin", ACTS),
    ],
)
def test_who_sees_which_buttons(role: str, offered: set[str], desk_of: Callable[..., Desk]) -> None:
    """A viewer sees none; each role sees what ``lifecycle.access`` allows it."""
    seen: set[str] = set()
    for name in ("mission-control", "bots", "positions"):
        seen |= labels(boards.make(name, address="", desk=desk_of(role)).root)
    assert offered == seen & ACTS


def test_a_viewers_board_has_no_act_at_all(desk_of: Callable[..., Desk]) -> None:
    """On every board a viewer finds filters, details and exports only."""
    seen: set[str] = set()
    for name in boards.BOARDS:
        face = boards.make(name, address="", desk=desk_of("viewer", "vic"))
        face.begin()
        seen |= labels(face.root)
    assert {"Close", "Clear filters", "Save as CSV", "Verify the chain", "Export with proof"} == seen


@pytest.mark.parametrize("role", ROLES)
def test_an_act_asks_again(role: str, desk_of: Callable[..., Desk], store: Database) -> None:
    """Calling the act itself is refused as the button would be: own bots take a researcher, others' an operator, the desk's switch a reviewer."""
    actions = Actions(desk_of(role))
    with store.read() as session:
        mine, other = bots.get(session, "fade").id, bots.get(session, "slow").id
    asked = {
        "own": lambda: actions.move(mine, "start"),
        "others": lambda: actions.move(other, "start"),
        "kill": lambda: actions.kill("all", "drill"),
        "reset": lambda: actions.reset("all", "drill over"),
    }
    done = set()
    for name, act in asked.items():
        try:
            act()
        except PermissionDeniedError:
            continue
        except InputError:  # nothing to reset where nothing was engaged
            continue
        done.add(name)
    assert {"viewer": set(), "researcher": {"own"}, "reviewer": {"own", "kill"}, "operator": set(asked), "admin": set(asked)}[role] == done


def test_the_stores_role_counts(desk_of: Callable[..., Desk], store: Database) -> None:
    """A kernel that was started as an operator's is refused when the store knows the person as a viewer, or not at all."""
    with store.session() as session:
        users.add(session, "root", "a long enough password", "admin")
        users.add(session, "ana", "a long enough password", "viewer", by=Person(name="root", role="admin"))
    with store.read() as session:
        mine = bots.get(session, "fade").id
    with pytest.raises(PermissionDeniedError, match="ana has the role viewer"):
        Actions(desk_of("operator", "ana")).move(mine, "start")
    with pytest.raises(PermissionDeniedError, match="is not known any more"):
        Actions(desk_of("operator", "ghost")).move(mine, "start")


def test_only_possible_moves_are_offered(desk_of: Callable[..., Desk]) -> None:
    """A stopped bot can be started, a running one paused or stopped, somebody else's not at all by a researcher."""
    actions = Actions(desk_of("researcher"))
    assert tuple(
        actions.offered(status=status, owner=owner) for status, owner in (("stopped", "ana"), ("running", "ana"), ("stopped", "bo"))
    ) == (["start"], ["pause", "stop"], [])


def test_the_kill_switch_wants_a_reason(desk_of: Callable[..., Desk], store: Database) -> None:
    """Pressed without words nothing happens; with words the switch is engaged in the person's name."""
    face = boards.make("mission-control", address="", desk=desk_of("operator"))
    face.begin()
    stop = buttons(face.root)["Stop all trading"]
    stop.press("")
    assert "write the reason" in stop.error
    stop.press("feed is wrong")
    with store.read() as session:
        (switch,) = killswitch.engaged(session)
    assert (switch.scope, switch.by, switch.reason, face.header.halted) == ("all", "ana", "feed is wrong", True)


def test_a_paper_position_is_closed(desk_of: Callable[..., Desk]) -> None:
    """Closing needs a stopped bot and a reason, gives the position up at its last mark, and the row goes."""
    face = boards.make("positions", address="bot=holder", desk=desk_of())
    face.begin()
    (held,) = face.table.rows  # type: ignore[attr-defined]
    assert held["actions"] == ["close"]
    with pytest.raises(InputError, match="needs a reason"):
        face._closed(id=held["id"], name="close", reason="")  # type: ignore[attr-defined]
    face._closed(id=held["id"], name="close", reason="end of test")  # type: ignore[attr-defined]
    assert (face.table.rows, face.table.state) == ([], "empty")  # type: ignore[attr-defined]


def test_a_bot_is_made_from_a_template(desk_of: Callable[..., Desk]) -> None:
    """The form makes a bot in LAB under the person's name and shows it; a name that is taken is refused in place."""
    face = boards.make("bots", address="", desk=desk_of("researcher", "rita"))
    face.begin()
    face.name.value = "first"  # type: ignore[attr-defined]
    face.make_button.press()  # type: ignore[attr-defined]
    assert next((row["stage"], row["owner"]) for row in face.table.rows if row["name"] == "first") == ("LAB", "rita")  # type: ignore[attr-defined]
    face.name.value = "first"  # type: ignore[attr-defined]
    face.make_button.press()  # type: ignore[attr-defined]
    assert "choose another name" in face.make_button.error  # type: ignore[attr-defined]


def test_a_request_without_evidence_says_how_to_make_it(desk_of: Callable[..., Desk], store: Database) -> None:
    """Nothing can be asked for without sealed evidence about the present strategy."""
    with store.read() as session:
        mine = bots.get(session, "fade").id
    with pytest.raises(InputError, match="no evidence about the strategy fade trades now is sealed"):
        Actions(desk_of()).request(mine, "please")
