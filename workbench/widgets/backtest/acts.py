"""What a ticket sets in motion, all of it through the bench, so that whatever is evaluated is counted, stopped or not.

Each act is told how far to go by its progress port: an interrupt raised there ends it, and what was finished is in what it returns.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from workbench.app.research import verified
from workbench.backtest.ledger import family_of
from workbench.backtest.run import backtest, parameter_names
from workbench.backtest.sweep import sweep
from workbench.backtest.variation import VARIED, varied_spec
from workbench.content import content_hash
from workbench.errors import InputError
from workbench.home import data_folder
from workbench.lifecycle import policy
from workbench.lifecycle.stages import Stage
from workbench.strategy.strategy import Strategy
from workbench.widgets.backtest.form import CASH, Ticket
from workbench.widgets.backtest.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from workbench.app import Bench
    from workbench.backtest.evidence import Evidence
    from workbench.backtest.sweep import SweepResult
    from workbench.market.bars import Bars
    from workbench.progress import Progress


def act(bench: Bench, chosen: Ticket, progress: Progress) -> Outcome:
    """Return what the ticket gives."""
    family = family_of(chosen.strategy.spec)
    before = bench.ledger.count(family).trials
    found = _ACTS[chosen.kind](bench, chosen, progress)
    result = found.get("result")
    found["verification"] = None if result is None else verified(result)
    return Outcome(ticket=chosen, before=before, after=bench.ledger.count(family).trials, **found)


def point(bench: Bench, outcome: Outcome, values: Mapping[str, float], words: str) -> Outcome:
    """Return the outcome with the run at one point of its sweep in the place of its single run; the point is counted with the sweep already."""
    chosen = outcome.ticket
    guards = {name: value for name, value in values.items() if name in VARIED and name not in parameter_names(chosen.strategy)}
    strategy = Strategy(varied_spec(chosen.strategy.spec, chosen.bars.instrument, guards)) if guards else chosen.strategy
    own = {name: value for name, value in values.items() if name not in guards}
    result = bench.backtest(strategy, chosen.bars, cash=chosen.cash, parameters=own)
    return replace(outcome, result=result, at=dict(values), verification=verified(result), point=words)


def reopened(bench: Bench, strategy: Strategy, bars: Bars, cash: float | None) -> Outcome:
    """Return an outcome without a run, at which the points of a recorded sweep can be run."""
    count = bench.ledger.count(family_of(strategy.spec)).trials
    ticket = Ticket(kind="sweep", strategy=strategy, bars=bars, cash=cash or CASH, values={}, grid={})
    return Outcome(ticket=ticket, before=count, after=count)


def tear_sheet(outcome: Outcome) -> Path:
    """Write everything that an outcome holds as one page under the bench's ``data/reports`` and return where.

    Raises:
        InputError: there is no single run.
        SettingsError: the folder cannot be written.
    """
    from workbench.backtest.report import write  # noqa: PLC0415 - drawing only

    result = outcome.result
    if result is None:
        message = "there is no single run to write about; run a backtest, or a point of the sweep"
        raise InputError(message)
    name = re.sub(r"[^\w-]+", "-", f"{result.spec.name}-{result.bars.instrument.symbol}-{result.bars.timeframe.value}").strip("-")[:80]
    key = content_hash(
        {"spec": result.spec.spec_hash, "data": result.bars.dataset_hash, "at": dict(result.parameters), "cash": result.cash}
    )
    figures = [outcome.sweep.figure()] if outcome.sweep is not None and len(outcome.sweep.frame) and outcome.sweep.swept else []
    path = data_folder() / "reports" / f"{name}-{key[:8]}.html"
    write(result, path, walk_forward=outcome.walk, evidence=outcome.evidence, figures=figures)
    return path


def _backtest(bench: Bench, chosen: Ticket, progress: Progress) -> dict[str, Any]:
    result = bench.backtest(chosen.strategy, chosen.bars, cash=chosen.cash, parameters=chosen.values)
    progress.at(1, 1, "backtest")
    return {"result": result, "at": chosen.values}


def _sweep(bench: Bench, chosen: Ticket, progress: Progress) -> dict[str, Any]:
    swept = _swept(bench, chosen, progress)
    best = _best(swept)
    # The point is counted with the sweep: making it again adds nothing.
    result = backtest(chosen.strategy, swept.bars, cash=chosen.cash, parameters=best) if best else None
    return {"sweep": swept, "result": result, "at": best or {}, "point": "best point" if best else "", "interrupted": swept.interrupted}


def _swept(bench: Bench, chosen: Ticket, progress: Progress) -> SweepResult:
    strategy, bars = chosen.strategy, chosen.bars
    options: dict[str, Any] = {"cash": chosen.cash, "progress": progress}
    if chosen.method == "optuna":
        return bench.optimise(strategy, bars, chosen.grid, points=chosen.asked, seed=chosen.seed, **options)
    if chosen.search is not None:
        return bench.sweep(strategy, bars, plan=chosen.search, **options)
    return bench.sweep(strategy, bars, chosen.grid, **options)


def _walk_forward(bench: Bench, chosen: Ticket, progress: Progress) -> dict[str, Any]:
    walked = bench.walk_forward(
        chosen.strategy,
        chosen.bars,
        chosen.grid,
        folds=chosen.folds,
        anchored=chosen.anchored,
        cash=chosen.cash,
        progress=progress,
    )
    return {"walk": walked, "interrupted": walked.interrupted}


def _evidence(bench: Bench, chosen: Ticket, progress: Progress) -> dict[str, Any]:
    strategy, bars, cash = chosen.strategy, chosen.bars, chosen.cash
    result = bench.backtest(strategy, bars, cash=cash, parameters=chosen.values)
    kept: dict[str, Any] = {"result": result, "at": chosen.values}
    if chosen.grid:
        swept = bench.sweep(strategy, bars, chosen.grid, cash=cash, progress=progress)
        kept |= {"sweep": swept}
        if swept.interrupted:
            return kept | {"interrupted": True}
        kept |= _walk_forward(bench, chosen, progress)
        if kept["interrupted"]:
            return kept
    progress.at(0, 0, "second engine and proofs")
    evidence, hurried = _argued(bench, chosen, kept, progress)
    gates = policy.default().gates(Stage.LAB, evidence.archetype)
    verdicts = tuple(gate.judge(evidence, None) for gate in gates)
    return kept | {"evidence": evidence, "hurried": hurried, "verdicts": verdicts}


def _argued(bench: Bench, chosen: Ticket, kept: Mapping[str, Any], progress: Progress) -> tuple[Evidence, bool]:
    """The evidence with every statistic; stopped on the way, without those that take seconds."""
    given = (chosen.strategy, kept["result"], kept.get("sweep"), kept.get("walk"))
    search = (lambda market: _searched(chosen, market)) if chosen.grid else None
    try:
        return bench.argue(*given, deep=True, search=search, progress=progress), False
    except KeyboardInterrupt:
        return bench.argue(*given), True


def _searched(chosen: Ticket, market: Bars) -> float:
    """The best Sharpe ratio that the same search finds on another market; a shuffled market is no data set, so nothing is counted."""
    found = sweep(chosen.strategy, market, chosen.grid, cash=chosen.cash).frame["sharpe"]
    return float(found.max())


def _best(swept: SweepResult) -> dict[str, float] | None:
    """The values of the best point; None where no point traded."""
    try:
        return swept.best
    except InputError:
        return None


_ACTS = {"backtest": _backtest, "sweep": _sweep, "walk_forward": _walk_forward, "evidence": _evidence}
