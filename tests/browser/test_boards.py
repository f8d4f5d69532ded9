"""Every board and the gallery, as a person sees them on a desk and on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from screen import PHONE, WIDE, reads, shown, until

from workbench.widgets.boards.registry import BOARDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from screen import Bench

# What stands on each board of the lived-in desk, in the words a person reads.
SEEN = {
    "mission-control": ("PORTFOLIO", "402,", "fade-syn", "RECENT TRADES", "1 promotion waits"),
    "bots": ("dip-spx", "paused", "fade-syn", "channel-spx", "Make the bot in LAB"),
    "promotions": ("WAITING FOR A CHECKER", "fade-tight", "as good as the first, with a closer stop", "SHADOW"),
    "positions": ("POSITIONS", "UNREALISED", "No open position"),
    "trades": ("NET P&L", "WIN RATE", "SYN", "fade-syn"),
    "analytics": ("SHARPE", "MAX DRAWDOWN", "CUMULATIVE"),
    "jobs": ("RUNS", "note"),
    "audit": ("EVENTS", "Verify the chain", "job.reported"),
}
ROWS = {"bots": 4, "trades": 10, "audit": 10, "jobs": 1}  # at least


def rows(page: Any) -> int:
    """Return how many rows of data the page shows, as table rows or as cards."""
    return int(page.locator(".wb-table [role=row][data-id], .wb-table tbody tr[data-id], .wb-table tbody tr").count())


def wider_than_the_screen(page: Any) -> int:
    """Return by how many pixels a person would have to scroll sideways."""
    return int(page.evaluate("Math.max(document.documentElement.scrollWidth, document.body.scrollWidth) - window.innerWidth"))


def test_every_board_has_its_words_here() -> None:
    """A board that is added is looked at too."""
    assert set(SEEN) == set(BOARDS)


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("name", list(BOARDS))
def test_a_board_shows_the_desk(name: str, size: tuple[int, int], page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """The board says what it is, shows the bench's own figures, fits the screen, and its console stays silent."""
    page = page_at(size, f"workbench/boards/{name}")
    reads(page, *SEEN[name])
    page.wait_for_timeout(200)
    picture(page)
    assert rows(page) >= ROWS.get(name, 0)
    assert wider_than_the_screen(page) <= 0
    assert [word for word in ("Traceback", "undefined", "NaN", "[object") if shown(page, word)] == []


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_the_gallery_shows_every_part(size: tuple[int, int], page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """Parts in their states: data, empty, loading, error, disconnected; nothing is wider than the screen."""
    page = page_at(size, "workbench/boards/gallery")
    reads(page, *("SYNTHETIC", "reconnecting", "stale", "not yet"), seconds=30)
    page.wait_for_timeout(500)
    picture(page, whole=True)
    assert page.locator("canvas").count() >= 3
    assert wider_than_the_screen(page) <= 0


def test_a_board_that_does_not_exist_is_a_page_that_helps(bench: Bench, page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """The nearest name is suggested and every board is one click away."""
    page = page_at()
    answer = page.goto(f"{bench.url}workbench/boards/mission-contrl")
    picture(page)
    assert answer.status == 404
    assert shown(page, "did you mean mission-control")
    page.get_by_role("link", name="Audit").first.click()
    reads(page, "Verify the chain")
    page_at.console.errors[:] = [each for each in page_at.console.errors if "404" not in each]


def test_a_filter_in_the_address_counts(page_at: Callable[..., Any]) -> None:
    """An address that was shared shows the same choice; a value that cannot be is explained and left out."""
    page = page_at(WIDE, "workbench/boards/bots?stage=PAPER")
    reads(page, "fade-syn")
    assert not shown(page, "channel-spx")
    page.goto(f"{page.url.split('?')[0]}?stage=MOON")
    reads(page, "channel-spx")
    assert shown(page, "MOON")


def test_a_person_walks_a_table_with_the_keyboard(page_at: Callable[..., Any]) -> None:
    """The rows of a table can be reached with the keyboard alone, and the focus is to be seen."""
    page = page_at(WIDE, "workbench/boards/trades")
    until(lambda: rows(page) > 5)
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("!!document.activeElement.closest('.wb-table')"):
            break
    assert page.evaluate("!!document.activeElement.closest('.wb-table')")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
