"""The page of what the ledger remembers: runs and sweeps of the strategy, some runs side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.widgets.backtest import comparison
from workbench.widgets.backtest.model import MOST_COMPARED, name_of
from workbench.widgets.backtest.pages.stack import Stack, badge
from workbench.widgets.parts import Button, Curve, Grid, HeatMap, Notice, Panel, Row, Table
from workbench.widgets.worker import beside, seen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workbench.backtest.saved import SavedRun, SavedSweep
    from workbench.widgets.backtest.model import Desk

_ASK = "Choose two or more runs, then compare them: equity, figures and correlation side by side."
_FEW = f"choose two to {MOST_COMPARED} runs"
_ACTIONS = [{"name": "pick", "title": "Choose"}, {"name": "open", "title": "Open"}]


class SavedPage(Stack):
    """Recorded runs and sweeps; ``on_sweep`` hears which sweep a person opens."""

    def __init__(self, desk: Desk) -> None:
        """Be empty until the ledger was read."""
        self.desk = desk
        self.runs: dict[str, SavedRun | SavedSweep] = {}
        self.chosen: list[str] = []
        self._name = ""
        self._open: Callable[[SavedSweep], Any] = lambda _sweep: None
        self.table = Table(comparison.RUN_COLUMNS, name="runs", page_size=10, actions=_ACTIONS, state="loading")
        self.picked = Notice("info", _ASK)
        self.compare = Button("Compare", "primary")
        self.clear = Button("Clear")
        self.compare.disable(_FEW)
        self.notes = Notice("warning")
        self.curve = Curve(height=300, drawdown=True, digits=2, unit="× starting money", zero_line=1.0)
        self.metrics = Table((), name="comparison", page_size=0, filterable=False)
        self.correlation = HeatMap(diverging=True, digits=2, z_name="correlation of session returns", low=-1.0, high=1.0)
        self.panel = Panel("Equity side by side", self.curve, flush=True)
        self.figures = Panel("Figures side by side", self.metrics, flush=True)
        self.together = Panel("How much they move together", self.correlation, flush=True)
        self.list = Panel("Recorded runs and sweeps", self.table, flush=True)
        self._below = (self.notes, self.panel, self._pair())
        super().__init__(self.list, self.picked, Row(self.compare, self.clear), *self._below)
        for widget in self._below:
            seen(widget, visible=False)
        self.table.on_action(self._act)
        self.compare.on_click(self._side_by_side)
        self.clear.on_click(lambda reason: self.forget())  # noqa: ARG005 - a press carries a reason

    def _pair(self) -> Grid:
        pair = Grid((self.figures, self.together), "1.2fr 1fr")
        pair.layout.align_items = "flex-start"
        return pair

    def on_sweep(self, callback: Callable[[SavedSweep], Any]) -> None:
        """Call ``callback(sweep)`` when a person opens a recorded sweep; it may be a coroutine function."""
        self._open = callback

    async def refresh(self, name: str) -> None:
        """Read the recorded runs of ``name`` beside the event loop and show them."""
        self._name = name
        if not self.runs:
            self.table.state = "loading"
        try:
            found = await beside(lambda: self.desk.saved(name))
        except WorkbenchError as error:
            self.table.fail(str(error), "It is asked again when you open this page.")
            return
        if self._name == name:
            self.show_runs(name, found)

    def show_runs(self, name: str, found: Sequence[SavedRun | SavedSweep]) -> None:
        """Show recorded runs and sweeps."""
        self.runs = {comparison.key_of(run): run for run in found}
        self.list.heading.note = name
        with self.table.hold_sync():
            self.table.rows = comparison.run_rows(found)
            self.table.message = f"No recorded runs of {name} yet"
            self.table.remedy = "Every backtest and sweep you run is recorded here by itself."
            self.table.state = "ready" if found else "empty"

    def forget(self) -> None:
        """Take all choices back."""
        self.chosen = []
        self._tell()

    def _act(self, id: str, name: str, reason: str = "") -> Any:  # noqa: A002, ANN401 - the message's own name; what the callback gives
        """Choose a run for the comparison, or take it out again (the oldest gives way to one too many); open a sweep."""
        del reason
        if name == "open":
            return self._open(self.runs[id])  # type: ignore[arg-type]
        self.chosen = [one for one in self.chosen if one != id] if id in self.chosen else [*self.chosen, id][-MOST_COMPARED:]
        self._tell()
        return None

    def _tell(self) -> None:
        runs = self._chosen()
        marked = [(key, f"{'✓ ' if key in self.chosen else ''}{comparison.title_of(run)}") for key, run in self.runs.items()]
        shown = {row["id"]: row["version"] for row in self.table.rows}
        self.table.patch([{"id": key, "version": title} for key, title in marked if shown.get(key, title) != title])
        self.picked.text = f"Chosen: {', '.join(name_of(run) for run in runs)}." if runs else _ASK
        self.compare.disable("" if len(runs) > 1 else _FEW)

    def _chosen(self) -> list[SavedRun]:
        return [self.runs[key] for key in self.chosen if key in self.runs]  # type: ignore[misc]

    async def _side_by_side(self, reason: str = "") -> None:
        del reason
        chosen = self._chosen()
        drawn = await beside(lambda: comparison.side_by_side(self.desk.compare(chosen)))
        mark = badge(synthetic=drawn["synthetic"])
        with self.curve.hold_sync():
            self.curve.daily, self.curve.badge = drawn["daily"], mark
            self.curve.zone = "UTC" if drawn["daily"] else "America/New_York"
            self.curve.show(drawn["series"], drawn["times"])
        with self.metrics.hold_sync():
            self.metrics.columns, self.metrics.rows = drawn["columns"], drawn["rows"]
        self.correlation.show(**drawn["correlation"])
        self.notes.text = " ".join(f"{note[0].upper()}{note[1:]}." for note in drawn["notes"])
        for widget in self._below:
            seen(widget, visible=True)
        seen(self.notes, visible=bool(drawn["notes"]))
        self.figures.heading.badge = self.together.heading.badge = mark
