from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from workbench.errors import UnknownNameError
from workbench.execution import views
from workbench.lifecycle.people import Person
from workbench.widgets import boards, parts
from workbench.widgets.boards.desk import Desk
from workbench.widgets.boards.registry import BOARDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.execution.views import BotCard
    from workbench.store import Database

ROOT = Path(__file__).resolve().parents[3]
HEAVY = ("pandas", "numba", "scipy", "vectorbt", "torch", "mlflow", "sklearn", "matplotlib", "plotly")


def states(widget: object) -> dict[str, list[str]]:
    """Return the states of all parts under a widget, by the part's name."""
    found: dict[str, list[str]] = {}
    todo = [widget]
    while todo:
        one = todo.pop()
        if isinstance(one, parts.Part):
            found.setdefault(one.part, []).append(one.state)
        todo += [*getattr(one, "children", ())]
    return found


@pytest.mark.parametrize("name", [*BOARDS])
def test_a_board_shows_what_the_store_holds(name: str, desk_of: Callable[..., Desk]) -> None:
    """Every board reads a real store without a complaint, and nothing is left loading or broken."""
    face = boards.make(name, address="", desk=desk_of())
    face.begin()
    seen = {state for listed in states(face.root).values() for state in listed}
    assert set() == seen - {"ready", "empty"}
    assert (face.header.connection, face.notices.children) == ("live", ())


@pytest.mark.parametrize("name", [*BOARDS])
def test_an_empty_desk_says_what_would_fill_it(name: str, sqlite_database: Database) -> None:
    """Without a single row every empty part has words and a remedy."""
    face = boards.make(name, address="", desk=Desk(sqlite_database))
    face.begin()
    todo, silent = [face.root], []
    while todo:
        one = todo.pop()
        todo += [*getattr(one, "children", ())]
        if isinstance(one, parts.Part) and one.state == "empty" and not (one.message and one.remedy):
            silent.append((one.part, one.message))
    assert silent == []


@pytest.mark.parametrize("name", [*BOARDS])
def test_nonsense_in_the_address_is_answered(name: str, desk_of: Callable[..., Desk]) -> None:
    """An unknown filter and an unknown bot become notices; the board shows the rest."""
    face = boards.make(name, address="?bogus=1&bot=' OR 1=1 --&page=x&period=3Z&position=77777", desk=desk_of())
    face.begin()
    notices = [notice.text for notice in face.notices.children]
    assert "There is no filter 'bogus'" in notices[0]
    assert face.header.connection == "live"


def test_an_unknown_board_is_named() -> None:
    """A misspelt board names the nearest."""
    with pytest.raises(UnknownNameError, match="did you mean mission-control"):
        boards.make("mission-controll")


def test_every_board_has_its_notebook() -> None:
    """dashboards/ holds one stripped notebook a board: one cell that shows it."""
    for board in BOARDS.values():
        notebook = json.loads((ROOT / board.path).read_text(encoding="utf-8"))
        (cell,) = notebook["cells"]
        assert f'from workbench.widgets.boards import show\n\nshow("{board.name}")' == "".join(cell["source"])
        assert ([], None, "python3", board.title) == (
            cell["outputs"],
            cell["execution_count"],
            notebook["metadata"]["kernelspec"]["name"],
            notebook["metadata"]["title"],
        )


def test_a_board_kernel_stays_small(home: Path) -> None:
    """Warming a kernel loads no engine, no pandas, no compiler."""
    code = f"import sys; from workbench.widgets import boards; boards.warm(); print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PATH": "", "WORKBENCH_HOME": str(home)}
    )
    assert done.stdout.strip() == "[]"


def test_figures_are_those_of_the_store(desk_of: Callable[..., Desk]) -> None:
    """The trades board's net P&L is the sum of its closed trades, and its CSV holds every execution."""
    desk = desk_of()
    face = boards.make("trades", address="", desk=desk)
    face.begin()
    with desk.read() as session:
        lines = face.text(session).splitlines()  # type: ignore[attr-defined]
    made = [line.split(",")[8] for line in lines[1:]]
    cards = {card["label"]: card for card in face.cards.cards}  # type: ignore[attr-defined]
    assert face.table.total == len(made)  # type: ignore[attr-defined]
    assert pytest.approx(sum(float(one) for one in made if one)) == cards["Net P&L"]["value"]


def test_the_only_bot_that_traded_is_best_and_not_worst(desk_of: Callable[..., Desk]) -> None:
    """One bot has no worst beside it; two have."""
    desk = desk_of()
    face = boards.make("bots", address="", desk=desk)
    face.begin()
    with desk.read() as session:
        counts, found = views.bots.counts(session, desk.scope), views.bots.cards(session, desk.scope)
    first = replace(found[0], name="first", total_pnl=5.0)

    def shown(*cards: BotCard) -> list[tuple[object, object]]:
        face._draw_cards(counts, cards)  # type: ignore[attr-defined]
        return [(card["value"], card["hint"]) for card in face.cards.cards if card["label"] in {"Best", "Worst"}]  # type: ignore[attr-defined]

    assert shown(first) == [(5.0, "first"), (None, "only one bot has traded")]
    assert shown(first, replace(first, name="second", total_pnl=-1.0)) == [(5.0, "first"), (-1.0, "second")]


def test_a_filter_narrows_and_the_address_follows(desk_of: Callable[..., Desk]) -> None:
    """Choosing a side leaves trades of that side only, goes to the first page and can be shared."""
    face = boards.make("trades", address="page=2", desk=desk_of())
    face.begin()
    face._controls["side"].value = "sell"
    assert {"sell"} == {row["side"] for row in face.table.rows}  # type: ignore[attr-defined]
    assert (face.browser.query, face.query.address) == ("side=sell", "side=sell")


def test_simulated_money_says_so(desk_of: Callable[..., Desk]) -> None:
    """Paper trades and made-up bars wear their badges."""
    face = boards.make("mission-control", address="", desk=desk_of())
    face.begin()
    assert (face.trades_panel.heading.badge, face.price.badge) == ("SIMULATED", "SYNTHETIC")  # type: ignore[attr-defined]


def test_a_viewer_of_another_desk_sees_rows_of_their_scope(desk_of: Callable[..., Desk]) -> None:
    """The bots board lists what the person's scope allows."""
    desk = desk_of("viewer", "vic")
    face = boards.make("bots", address="", desk=desk)
    face.begin()
    assert sorted(row["name"] for row in face.table.rows) == ["fade", "holder", "slow"]  # type: ignore[attr-defined]
    assert Person(name="vic", role="viewer") == desk.who
