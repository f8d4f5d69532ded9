"""The backtest widget in a browser: the main journeys of a researcher, every page on a screen and on a phone, nonsense in every field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from screen import PHONE, WIDE, reads, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NUMBERS = (
    "Starting money",
    "Slippage, ticks",
    "$high",
    "Borrowing, % a year",
    "Leverage",
    "Volume share, %",
    "Fee, bps",
    "$low",
    "Stop, ticks",
)
JUNK = ("banana", "-5", "1e999", "<img src=x onerror=alert(1)>", "😀")
STUDIES = (
    ("Walk-forward", "Run walk-forward", "earned out of sample"),
    ("Cross-validation", "Run cross-validation", "wholly out of sample"),
    ("Monte Carlo", "Run Monte Carlo", "Be ready for a drawdown"),
    ("Bootstrap", "Run bootstrap", "the Sharpe ratio lies between"),
    ("Other histories", "Run on other histories", "made of pieces of this one"),
)


@pytest.fixture
def backtester(page_at: Callable[..., Any]) -> Callable[..., Any]:
    """Open the widget with the strategy that trades the synthetic market."""

    def opened(size: tuple[int, int] = WIDE) -> Any:
        page = page_at(size, "voila/render/notebooks/one_cell/backtester.ipynb")
        page.get_by_role("button", name="Run backtest").wait_for()
        page.get_by_label("Strategy", exact=True).select_option(label="fade · v1 · SYN 15m")
        reads(page, "12,964 bars")
        return page

    return opened


def tab(page: Any, name: str) -> None:
    """Choose a page, a kind of run or a study."""
    page.get_by_role("radio", name=name, exact=True).first.click()


def sweep(page: Any) -> None:
    """Sweep the strategy's own grid."""
    tab(page, "Sweep")
    button = page.get_by_role("button", name="Run sweep")
    until(button.is_enabled)
    button.click()
    reads(page, "What each parameter does", "9 points", seconds=60)


def test_a_point_of_a_sweep_becomes_the_run(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Heat map, what each parameter does and the points are there after a sweep; a row becomes the run of the overview."""
    page = backtester()
    sweep(page)
    assert page.locator("canvas:visible").count() >= 3
    picture(page, "sweep", whole=True)
    page.locator(".wb-table tbody tr:visible").nth(1).click()
    reads(page, "point #2", "Equity against buy and hold", "SYNTHETIC")
    picture(page, "point")


def test_a_study_is_run_from_its_button(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Monte Carlo says that it adds no trial, runs, and answers with words, figures and a table."""
    page = backtester()
    button = page.get_by_role("button", name="Run backtest")
    until(button.is_enabled)
    button.click()
    reads(page, "Cross-check", "checks", seconds=60)
    tab(page, "Robustness")
    tab(page, "Monte Carlo")
    reads(page, "It chooses nothing, so it adds no trial.")
    page.get_by_role("button", name="Run Monte Carlo").click()
    reads(page, "Be ready for a drawdown", "Largest drawdown of a run", "losing trades in a row")
    picture(page, whole=True)


def test_nonsense_stands_where_it_was_written(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Every field answers in its place, keeps what was written, and nothing can be run until all is mended; markup stays text."""
    page = backtester()
    page.get_by_role("switch", name="Costs and filling").click()
    for field in ("From", "To, not included"):
        page.get_by_label(field, exact=True).fill("31.1.2026")
        page.get_by_label(field, exact=True).press("Tab")
    for place, field in enumerate(NUMBERS):
        page.get_by_label(field, exact=True).fill(JUNK[place % len(JUNK)])
        page.get_by_label(field, exact=True).press("Tab")
    until(lambda: page.locator(".wb-error:visible").count() == len(NUMBERS) + 2)
    until(lambda: page.get_by_role("button", name="Run backtest").is_disabled())
    picture(page, whole=True)
    assert [page.get_by_label(field, exact=True).input_value() for field in NUMBERS[:2]] == ["banana", "-5"]
    assert page.get_by_label("From", exact=True).input_value() == "31.1.2026"
    assert page.locator("img[src='x']").count() == 0


def test_the_keyboard_is_enough(backtester: Callable[..., Any]) -> None:
    """Ctrl+Enter runs, arrows turn the pages, and a row of the trades is opened with Enter."""
    page = backtester()
    until(page.get_by_role("button", name="Run backtest").is_enabled)
    page.get_by_label("$low", exact=True).focus()
    page.keyboard.press("Control+Enter")
    reads(page, "Cross-check", "checks", seconds=60)
    page.get_by_role("radio", name="Overview", exact=True).focus()
    page.keyboard.press("ArrowRight")
    reads(page, "Closed trades")
    page.locator(".wb-table:visible").first.locator("tbody tr").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    until(lambda: page.locator(".wb-table tbody tr[aria-selected='true']:visible").count() == 1)


@pytest.mark.slow
def test_every_study_answers(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Five studies of one sweep, each with its pictures."""
    page = backtester()
    sweep(page)
    tab(page, "Robustness")
    for name, button, said in STUDIES:
        tab(page, name)
        until(page.get_by_role("button", name=button).is_enabled)
        page.get_by_role("button", name=button).click()
        reads(page, said, seconds=90)
        page.wait_for_timeout(300)
        picture(page, name, whole=True)


@pytest.mark.slow
def test_full_evidence_a_tear_sheet_and_a_comparison(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Evidence with gates, statistics and proofs; the tear sheet opens in a page of its own; two runs are compared."""
    page = backtester()
    tab(page, "Full evidence")
    until(page.get_by_role("button", name="Gather evidence").is_enabled)
    page.get_by_role("button", name="Gather evidence").click()
    reads(page, "Gates from LAB to PAPER", "Deflated Sharpe", "No look-ahead", "✓ holds", seconds=120)
    picture(page, "evidence", whole=True)
    tab(page, "Overview")
    page.get_by_role("button", name="Write tear sheet").click()
    reads(page, "save it as a file", seconds=60)
    with page.context.expect_page() as opened:
        page.get_by_role("link", name=re.compile("fade-SYN")).click()
    sheet = opened.value
    sheet.get_by_text("equity and drawdown").first.wait_for()
    picture(sheet, "tear-sheet")
    sheet.close()
    tab(page, "Backtest")
    page.get_by_label("$low", exact=True).fill("20")
    page.get_by_label("$low", exact=True).press("Tab")
    until(page.get_by_role("button", name="Run backtest").is_enabled)
    page.get_by_role("button", name="Run backtest").click()
    reads(page, "low 20", seconds=60)
    tab(page, "Saved runs")
    reads(page, "sweep · 9 points")
    for place in range(2):
        page.get_by_role("button", name="Choose").nth(place).click()
    until(page.get_by_role("button", name="Compare").is_enabled)
    page.get_by_role("button", name="Compare").click()
    reads(page, "How much they move together", "Figures side by side")
    picture(page, "compared", whole=True)


@pytest.mark.slow
def test_a_long_sweep_is_stopped_and_keeps_what_it_has(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Two hundred thousand random points: progress says how many and how long, Stop ends it, finished points are shown and counted."""
    page = backtester()
    tab(page, "Sweep")
    tab(page, "Random")
    for name, text in (("$low to try", "1..40"), ("$high to try", "40..90"), ("How many", "200000")):
        page.get_by_label(name, exact=True).fill(text)
        page.get_by_label(name, exact=True).press("Tab")
    reads(page, "at most 200,000 trials")
    until(page.get_by_role("button", name="Run sweep").is_enabled)
    page.get_by_role("button", name="Run sweep").click()
    reads(page, " of 200,000", " left", seconds=60)
    picture(page, "running")
    page.get_by_role("button", name="Stop").click()
    reads(page, "Stopped; what was finished is kept and counted", "points missing", "What each parameter does", seconds=120)
    picture(page, "stopped", whole=True)


@pytest.mark.slow
def test_every_page_fits_a_phone(backtester: Callable[..., Any], picture: Callable[..., Path]) -> None:
    """Nothing is wider than 390 pixels: the form with its fold, and each page with its content."""
    page = backtester(PHONE)
    wide = {}

    def look(name: str) -> None:
        page.wait_for_timeout(400)
        picture(page, name, whole=True)
        wide[name] = page.evaluate("document.documentElement.scrollWidth")

    page.get_by_role("switch", name="Costs and filling").click()
    look("form")
    sweep(page)
    look("sweep")
    for name in ("Overview", "Trades", "Evidence", "Saved runs"):
        tab(page, name)
        look(name)
    tab(page, "Robustness")
    for name, button, said in (STUDIES[0], STUDIES[2], STUDIES[4]):
        tab(page, name)
        until(page.get_by_role("button", name=button).is_enabled)
        page.get_by_role("button", name=button).click()
        reads(page, said, seconds=90)
        look(name)
    assert {name: pixels for name, pixels in wide.items() if pixels > PHONE[0]} == {}
