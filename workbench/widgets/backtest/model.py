"""What the backtest widget knows and does, without a browser: choices, the cost in trials, runs in a thread, studies, saved runs.

1. ``strategies`` and ``data`` list what can be chosen; ``ticket`` checks a ``Form``.
2. ``forecast`` says what a ticket costs in trials before it is run.
3. ``run`` starts it in a thread through the bench, so that whatever is evaluated is counted, stopped or not; its ``Outcome`` is what faces show.
4. ``study`` asks how robust an outcome is; ``saved`` lists what was recorded, ``compare`` makes some of it again; neither adds a trial by itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from workbench.backtest import forecast as costs
from workbench.backtest import saved
from workbench.backtest.comparison import compare
from workbench.errors import DataUnavailableError, InputError
from workbench.lifecycle.people import whoami
from workbench.widgets.backtest import acts
from workbench.widgets.backtest.checks import ticket
from workbench.widgets.backtest.landscape import Landscape
from workbench.widgets.backtest.offer import MADE_UP, SAMPLES, Offer
from workbench.widgets.worker import Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from workbench.app import Bench
    from workbench.backtest.comparison import Comparison
    from workbench.backtest.forecast import Forecast
    from workbench.backtest.saved import SavedRun, SavedSweep
    from workbench.lifecycle.bots import Bot
    from workbench.market.bars import Bars
    from workbench.progress import Progress
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.backtest.form import Form, Ticket
    from workbench.widgets.backtest.outcome import Outcome
    from workbench.widgets.backtest.studies import Study

MOST_COMPARED = 8


class Desk(Offer):
    """The backtest widget's memory; one per widget."""

    def __init__(self, bench: Bench, strategy: Strategy | None = None, bars: Bars | None = None) -> None:
        """Work on a bench, perhaps with a strategy and bars that somebody has at hand."""
        super().__init__(bench, strategy, bars)
        self._made: dict[str, SavedRun] = {}

    def make_bot(self, outcome: Outcome) -> Bot:
        """Make a bot in LAB from the strategy of a run, or return the one that exists.

        Raises:
            SpecError: a validator refuses the strategy.
            InputError: the name is taken by a bot with another strategy.
        """
        return self.bench.bots.create(outcome.ticket.strategy, capital=outcome.ticket.cash, exist_ok=True)

    def ticket(self, form: Form) -> Ticket:
        """Return what the form asks for, ready to run.

        Raises:
            FormError: what is wrong, by field.
        """
        return ticket(form, self.strategy, self.bars)

    def forecast(self, chosen: Ticket) -> Forecast:
        """Return what the ticket adds to the trial count of its family; nothing is run.

        Raises:
            InputError: the bars are too few for the folds.
            StoreError: the store is away.
        """
        told = costs.forecast(self.bench.ledger, chosen.strategy, chosen.bars, chosen.plan)
        if chosen.kind == "sweep" and chosen.method == "optuna":  # its points are known once they were tried
            return costs.Forecast(family=told.family, before=told.before, least=0, most=chosen.asked)
        return told

    def run(self, chosen: Ticket) -> Task[Outcome]:
        """Start what the ticket says in a thread and return its task."""

        def act(progress: Progress) -> Outcome:
            outcome = acts.act(self.bench, chosen, progress)
            return outcome if chosen.kind == "sweep" else self._kept(outcome)

        return Task(act, _WHAT[chosen.kind]).start()

    def open_point(self, outcome: Outcome, values: Mapping[str, float], words: str) -> Outcome:
        """Return the outcome with the run at one point of its sweep; call it beside the event loop."""
        return self._kept(acts.point(self.bench, outcome, values, words))

    def _kept(self, outcome: Outcome) -> Outcome:
        """Remember the run of an outcome for as long as the widget lives: one that a sweep had counted is not recorded by itself."""
        if outcome.result is not None:
            trial = self.bench.ledger.record(outcome.result)
            with self.bench.database.read() as session:
                run = saved.made(session, outcome.result, trial.trial_id, whoami().name)
            if run is not None:
                self._made.setdefault(trial.trial_id, run)
        return outcome

    def study(self, asked: Study) -> Task[Any]:
        """Start a study in a thread and return its task."""
        return Task(lambda progress: asked.run(self.bench, progress), asked.name.replace("_", " ")).start()

    def second_opinion(self, outcome: Outcome) -> None:
        """Ask the second engine about the run of record; call it beside the event loop, because it takes seconds to load."""
        if outcome.result is not None:
            assert outcome.result.crosscheck is not None  # asking is what counts: the result keeps the answer

    def tear_sheet(self, outcome: Outcome) -> Path:
        """Write everything that an outcome holds as one page under the bench's ``data/reports`` and return where; it takes seconds.

        Raises:
            InputError: there is no single run.
            SettingsError: the folder cannot be written.
        """
        return acts.tear_sheet(outcome)

    def saved(self, name: str) -> list[SavedRun | SavedSweep]:
        """Return the recorded runs and sweeps of every version called ``name``, the latest first; and the runs made here that a sweep had counted.

        Raises:
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            runs = saved.runs(session, name)
            known = {run.trial_id for run in runs}
            here = [run for key, run in self._made.items() if run.name == name and key not in known]
            found: list[SavedRun | SavedSweep] = [*runs, *here, *saved.sweeps(session, name)]
        return sorted(found, key=lambda one: one.at, reverse=True)

    def survey(self, outcome: Outcome) -> Landscape | None:
        """Return the points of an outcome's sweep as a landscape; None where it has none. Call it beside the event loop."""
        if outcome.sweep is None or not len(outcome.sweep.frame):
            return None
        return Landscape.of(outcome.sweep, outcome.subject).surveyed()

    def landscape(self, sweep: SavedSweep) -> Landscape:
        """Return the points of a recorded sweep, to look at again; its points can be run where its bars are here.

        Raises:
            StoreError: the store is away, or a block of it is damaged.
        """
        with self.bench.database.read() as session:
            return Landscape.of_saved(sweep, saved.points(session, sweep)).surveyed()

    def reopen(self, sweep: SavedSweep) -> Outcome:
        """Return an outcome at which the points of a recorded sweep can be run.

        Raises:
            DataUnavailableError: its bars are not here.
            UnknownNameError: its strategy is not stored.
        """
        bars = self._bars_of(sweep)
        if bars.dataset_hash != sweep.dataset_hash:
            message = f"the bars of this sweep ({sweep.symbol} {sweep.timeframe} from {sweep.source}) are not here; open it with them: bench.backtester(bars=...)"
            raise DataUnavailableError(message)
        return acts.reopened(self.bench, self.strategy(sweep.spec_hash), bars, sweep.cash)

    def compare(self, chosen: Sequence[SavedRun]) -> Comparison:
        """Return two to eight recorded runs made again, side by side; nothing is counted, they are counted already.

        Raises:
            InputError: fewer or more runs.
            DataUnavailableError: the bars of one are not here.
        """
        if not 2 <= len(chosen) <= MOST_COMPARED:  # noqa: PLR2004 - two can be compared
            message = f"choose two to {MOST_COMPARED} runs to compare, not {len(chosen)}"
            raise InputError(message)
        with self.bench.database.read() as session:
            results = [saved.again(session, run, self._bars_of) for run in chosen]
        return compare(*results, names=[name_of(run) for run in chosen])

    def _bars_of(self, run: SavedRun | SavedSweep) -> Bars:
        given = self.given_bars
        if given is not None and given.instrument.symbol == run.symbol and given.timeframe.value == run.timeframe:
            found = _between(given, run.first, run.last)
            if found.dataset_hash == run.dataset_hash:
                return found
        if run.symbol not in (*SAMPLES, *MADE_UP):
            message = f"the bars of this run ({run.symbol} {run.timeframe} from {run.source}) are not here; open it with them: bench.backtester(bars=...)"
            raise DataUnavailableError(message)
        return _between(self.bench.bars(run.symbol, run.timeframe), run.first, run.last)


_WHAT: Mapping[str, str] = {
    "backtest": "backtest",
    "sweep": "sweep",
    "walk_forward": "walk-forward",
    "evidence": "gathering evidence",
}


def name_of(run: SavedRun) -> str:
    """Return what a recorded run is called beside others."""
    return f"v{run.version} {run.symbol} {run.trial_id[:6]}"


def _between(bars: Bars, first: datetime, last: datetime) -> Bars:
    return bars.window(first, last + timedelta(microseconds=1))
