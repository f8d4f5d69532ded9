"""How robust a run is: five questions, each with its settings, what it costs in trials, and the act that answers it.

1. Walk-forward and cross-validation choose among the points of a grid, so their trials are counted; ``cost`` says how many before they run.
2. Monte Carlo, bootstrap and other histories choose nothing: they add no trial.
3. Stopped, a study gives what it finished where part of it is an answer (folds, drawn runs, other histories); cross-validation needs all of its splits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias, get_args

from workbench.backtest import forecast as costs
from workbench.backtest.blocks import Method as Blocks
from workbench.backtest.montecarlo import STRENGTH
from workbench.errors import InputError
from workbench.widgets.backtest import trading
from workbench.widgets.backtest.form import FormError

if TYPE_CHECKING:
    from workbench.app import Bench
    from workbench.backtest.forecast import Forecast
    from workbench.backtest.result import Result
    from workbench.progress import Progress
    from workbench.widgets.backtest.form import Ticket
    from workbench.widgets.backtest.outcome import Outcome

STUDIES: Mapping[str, str] = {
    "walk_forward": "Walk-forward",
    "cpcv": "Cross-validation",
    "monte_carlo": "Monte Carlo",
    "bootstrap": "Bootstrap",
    "paths": "Other histories",
}
QUESTIONS: Mapping[str, str] = {
    "walk_forward": "Do values chosen on the past earn on what comes next?",
    "cpcv": "And over all ways to split this history, not just one?",
    "monte_carlo": "How bad could the same trades have been, in another order or with worse luck?",
    "bootstrap": "How sure are the ratios, given how the returns vary?",
    "paths": "What does it do on histories that never were, made of pieces of this one?",
}
METHODS: Mapping[str, Mapping[str, str]] = {
    "monte_carlo": {"resample": "drawn again", "shuffle": "shuffled", "skip": "some missed", "slippage": "worse fills"},
    "bootstrap": {name: name for name in get_args(Blocks)},
    "paths": {name: name for name in get_args(Blocks)},
}
RUNS: Mapping[str, int] = {"monte_carlo": 1_000, "bootstrap": 2_000, "paths": 200}
Check: TypeAlias = Callable[[str, Callable[[], Any]], Any]
_FEWEST_RUNS, _MOST_RUNS = 20, 100_000
_MOST_FOLDS = 50
_NO_RUN = "there is no single run: no point of this sweep traded"
_MOST_GROUPS = 20
_MOST_BLOCK = 1e6


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a person set for a study; None where a field is empty."""

    folds: float | None = 5
    """Stretches of a walk-forward."""
    rolling: bool = False
    """Whether it trains on the last two stretches only."""
    groups: float | None = 6
    """Groups of sessions of a cross-validation."""
    tested: float | None = 2
    """Groups tested at a time."""
    runs: float | None = 1_000
    """Draws or histories."""
    method: str = ""
    """How they are drawn."""
    strength: float | None = None
    """Monte Carlo: percent of trades missed, or basis points a fill is worse by; empty for the usual."""
    ruin: float | None = 50.0
    """Monte Carlo: percent of the starting money whose loss counts as ruin."""
    block: float | None = None
    """Length of the blocks in bars or sessions; empty for what the data ask for."""
    seed: float | None = 0
    """Seed of the draws."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Study:
    """A study that can run: what was set, checked."""

    name: str
    """Which one: a key of ``STUDIES``."""
    outcome: Outcome
    """The run that it is about."""
    ticket: Ticket
    """The run's ticket, changed to what is asked."""
    options: Mapping[str, Any]
    """Keywords of the engine's function."""

    @property
    def result(self) -> Result:
        """The single run.

        Raises:
            InputError: there is none.
        """
        if self.outcome.result is None:
            raise InputError(_NO_RUN)
        return self.outcome.result

    def cost(self, bench: Bench) -> Forecast | None:
        """Return what it adds to the trial count; None where it chooses nothing.

        Raises:
            InputError: too few bars for the folds.
        """
        if self.name not in {"walk_forward", "cpcv"}:
            return None
        walks = self.name == "walk_forward"
        ticket = replace(self.ticket, kind="walk_forward" if walks else "sweep", method="grid")
        return costs.forecast(bench.ledger, ticket.strategy, ticket.bars, ticket.plan)

    def run(self, bench: Bench, progress: Progress) -> Any:  # noqa: ANN401 - the record of the study
        """Return the study's record.

        Raises:
            InputError: the run says too little: no trades, too few bars.
            KeyboardInterrupt: stopped before there was an answer.
        """
        return _RUN[self.name](self, bench, progress)


def study(name: str, outcome: Outcome, settings: Settings) -> Study:
    """Return a study that can run.

    Raises:
        FormError: what is wrong, by field; ``run`` where the outcome itself does not do.
    """
    problems: dict[str, str] = {}

    def check(field: str, act: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever the check gives
        try:
            return act()
        except InputError as error:
            problems[field] = str(error)
            return None

    options, ticket = _CHECK[name](check, settings, outcome)
    lacking = missing(name, outcome)
    if lacking:
        problems.setdefault("run", lacking)
    if problems:
        raise FormError(problems)
    return Study(name=name, outcome=outcome, ticket=ticket, options=options)


def unfinished(asked: Study, found: Any) -> str:  # noqa: ANN401 - the record of a study
    """Return how many draws are missing because somebody stopped it, in words; empty where none is."""
    wanted, made = asked.options.get("runs"), getattr(found, "runs", None)
    count = made if isinstance(made, int) else len(found.frame if made is None else made)
    return f"Stopped: {count:,} of {wanted:,} were drawn" if wanted is not None and count < wanted else ""


def missing(name: str, outcome: Outcome) -> str:
    """Return why a study cannot be asked of an outcome; empty where it can."""
    if name in {"walk_forward", "cpcv"}:
        if not outcome.ticket.varied:
            return "nothing varies: write values to try in the form, such as 10..40 by 10, and run again"
        return ""
    if outcome.result is None:
        return _NO_RUN
    if name == "monte_carlo" and len(outcome.result.trades) < 2:  # noqa: PLR2004 - a drawing needs two
        return f"{len(outcome.result.trades)} closed trades are too few to draw from; loosen the rules or use more bars"
    return ""


def _walk(check: Check, given: Settings, outcome: Outcome) -> tuple[dict[str, Any], Ticket]:
    folds = check("folds", lambda: trading.whole(given.folds, 2, _MOST_FOLDS, "the number of folds"))
    return {}, replace(outcome.ticket, kind="walk_forward", method="grid", folds=folds or 2, anchored=not given.rolling)


def _cross(check: Check, given: Settings, outcome: Outcome) -> tuple[dict[str, Any], Ticket]:
    groups = check("groups", lambda: trading.whole(given.groups, 3, _MOST_GROUPS, "the number of groups"))
    tested = check("tested", lambda: trading.whole(given.tested, 2, (groups or _MOST_GROUPS) - 1, "the number of groups tested at a time"))
    return {"groups": groups, "test_groups": tested}, replace(outcome.ticket, method="grid")


def _drawn(check: Check, given: Settings, outcome: Outcome) -> tuple[dict[str, Any], Ticket]:
    runs = check("runs", lambda: trading.whole(given.runs, _FEWEST_RUNS, _MOST_RUNS, "the number of runs"))
    return {
        "runs": runs,
        "method": given.method,
        "seed": check("seed", lambda: trading.whole(given.seed, 0, 2**31, "the seed")),
    }, outcome.ticket


def _carlo(check: Check, given: Settings, outcome: Outcome) -> tuple[dict[str, Any], Ticket]:
    options, ticket = _drawn(check, given, outcome)
    ruin = check("ruin", lambda: trading.within(given.ruin, 0.0, 100.0, "ruin", above=True))
    options |= {"method": given.method or "resample", "ruin": (ruin or 100.0) / 100.0}
    if given.strength is not None and STRENGTH[options["method"]]:
        share = options["method"] == "skip"
        most, what = (100.0, "the share of trades missed") if share else (10_000.0, "the basis points lost")
        found = check("strength", lambda: trading.within(given.strength, 0.0, most, what))
        options["strength"] = found if found is None or not share else found / 100.0
    return options, ticket


def _blocks(check: Check, given: Settings, outcome: Outcome) -> tuple[dict[str, Any], Ticket]:
    options, ticket = _drawn(check, given, outcome)
    block = None if given.block is None else check("block", lambda: trading.within(given.block, 1.0, _MOST_BLOCK, "the length of blocks"))
    return options | {"method": given.method or "stationary", "block": block}, ticket


def _run_walk(asked: Study, bench: Bench, progress: Progress) -> Any:  # noqa: ANN401 - a WalkForward
    ticket = asked.ticket
    return bench.walk_forward(
        ticket.strategy, ticket.bars, ticket.grid, folds=ticket.folds, anchored=ticket.anchored, cash=ticket.cash, progress=progress
    )


def _run_cross(asked: Study, bench: Bench, progress: Progress) -> Any:  # noqa: ANN401 - a Cpcv
    ticket = asked.ticket
    return bench.cpcv(ticket.strategy, ticket.bars, ticket.grid, **asked.options, cash=ticket.cash, progress=progress)


def _run_carlo(asked: Study, bench: Bench, progress: Progress) -> Any:  # noqa: ANN401 - a MonteCarlo
    progress.at(0, 1, "Monte Carlo")
    found = bench.monte_carlo(asked.result, **asked.options)
    progress.at(1, 1, "Monte Carlo")
    return found


def _run_bootstrap(asked: Study, bench: Bench, progress: Progress) -> Any:  # noqa: ANN401 - a Bootstrap
    return _kept(asked, progress, lambda options: bench.bootstrap(asked.result, **options))


def _run_paths(asked: Study, bench: Bench, progress: Progress) -> Any:  # noqa: ANN401 - Paths
    ticket, at = asked.ticket, asked.outcome.at
    return _kept(asked, progress, lambda options: bench.paths(ticket.strategy, ticket.bars, parameters=at, cash=ticket.cash, **options))


class _Counted:
    """Passes on how far a study is and remembers it."""

    def __init__(self, outside: Progress) -> None:
        self.done = 0
        self._outside = outside

    def at(self, done: int, total: int, what: str) -> None:
        self.done = done
        self._outside.at(done, total, what)


def _kept(asked: Study, progress: Progress, act: Callable[[Mapping[str, Any]], Any]) -> Any:  # noqa: ANN401 - the record of the study
    """Draw; stopped, the draws that were finished.

    Each draw is seeded by its own number, so fewer draws are the first of the many: they are made once more, which takes as long again at most.
    """
    counted = _Counted(progress)
    try:
        return act({**asked.options, "progress": counted})
    except KeyboardInterrupt:
        if counted.done < _FEWEST_RUNS:
            raise
        return act({**asked.options, "runs": counted.done})


_CHECK: Mapping[str, Callable[[Check, Settings, Outcome], tuple[dict[str, Any], Ticket]]] = {
    "walk_forward": _walk,
    "cpcv": _cross,
    "monte_carlo": _carlo,
    "bootstrap": _blocks,
    "paths": _blocks,
}
_RUN: Mapping[str, Callable[[Study, Bench, Progress], Any]] = {
    "walk_forward": _run_walk,
    "cpcv": _run_cross,
    "monte_carlo": _run_carlo,
    "bootstrap": _run_bootstrap,
    "paths": _run_paths,
}
