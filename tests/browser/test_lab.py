"""JupyterLab: launcher cards, palette, the live desk at the left, boards as tabs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from screen import WIDE, until

if TYPE_CHECKING:
    from collections.abc import Callable

CARDS = ["Strategy Lab", "Mission control", "Bots", "Promotions", "Trades", "Positions", "Analytics", "Jobs", "Audit"]


def lab(page_at: Callable[..., Any], **options: Any) -> Any:
    """Open Lab with an empty workspace and wait for the launcher."""
    page = page_at(WIDE, "lab?reset", **options)
    page.locator(".jp-LauncherCard", has_text="Strategy Lab").wait_for()
    return page


def desk(page: Any) -> Any:
    """Open the desk at the left by its key."""
    page.locator(".jp-LauncherCard", has_text="Audit").wait_for()
    page.keyboard.press("Alt+Shift+W")
    found = page.locator("#workbench-desk")
    found.locator(".wb-lab-row").first.wait_for()
    return found


def test_the_launcher_offers_boards_and_tutorials_in_order(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """The workbench's cards come first on the page: Strategy Lab, the boards in the order of the day, the tutorials by number; Lab is dark."""
    page = lab(page_at)
    page.locator(".jp-LauncherCard", has_text="07 ").wait_for()
    cards = page.locator('.jp-LauncherCard[data-category="Workbench"]').all_inner_texts()
    picture(page)
    titles = [card.strip().splitlines()[-1] for card in cards]
    assert titles[: len(CARDS)] == CARDS
    assert [title[:2] for title in titles if title[:2].isdigit()] == [f"{place:02d}" for place in range(1, 8)]
    top = {name: page.locator(f'.jp-LauncherCard[data-category="{name}"]').first.bounding_box()["y"] for name in ("Workbench", "Notebook")}
    assert top["Workbench"] < top["Notebook"]
    assert page.evaluate("document.body.dataset.jpThemeLight") == "false"


def test_the_desk_lists_bots_promotions_and_runs(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """Each bot carries stage and status with glyph and word; what waits for a checker and what ran is there; the connection is live."""
    page = lab(page_at)
    found = desk(page)
    until(lambda: "● live" in found.inner_text())
    picture(page)
    text = found.inner_text()
    for words in ("dip-spx", "❚❚ paused", "fade-syn", "PAPER", "asked by", "✓ succeeded", "note"):
        assert words in text
    assert found.locator('[data-list="bots"] .wb-lab-row').count() == 4


def test_the_desk_is_walked_with_the_keyboard(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """Arrows and j k move from row to row through all lists, Enter opens the board of the row."""
    page = lab(page_at)
    found = desk(page)
    names = [row.split("\n")[0] for row in found.locator(".wb-lab-row b").all_inner_texts()]
    for key in ("ArrowDown", "j", "k"):
        page.keyboard.press(key)
    assert page.evaluate("document.activeElement.querySelector('b').textContent") == names[1]
    page.keyboard.press("Enter")
    board = page.frame_locator(".wb-lab-board iframe")
    board.get_by_text(names[1]).first.wait_for()
    picture(page)
    assert page.locator(".lm-TabBar-tab.lm-mod-current", has_text="Bots").count() == 1


def test_the_palette_opens_a_board(page_at: Callable[..., Any]) -> None:
    """The commands are in the palette under Workbench; choosing one opens the board in a tab."""
    page = lab(page_at)
    page.locator(".jp-LauncherCard", has_text="Audit").wait_for()
    page.keyboard.press("Control+Shift+C")
    page.locator(".lm-CommandPalette-input").fill("workbench jobs")
    page.locator(".lm-CommandPalette-item", has_text="Jobs").first.click()
    page.frame_locator(".wb-lab-board iframe").get_by_text("note", exact=True).first.wait_for()
    assert page.locator("#workbench-board-jobs").count() == 1


def test_the_desk_says_when_the_connection_is_lost_and_comes_back(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """While the websocket is cut the badge says reconnecting and the rows stay; the desk resumes after the last event it saw, by itself."""
    cut = Cut()
    page = lab(page_at, before=cut.stand_between)
    found = desk(page)
    until(lambda: "● live" in found.inner_text())
    cut.now()
    until(lambda: "▲ reconnecting" in found.inner_text())
    picture(page)
    assert "fade-syn" in found.inner_text()
    cut.over()
    until(lambda: "● live" in found.inner_text(), 20)
    assert re.search(r"after=\d+", cut.asked[-1])


class Cut:
    """A cable between page and server that can be pulled."""

    def __init__(self) -> None:
        self.pulled = False
        self.lines: list[Any] = []
        self.asked: list[str] = []

    def stand_between(self, page: Any) -> None:
        page.route_web_socket(re.compile(r"/workbench/ws"), self._line)

    def _line(self, line: Any) -> None:
        self.asked.append(line.url)
        if self.pulled:
            line.close(code=1001)
            return
        line.connect_to_server()
        self.lines.append(line)

    def now(self) -> None:
        self.pulled = True
        for line in self.lines:
            line.close(code=1001)

    def over(self) -> None:
        self.pulled = False
