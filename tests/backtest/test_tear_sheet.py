"""The tear sheet opens without network, says everything, and escapes what people typed; a real browser draws it without an error."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench import look, strategy
from workbench.backtest import report
from workbench.backtest.calendar_returns import calendar_returns
from workbench.backtest.evidence import assemble
from workbench.backtest.ledger import Count
from workbench.backtest.run import backtest
from workbench.backtest.walkforward import walk_forward
from workbench.market import sample, synthetic

if TYPE_CHECKING:
    from workbench.backtest.result import Result

DIP = strategy("buy when rsi(2) < 10; sell when rsi(2) > 60", stop="3%", name="Dip <b>&")


@pytest.fixture(scope="module")
def result() -> Result:
    return backtest(DIP, sample("SPX").head(900))


@pytest.fixture(scope="module")
def page(result: Result) -> str:
    outcome = walk_forward(DIP, result.bars, [{}])
    evidence = assemble(result, Count(family="SPX/common", trials=12, annual_variance=0.1), walk_forward=outcome)
    return report.tear_sheet(result, walk_forward=outcome, evidence=evidence)


def test_the_page_needs_no_network(page: str) -> None:
    """Nothing is loaded from elsewhere: no script, style, font or image has an address, and plotly is in it once."""
    markup = re.sub(r"<script\b[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r"(?:src|href)\s*=\s*['\"]", markup) == []
    assert "url(" not in markup
    assert "@import" not in markup
    assert re.findall(r"<script[^>]+src=", page) == []
    assert page.count("plotly.js v") == 1


def test_the_page_says_what_was_found(result: Result, page: str) -> None:
    """Headline, months, rules, second engine, evidence and every trade are on it."""
    assert look.percent(result.metrics.total_return, 1, sign=True) in page
    assert f"cross-check: {result.crosscheck.verdict}" in page
    assert "the same after 12 counted trials" in page
    assert "rsi(2) &lt; 10" in page
    assert page.count("<td>long</td>") == len(result.trades)
    for word in (
        "Returns by month",
        "Beside buy and hold",
        "Tails",
        "Deepest drawdowns",
        "Second engine",
        "Evidence",
        "Trades",
        "walk-forward",
    ):
        assert word in page


def test_what_people_typed_is_escaped(page: str, result: Result) -> None:
    """A name with markup in it stays text, on the page and on the card."""
    assert "Dip <b>&" not in re.sub(r"<script\b[^>]*>.*?</script>", "", page, flags=re.DOTALL)
    assert "Dip &lt;b&gt;&amp;" in page
    assert "Dip &lt;b&gt;&amp;" in report.card(result)


def test_the_page_is_written_whole_or_not_at_all(result: Result, tmp_path: Path) -> None:
    """The file appears under its name when it is complete; without a path the page itself comes back."""
    target = report.write(result, tmp_path / "deep" / "run.html")
    assert isinstance(target, Path)
    assert target.read_text(encoding="utf-8").endswith("</html>")
    assert [path.name for path in target.parent.iterdir()] == ["run.html"]
    assert str(report.write(result)).startswith("<!doctype html>")


def test_the_card_shows_metrics_verdict_and_badge(result: Result) -> None:
    """Seven headline numbers and the verdict; SYNTHETIC only on made-up bars."""
    made_up = backtest(DIP.revised(symbols=("SYN",), timeframe="30m"), synthetic("SYN", "30m", sessions=20))
    assert report.card(result).count("class='cell'") == 7
    assert "cross-check" in report.card(result)
    assert ("SYNTHETIC" in report.card(made_up), "SYNTHETIC" in report.card(result)) == (True, False)


def test_a_run_without_trades_has_a_page() -> None:
    """Missing numbers are dashes, never zeros, and the empty table says what would fill it."""
    idle = backtest(strategy("buy when close < 0; sell when close > 0"), sample("SPX").head(300))
    page = report.tear_sheet(idle)
    assert "No trades" in page
    assert "win rate</span><b class=''>–</b>" in page


def test_losses_have_a_minus_and_gains_a_plus(result: Result) -> None:
    """Signs stand in the text: U+2212 before losses, plus before gains, beside the arrow."""
    worst, best = float(result.trades["pnl"].min()), float(result.trades["pnl"].max())
    page = report.tear_sheet(result)
    assert f"−{abs(worst):,.2f} ▼" in page
    assert f"+{best:,.2f} ▲" in page


def test_months_compound_to_years(result: Result) -> None:
    """The twelve months of a year multiply to its return, and all years to the total."""
    table = calendar_returns(result)
    months = table[list(range(1, 13))]
    assert np.allclose((1.0 + months).prod(axis=1) - 1.0, table["year"])
    assert float((1.0 + table["year"]).prod() - 1.0) == pytest.approx(result.metrics.total_return, rel=1e-9)
    assert table.index.tolist() == [1999, 2000, 2001, 2002]


def test_a_browser_draws_every_picture(page: str, tmp_path: Path) -> None:
    """Headless Chromium runs the page: nine pictures, each with its title, in a page without errors."""
    browser = next((found for name in ("chromium", "google-chrome", "chromium-browser") if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip("no Chromium on this machine: the page is not looked at")
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=10000",
        f"--user-data-dir={tmp_path / 'profile'}",
    ]
    done = subprocess.run(
        [*command, "--dump-dom", f"file://{tmp_path / 'page.html'}"], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.count('class="gtitle"') == 9
    assert "Uncaught" not in done.stderr
