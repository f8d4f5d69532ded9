"""The whole road with mouse and keyboard: a strategy is written in Lab, tested, made a bot and put forward, while another page shows the boards change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from screen import WIDE, reads, until

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = "buy when rsi(2) < $low; sell when rsi(2) > $high; short when rsi(2) > 90; cover when rsi(2) < 40"


@pytest.mark.slow
def test_from_a_sentence_to_a_request(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """Author, backtest, make a bot, make its evidence, ask for PAPER; the bots board shows the bot and the promotions board the request."""
    board = page_at(WIDE, "workbench/boards/bots")
    reads(board, "fade-syn", "● live")
    page = page_at(WIDE, "lab?reset")
    page.locator(".jp-LauncherCard", has_text="Strategy Lab").click()
    panel = page.locator(".jp-Notebook")
    panel.locator("textarea.wb-rule-text:visible").first.wait_for(timeout=60_000)

    fill(page, "Symbol", "SYN")
    page.get_by_label("Bars", exact=True).select_option("15m")
    fill(page, "Window", "whole session")
    fill(page, "Stop", "110 ticks")
    rules = panel.locator("textarea.wb-rule-text:visible").first
    rules.click()
    page.keyboard.type(RULES, delay=2)
    reads(page, "$low", "$high")
    fill(page, "$low", "10, 10, 30, 10")
    fill(page, "$high", "60, 50, 70, 10")
    reads(page, "entries on")
    page.get_by_role("button", name="Backtest and count it").click()
    reads(page, "in this family", "MAX DRAWDOWN", seconds=60)
    picture(page, "tested")

    fill(page, "Bot name", "from-lab")
    until(lambda: page.get_by_role("button", name="Make bot in LAB").is_enabled())
    page.get_by_role("button", name="Make bot in LAB").click()
    reads(page, "from-lab is in LAB")
    reads(board, "from-lab")
    picture(board, "bot")

    board.goto(f"{board.url.split('/voila')[0]}/workbench/boards/promotions")
    reads(board, "WAITING FOR A CHECKER", "fade-tight")
    review(page, panel)
    until(page.get_by_role("button", name="evidence").first.is_enabled, 30)
    page.get_by_role("button", name="evidence").first.click()
    reads(page, "all 12 gates pass", seconds=120)
    page.get_by_role("button", name="Request promotion to PAPER").last.click()
    page.get_by_placeholder("goes into the audit trail").fill("its evidence is as good as the first")
    page.keyboard.press("Enter")
    reads(board, "its evidence is as good as the first", seconds=30)
    picture(board, "asked")
    picture(page, "asked-lab")


def fill(page: Any, label: str, text: str) -> None:
    """Type into the field of that label."""
    field = page.get_by_label(label, exact=True).last
    field.click()
    field.fill(text)
    page.keyboard.press("Tab")


def review(page: Any, panel: Any) -> None:
    """Type the next cell and run it."""
    panel.locator(".jp-Notebook-footer").click()
    page.keyboard.press("Enter")
    page.keyboard.type('bench.review("from-lab")')
    page.keyboard.press("Control+Enter")
    reads(page, "PROMOTION REVIEW", seconds=60)
