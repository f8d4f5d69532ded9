"""A sweep: one strategy at many parameter points, fast, in memory that does not grow with their number.

1. ``Plan`` numbers the points and names them by content; ``Axes`` says which of their numbers are parameters and which are brackets or sizes.
2. The points are taken in chunks, in the order of the plan, those that a journal already holds from there. ``Evaluator`` makes a chunk here on all
   cores; ``cluster`` sends chunks to Dask workers. A point leaves one row of numbers (equity, drawdown, trades, block sums of returns) and no series.
3. ``Harvest`` measures the rows (the numbers of ``backtest`` at each point, to the bit) and keeps the best, a sample and exact totals.
4. ``Journal`` keeps finished rows on disk, so that a killed sweep goes on where it was and comes to the same result.

An interrupt keeps the points that are finished.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.backtest.engine.rules import FILL_MODEL
from workbench.backtest.engine.tally import POINT_SIZE
from workbench.backtest.run import prepared, program_hash_of
from workbench.backtest.sweep import cluster as clusters
from workbench.backtest.sweep.axes import names_of
from workbench.backtest.sweep.evaluate import Evaluator, Work
from workbench.backtest.sweep.harvest import Harvest, Scale, places_to_sample
from workbench.backtest.sweep.journal import Journal
from workbench.backtest.sweep.pace import Pace
from workbench.backtest.sweep.plan import Plan, plan_of
from workbench.backtest.sweep.result import SweepResult
from workbench.compiled import sources_hash
from workbench.content import content_hash
from workbench.errors import InputError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from workbench.backtest.run import Setting
    from workbench.backtest.sweep.axes import Axes
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.columns import Columns
    from workbench.strategy.strategy import Strategy

    Rows = NDArray[np.float64]

KEEP = 100_000
"""Points that a result keeps unless asked for more."""
INTERRUPTED = "interrupted; finished points are kept"
_READ = 16_384


def sweep(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]] | None = None,
    *,
    cash: float = 100_000.0,
    progress: Progress = SILENT,
    rank: str = "sharpe",
    columns: Columns | None = None,
    plan: Plan | None = None,
    journal: Path | None = None,
    resume: bool = True,
    cluster: str | None = None,
    keep: int | None = None,
) -> SweepResult:
    """Return the metrics of ``strategy`` at every point of ``grid``, best first.

    Args:
        strategy: as ``wb.strategy`` makes it, or anything with ``spec`` and ``decider``.
        bars: checked bars, or a frame that ``market.validate`` accepts for the strategy's first symbol.
        grid: values to try for each ``$parameter`` (all combinations), or the points themselves, one mapping each. ``stop``, ``target``,
            ``trailing``, ``time_stop`` and ``size`` vary the strategy's own bracket or sizing, in its unit.
        cash: starting money of every point.
        progress: told after each slice of points, with rate and time left.
        rank: the metric that orders the points, largest first (drawdown, fees and volatility: smallest first).
        columns: cache of indicator columns on the same bars, shared between calls.
        plan: the points, in place of ``grid``: ``Plan.grid``, ``Plan.random`` or ``Plan.listed``.
        journal: folder in which finished points are kept while the sweep runs, so that a killed one goes on; without it the points that the result does
            not hold are kept in a temporary one as long as the result lives.
        resume: go on from what an earlier run of the same plan left there; otherwise that is thrown away.
        cluster: URL of a Dask scheduler to run on, such as ``tcp://127.0.0.1:8786``; here by default.
        keep: points that the result holds, 100 000 by default; of more the best are kept, a sample, and exact totals.

    Raises:
        InputError: an empty grid, values that are no numbers or not possible, too few bars, money that is not positive, a cluster that does not answer.
        UnknownNameError: a parameter or a metric that does not exist.
    """
    if (grid is None) == (plan is None):
        message = "a sweep needs the points to try: a grid such as {'fast': range(5, 20)}, or plan=..."
        raise InputError(message)
    chosen = plan if plan is not None else plan_of(grid)  # type: ignore[arg-type]
    setting = prepared(strategy, bars, cash)
    job = Job.of(strategy, setting, chosen, Asked(cash=cash, rank=rank, keep=keep, journal=journal, resume=resume))
    with ExitStack() as stack:
        evaluator = stack.enter_context(Evaluator(strategy, setting, chosen, columns=columns))
        job.begin(evaluator.axes)
        if cluster is None:
            job.run(lambda spans: made_here(evaluator, spans, job, progress), evaluator.size, progress)
        else:
            client = stack.enter_context(clusters.connected(cluster))
            job.run(lambda spans: clusters.rows(job.work, spans, client), evaluator.size, progress)
    return job.result()


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How a sweep is to be done."""

    cash: float
    """Starting money."""
    rank: str
    """The metric that orders the points."""
    keep: int | None = None
    """Points that the result holds; None for ``KEEP``."""
    journal: Path | None = None
    """Folder of journals, or None."""
    resume: bool = True
    """Whether to go on from an earlier run."""

    def __post_init__(self) -> None:
        """Refuse to keep nothing."""
        if self.keep is not None and (isinstance(self.keep, bool) or not isinstance(self.keep, int | np.integer) or self.keep < 1):
            message = f"keep is the number of points that the result holds, a whole number from 1 on, not {self.keep!r}"
            raise InputError(message)


class Job:
    """One sweep on its way: what is asked, what is kept, and where it is written down."""

    def __init__(self, work: Work, setting: Setting, asked: Asked) -> None:
        """Get ready; a misspelt metric costs no run."""
        self.work, self.setting, self.asked = work, setting, asked
        self.scale = Scale(bars=len(setting.bars), bars_per_year=setting.bars_per_year, cash=asked.cash, rank=asked.rank)
        self.pace = Pace(f"sweep of {work.strategy.spec.name}")
        self.stopping = False
        self._journal: Journal | None = None
        if asked.journal is None and len(work.plan) > (asked.keep or KEEP):
            self._journal = Journal.passing(self._made_by)
        elif asked.journal is not None:
            self._journal = Journal(asked.journal / work.key[:32], self._made_by)
            if not asked.resume:
                self._journal.discard()
        self._stored = self._journal.stored() if self._journal is not None else []

    @classmethod
    def of(cls, strategy: Strategy, setting: Setting, plan: Plan, asked: Asked, *, key: str | None = None) -> Job:
        """Return the job of a plan; ``key`` names it where the plan alone does not."""
        name = key or plan_hash(strategy, setting, plan, asked.cash)
        return cls(Work(key=name, strategy=strategy, bars=setting.bars, cash=asked.cash, plan=plan), setting, asked)

    def begin(self, axes: Axes) -> None:
        """Make room for the points, whose columns are ``axes``."""
        points, keep = len(self.work.plan), self.asked.keep or KEEP
        self.axes = axes
        self.harvest = Harvest(points, len(axes.names), keep, self.scale, places_to_sample(points, int(self.work.key[:15], 16)))

    @property
    def done(self) -> int:
        """Finished points."""
        return self.harvest.totals.points

    def take(self, first: int, rows: Rows, *, stored: bool = False) -> None:
        """Keep finished points, and write them down unless they are ``stored``."""
        self.harvest.add(first, self.axes.complete(self.work.plan, first, first + len(rows)), rows)
        if self._journal is not None and not stored:
            self._journal.add(first, rows)

    def run(self, made: Callable[[Iterator[tuple[int, int]]], Iterator[tuple[int, Rows]]], size: int, progress: Progress) -> None:
        """Take all points, those in the journal from there and the rest from ``made``, in the order of the plan."""
        with self.interruptible(progress):
            for first, rows, stored in self._in_order(made(self._missing(size))):
                self.take(first, rows, stored=stored)
                self.tell(self.done, progress)

    @contextmanager
    def interruptible(self, progress: Progress) -> Iterator[None]:
        """End quietly where somebody stops the work; what the result cannot hold, or what a later call goes on from, is then on disk."""
        stopped = False
        try:
            yield
        except KeyboardInterrupt:
            stopped = True
        if self._journal is not None and (stopped or len(self.work.plan) > self.harvest.keep):
            self._journal.flush()
        if stopped:
            progress.at(self.done, len(self.work.plan), INTERRUPTED)

    def tell(self, done: int, progress: Progress) -> None:
        """Say how far the sweep is, at what rate, and for how long still; not while it stops."""
        if not self.stopping:
            stored = sum(min(last, done) - first for first, last in self._stored if first < done)
            progress.at(done, len(self.work.plan), self.pace.words(done, done - stored, len(self.work.plan)))

    def stored(self) -> Iterator[tuple[int, Rows]]:
        """Return what an earlier run left, as (first, rows), in the order of the plan."""
        if self._journal is not None:
            for first, last in self._stored:
                rows = self._journal.read(first, last)
                for place in range(0, len(rows), _READ):
                    yield first + place, rows[place : place + _READ]

    def _missing(self, size: int) -> Iterator[tuple[int, int]]:
        """Return the stretches that no journal holds, at most ``size`` points each."""
        at = 0
        for first, last in [*self._stored, (len(self.work.plan),) * 2]:
            while at < first:
                yield at, min(at + size, first)
                at = min(at + size, first)
            at = last

    def _in_order(self, fresh: Iterator[tuple[int, Rows]]) -> Iterator[tuple[int, Rows, bool]]:
        """Return (first, rows, whether they were stored) in the order of the plan."""
        at = 0
        for first, rows in self.stored():
            while at < first:
                start, made = next(fresh)
                yield start, made, False
                at = start + len(made)
            yield first, rows, True
            at = first + len(rows)
        for start, made in fresh:
            yield start, made, False

    def _made_by(self) -> dict[str, Any]:
        return {
            "key": self.work.key,
            "program": program_hash_of(self.work.strategy),
            "fill_model": FILL_MODEL,
            "kernels": sources_hash(),
            "columns": POINT_SIZE,
            "points": len(self.work.plan),
        }

    def result(self) -> SweepResult:
        """Return what was found."""
        best, plan = self.harvest.best(), self.work.plan
        names = self.axes.names
        columns = {name: best.given[:, place] for place, name in enumerate(names)}
        frame = pd.DataFrame(columns | self.scale.metrics(best.rows), index=pd.Index(best.places, name="point"))
        return SweepResult(
            spec=self.work.strategy.spec,
            bars=self.setting.bars,
            rules=self.setting.rules,
            program_hash=program_hash_of(self.work.strategy),
            plan_hash=self.work.key,
            bars_per_year=self.setting.bars_per_year,
            parameters=names,
            swept=self.axes.varied(plan),
            rank=self.asked.rank,
            planned=len(plan),
            frame=frame,
            rows=best.rows,
            axes=self.axes,
            totals=self.harvest.totals,
            sampled=self.harvest.sample(),
            plan=plan,
            journal=self._journal,
        )


def made_here(evaluator: Evaluator, spans: Iterable[tuple[int, int]], job: Job, progress: Progress) -> Iterator[tuple[int, Rows]]:
    """Return (first, rows) of each stretch, made in this process; after an interrupt the finished points of the stretch, then the interrupt."""
    for first, last in spans:
        rows = np.zeros((last - first, POINT_SIZE))
        done = np.zeros(last - first, dtype=np.bool_)

        def told(count: int, first: int = first, size: int = last - first) -> None:
            if count < size:
                job.tell(first + count, progress)

        try:
            evaluator.run(evaluator.axes.complete(evaluator.plan, first, last), rows, done, told)
        except KeyboardInterrupt:
            job.stopping = True
            for start, end in _runs(done):
                yield first + start, rows[start:end]
            raise
        yield first, rows


def _runs(done: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the stretches of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], done, [False]]).astype(np.int8)))
    return [(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def planned(strategy: Strategy, grid: Mapping[str, Iterable[float]] | Iterable[Mapping[str, float]] | Plan) -> list[dict[str, float]]:
    """Return the points of ``grid``, each with a value for every parameter, in the order of the grid; ``Plan`` numbers them without holding them.

    Raises:
        InputError: no point, or a value that is no number.
        UnknownNameError: a parameter the strategy does not have.
    """
    plan = plan_of(grid)
    parameters, _ = names_of(strategy, plan.names)
    names, values = plan.points(0, len(plan))
    defaults = {name: strategy.spec.parameters[name].default for name in parameters}
    return [defaults | {name: value for name, value in zip(names, row, strict=True) if not isnan(value)} for row in values.tolist()]


def plan_hash(strategy: Strategy, setting: Setting, plan: Plan | Iterable[Mapping[str, float]], cash: float) -> str:
    """Return the content address of what a sweep is asked to do; the same in every process."""
    asked = {"strategy": strategy.spec.spec_hash, "dataset": setting.bars.dataset_hash, "cash": float(cash), "plan": plan_of(plan).hash}
    return content_hash(asked)
