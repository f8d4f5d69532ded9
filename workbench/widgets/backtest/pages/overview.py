"""The page of a single run: figures, verification, the second engine, equity, all metrics, the tear sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.home import home
from workbench.widgets.backtest import findings, present
from workbench.widgets.backtest.pages.stack import Stack, badge
from workbench.widgets.parts import Button, Cards, Curve, Facts, Notice, Panel, Row
from workbench.widgets.parts.assets import served
from workbench.widgets.worker import beside, seen

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.widgets.backtest.model import Desk
    from workbench.widgets.backtest.outcome import Outcome


class OverviewPage(Stack):
    """What a run came to."""

    def __init__(self, desk: Desk) -> None:
        """Be empty until there is an outcome."""
        self.desk = desk
        self.outcome: Outcome | None = None
        self.cards = Cards()
        self.verified = Notice("info")
        self.check = Notice("info")
        self.curve = Curve(zero_line=None, height=320, digits=0, unit="money")
        self.facts = Facts(columns=3)
        self.panel = Panel("Equity against buy and hold", self.curve, flush=True)
        self.write = Button("Write tear sheet")
        self.sheet = Facts()
        super().__init__(
            self.cards,
            self.verified,
            self.check,
            self.panel,
            Panel("All metrics", self.facts),
            Panel("Tear sheet", [Row(self.write), self.sheet], note="everything about this run on one page that opens anywhere"),
        )
        seen(self.sheet, visible=False)
        self.write.on_click(self._write)

    def wait(self) -> None:
        """Show where things will be."""
        for part in (self.cards, self.curve, self.facts):
            part.state = "loading"
        for notice in (self.verified, self.check):
            seen(notice, visible=False)

    def show(self, outcome: Outcome) -> None:
        """Show the single run of an outcome."""
        result = outcome.result
        if result is None:
            return
        self.outcome = outcome
        self.cards.cards = present.headline(result)
        self.show_check(outcome)
        with self.verified.hold_sync():
            self.verified.kind, self.verified.text, _ = findings.verdict_words(outcome)
            if outcome.verification is not None:
                words = outcome.verification.words
                self.verified.kind = "ok" if outcome.verification.passed else "warning"
                self.verified.text = f"{words[0].upper()}{words[1:]}."
        drawn = present.equity(result)
        with self.curve.hold_sync():
            self.curve.badge, self.curve.daily = badge(synthetic=outcome.synthetic), not result.bars.timeframe.intraday
            self.curve.zone = "UTC" if self.curve.daily else "America/New_York"
            self.curve.show(drawn["series"], drawn["times"])
        self.panel.heading.note = outcome.shown
        self.facts.show(present.metric_facts(result))
        seen(self.sheet, visible=False)
        seen(self.verified, visible=True)
        for part in (self.cards, self.curve, self.facts):
            part.state = "ready"

    def show_check(self, outcome: Outcome, *, asking: bool = False) -> None:
        """Show the second engine's verdict, or that it is being asked."""
        with self.check.hold_sync():
            kind, text, advice = ("info", "Asking the second engine about this run …", "") if asking else present.check_words(outcome)
            self.check.kind, self.check.text, self.check.advice = kind, text, advice
        seen(self.check, visible=True)

    async def _write(self, reason: str = "") -> None:
        del reason
        outcome = self.outcome
        if outcome is None:
            return
        path = await beside(lambda: self.desk.tear_sheet(outcome))
        if self.outcome is outcome:
            self.sheet.show(_links(path))
            seen(self.sheet, visible=True)


def _links(path: Path) -> list[dict[str, object]]:
    """Where the tear sheet lies, and how to open it where our server shows the bench's home."""
    try:
        below = path.relative_to(home()).as_posix()
    except ValueError:
        below = path.name
    size: dict[str, object] = {"label": "size", "value": f"{path.stat().st_size / 1e6:.1f} MB"}
    if not served():
        return [{"label": "file", "value": below}, size]
    link = f"/files/{below}"
    return [
        {"label": "open", "value": path.name, "href": link, "target": "_blank"},
        {"label": "download", "value": "save it as a file", "href": f"{link}?download=1", "target": "_blank"},
        {"label": "file", "value": below},
        size,
    ]
