"""What a run gave, on six pages: overview, trades, sweep, folds, evidence, saved runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.widgets.backtest import columns, comparison, present
from workbench.widgets.parts import (
    Button,
    Candles,
    Cards,
    Choice,
    Curve,
    Empty,
    Facts,
    GateRows,
    Grid,
    HeatMap,
    Notice,
    Panel,
    Row,
    Table,
)
from workbench.widgets.worker import seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.backtest.result import Result
    from workbench.backtest.saved import SavedRun
    from workbench.widgets.backtest.model import Outcome

PAGES = {"overview": "Overview", "trades": "Trades", "sweep": "Sweep", "folds": "Folds", "evidence": "Evidence", "saved": "Saved runs"}
_WHERE = {
    "overview": "run a backtest first",
    "trades": "run a backtest first",
    "sweep": "run a sweep or full evidence first",
    "folds": "run a walk-forward or full evidence first",
    "evidence": "gather full evidence first",
    "saved": "",
}


class _Stack(Grid):
    """Parts from top to bottom, none taller than it needs to be."""

    def __init__(self, *children: Any) -> None:  # noqa: ANN401 - any widgets
        super().__init__(children)
        self.layout.align_content = "flex-start"


class Results(_Stack):
    """The pages; ``show_outcome`` fills them."""

    def __init__(self) -> None:
        """Show an empty overview."""
        self.outcome: Outcome | None = None
        self.page = Choice("", list(PAGES.items()), "overview", kind="segments", title_for_screen_readers="Page of the result")
        self.counted = Notice("info")
        self.empty = Empty(
            "Nothing run yet",
            "Choose a strategy and data, look at what the run costs in trials, then press Run. Recorded runs are on the page Saved runs.",
        )
        self.overview, self.trades, self.sweep = _Overview(), _Trades(), _Sweep()
        self.folds, self.evidence, self.saved = _Folds(), _Evidence(), _Saved()
        self._pages: dict[str, Any] = {name: getattr(self, name) for name in PAGES}
        super().__init__(self.page, self.counted, self.empty, *self._pages.values())
        self.page.observe(lambda _change: self._turn(), "value")
        self._offer()
        self._turn()

    def show_outcome(self, outcome: Outcome) -> None:
        """Fill the pages with what a run gave and open the one that it was about."""
        self.outcome = outcome
        with self.counted.hold_sync():
            self.counted.kind = "warning" if outcome.interrupted else "info"
            self.counted.text = outcome.counted
        if outcome.result is not None:
            self.overview.show_outcome(outcome)
            self.trades.show_result(outcome.result)
        if outcome.sweep is not None and len(outcome.sweep.frame):
            self.sweep.show_outcome(outcome)
        if outcome.walk is not None:
            self.folds.show_outcome(outcome)
        if outcome.evidence is not None:
            self.evidence.show_outcome(outcome)
        self._offer()
        first = {"backtest": "overview", "sweep": "sweep", "walk_forward": "folds", "evidence": "evidence"}[outcome.ticket.kind]
        self.page.value = first if first in self._filled() else next(iter(self._filled()))
        self._turn()

    def _filled(self) -> list[str]:
        found = self.outcome
        there = {
            "overview": found is not None and found.result is not None,
            "trades": found is not None and found.result is not None,
            "sweep": found is not None and found.sweep is not None and len(found.sweep.frame) > 0,
            "folds": found is not None and found.walk is not None,
            "evidence": found is not None and found.evidence is not None,
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
        filled = chosen in self._filled()
        for name, page in self._pages.items():
            seen(page, visible=name == chosen and filled)
        seen(self.empty, visible=not filled)
        seen(self.counted, visible=filled and chosen != "saved")


class _Overview(_Stack):
    def __init__(self) -> None:
        self.cards = Cards()
        self.check = Notice("info")
        self.curve = Curve(zero_line=None, height=320, digits=0, unit="money")
        self.facts = Facts(columns=3)
        self.panel = Panel("Equity against buy and hold", self.curve, flush=True)
        super().__init__(self.cards, self.check, self.panel, Panel("All metrics", self.facts))

    def show_outcome(self, outcome: Outcome) -> None:
        result = outcome.result
        if result is None:
            return
        self.cards.cards = present.headline(result)
        self.show_check(outcome)
        drawn = present.equity(result)
        with self.curve.hold_sync():
            self.curve.badge, self.curve.daily = _badge(outcome.synthetic), not result.bars.timeframe.intraday
            self.curve.zone = "UTC" if self.curve.daily else self.curve.zone
            self.curve.show(drawn["series"], drawn["times"])
        self.panel.heading.note = _subject(outcome)
        self.facts.show(present.metric_facts(result))

    def show_check(self, outcome: Outcome, *, asking: bool = False) -> None:
        """Show the second engine's verdict, or that it is being asked."""
        with self.check.hold_sync():
            kind, text, advice = ("info", "Asking the second engine about this run …", "") if asking else present.check_words(outcome)
            self.check.kind, self.check.text, self.check.advice = kind, text, advice


class _Trades(_Stack):
    def __init__(self) -> None:
        self.candles = Candles(height=420)
        self.table = Table((), name="trades", page_size=15)
        self.chart = Panel("Trades on the price", self.candles, flush=True)
        self.list = Panel("Closed trades", self.table, flush=True, note="choose one to see it on the chart")
        self.result: Result | None = None
        self._shown = (0, 0)
        super().__init__(self.chart, self.list)
        self.table.on_activate(self._open)

    def show_result(self, result: Result) -> None:
        self.result = result
        with self.table.hold_sync():
            self.table.columns, self.table.rows, self.table.page = present.trade_columns(result), present.trade_rows(result), 0
            self.table.selected = ""
            self.table.zone = "UTC" if not result.bars.timeframe.intraday else self.table.zone
            if not self.table.rows:
                self.table.message, self.table.remedy = (
                    "No closed trades",
                    "The rules never fired on these bars: loosen them, or take a longer window.",
                )
            self.table.state = "ready" if self.table.rows else "empty"
        self.list.heading.badge = _badge(result.bars.synthetic)
        self._draw(None)

    def _draw(self, around: int | None) -> None:
        if self.result is None:
            return
        first, last = present.stretch(self.result, around)
        markers, levels = present.marks(self.result, first, last)
        self._shown = (first, last)
        self.candles.show(self.result.bars.slice(first, last), markers=markers, levels=levels)
        whole = last - first == len(self.result.bars)
        self.chart.heading.note = "" if whole else f"{last - first:,} of {len(self.result.bars):,} bars"

    def _open(self, id: str) -> None:  # noqa: A002 - the message's own name
        if self.result is None:
            return
        bar = present.entry_bar(self.result, int(id))
        if not self._shown[0] <= bar < self._shown[1]:
            self._draw(bar)
        self.table.selected = id
        self.candles.show_bar = None
        self.candles.show_bar = bar - self._shown[0]


class _Sweep(_Stack):
    def __init__(self) -> None:
        self.value = Choice("Colour by", [(name, present.HEAT_WORDS[name]) for name in present.HEAT_VALUES], "sharpe", compact=True)
        self.map = HeatMap()
        self.table = Table((), name="points", page_size=15)
        self.panel = Panel("Sweep", self.map, tools=(self.value,))
        self.outcome: Outcome | None = None
        super().__init__(self.panel, Panel("Points, best first", self.table, flush=True))
        self.value.observe(lambda _change: self._draw(), "value")

    def show_outcome(self, outcome: Outcome) -> None:
        self.outcome = outcome
        swept = outcome.sweep
        if swept is None:
            return
        with self.table.hold_sync():
            self.table.columns, self.table.rows, self.table.page = present.point_columns(swept), present.point_rows(swept), 0
        missing = f" · stopped, {swept.planned - len(swept.frame):,} points missing" if swept.interrupted else ""
        self.panel.heading.note = f"{len(swept.frame):,} points · {_subject(outcome)}{missing}"
        self._draw()

    def _draw(self) -> None:
        if self.outcome is None or self.outcome.sweep is None:
            return
        drawn = present.heat(self.outcome.sweep, self.value.value)
        with self.map.hold_sync():
            for name in ("x_name", "y_name", "z_name", "kind", "digits", "diverging"):
                setattr(self.map, name, drawn[name])
            self.map.badge = _badge(self.outcome.synthetic)
            self.map.show(drawn["x"], drawn["y"], drawn["z"], marks=drawn["marks"])


class _Folds(_Stack):
    def __init__(self) -> None:
        self.cards = Cards()
        self.curve = Curve(height=300, digits=0, unit="money")
        self.table = Table(columns.FOLD_COLUMNS, name="folds", page_size=0, filterable=False)
        self.panel = Panel("Out-of-sample equity, fold after fold", self.curve, flush=True)
        super().__init__(self.cards, self.panel, Panel("Folds", self.table, flush=True))

    def show_outcome(self, outcome: Outcome) -> None:
        walk = outcome.walk
        if walk is None:
            return
        self.cards.cards = present.fold_cards(walk)
        daily = not outcome.ticket.bars.timeframe.intraday
        drawn = present.fold_equity(walk, daily=daily)
        with self.curve.hold_sync():
            self.curve.badge, self.curve.daily, self.curve.marks = _badge(outcome.synthetic), daily, drawn["marks"]
            self.curve.zone = "UTC" if daily else self.curve.zone
            self.curve.show(drawn["series"], drawn["times"])
        self.panel.heading.note = _subject(outcome)
        self.table.rows = present.fold_rows(walk, [name for name, values in outcome.ticket.grid.items() if len(values) > 1])


class _Evidence(_Stack):
    def __init__(self) -> None:
        self.words = Notice("info")
        self.gates = GateRows()
        self.facts = Facts(columns=2)
        self.make = Button("Make a bot in LAB", "primary")
        self.panel = Panel("Gates from LAB to PAPER", self.gates, flush=True)
        super().__init__(self.words, self.panel, Panel("Numbers behind them", self.facts), Row(self.make))

    def show_outcome(self, outcome: Outcome) -> None:
        blocked = [verdict for verdict in outcome.verdicts if not verdict.passed]
        total = len(outcome.verdicts)
        self.words.kind = "warning" if blocked else "ok"
        self.words.text = (
            f"{len(blocked)} of {total} gates do not pass: a bot with this evidence stays in LAB."
            if blocked
            else f"All {total} gates of LAB pass."
        )
        self.words.advice = "" if blocked else "Make a bot, then ask for its promotion in its review."
        self.gates.verdicts = [verdict.to_dict() for verdict in outcome.verdicts]
        with self.panel.heading.hold_sync():
            self.panel.heading.badge, self.panel.heading.note = _badge(outcome.synthetic), _subject(outcome)
        self.facts.show(present.evidence_facts(outcome))
        self.make.done = ""


class _Saved(_Stack):
    def __init__(self) -> None:
        self.table = Table(comparison.RUN_COLUMNS, name="runs", page_size=10, actions=[{"name": "pick", "title": "Choose"}])
        self.picked = Notice("info", "Choose two or three runs, then compare them: equity and figures side by side.")
        self.compare = Button("Compare", "primary")
        self.clear = Button("Clear")
        self.compare.disable("choose two or three runs")
        self.curve = Curve(height=300, drawdown=True, digits=2, unit="× starting money", zero_line=1.0)
        self.metrics = Table((), name="comparison", page_size=0, filterable=False)
        self.panel = Panel("Equity side by side", self.curve, flush=True)
        self.figures = Panel("Figures side by side", self.metrics, flush=True)
        self.list = Panel("Recorded runs", self.table, flush=True)
        super().__init__(self.list, self.picked, Row(self.compare, self.clear), self.panel, self.figures)
        for widget in (self.panel, self.figures):
            seen(widget, visible=False)

    def show_runs(self, name: str, runs: Sequence[SavedRun]) -> None:
        self.list.heading.note = name
        with self.table.hold_sync():
            self.table.rows = comparison.run_rows(runs)
            self.table.message = f"No recorded runs of {name} yet"
            self.table.remedy = "Every backtest you run is recorded here by itself."
            self.table.state = "ready" if runs else "empty"

    def show_picked(self, names: Sequence[str]) -> None:
        self.picked.text = (
            f"Chosen: {', '.join(names)}." if names else "Choose two or three runs, then compare them: equity and figures side by side."
        )
        self.compare.disable("" if len(names) in {2, 3} else "choose two or three runs")

    def show_comparison(self, drawn: dict[str, Any]) -> None:
        with self.curve.hold_sync():
            self.curve.daily, self.curve.badge = drawn["daily"], _badge(drawn["synthetic"])
            self.curve.zone = "UTC" if drawn["daily"] else "America/New_York"
            self.curve.show(drawn["series"], drawn["times"])
        with self.metrics.hold_sync():
            self.metrics.columns, self.metrics.rows = drawn["columns"], drawn["rows"]
        for widget in (self.panel, self.figures):
            seen(widget, visible=True)
        self.figures.heading.badge = _badge(drawn["synthetic"])


def _badge(synthetic: bool) -> str:  # noqa: FBT001 - a badge is due or not
    return "SYNTHETIC" if synthetic else ""


def _subject(outcome: Outcome) -> str:
    bars, ticket = outcome.ticket.bars, outcome.ticket
    return f"{ticket.strategy.name} · {bars.instrument.symbol} {bars.timeframe.value}"
