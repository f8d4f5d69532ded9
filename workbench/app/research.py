"""Research on a bench: whatever is evaluated here enters the trial ledger by itself, beside its strategy version and dataset."""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.backtest.evidence import assemble, pieces, probability_of_overfitting, prove
from workbench.backtest.evidence.lookahead import admit, corners
from workbench.backtest.ledger import Ledger
from workbench.backtest.monitor import Monitor
from workbench.backtest.run import backtest as run_backtest
from workbench.backtest.sweep import sweep as run_sweep
from workbench.backtest.verification import Thresholds, verify
from workbench.backtest.walkforward import walk_forward as run_walk_forward
from workbench.errors import InputError
from workbench.home import cache_folder, data_folder
from workbench.lifecycle import policy
from workbench.lifecycle.people import whoami
from workbench.market import datasets
from workbench.market.bars import Bars, validate
from workbench.market.cache import BarCache
from workbench.market.samples import sample
from workbench.market.synthetic import synthetic
from workbench.progress import SILENT
from workbench.strategy import versions
from workbench.strategy.validators import validate as validate_spec
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from workbench.backtest.evidence import Evidence
    from workbench.backtest.ledger import Count
    from workbench.backtest.matrix import MatrixResult
    from workbench.backtest.result import Result
    from workbench.backtest.search import SearchResult, SearchSpace
    from workbench.backtest.sweep import Plan, SweepResult
    from workbench.backtest.verification import Verification
    from workbench.backtest.walkforward import WalkForward
    from workbench.progress import Progress
    from workbench.store.database import Database
    from workbench.strategy.spec import StrategySpec
    from workbench.strategy.strategy import Strategy

CASH = 100_000.0  # what a backtest starts with: one index future with room, in round numbers
_PROVED = 8  # points of a plan that a strategy in Python is proved at


class Research:
    """Backtests, sweeps and evidence of a bench."""

    database: Database

    @cached_property
    def ledger(self) -> Ledger:
        """The trial ledger."""
        return Ledger(self.database, owner=whoami().name)

    @cached_property
    def cache(self) -> BarCache:
        """Bars kept close: this process, then the store."""
        return BarCache(self.database)

    def bars(self, symbol: str, timeframe: str = "1d", *, start: str | None = None, end: str | None = None) -> Bars:
        """Return checked bars of a sample (SPX, IXIC, AAPL, ...) or a synthetic instrument (SYN, SYN0), from the cache where they are there.

        Raises:
            UnknownNameError: no such symbol or timeframe.
            DataUnavailableError: there are no such bars here.
        """
        made_up = instrument(symbol).synthetic
        bars = self.cache.get(symbol, timeframe, lambda: synthetic(symbol, timeframe) if made_up else sample(symbol, timeframe))
        return bars if start is None and end is None else bars.window(start, end)

    def backtest(
        self, strategy: Strategy, bars: Bars | pd.DataFrame, *, cash: float = CASH, parameters: Mapping[str, float] | None = None
    ) -> Result:
        """Return what the strategy would have done, counted as a trial; see ``workbench.backtest.run.backtest``.

        Raises:
            LookAheadError: a strategy in Python decides differently when later bars are taken away; no number is shown and nothing is counted.
        """
        checked = checked_bars(strategy, bars)
        admit(strategy, checked, [parameters])
        result = run_backtest(strategy, checked, cash=cash, parameters=parameters)
        self._remember(result.spec, result.bars)
        self.ledger.record(result)
        return result

    def sweep(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        **options: Any,  # noqa: ANN401 - those of the sweep, named there
    ) -> SweepResult:
        """Return every point of ``grid`` (by default the strategy's own ranges), each counted as a trial; see ``workbench.backtest.sweep.sweep``.

        ``options`` are ``plan`` (``Plan.random`` and others), ``cash``, ``rank``, ``progress``, ``keep``, ``cluster`` (URL of a Dask scheduler) and
        ``resume``: a sweep that was stopped or killed goes on where it was, and what was finished is kept and counted.
        """
        checked = checked_bars(strategy, bars)
        plan: Plan | None = options.get("plan")
        chosen = None if plan is not None else (grid or grid_of(strategy))
        admit(strategy, checked, corners(strategy, chosen) if plan is None else _some(strategy, plan))
        return self._counted(strategy, run_sweep(strategy, checked, chosen, **{"journal": self.journals, **options}))

    def optimise(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        space: Mapping[str, Any] | None = None,
        **options: Any,  # noqa: ANN401 - options of the search
    ) -> SweepResult:
        """Return points chosen by Optuna, each batch by what those before gave, all counted; see ``workbench.backtest.sweep.optuna_sweep``."""
        from workbench.backtest.sweep import optuna_sweep  # noqa: PLC0415 - Optuna only where it is asked for

        checked = checked_bars(strategy, bars)
        chosen = space or grid_of(strategy)
        admit(strategy, checked, [None])
        return self._counted(strategy, optuna_sweep(strategy, checked, chosen, **{"journal": self.journals, **options}))

    def matrix(self, strategies: Iterable[Strategy], symbols: Sequence[str], timeframes: Sequence[str], **options: Any) -> MatrixResult:  # noqa: ANN401 - as of the function
        """Return every strategy on every symbol and timeframe, each run counted; stopped or killed, it goes on where it was."""
        from workbench.backtest.matrix import matrix  # noqa: PLC0415 - one caller

        def count(result: Result) -> None:
            self._remember(result.spec, result.bars)
            self.ledger.record(result)

        return matrix(strategies, symbols, timeframes, **{"load": self.bars, "journal": cache_folder("matrix"), "record": count, **options})

    def walk_forward(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        **options: Any,  # noqa: ANN401 - those of the walk-forward, named there
    ) -> WalkForward:
        """Return how parameters chosen on the past did afterwards; every fold's trials are counted.

        ``options`` are those of ``workbench.backtest.walkforward.walk_forward``: folds, anchored, train, purge, cash, progress.
        """
        checked = checked_bars(strategy, bars)
        chosen = grid or grid_of(strategy)
        admit(strategy, checked, corners(strategy, chosen))
        self._remember(strategy.spec, checked)
        return run_walk_forward(strategy, checked, chosen, ledger=self.ledger, **options)

    def evidence(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        *,
        folds: int = 5,
        cash: float = CASH,
        deep: bool = False,
        progress: Progress = SILENT,
    ) -> Evidence:
        """Return everything the gates of LAB ask for: backtest, cross-check, walk-forward, overfitting, proofs, counted trials.

        Walk-forward and overfitting need something to choose from: a ``grid``, or ranges in the strategy's parameters. ``deep`` adds what takes
        longer: SPA, and the permutation test with the whole search repeated on every shuffled market.

        Raises:
            KeyboardInterrupt: stopped on the way; what was tried until then is counted.
        """
        result = self.backtest(strategy, bars, cash=cash)
        chosen = grid or grid_of(strategy, required=False)
        swept = walked = None
        if chosen:
            swept = self.sweep(strategy, result.bars, chosen, cash=cash, progress=progress)
            walked = (
                None if swept.interrupted else self.walk_forward(strategy, result.bars, chosen, folds=folds, cash=cash, progress=progress)
            )
            if walked is None or walked.interrupted:
                raise KeyboardInterrupt  # half of the evidence is none; what was tried is counted
        search = None
        if deep and chosen:

            def search(market: Bars) -> float:
                return float(run_sweep(strategy, market, chosen, cash=cash).frame["sharpe"].max())

        return self.argue(strategy, result, swept, walked, deep=deep, search=search, progress=progress)

    def argue(
        self,
        strategy: Strategy,
        result: Result,
        swept: SweepResult | None = None,
        walked: WalkForward | None = None,
        *,
        deep: bool = False,
        search: Callable[[Bars], float] | None = None,
        progress: Progress = SILENT,
    ) -> Evidence:
        """Return the evidence that these pieces make, with the second engine, the proofs and the trials counted so far."""
        overfitting = probability_of_overfitting(swept.block_sums) if swept is not None and len(swept.frame) > 1 else None
        trial = self.ledger.record(result)
        count = self.ledger.count(trial.family)
        sample = self.ledger.sample(trial.family)
        found = pieces(strategy, result, swept=swept, count=count, sample=sample, search=search, deep=deep, progress=progress)
        evidence = assemble(
            result,
            count,
            trial_id=trial.trial_id,
            walk_forward=walked,
            overfitting=overfitting,
            proof=prove(result),
            findings=validate_spec(strategy.spec),
            **found,
        )
        self.monitor.record(
            verified(result),
            strategy=strategy,
            walk_forward=walked,
            swept=swept,
            overfitting=overfitting,
            evidence_hash=evidence.evidence_hash,
        )
        return evidence

    def verify(
        self, strategy: Strategy, bars: Bars | pd.DataFrame, *, cash: float = CASH, parameters: Mapping[str, float] | None = None
    ) -> Verification:
        """Return what the verification gates say about a run, kept in the history of verifications; the run is a counted trial."""
        found = verified(self.backtest(strategy, bars, cash=cash, parameters=parameters))
        self.monitor.record(found, strategy=strategy)
        return found

    @cached_property
    def monitor(self) -> Monitor:
        """The history of verifications: pass rates, parse confidence, walk-forward outcomes."""
        return Monitor(self.database, owner=whoami().name)

    def search(self, bars: Bars | pd.DataFrame, space: SearchSpace | None = None, **options: Any) -> SearchResult:  # noqa: ANN401 - options of the search
        """Return what a search over structures and parameters found, every trial counted, the best verified on bars it never saw.

        ``options`` are those of ``workbench.backtest.search.search``: trials, seed, workers, train, keep, cash, progress.
        """
        from workbench.backtest.search import search as run_search  # noqa: PLC0415 - Optuna only where it is asked for

        found = run_search(bars, space=space, **{"ledger": self.ledger, "journal": cache_folder("searches"), **options})
        for candidate in found.candidates:
            self._remember(candidate.spec, found.bars)
        return found

    def trials(self, strategy: Strategy) -> Count:
        """Return how many distinct trials were counted in the strategy's family."""
        from workbench.backtest.ledger import family_of  # noqa: PLC0415 - one caller

        return self.ledger.count(family_of(strategy.spec))

    @property
    def journals(self) -> Path:
        """Where sweeps keep finished points while they run."""
        return data_folder() / "sweeps"

    def _counted(self, strategy: Strategy, swept: SweepResult) -> SweepResult:
        """Count a sweep; what it kept on disk for a kill is thrown away when nothing is missing."""
        self._remember(strategy.spec, swept.bars)
        self.ledger.record_sweep(swept)
        if not swept.interrupted:
            swept.forget()
        return swept

    def _remember(self, spec: StrategySpec, bars: Bars) -> None:
        with self.database.session() as session:
            datasets.record(session, bars)
            versions.record(session, spec, whoami().name)


def verified(result: Result) -> Verification:
    """Return what the verification gates of the default policy say about a run."""
    return verify(result, Thresholds.now(policy.default().thresholds(result.spec.archetype)))


def checked_bars(strategy: Strategy, bars: Bars | pd.DataFrame) -> Bars:
    """Return ``bars``, checked as those of the strategy's first symbol where they are a frame."""
    return bars if isinstance(bars, Bars) else validate(bars, strategy.spec.symbols[0])


def _some(strategy: Strategy, plan: Plan) -> list[dict[str, float]]:
    """Return a few points of a plan, spread over it, with the parameters of the rules only: what a proof looks at."""
    found = []
    for place in {int(place) for place in np.linspace(0, len(plan) - 1, _PROVED)}:
        names, rows = plan.points(place, place + 1)
        point = dict(zip(names, rows[0].tolist(), strict=True))
        found.append({name: value for name, value in point.items() if name in strategy.program.parameters and math.isfinite(value)})
    return found


def grid_of(strategy: Strategy, *, required: bool = True) -> dict[str, list[float]]:
    """Return the values of the strategy's own parameter ranges, by name; parameters without a range stay at their default.

    Raises:
        InputError: no parameter has a range and one is required.
    """
    found = {name: list(spread.values()) for name, spread in strategy.spec.parameters.items() if not spread.fixed}
    if not found and required:
        message = f"{strategy.name} has no parameter with a range; write $names in the rule and give parameters={{'name': (default, low, high, step)}}, or pass a grid"
        raise InputError(message)
    return found
