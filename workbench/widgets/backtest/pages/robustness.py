"""The page of robustness: five studies of the run that is shown, each started by its button, stoppable, with its answer under it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.widgets.backtest import studies
from workbench.widgets.backtest.chances import shown
from workbench.widgets.backtest.form import FormError
from workbench.widgets.backtest.pages.stack import Stack, badge
from workbench.widgets.backtest.present import cost_words
from workbench.widgets.parts import Button, Cards, Choice, Curve, Grid, Notice, Number, Panel, Plot, Progress, Row, Table, Toggle
from workbench.widgets.worker import beside, seen, spawn, watch

if TYPE_CHECKING:
    from workbench.widgets.backtest.model import Desk
    from workbench.widgets.backtest.outcome import Outcome
    from workbench.widgets.backtest.shown import Picture, Shown
    from workbench.widgets.worker import Snapshot, Task

_VERBS = {
    "walk_forward": "Run walk-forward",
    "cpcv": "Run cross-validation",
    "monte_carlo": "Run Monte Carlo",
    "bootstrap": "Run bootstrap",
    "paths": "Run on other histories",
}
_FIELDS: dict[str, tuple[str, ...]] = {
    "walk_forward": ("folds", "rolling"),
    "cpcv": ("groups", "tested"),
    "monte_carlo": ("method", "runs", "strength", "ruin", "seed"),
    "bootstrap": ("method", "runs", "block", "seed"),
    "paths": ("method", "runs", "block", "seed"),
}


class RobustnessPage(Stack):
    """One study at a time; each keeps its answer while another is looked at."""

    def __init__(self, desk: Desk) -> None:
        """Show the first study, without a run yet."""
        self.study = Choice("", list(studies.STUDIES.items()), "walk_forward", kind="segments", title_for_screen_readers="Study")
        self.panels = {name: StudyPanel(name, desk) for name in studies.STUDIES}
        super().__init__(self.study, *self.panels.values())
        self.study.observe(lambda _change: self._turn(), "value")
        self._turn()

    def show(self, outcome: Outcome) -> None:
        """Be about another outcome; answers about the one before go."""
        for panel in self.panels.values():
            panel.attend(outcome)
        if outcome.walk is not None:
            self.panels["walk_forward"].answer(outcome.walk)

    def _turn(self) -> None:
        self.study.help = studies.QUESTIONS[self.study.value]
        for name, panel in self.panels.items():
            seen(panel, visible=name == self.study.value)


class StudyPanel(Stack):
    """One study: its question, its settings, what it costs, the button, progress, and the answer."""

    def __init__(self, name: str, desk: Desk) -> None:
        """Wait for a run."""
        self.name, self.desk = name, desk
        self.outcome: Outcome | None = None
        self.task: Task[Any] | None = None
        self.fields = {field: _field(name, field) for field in _FIELDS[name]}
        self.cost = Notice("info")
        self.start = Button(_VERBS[name], "primary")
        self.progress = Progress(stoppable=True)
        self.words, self.missing, self.cards = Notice("info"), Notice("warning"), Cards()
        self.left, self.right = _Frame(), _Frame()
        self.table = Table((), name=name.replace("_", "-"), page_size=15, filterable=False)
        self.list = Panel("In figures", self.table, flush=True)
        self._answer = Stack(self.words, self.missing, self.cards, Grid((self.left, self.right), "1.3fr 1fr"), self.list)
        row = Grid(tuple(self.fields.values()), "repeat(auto-fit, minmax(120px, 200px))")
        self.panel = Panel(studies.STUDIES[name], [row, self.cost, Row(self.start), self.progress])
        super().__init__(self.panel, self._answer)
        for widget in (self.progress, self._answer, self.missing):
            seen(widget, visible=False)
        self.start.on_click(self._run)
        self.progress.on_stop(lambda: self.task.stop() if self.task is not None else None)
        for field in self.fields.values():
            field.observe(lambda _change: self._check(), ["value", "wrong"] if field.has_trait("wrong") else "value")

    def attend(self, outcome: Outcome) -> None:
        """Be about another outcome."""
        if self.task is not None and self.task.running:
            self.task.stop()
        self.outcome, self.task = outcome, None
        for widget in (self._answer, self.progress):
            seen(widget, visible=False)
        self.panel.heading.note = outcome.shown if self.name in {"monte_carlo", "bootstrap", "paths"} else outcome.subject
        self._check()

    def answer(self, found: Any, partial: str = "") -> None:  # noqa: ANN401 - the record of the study
        """Show what a study found; ``partial`` says what is missing of it."""
        if self.outcome is None:
            return
        daily = not self.outcome.ticket.bars.timeframe.intraday
        ready = shown(found, daily=daily)
        self._show(replace(ready, partial=partial) if partial else ready, daily=daily)

    def settings(self) -> studies.Settings:
        """Return what stands in the fields."""
        return studies.Settings(**{name: field.value for name, field in self.fields.items()})

    def _check(self) -> studies.Study | None:
        """Check the settings, put what is wrong at its field, and say what the study costs."""
        if self.outcome is None:
            return None
        wrong = {name: field.wrong for name, field in self.fields.items() if getattr(field, "wrong", "")}
        try:
            asked = studies.study(self.name, self.outcome, self.settings())
            problems = dict(wrong)
        except FormError as error:
            problems = error.fields | wrong
        for name, field in self.fields.items():
            field.error = problems.get(name, "")
        self.start.disable(problems.get("run", "") or ("first mend the fields marked above" if problems else ""))
        self._explain()
        seen(self.cost, visible=not problems)
        if problems:
            return None
        spawn(self._price(asked))
        return asked

    def _explain(self) -> None:
        """Say what a number means for the method that is chosen."""
        strength = self.fields.get("strength")
        if strength is None:
            return
        method = self.fields["method"].value
        with strength.hold_sync():
            strength.label = {"skip": "Missed, %", "slippage": "Worse by, bps"}.get(method, "")
            strength.help = {"skip": "10 when empty", "slippage": "2 when empty"}.get(method, "")
        seen(strength, visible=method in {"skip", "slippage"})

    async def _price(self, asked: studies.Study) -> None:
        try:
            cost = await beside(lambda: asked.cost(self.desk.bench))
        except WorkbenchError as error:
            first = next(iter(self.fields.values()))
            first.error = str(error)
            self.start.disable("first mend the fields marked above")
            seen(self.cost, visible=False)
            return
        self.cost.text = cost_words(cost) if cost is not None else "It chooses nothing, so it adds no trial."

    async def _run(self, reason: str = "") -> None:
        del reason
        asked = self._check()
        if asked is None:
            return
        self.task = task = self.desk.study(asked)
        with self.progress.hold_sync():
            self.progress.status, self.progress.done = "running", 0.0
        seen(self.progress, visible=True)
        await watch(task, self._tick)
        if self.task is not task:
            return
        ended = task.snapshot()
        self.progress.stoppable = False
        self.progress.status = {"done": "ok", "failed": "error"}.get(ended.status, "stopped")
        if task.problem:
            self.progress.words, self.start.error = "failed", task.problem
            return
        if task.result is None:
            self.progress.words = "stopped before there was an answer; what was tried is counted"
        else:
            seen(self.progress, visible=ended.status == "stopped")
            self.progress.words = "stopped; what was finished is shown"
            self.answer(task.result, studies.unfinished(asked, task.result))
        self._check()

    def _tick(self, snapshot: Snapshot) -> None:
        progress = self.progress
        with progress.hold_sync():
            progress.words, progress.stoppable = snapshot.words, not snapshot.stopping
            progress.done, progress.total = float(snapshot.done), float(snapshot.total) if snapshot.total else None

    def _show(self, found: Shown, *, daily: bool) -> None:
        with self.words.hold_sync():
            self.words.kind, self.words.text = found.kind, found.words
        self.missing.text = found.partial
        seen(self.missing, visible=bool(found.partial))
        self.cards.cards = [dict(card) for card in found.cards]
        for frame, picture in zip((self.left, self.right), found.pictures, strict=True):
            frame.draw(picture, synthetic=found.synthetic, daily=daily)
        with self.table.hold_sync():
            self.table.columns, self.table.rows, self.table.page = (
                [dict(one) for one in found.columns],
                [dict(row) for row in found.rows],
                0,
            )
        self.list.heading.badge = badge(synthetic=found.synthetic)
        seen(self._answer, visible=True)


class _Frame(Panel):
    """A panel with a curve or a plot, whichever the picture needs."""

    def __init__(self) -> None:
        self.chart: Curve | Plot | None = None
        super().__init__(" ", (), flush=True)

    def draw(self, picture: Picture, *, synthetic: bool, daily: bool) -> None:
        wanted = Curve if picture.over_time else Plot
        if not isinstance(self.chart, wanted):
            self.chart = wanted(height=280)
            self.show(self.chart)
        self.heading.title = picture.title
        chart, drawn = self.chart, dict(picture.drawn)
        with chart.hold_sync():
            chart.badge = badge(synthetic=synthetic)
            if isinstance(chart, Curve):
                chart.daily, chart.zone = daily, "UTC" if daily else "America/New_York"
                chart.marks = drawn.pop("marks", [])
                series, times = drawn.pop("series"), drawn.pop("times")
                for name, value in drawn.items():
                    setattr(chart, name, value)
                chart.show(series, times)
            else:
                chart.show(**drawn)


def _field(name: str, field: str) -> Any:  # noqa: ANN401 - a field
    """Return the field of a setting."""
    if field == "rolling":
        return Toggle("Rolling", value=False, help="train on the last two stretches only")
    if field == "method":
        return Choice("Drawn", list(studies.METHODS[name].items()))
    block = "bars" if name == "bootstrap" else "sessions"
    made = {
        "folds": lambda: Number("Folds", 5.0, least=2.0, most=50.0),
        "groups": lambda: Number("Groups", 6.0, least=3.0, most=20.0),
        "tested": lambda: Number("Tested at a time", 2.0, least=2.0, most=10.0),
        "runs": lambda: Number("Histories" if name == "paths" else "Runs", float(studies.RUNS.get(name, 100)), least=20.0, step=100.0),
        "strength": lambda: Number("", None, least=0.0, digits=1, required=False),
        "ruin": lambda: Number("Ruin, % lost", 50.0, least=1.0, most=100.0),
        "block": lambda: Number(f"Blocks, {block}", None, least=1.0, digits=0, required=False, help="from the data when empty"),
        "seed": lambda: Number("Seed", 0.0, least=0.0),
    }
    return made[field]()
