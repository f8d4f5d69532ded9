"""From evidence to a trading bot: gates, promotion, paper sessions, and notebooks run as jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.backtest.run import backtest as run_backtest
from workbench.home import home
from workbench.lifecycle import bots, promotion
from workbench.progress import SILENT
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.backtest.evidence import Evidence
    from workbench.backtest.result import Result
    from workbench.execution import SessionResult
    from workbench.jobs import JobRun
    from workbench.lifecycle import Assessment, Bot, Policy
    from workbench.market.bars import Bars
    from workbench.progress import Progress
    from workbench.store.database import Database


class Trading:
    """What a bench does with bots."""

    database: Database

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
