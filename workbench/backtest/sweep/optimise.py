"""Points chosen by what the points before them gave: Optuna's tree-structured Parzen estimator, in batches, every point counted.

1. ``study`` asks for a batch, the evaluator makes it like a chunk of a sweep, the answers go back. A point without a value (it never traded) is told as
   the worst.
2. Seed, batch size and Optuna's version decide the points, so the journal of a killed search is good for the next: the same points are asked for
   again, and those that were made are not made twice.

Source: J. Bergstra, R. Bardenet, Y. Bengio and B. Kegl, "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011 (the estimator); Optuna's
``TPESampler`` is used as it is.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.engine.tally import POINT_SIZE
from workbench.backtest.run import prepared
from workbench.backtest.sweep.evaluate import Evaluator
from workbench.backtest.sweep.harvest import SMALLER_IS_BETTER
from workbench.backtest.sweep.plan import Between, Choices, Plan
from workbench.backtest.sweep.run import Asked, Job, made_here
from workbench.errors import InputError
from workbench.progress import SILENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.backtest.sweep.result import SweepResult
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.strategy.columns import Columns
    from workbench.strategy.strategy import Strategy

    Rows = NDArray[np.float64]


def optuna_sweep(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    strategy: Strategy,
    bars: Bars | pd.DataFrame,
    space: Mapping[str, Iterable[float] | Between],
    *,
    points: int = 200,
    seed: int = 7,
    batch: int = 16,
    rank: str = "sharpe",
    cash: float = 100_000.0,
    progress: Progress = SILENT,
    columns: Columns | None = None,
    journal: Path | None = None,
    resume: bool = True,
) -> SweepResult:
    """Return ``points`` points of ``space``, each batch chosen by what those before gave, best first.

    Args:
        strategy: as for ``sweep``.
        bars: as for ``sweep``.
        space: for each ``$parameter``, bracket or size the values to choose from, or a range: ``{"fast": range(5, 50), "stop": Between(0.5, 5.0)}``.
        points: how many are evaluated; each is a trial.
        seed: of the choices; the same seed gives the same points.
        batch: points chosen at a time; fewer learn faster, more keep all cores busy.
        rank: what is made as good as it gets.
        cash: starting money of every point.
        progress: told after each batch.
        columns: cache of indicator columns on the same bars.
        journal: folder in which finished points are kept, so that a killed search goes on.
        resume: go on from what an earlier run left there; otherwise that is thrown away.

    Raises:
        InputError: an empty space, values that are not possible, or Optuna is not installed.
        UnknownNameError: a parameter or a metric that does not exist.
    """
    for name, given in (("points", points), ("batch", batch)):
        if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 1:
            message = f"{name} must be a whole number from 1 on, not {given!r}"
            raise InputError(message)
    search = _Search(space, seed, batch, smaller=rank in SMALLER_IS_BETTER)
    made = _Made(table=np.full((points, len(space)), np.nan), content=[*search.content, rank])
    plan = Plan(names=tuple(space), source=made)
    made.table[0] = search.middle()
    setting = prepared(strategy, bars, cash)
    job = Job.of(strategy, setting, plan, Asked(cash=cash, rank=rank, journal=journal, keep=int(points), resume=resume))
    with Evaluator(strategy, setting, plan, columns=columns) as evaluator:
        job.begin(evaluator.axes)
        with job.interruptible(progress):
            _run(search, made, job, evaluator, progress)
    return job.result()


@dataclass(frozen=True, eq=False)
class _Made:
    """Points that are known once they were asked for."""

    table: Rows
    content: list[Any]

    @property
    def size(self) -> int:
        return len(self.table)

    def take(self, first: int, last: int) -> Rows:
        return self.table[first:last]


class _Search:
    """A study of Optuna over a space of values and ranges."""

    def __init__(self, space: Mapping[str, Iterable[float] | Between], seed: int, batch: int, *, smaller: bool) -> None:
        optuna = _optuna()
        if not space:
            message = "there is nothing to choose; give values or a range, for example {'fast': range(5, 50), 'stop': Between(0.5, 5.0)}"
            raise InputError(message)
        self.batch = batch
        self.axes = {name: tried if isinstance(tried, Between) else _ascending(name, tried) for name, tried in space.items()}
        self.content = ["optuna", optuna.__version__, [axis.content for axis in self.axes.values()], seed, batch]
        self._pruned = optuna.trial.TrialState.PRUNED
        self._spread = {name: self._distribution(axis) for name, axis in self.axes.items()}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Optuna calls its own stable options experimental
            sampler = optuna.samplers.TPESampler(seed=seed, constant_liar=True)
        self._study = optuna.create_study(direction="minimize" if smaller else "maximize", sampler=sampler)

    @staticmethod
    def _distribution(axis: Choices | Between) -> Any:  # noqa: ANN401 - a distribution of Optuna
        from optuna.distributions import FloatDistribution, IntDistribution  # noqa: PLC0415 - optional

        return FloatDistribution(axis.low, axis.high, step=axis.step) if isinstance(axis, Between) else IntDistribution(0, len(axis) - 1)

    def middle(self) -> list[float]:
        """Return one possible point, to check names and brackets with."""
        return [float(axis.at(np.array([0.5]))[0]) for axis in self.axes.values()]

    def ask(self, count: int) -> tuple[list[Any], Rows]:
        """Return trials and their points."""
        trials = [self._study.ask(self._spread) for _ in range(count)]
        return trials, np.array([[self._value(name, trial.params[name]) for name in self.axes] for trial in trials])

    def _value(self, name: str, chosen: float) -> float:
        axis = self.axes[name]
        return float(chosen) if isinstance(axis, Between) else float(axis.take(np.array([int(chosen)]))[0])

    def tell(self, trials: list[Any], values: NDArray[np.float64]) -> None:
        """Report what the trials gave."""
        for trial, value in zip(trials, values.tolist(), strict=True):
            if np.isfinite(value):
                self._study.tell(trial, value)
            else:
                self._study.tell(trial, state=self._pruned)


def _run(search: _Search, made: _Made, job: Job, evaluator: Evaluator, progress: Progress) -> None:
    """Ask, make and tell until all points are made."""
    kept = np.zeros((made.size, POINT_SIZE))
    known = np.zeros(made.size, dtype=np.bool_)
    for first, rows in job.stored():
        kept[first : first + len(rows)], known[first : first + len(rows)] = rows, True
    for start in range(0, made.size, search.batch):
        stop = min(start + search.batch, made.size)
        trials, made.table[start:stop] = search.ask(stop - start)
        for first, last, there in _stretches(known, start, stop):
            if there:
                job.take(first, kept[first:last], stored=True)
            else:
                for place, rows in made_here(evaluator, [(first, last)], job, progress):
                    job.take(place, rows)
                    kept[place : place + len(rows)] = rows
        job.tell(stop, progress)
        search.tell(trials, job.scale.metrics(kept[start:stop])[job.asked.rank])


def _stretches(known: NDArray[np.bool_], start: int, stop: int) -> Iterator[tuple[int, int, bool]]:
    """Return (first, last, known) of the stretches of equal knowledge."""
    cuts = [start, *(np.flatnonzero(np.diff(known[start:stop])) + start + 1).tolist(), stop]
    for first, last in pairwise(cuts):
        yield first, last, bool(known[first])


def _ascending(name: str, tried: Any) -> Choices:  # noqa: ANN401 - whatever a person put into a space
    """Return the values in order: the estimator learns that neighbours are alike."""
    given = Choices(name, tried)
    return Choices(name, np.unique(given.take(np.arange(len(given)))))


def _optuna() -> Any:  # noqa: ANN401 - a module
    try:
        import optuna  # noqa: PLC0415 - optional, and only where it is asked for
    except ModuleNotFoundError as error:
        message = "choosing points by their results needs Optuna, which is not installed; run: pip install 'workbench[search]', or use Plan.random"
        raise InputError(message) from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
