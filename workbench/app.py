"""The bench: where the rooms are wired together. It lists what can be done; the rooms do it.

Whatever is evaluated through the bench enters the trial ledger by itself, beside the strategy version and the dataset it was evaluated on.
"""

from __future__ import annotations

from functools import cached_property
from html import escape
from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbench import look, settings
from workbench.backtest.evidence import assemble, probability_of_overfitting, prove
from workbench.backtest.ledger import Ledger
from workbench.backtest.run import backtest as run_backtest
from workbench.backtest.sweep import sweep as run_sweep
from workbench.backtest.walkforward import walk_forward as run_walk_forward
from workbench.errors import InputError
from workbench.home import home
from workbench.lifecycle import bots, promotion
from workbench.lifecycle.desk import AuditDesk, BotDesk, KillSwitch
from workbench.lifecycle.people import whoami
from workbench.market import datasets
from workbench.market.bars import Bars, validate
from workbench.market.cache import BarCache
from workbench.market.samples import sample
from workbench.market.synthetic import synthetic
from workbench.progress import SILENT
from workbench.store.database import Database
from workbench.strategy import versions
from workbench.strategy.rules.parse import parse
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy
from workbench.strategy.validators import validate as validate_spec
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from workbench.backtest.evidence import Evidence
    from workbench.backtest.ledger import Count
    from workbench.backtest.result import Result
    from workbench.backtest.sweep import SweepResult
    from workbench.backtest.walkforward import WalkForward
    from workbench.execution import SessionResult
    from workbench.jobs import JobRun
    from workbench.lifecycle import Assessment, Bot, Policy
    from workbench.progress import Progress
    from workbench.widgets.authoring import Author
    from workbench.widgets.backtest import Backtester
    from workbench.widgets.promotion import Review

__all__ = ["Bench", "open_bench", "parse"]

CASH = 100_000.0  # what a backtest starts with: one index future with room, in round numbers


def open_bench(url: str | None = None) -> Bench:
    """Return the bench: its store at ``url``, else ``DATABASE_URL``, else SQLite under ``data/``; made and migrated when needed.

    Raises:
        SettingsError: a setting is unknown or not valid, or the data folder cannot be written.
        StoreError: the database cannot be opened; the message says what to do.
    """
    return Bench(Database.open(url or settings.current().database_url))


class Bench:
    """One open bench."""

    def __init__(self, database: Database) -> None:
        """Work on an open database; ``wb.open()`` opens one."""
        self.database = database

    @cached_property
    def ledger(self) -> Ledger:
        """The trial ledger."""
        return Ledger(self.database, owner=whoami().name)

    @cached_property
    def bots(self) -> BotDesk:
        """Bots: make, list, look up, start, stop."""
        return BotDesk(self.database)

    @cached_property
    def audit(self) -> AuditDesk:
        """The audit chain: verify, export."""
        return AuditDesk(self.database)

    @cached_property
    def killswitch(self) -> KillSwitch:
        """The kill switch: engage, reset, state."""
        return KillSwitch(self.database)

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
        """Return what the strategy would have done, counted as a trial; see ``workbench.backtest.run.backtest``."""
        result = run_backtest(strategy, bars, cash=cash, parameters=parameters)
        self._remember(strategy, result.bars)
        self.ledger.record(result)
        return result

    def sweep(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        *,
        cash: float = CASH,
        rank: str = "sharpe",
        progress: Progress = SILENT,
    ) -> SweepResult:
        """Return every point of ``grid`` (by default the strategy's own ranges), each counted as a trial; interrupted, what was finished is kept."""
        checked = _checked(strategy, bars)
        swept = run_sweep(strategy, checked, grid or grid_of(strategy), cash=cash, rank=rank, progress=progress)
        self._remember(strategy, checked)
        self.ledger.record_sweep(swept)
        return swept

    def walk_forward(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        *,
        folds: int = 5,
        anchored: bool = True,
        cash: float = CASH,
        progress: Progress = SILENT,
    ) -> WalkForward:
        """Return how parameters chosen on the past did afterwards; every fold's trials are counted."""
        checked = _checked(strategy, bars)
        self._remember(strategy, checked)
        chosen = grid or grid_of(strategy)
        return run_walk_forward(strategy, checked, chosen, folds=folds, anchored=anchored, cash=cash, ledger=self.ledger, progress=progress)

    def evidence(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        *,
        folds: int = 5,
        cash: float = CASH,
        progress: Progress = SILENT,
    ) -> Evidence:
        """Return everything the gates of LAB ask for: backtest, cross-check, walk-forward, overfitting, proofs, counted trials.

        Walk-forward and overfitting need something to choose from: a ``grid``, or ranges in the strategy's parameters.

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
        return self.argue(strategy, result, swept, walked)

    def argue(self, strategy: Strategy, result: Result, swept: SweepResult | None = None, walked: WalkForward | None = None) -> Evidence:
        """Return the evidence that these pieces make, with the second engine, the proofs and the trials counted so far."""
        overfitting = probability_of_overfitting(swept.block_sums) if swept is not None and len(swept.frame) > 1 else None
        trial = self.ledger.record(result)
        return assemble(
            result,
            self.ledger.count(trial.family),
            trial_id=trial.trial_id,
            walk_forward=walked,
            overfitting=overfitting,
            proof=prove(result),
            findings=validate_spec(strategy.spec),
        )

    def author(self, subject: Strategy | Bot | str | None = None) -> Author:
        """Return the authoring desk: write rules and see what they mean and where they act; on a strategy or a bot where one is given."""
        opened: Author = _face("authoring").Author(self, subject)
        return opened

    def backtester(self, strategy: Strategy | None = None, bars: Bars | None = None) -> Backtester:
        """Return the widget that runs, counts and compares backtests; without arguments it offers what is saved."""
        opened: Backtester = _face("backtest").Backtester(self, strategy, bars)
        return opened

    def review(self, bot: Bot | str, *, bars: Bars | None = None) -> Review:
        """Return the widget in which a bot's promotion is argued and decided; ``bot`` may be its name or id, ``bars`` what its evidence is made on."""
        opened: Review = _face("promotion").Review(self, bot, bars=bars)
        return opened

    def trials(self, strategy: Strategy) -> Count:
        """Return how many distinct trials were counted in the strategy's family."""
        from workbench.backtest.ledger import family_of  # noqa: PLC0415 - one caller

        return self.ledger.count(family_of(strategy.spec))

    def assess(self, bot: Bot, evidence: Evidence, policy: Policy | None = None) -> Assessment:
        """Return what each gate says about the bot's next step; nothing is stored."""
        return promotion.evaluate(bot, evidence, policy)

    def promote(self, bot: Bot, assessment: Assessment, *, reason: str, policy: Policy | None = None) -> Bot:
        """Move the bot one stage up; a refusal is recorded with its evidence and raised.

        Raises:
            PermissionDeniedError: a gate is closed, or the assessment is not about this bot as it is now.
        """
        if not assessment.passed:
            with self.database.session() as session:
                promotion.record(session, bot, assessment, reason=reason)
        with self.database.session() as session:
            return promotion.promote(session, bot, assessment, reason=reason, rules=policy)

    def paper(self, bot: Bot, bars: Bars, *, progress: Progress = SILENT) -> SessionResult:
        """Return the bot's paper session on ``bars``, traded bar by bar on the live path; an interrupted one goes on where it was."""
        from workbench.execution import replay  # noqa: PLC0415 - a research kernel does not trade

        return replay(self.database, bot, bars, progress=progress)

    def promised(self, bot: Bot, bars: Bars) -> Result:
        """Return what the backtest of the bot's strategy does on ``bars``, to compare a session with; a comparison is no trial."""
        with self.database.read() as session:
            spec = StrategySpec.from_json(bots.spec_json(session, bot))
        return run_backtest(Strategy(spec), bars, cash=bot.capital)

    def run_job(self, name: str, parameters: Mapping[str, Any] | None = None, *, progress: Progress = SILENT) -> JobRun:
        """Execute a notebook of the catalogue in a process of its own and return its record."""
        from workbench.jobs import find, run  # noqa: PLC0415 - a research kernel starts no jobs

        return run(self.database, find(name, home()), parameters, home=home(), progress=progress)

    def _remember(self, strategy: Strategy, bars: Bars) -> None:
        with self.database.session() as session:
            datasets.record(session, bars)
            versions.record(session, strategy.spec, whoami().name)

    @property
    def place(self) -> str:
        """Where the store is, below the bench's home where it is there; never with a password."""
        return self.database.place.removeprefix(f"{home()}/")

    def __repr__(self) -> str:
        """Say where the store is."""
        return f"Bench({self.place!r})"

    def _repr_html_(self) -> str:
        with self.database.read() as session:
            counted = len(bots.list(session))
        checked = self.audit.verify()
        chain = f"✓ {checked.events:,} events, unbroken" if checked.ok else f"✗ {checked.problem}"
        cells = (
            ("store", self.place),
            ("bots", str(counted)),
            ("audit chain", chain),
            ("person", f"{whoami().name} · {whoami().role}"),
        )
        return facts("Bench", cells)


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


def facts(title: str, cells: Iterable[tuple[str, str]]) -> str:
    """Return a quiet panel of named facts as HTML."""
    shown = "".join(
        f"<tr><td style='color:{look.FAINT};padding:2px 16px 2px 12px;background:{look.BG1};text-align:left'>{escape(name)}</td>"
        f"<td style='font-family:{look.MONO};padding:2px 12px;background:{look.BG1};text-align:left'>{escape(value)}</td></tr>"
        for name, value in cells
    )
    frame = f"background:{look.BG1};color:{look.TEXT};border:1px solid {look.LINE};font:13px/18px {look.SANS};max-width:1100px;padding-bottom:6px"
    return f"<div style=\"{frame}\"><div style='padding:8px 12px'><b>{escape(title)}</b></div><table style='border-collapse:collapse;margin:0'>{shown}</table></div>"


def _checked(strategy: Strategy, bars: Bars | pd.DataFrame) -> Bars:
    return bars if isinstance(bars, Bars) else validate(bars, strategy.spec.symbols[0])


def _face(room: str) -> Any:  # noqa: ANN401 - a module of the faces
    """Return a room of the faces by name: they stand above the bench, so it imports none of them before a person opens one."""
    return import_module(f"workbench.widgets.{room}")
