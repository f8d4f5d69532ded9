"""The backtest widget: the form on the left, what came of it on the right. All thinking is in ``model``; this wires it to parts.

Slow things (bars, forecasts, runs, the ledger) happen in threads; the event loop only moves their results into parts. A store that goes away is said where
it hurts and asked again every two seconds.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.errors import StoreError, WorkbenchError
from workbench.widgets.backtest import present
from workbench.widgets.backtest.fields import Fields
from workbench.widgets.backtest.form import FormError
from workbench.widgets.backtest.model import Desk
from workbench.widgets.backtest.results import Results
from workbench.widgets.parts import Grid, Notice, Page
from workbench.widgets.worker import beside, seen, spawn, watch

if TYPE_CHECKING:
    from typing import Any

    from workbench.app import Bench
    from workbench.backtest.forecast import Forecast
    from workbench.backtest.saved import SavedSweep
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.backtest.form import Form, Ticket
    from workbench.widgets.backtest.outcome import Outcome
    from workbench.widgets.worker import Snapshot, Task

_PAUSE = 0.12  # seconds after the last change before its cost is worked out
_AGAIN = 2.0  # seconds between two looks for a store that is away


class Backtester(Page):
    """The widget; shown by being the last line of a cell."""

    def __init__(self, bench: Bench, strategy: Strategy | None = None, bars: Bars | None = None) -> None:
        """Open it on a bench, perhaps with a strategy and bars at hand."""
        self.desk = Desk(bench, strategy, bars)
        self.fields, self.results = Fields(), Results(self.desk)
        self.away = Notice("error", "")
        self.task: Task[Outcome] | None = None
        self._turn = 0
        self._costs: dict[str, Any] | None = None
        self._reopened: Outcome | None = None
        board = Grid((self.fields, self.results), "minmax(280px, 340px) 1fr")
        board.layout.align_items = "flex-start"
        super().__init__(self.away, board)
        seen(self.away, visible=False)
        self.fields.on_change(self._changed)
        self.fields.run.on_click(self._run)
        self.fields.progress.on_stop(self._stop)
        self.results.page.observe(lambda _change: self._list_runs(), "value")
        self.results.saved.on_sweep(self._open_sweep)
        self.results.sweep.on_open(self._open_point)
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
        """Fill the form for a strategy; window and money stay as somebody set them."""
        form = self.desk.form(key)
        kept = self.fields.form()
        form = replace(form, start=kept.start, end=kept.end, cash=kept.cash)
        self.fields.show_form(form, self.desk.timeframes(form.data))
        self.fields.show_guards(self.desk.guard_titles(key, form.data))
        self._costs = self.fields.costs()
        self.results.saved.forget()
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
        if name in {"kind", "method"}:
            self.fields.arrange()
        self._preview_soon()

    def _follow_costs(self) -> None:
        """Costs that nobody changed become those of the new instrument."""
        if self.fields.costs() == self._costs:
            self.fields.show_costs(self.desk.usual_costs(self.fields.strategy.value, self.fields.data.value))
            self._costs = self.fields.costs()

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
        self.fields.fold.help = present.trading_words(ticket)

    async def _run(self, reason: str = "") -> None:
        """Run what the form says and show what came of it; the form's own errors stay at their fields."""
        del reason
        form = self.fields.form()
        try:
            ticket = await beside(lambda: self.desk.ticket(form))
        except FormError as error:
            self._refuse(error.fields)
            return
        self.results.wait()
        self.task = self.desk.run(ticket)
        with self.fields.progress.hold_sync():
            self.fields.progress.status, self.fields.progress.done = "running", 0.0
        seen(self.fields.cost, visible=False)  # progress stands in its place, so that the button stays where it is
        seen(self.fields.progress, visible=True)
        await watch(self.task, self._tick)
        await self._finish(self.task)

    def _tick(self, snapshot: Snapshot) -> None:
        progress = self.fields.progress
        with progress.hold_sync():
            progress.words, progress.stoppable = snapshot.words, not snapshot.stopping
            progress.done, progress.total = float(snapshot.done), float(snapshot.total) if snapshot.total else None

    def _stop(self) -> None:
        if self.task is not None:
            self.task.stop()

    async def _finish(self, task: Task[Outcome]) -> None:
        ended = task.snapshot()
        self.fields.progress.status = {"done": "ok", "failed": "error"}.get(ended.status, "stopped")
        self.fields.progress.stoppable = False
        if task.problem:
            self.results.give_up()
            self.fields.progress.words = "failed"
            if isinstance(task.error, StoreError):
                self._lost(task.error)
                spawn(self._look_again())
            self.fields.run.error = task.problem
            return
        seen(self.fields.progress, visible=ended.status == "stopped")
        if task.result is None:
            self.results.give_up()
            self.fields.progress.words = "stopped before anything was finished; what was tried is counted"
        else:
            self.fields.progress.words = "stopped; what was finished is shown and counted"
            found = task.result
            self.results.show_outcome(found, await beside(lambda: self.desk.survey(found)))
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
        """Show the recorded runs of the strategy that is chosen, while their page is open."""
        if self.results.page.value == "saved":
            spawn(self._read_runs())

    async def _read_runs(self) -> None:
        try:
            name = self.desk.strategy(self.fields.strategy.value).name
        except WorkbenchError as error:
            self.results.saved.table.fail(str(error), "It is asked again when you open this page.")
            return
        await self.results.saved.refresh(name)

    async def _open_point(self, place: int) -> None:
        """Run one point of the sweep that is shown, and show the run."""
        land = self.results.sweep.land
        outcome = self._reopened if self.results.recorded is not None else self.results.outcome
        if land is None or outcome is None:
            return
        self.results.sweep.refuse("")
        try:
            found = await beside(lambda: self.desk.open_point(outcome, land.values(place), land.words(place)))
        except WorkbenchError as error:
            self.results.sweep.refuse(str(error))
            return
        self.results.show_point(found, place)
        spawn(self._ask_second(found))

    async def _open_sweep(self, sweep: SavedSweep) -> None:
        """Show a recorded sweep; where its bars are here, its points can be run."""
        land = await beside(lambda: self.desk.landscape(sweep))
        self._reopened, runnable = None, ""
        try:
            self._reopened = await beside(lambda: self.desk.reopen(sweep))
        except WorkbenchError as error:
            runnable = f"Its points can be looked at, not run: {error}"
        self.results.show_recorded(sweep, land, runnable=runnable)

    def _make_bot(self, reason: str = "") -> None:
        del reason
        outcome = self.results.outcome
        if outcome is not None:
            bot = self.desk.make_bot(outcome)
            self.results.evidence.make.done = f"{bot.name} is in {bot.stage}; its review: bench.review({bot.name!r})"

    def __repr__(self) -> str:
        """Name the widget; the text of all its parts would be pages."""
        return "Backtester()"
