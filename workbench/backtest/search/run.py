"""A search: structures and numbers put together from templates, judged by a deflated objective, the best verified on bars that were kept away.

1. The bars are cut at a session: the search sees the first ``train`` share, and child processes are given no other until it is over.
2. ``Proposals`` asks for a batch. ``SearchSpace.suggest`` puts the candidates together; what a validator refuses (SEV-0) or what contradicts itself is
   pruned, and its reason counted. What is the same as an earlier candidate is not run again.
3. The rest runs in child processes (``Pool``), in limits of time and memory. The ledger counts the batch, then the journal keeps it, then the study learns
   from it: a kill between any two loses nothing and counts nothing twice.
4. ``candidates.chosen`` takes the best that differ; each is run once on the held-out bars, and that is counted too.

The same search (space, bars, trials, seed, money) in front of the same ledger comes to the same result with any number of children, and however often it
was killed. An interrupt keeps what was finished; the same call goes on from there where there is a journal. Without one, a search that is repeated finds
its own trials in the ledger and is judged by a higher hurdle.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import settings
from workbench.backtest.engine.rules import fill_rules
from workbench.backtest.ledger import Count, Ledger, ground_of, trial_id
from workbench.backtest.search.candidates import Candidate, Ground, chosen
from workbench.backtest.search.objective import Hurdle, score
from workbench.backtest.search.outcome import Outcome
from workbench.backtest.search.plan import BATCH, Plan, refuse_numbers
from workbench.backtest.search.pool import Bounds, Here, Pool
from workbench.backtest.search.proposals import Proposals
from workbench.backtest.search.result import SearchResult
from workbench.backtest.search.space import SearchSpace
from workbench.backtest.trial_record import Tried
from workbench.errors import BacktestError, InputError
from workbench.market import Bars, validate
from workbench.progress import SILENT
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy
from workbench.strategy.validators import validate as validate_spec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.progress import Progress

WORKERS = 2
"""Child processes unless told otherwise."""
_HOPELESS = 16


def search(  # noqa: PLR0913 - one call of a researcher, all options by keyword
    bars: Bars | pd.DataFrame,
    *,
    space: SearchSpace | None = None,
    trials: int = 200,
    seed: int = 0,
    workers: int | None = None,
    train: float = 0.7,
    keep: int = 5,
    cash: float = 100_000.0,
    ledger: Ledger | None = None,
    journal: Path | None = None,
    bounds: Bounds | None = None,
    progress: Progress = SILENT,
) -> SearchResult:
    """Return what a search over structures and parameters found on ``bars``, with the best candidates verified on bars it did not see.

    Args:
        bars: checked bars, or a frame that ``market.validate`` accepts.
        space: where to look; everything that fits the bars if None.
        trials: candidates that are put together.
        seed: of the choices; the same seed gives the same search.
        workers: child processes, 2 if None; 0 evaluates in this process, without limits of time and memory.
        train: share of the sessions that the search sees; the rest is looked at once, by the best candidates.
        keep: candidates that are verified at most.
        cash: starting money of every run.
        ledger: counts every evaluation, and says what the family tried before.
        journal: folder in which finished trials are kept, so that a killed search goes on.
        bounds: time and memory of one evaluation.
        progress: told after each batch.

    Raises:
        InputError: numbers that make no search, a space for other bars, too few bars on either side, or Optuna is not installed.
        BacktestError: child processes cannot work here, or no candidate can run at all.
        StoreError: the journal cannot be read or written.
    """
    checked = bars if isinstance(bars, Bars) else validate(bars)
    refuse_numbers(trials=trials, keep=keep, train=train, cash=cash, seed=seed, workers=workers)
    plan = Plan.of(checked, space or SearchSpace(), trials=trials, seed=seed, train=train, keep=keep, cash=cash)
    job = _Job(plan, ledger, None if journal is None else Path(journal) / plan.key[:32], progress)
    stopped = False
    with Here() if workers == 0 else Pool(WORKERS if workers is None else workers, bounds or Bounds()) as asked:
        try:
            asked.load(plan.seen)
            job.explore(asked)
            found = job.verified(asked)
        except KeyboardInterrupt:
            stopped, found = True, []
    return job.result(found, stopped=stopped)


class _Job:
    """A search on its way."""

    def __init__(self, plan: Plan, ledger: Ledger | None, folder: Path | None, progress: Progress) -> None:
        self.plan, self.ledger, self.folder, self.progress = plan, ledger, folder, progress
        hurdle = Hurdle.of(
            None if ledger is None else ledger.count(plan.family),
            budget=plan.trials + plan.keep,
            bars=plan.cut,
            bars_per_year=plan.bars_per_year,
            min_trades=settings.current().min_trades,
        )
        self.proposals = Proposals(
            trials=plan.trials, seed=plan.seed, batch=BATCH, folder=folder, about={"search": plan.key, "hurdle": hurdle.to_dict()}
        )
        self.hurdle = Hurdle(**self.proposals.about["hurdle"])  # that of the first start: the ledger holds trials of this search by now
        self._dataset = plan.seen.dataset_hash
        self._first: dict[str, Outcome] = {}
        self.held_out: list[Tried] = []
        for outcome in self.proposals.outcomes:
            self._remember(outcome)
        self._count([outcome.tried for outcome in self.proposals.outcomes if outcome.tried is not None])

    @property
    def outcomes(self) -> list[Outcome]:
        return self.proposals.outcomes

    def explore(self, asked: Here | Pool) -> None:
        """Make all trials that are not made yet."""
        while trials := self.proposals.ask():
            drafts = [self._drafted(trial) for trial in trials]
            outcomes = self._evaluated(drafts, asked)
            self._count([outcome.tried for outcome in outcomes if outcome.tried is not None])
            self.proposals.tell(trials, outcomes)
            self._halt_where_hopeless()
            self._tell()

    def _drafted(self, trial: Any) -> Outcome:  # noqa: ANN401 - a trial of Optuna
        """Return a candidate, ``drafted`` where it can run and ``refused`` where it cannot."""
        nothing = Outcome(
            number=trial.number, state="refused", reason="", words="", score=None, direction="", spec="", trial_id="", tried=None
        )
        try:
            spec = self.plan.space.suggest(trial, search=self.plan.key)
            strategy = Strategy(spec)
        except InputError as error:
            return replace(nothing, reason="contradiction", words=str(error))
        known = replace(nothing, direction=spec.provenance.note.rpartition("; ")[2], spec=spec.to_json())
        refusals = [finding for finding in validate_spec(spec) if finding.severity == "SEV-0"]
        if refusals:
            return replace(known, reason=refusals[0].code, words=refusals[0].message)
        rules = fill_rules(spec, self.plan.bars.instrument, self.plan.cash)
        ground = ground_of(spec, strategy.program.program_hash, self._dataset, rules)
        return replace(known, state="drafted", trial_id=trial_id(ground, spec.defaults))

    def _evaluated(self, drafts: Sequence[Outcome], asked: Here | Pool) -> list[Outcome]:
        """Return what became of a batch, in its order; equal candidates run once."""
        running: dict[str, Outcome] = {}
        for draft in drafts:
            if draft.state == "drafted" and draft.trial_id not in self._first:
                running.setdefault(draft.trial_id, draft)
        questions = [{"ask": "train", "spec": draft.spec, "cash": self.plan.cash} for draft in running.values()]
        answers = dict(zip(running, (header for header, _ in asked.ask(questions)), strict=True))
        outcomes = []
        for draft in drafts:
            outcomes.append(self._answered(draft, answers) if draft.state == "drafted" else draft)
            self._remember(outcomes[-1])
        return outcomes

    def _answered(self, draft: Outcome, answers: Mapping[str, Mapping[str, Any]]) -> Outcome:
        first = self._first.get(draft.trial_id)
        if first is not None:
            return replace(draft, state="repeated", reason=str(first.number), words=f"the same as trial {first.number}", score=first.score)
        answer = answers[draft.trial_id]
        if "failed" in answer:
            return replace(draft, state="failed", reason=str(answer["failed"]), words=str(answer["words"]))
        tried = Tried.from_dict(answer["tried"])
        if tried.trial_id != draft.trial_id:
            message = f"a child process ran something else than trial {draft.number}: it has other code than this process; start again"
            raise BacktestError(message)
        value = score(tried.metrics, self.hurdle)
        if value is None:
            return replace(draft, state="silent", words="it never traded, or nothing moved", tried=tried)
        return replace(draft, state="scored", score=value, tried=tried)

    def _remember(self, outcome: Outcome) -> None:
        """Know a candidate that ran, or failed, when it comes again."""
        if outcome.trial_id and outcome.state not in ("repeated", "refused"):
            self._first.setdefault(outcome.trial_id, outcome)

    def _count(self, tried: Sequence[Tried]) -> None:
        if self.ledger is not None and tried:
            self.ledger.record_all(tried)

    def _halt_where_hopeless(self) -> None:
        failed = [outcome for outcome in self.outcomes if outcome.state == "failed"]
        if len(failed) == len(self.outcomes) >= _HOPELESS:
            message = f"none of {len(failed)} candidates can run on these bars; the last said: {failed[-1].words}"
            raise BacktestError(message)

    def _tell(self) -> None:
        best = max((outcome.score for outcome in self.outcomes if outcome.score is not None), default=None)
        said = "nothing traded yet" if best is None else f"best {best:+.2f} standard errors from the hurdle"
        self.progress.at(len(self.outcomes), self.plan.trials, f"search: {said}")

    def verified(self, asked: Here | Pool) -> list[tuple[Outcome, float, Tried | None, str]]:
        """Return the best trials that differ, each with its record on the held-out bars."""

        def held(outcome: Outcome) -> NDArray[np.int8] | None:
            header, body = asked.ask([{"ask": "held", "spec": outcome.spec, "cash": self.plan.cash}])[0]
            return None if "failed" in header else np.frombuffer(body, dtype=np.int8)

        best = chosen(self.outcomes, self.plan.keep, self.hurdle.min_trades, held)
        asked.load(self.plan.bars)
        questions = [{"ask": "unseen", "spec": outcome.spec, "cash": self.plan.cash, "cut": self.plan.cut} for outcome, _ in best]
        found = []
        for (outcome, shared), (header, _) in zip(best, asked.ask(questions), strict=True):
            tried = Tried.from_dict(header["tried"]) if "tried" in header else None
            found.append((outcome, shared, tried, str(header.get("words", ""))))
        self.held_out = [tried for _, _, tried, _ in found if tried is not None]
        self._count(self.held_out)
        self.progress.at(self.plan.trials, self.plan.trials, f"search: {len(found)} verified on bars it did not see")
        return found

    def result(self, found: list[tuple[Outcome, float, Tried | None, str]], *, stopped: bool) -> SearchResult:
        """Return what was found."""
        plan = self.plan
        counted = self._counted()
        known = 0 if self.ledger is None else self.ledger.trials_on(plan.held_out.dataset_hash)
        ground = Ground(
            counted=counted,
            bars_per_year=plan.bars_per_year,
            verified=len(found),
            looks=max(len(found), known),
            min_trades=self.hurdle.min_trades,
            train=plan.train,
        )
        candidates = [_candidate(*entry, ground) for entry in found]
        return SearchResult(
            key=plan.key,
            space=plan.space,
            bars=plan.bars,
            cut=plan.cut,
            seed=plan.seed,
            planned=plan.trials,
            hurdle=self.hurdle,
            ground=ground,
            outcomes=tuple(self.outcomes),
            candidates=tuple(candidates),
            interrupted=stopped,
            in_ledger=self.ledger is not None,
            journal=self.folder,
        )

    def _counted(self) -> Count:
        """Return the family after the search; without a ledger what the search itself made."""
        if self.ledger is not None:
            return self.ledger.count(self.plan.family)
        every = {outcome.tried.trial_id: outcome.tried for outcome in self.outcomes if outcome.tried is not None}
        every |= {tried.trial_id: tried for tried in self.held_out}
        ratios = np.array([tried.metrics["sharpe"] or 0.0 for tried in every.values()])
        variance = float(ratios.var(ddof=1)) if len(ratios) > 1 else 0.0
        return Count(family=self.plan.family, trials=len(every), annual_variance=variance)


def _candidate(outcome: Outcome, shared: float, held_out: Tried | None, problem: str, ground: Ground) -> Candidate:
    assert outcome.tried is not None
    return Candidate(
        number=outcome.number,
        score=float(outcome.score or 0.0),
        spec=StrategySpec.from_json(outcome.spec),
        direction=outcome.direction,
        train=outcome.tried,
        held_out=held_out,
        problem=problem,
        overlap=shared,
        ground=ground,
    )
