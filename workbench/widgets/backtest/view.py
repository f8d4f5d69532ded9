"""The backtest widget: the form on the left, what came of it on the right. All thinking is in ``model``; this wires it to parts.

Slow things (bars, forecasts, runs) happen in threads; the event loop only moves their results into parts. A store that goes away is said where it hurts
and asked again every two seconds.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from workbench.errors import StoreError, WorkbenchError
from workbench.widgets.backtest import comparison, present
from workbench.widgets.backtest.fields import Fields
from workbench.widgets.backtest.form import FormError
from workbench.widgets.backtest.model import Desk
from workbench.widgets.backtest.results import Results
from workbench.widgets.parts import Grid, Notice, Page
from workbench.widgets.worker import beside, seen, spawn, watch

if TYPE_CHECKING:
    from workbench.app import Bench
    from workbench.backtest.forecast import Forecast
    from workbench.backtest.saved import SavedRun
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.backtest.form import Form, Ticket
    from workbench.widgets.backtest.model import Outcome
    from workbench.widgets.worker import Snapshot, Task

_PAUSE = 0.12  # seconds after the last change before its cost is worked out
_AGAIN = 2.0  # seconds between two looks for a store that is away


class Backtester(Page):
    """The widget; shown by being the last line of a cell."""

    def __init__(self, bench: Bench, strategy: Strategy | None = None, bars: Bars | None = None) -> None:
        """Open it on a bench, perhaps with a strategy and bars at hand."""
        self.desk = Desk(bench, strategy, bars)
        self.fields, self.results = Fields(), Results()
        self.away = Notice("error", "")
        self.task: Task[Outcome] | None = None
        self._runs: dict[str, SavedRun] = {}
        self._picked: list[str] = []
        self._turn = 0
        self._costs: tuple[float, float] | None = None
        board = Grid((self.fields, self.results), "minmax(280px, 340px) 1fr")
        board.layout.align_items = "flex-start"
        super().__init__(self.away, board)
        seen(self.away, visible=False)
        self.fields.on_change(self._changed)
        self.fields.run.on_click(self._run)
        self.fields.progress.on_stop(self._stop)
        self.results.page.observe(lambda _change: self._list_runs(), "value")
        self.results.saved.table.on_action(self._pick)
        self.results.saved.compare.on_click(self._lay_side_by_side)
        self.results.saved.clear.on_click(lambda reason: self._clear())  # noqa: ARG005 - a press carries a reason
        self.results.evidence.make.on_click(self._make_bot)
        self._open()

    def _open(self) -> None:
        """Offer what there is; where the store is away, say so and look again."""
        try:
            offered = self.desk.strategies()
        except StoreError as error:
            self._lost(error)
            spawn(self._look_again())
            return
        self._found()
        self.fields.offer(offered, self.desk.data())
        self._fill(offered[0].key)

    def _lost(self, error: Exception) -> None:
        with self.away.hold_sync():
            self.away.kind, self.away.text, self.away.advice = "error", f"The store is away: {error}", "Looking again every two seconds."
        seen(self.away, visible=True)

    def _found(self) -> None:
        seen(self.away, visible=False)

    async def _look_again(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            try:
                await beside(self.desk.strategies)
            except StoreError:
                continue
            if self.fields.strategy.options:
                self._found()
                self._preview_soon()
            else:
                self._open()
            return

    def _fill(self, key: str) -> None:
        """Fill the form for a strategy."""
        form = self.desk.form(key)
        self._costs = (form.slippage or 0.0, form.fee or 0.0)
        self.fields.show_form(form, self.desk.timeframes(form.data))
        self._clear()
        self._preview_soon()
        self._list_runs()

    def _changed(self, name: str) -> None:
        """Hear a change of the form: another strategy fills it anew, other data bring their bar lengths and costs."""
        if name == "strategy":
            self._fill(self.fields.strategy.value)
            return
        if name == "data":
            lengths = self.desk.timeframes(self.fields.data.value)
            self.fields.show_lengths(lengths, self.desk.usual_length(self.fields.data.value))
            self._follow_costs()
        if name == "kind":
            self.fields.arrange()
        self._preview_soon()

    def _follow_costs(self) -> None:
        """Costs that nobody changed become those of the new instrument."""
        standing = (self.fields.slippage.value or 0.0, self.fields.fee.value or 0.0)
        if standing == self._costs:
            self._costs = self.desk.usual_costs(self.fields.strategy.value, self.fields.data.value)
            self.fields.show_costs(*self._costs)

    def _preview_soon(self) -> None:
        self._turn += 1
        spawn(self._preview(self._turn))

    async def _preview(self, turn: int) -> None:
        """Check the form and say what it costs, beside the event loop; what was overtaken by another change is dropped."""
        await asyncio.sleep(_PAUSE)
        if turn != self._turn:
            return
        form = self.fields.form()
        try:
            ticket, cost = await beside(lambda: self._worked_out(form))
        except FormError as error:
            if turn == self._turn:
                self._refuse(error.fields)
        except WorkbenchError as error:
            if turn == self._turn:
                self._refuse({"strategy" if not isinstance(error, StoreError) else "run": str(error)})
            if isinstance(error, StoreError):
                self._lost(error)
                spawn(self._look_again())
        else:
            if turn == self._turn:
                self._accept(ticket, cost)

    def _worked_out(self, form: Form) -> tuple[Ticket, Forecast]:
        ticket = self.desk.ticket(form)
        try:
            return ticket, self.desk.forecast(ticket)
        except StoreError:
            raise
        except WorkbenchError as error:
            raise FormError({"folds": str(error)}) from error

    def _refuse(self, problems: dict[str, str]) -> None:
        self.fields.show_problems(problems)
        self.fields.run.disable("" if set(problems) == {"run"} else "first mend the fields marked above")
        seen(self.fields.cost, visible=False)
        seen(self.fields.notes, visible=False)

    def _accept(self, ticket: Ticket, cost: Forecast) -> None:
        self.fields.show_problems({})
        self.fields.run.disable("")
        self.fields.cost.text = present.cost_words(cost)
        self.fields.cost.kind = "info"
        seen(self.fields.cost, visible=True)
        self.fields.notes.text = " ".join(ticket.notes)
        seen(self.fields.notes, visible=bool(ticket.notes))
        seen(self.fields.badge, visible=ticket.bars.synthetic)
        self.fields.data.help = present.window_words(ticket.bars)

    async def _run(self, reason: str = "") -> None:
        """Run what the form says and show what came of it; the form's own errors stay at their fields."""
        del reason
        try:
            ticket = await beside(lambda: self.desk.ticket(self.fields.form()))
        except FormError as error:
            self._refuse(error.fields)
            return
        self.task = self.desk.run(ticket)
        with self.fields.progress.hold_sync():
            self.fields.progress.status, self.fields.progress.done = "running", 0.0
        seen(self.fields.progress, visible=True)
        await watch(self.task, self._tick)
        self._finish(self.task)

    def _tick(self, snapshot: Snapshot) -> None:
        progress = self.fields.progress
        with progress.hold_sync():
            progress.words, progress.stoppable = snapshot.words, not snapshot.stopping
            progress.done, progress.total = float(snapshot.done), float(snapshot.total) if snapshot.total else None

    def _stop(self) -> None:
        if self.task is not None:
            self.task.stop()

    def _finish(self, task: Task[Outcome]) -> None:
        ended = task.snapshot()
        self.fields.progress.status = {"done": "ok", "failed": "error"}.get(ended.status, "stopped")
        self.fields.progress.stoppable = False
        if task.problem:
            self.fields.progress.words = "failed"
            if isinstance(task.error, StoreError):
                self._lost(task.error)
                spawn(self._look_again())
            self.fields.run.error = task.problem
            return
        seen(self.fields.progress, visible=ended.status == "stopped")
        if task.result is None:
            self.fields.progress.words = "stopped before anything was finished; what was tried is counted"
        else:
            self.fields.progress.words = "stopped; what was finished is shown and counted"
            self.results.show_outcome(task.result)
            if task.result.ticket.kind == "backtest":
                spawn(self._ask_second(task.result))
        self._preview_soon()
        self._list_runs()

    async def _ask_second(self, outcome: Outcome) -> None:
        """Show the run at once and the second engine's verdict when it is there."""
        self.results.overview.show_check(outcome, asking=True)
        await beside(lambda: self.desk.second_opinion(outcome))
        if self.results.outcome is outcome:
            self.results.overview.show_check(outcome)

    def _list_runs(self) -> None:
        """Show the recorded runs of the strategy that is chosen."""
        if self.results.page.value != "saved":
            return
        try:
            name = self.desk.strategy(self.fields.strategy.value).name
            runs = self.desk.saved(name)
        except WorkbenchError as error:
            self.results.saved.table.fail(str(error), "It is asked again when you open this page.")
            return
        self._runs = {run.trial_id: run for run in runs}
        self.results.saved.show_runs(name, runs)

    def _pick(self, id: str, name: str, reason: str = "") -> None:  # noqa: A002 - the message's own name
        """Choose a run for the comparison, or take it out again; the oldest choice gives way to a fourth."""
        del name, reason
        if id in self._picked:
            self._picked.remove(id)
        else:
            self._picked = [*self._picked, id][-3:]
        self._show_picked()

    def _clear(self) -> None:
        self._picked = []
        self._show_picked()

    def _show_picked(self) -> None:
        self.results.saved.show_picked([f"v{self._runs[key].version} {key[:8]}" for key in self._picked if key in self._runs])

    async def _lay_side_by_side(self, reason: str = "") -> None:
        del reason
        chosen = [self._runs[key] for key in self._picked if key in self._runs]
        pairs = await beside(lambda: self.desk.compare(chosen))
        self.results.saved.show_comparison(comparison.side_by_side(pairs))

    def _make_bot(self, reason: str = "") -> None:
        del reason
        outcome = self.results.outcome
        if outcome is not None:
            bot = self.desk.make_bot(outcome)
            self.results.evidence.make.done = f"{bot.name} is in {bot.stage}; its review: bench.review({bot.name!r})"

    def __repr__(self) -> str:
        """Name the widget; the text of all its parts would be pages."""
        return "Backtester()"
