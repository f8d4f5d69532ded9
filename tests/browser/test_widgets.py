"""Authoring, backtest and review, used as a person uses them: by typing and clicking."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from screen import PHONE, WIDE, reads, shown, until

if TYPE_CHECKING:
    from collections.abc import Callable

RULES = "buy when rsi(3) < 15 and close > sma(150); sell when rsi(3) > 55"
READ_SECONDS = 15.0  # a guard, not a budget: tests share the machine with whatever else runs


def widget(page_at: Callable[..., Any], name: str, size: tuple[int, int] = WIDE) -> Any:
    """Open the page of one widget."""
    page = page_at(size, f"voila/render/notebooks/one_cell/{name}.ipynb")
    page.locator(".wb-panel").first.wait_for()
    return page


def test_a_strategy_is_written_tested_and_made_a_bot(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """A misspelt word is marked with a suggestion while it is typed; corrected, the rule is read, previewed, backtested, counted and becomes a bot."""
    page = widget(page_at, "author")
    text = page.locator("textarea:visible").first
    text.click()
    page.keyboard.type(RULES.replace("sma", "smaa"), delay=5)
    reads(page, "there is no series or indicator named 'smaa'", "Use “sma”")
    picture(page, "misspelt")
    text.fill(RULES)
    begun = time.monotonic()
    until(lambda: shown(page, "confidence 100 %"), every=0.01)
    taken = time.monotonic() - begun
    reads(page, "entries on 250 bars", "sma(150)")
    page.get_by_label("Stop", exact=True).fill("5%")
    page.get_by_role("button", name="Backtest and count it").click()
    reads(page, "counted: ", "in this family", "SHARPE", "MAX DRAWDOWN", seconds=40)
    page.get_by_label("Bot name").fill("typed")
    until(lambda: page.get_by_role("button", name="Make bot in LAB").is_enabled())
    page.get_by_role("button", name="Make bot in LAB").click()
    reads(page, "typed is in LAB")
    picture(page, "made", whole=True)
    assert taken < READ_SECONDS


def test_nonsense_in_the_fields_is_answered_where_it_stands(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """An unknown symbol, a stop without a unit and markup in a name are refused or shown as text; nothing breaks."""
    page = widget(page_at, "author")
    page.get_by_label("Symbol").fill("<img src=x onerror=alert(1)>")
    page.get_by_label("Stop", exact=True).fill("banana")
    page.locator("textarea:visible").first.fill("💥 buy buy ' ; DROP TABLE bots")
    reads(page, "banana")
    page.wait_for_timeout(1000)
    picture(page)
    assert page.locator("img[src='x']").count() == 0
    assert not shown(page, "Traceback")


def test_a_backtest_is_run_from_the_widget(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """Choosing a strategy and pressing the button shows equity, figures, the count of trials and the second engine's verdict."""
    page = widget(page_at, "backtester")
    button = page.get_by_role("button", name="Run backtest")
    button.wait_for()
    page.get_by_label("Strategy").select_option(label="dip · v1 · SPX 1d")
    until(button.is_enabled)
    button.click()
    reads(page, "RETURN", "SHARPE", "MAX DRAWDOWN", "EQUITY AGAINST BUY AND HOLD", seconds=40)
    page.wait_for_timeout(500)
    picture(page, whole=True)
    assert page.locator("canvas:visible").count() >= 1


def test_a_promotion_is_reviewed(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """Each gate says pass or fail with its figures; who asked and why is there; what cannot be proved yet is labelled unsigned."""
    page = widget(page_at, "review")
    reads(page, "all 12 gates pass", "needs 30", "as good as the first, with a closer stop", "UNSIGNED", "SYNTHETIC")
    page.wait_for_timeout(500)
    picture(page, whole=True)
    assert page.get_by_role("button", name="Approve").is_visible()


@pytest.mark.slow
def test_the_widgets_fit_a_phone(page_at: Callable[..., Any], picture: Callable[..., Any]) -> None:
    """None of the three makes a person scroll sideways on a phone."""
    too_wide = {}
    for name in ("author", "backtester", "review"):
        page = widget(page_at, name, PHONE)
        page.wait_for_timeout(1500)
        picture(page, name)
        too_wide[name] = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        page.goto("about:blank")
    assert [name for name, pixels in too_wide.items() if pixels > 0] == []
