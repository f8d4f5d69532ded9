"""What a run gave, on six pages: overview, trades, sweep, robustness, evidence, saved runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.widgets.backtest.pages import EvidencePage, OverviewPage, RobustnessPage, SavedPage, SweepPage, TradesPage
from workbench.widgets.backtest.pages.stack import Stack
from workbench.widgets.parts import Choice, Empty, Notice
from workbench.widgets.worker import seen

if TYPE_CHECKING:
    from workbench.backtest.saved import SavedSweep
    from workbench.widgets.backtest.landscape import Landscape
    from workbench.widgets.backtest.model import Desk
    from workbench.widgets.backtest.outcome import Outcome

PAGES = {
    "overview": "Overview",
    "trades": "Trades",
    "sweep": "Sweep",
    "robustness": "Robustness",
    "evidence": "Evidence",
    "saved": "Saved runs",
}
_WHERE = {
    "overview": "run a backtest first",
    "trades": "run a backtest first",
    "sweep": "run a sweep or full evidence first, or open a recorded one",
    "robustness": "run something first",
    "evidence": "run something first",
    "saved": "",
}
_FIRST = {"backtest": "overview", "sweep": "sweep", "walk_forward": "robustness", "evidence": "evidence"}


class Results(Stack):
    """The pages; ``show_outcome`` fills them."""

    def __init__(self, desk: Desk) -> None:
        """Show an empty overview."""
        self.outcome: Outcome | None = None
        self.recorded: SavedSweep | None = None
        self.page = Choice("", list(PAGES.items()), "overview", kind="segments", title_for_screen_readers="Page of the result")
        self.counted = Notice("info")
        self.empty = Empty(
            "Nothing run yet",
            "Choose a strategy and data, look at what the run costs in trials, then press Run. Recorded runs are on the page Saved runs.",
        )
        self.overview, self.trades, self.sweep = OverviewPage(desk), TradesPage(), SweepPage()
        self.robustness, self.evidence, self.saved = RobustnessPage(desk), EvidencePage(), SavedPage(desk)
        self._pages: dict[str, Any] = {name: getattr(self, name) for name in PAGES}
        self._waiting = False
        super().__init__(self.page, self.counted, self.empty, *self._pages.values())
        self.page.observe(lambda _change: self._turn(), "value")
        self._offer()
        self._turn()

    def wait(self) -> None:
        """Show where the first result will be; what is there already stays."""
        if self.outcome is None:
            self._waiting = True
            self.overview.wait()
            self.page.value = "overview"
            self._turn()

    def give_up(self) -> None:
        """Nothing came: be empty again."""
        self._waiting = False
        self._turn()

    def show_outcome(self, outcome: Outcome, land: Landscape | None = None) -> None:
        """Fill the pages with what a run gave and open the one that it was about; ``land`` is its sweep, if it has one."""
        self.outcome, self._waiting = outcome, False
        self._count(outcome)
        self._fill_run(outcome)
        if land is not None:
            self.recorded = None
            self.sweep.refuse("")
            self.sweep.show(land)
            if outcome.point:
                self.sweep.mark(0)
        self.robustness.show(outcome)
        if outcome.walk is not None and outcome.ticket.kind == "walk_forward":
            self.robustness.study.value = "walk_forward"
        self._offer()
        first, filled = _FIRST[outcome.ticket.kind], self._filled()
        self.page.value = first if first in filled else filled[0]
        self._turn()

    def show_point(self, outcome: Outcome, place: int) -> None:
        """Show the run at a point of the sweep that is shown; the sweep's page stays one press away."""
        self.outcome = outcome
        self._count(outcome)
        self._fill_run(outcome)
        self.sweep.mark(place)
        self.robustness.show(outcome)
        self._offer()
        self.page.value = "overview"
        self._turn()

    def show_recorded(self, sweep: SavedSweep, land: Landscape, *, runnable: str) -> None:
        """Show a recorded sweep on its page; ``runnable`` says why its points cannot be run, empty where they can."""
        self.recorded = sweep
        self.sweep.show(land, runnable=runnable)
        self._offer()
        self.page.value = "sweep"
        self._turn()

    def _count(self, outcome: Outcome) -> None:
        with self.counted.hold_sync():
            self.counted.kind = "warning" if outcome.interrupted else "info"
            self.counted.text = outcome.counted
            resumes = outcome.interrupted and outcome.ticket.kind in {"sweep", "evidence"}
            self.counted.advice = "Run it again to go on where it stopped." if resumes else ""

    def _fill_run(self, outcome: Outcome) -> None:
        if outcome.result is not None:
            self.overview.show(outcome)
            self.trades.show(outcome.result)
        self.evidence.show(outcome)

    def _filled(self) -> list[str]:
        found = self.outcome
        run = found is not None and found.result is not None
        swept = found is not None and found.sweep is not None and len(found.sweep.frame) > 0
        there = {
            "overview": run,
            "trades": run,
            "sweep": swept or self.recorded is not None,
            "robustness": found is not None,
            "evidence": run,
            "saved": True,
        }
        return [name for name in PAGES if there[name]]

    def _offer(self) -> None:
        filled = self._filled()
        self.page.options = [
            {
                "value": name,
                "title": title,
                "disabled": name not in filled and name != "overview",
                "hint": "" if name in filled else _WHERE[name],
            }
            for name, title in PAGES.items()
        ]

    def _turn(self) -> None:
        chosen = self.page.value
        filled = chosen in self._filled() or (self._waiting and chosen == "overview")
        for name, page in self._pages.items():
            seen(page, visible=name == chosen and filled)
        seen(self.empty, visible=not filled)
        about_it = chosen not in {"saved", "robustness"} and not (chosen == "sweep" and self.recorded is not None)
        seen(self.counted, visible=filled and about_it and self.outcome is not None)
