"""Replay: a bot's paper session on bars that exist already, through the live path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from workbench import clock
from workbench.backtest.run import in_session
from workbench.errors import InputError
from workbench.execution import outcome
from workbench.execution.book import last_bar
from workbench.execution.outcome import Latency, SessionResult
from workbench.execution.session import OnHalt, PaperSession
from workbench.execution.tape import tape
from workbench.lifecycle import bots
from workbench.progress import SILENT
from workbench.strategy.spec import StrategySpec
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.execution.tape import Bar
    from workbench.lifecycle.bots import Bot
    from workbench.market import Bars
    from workbench.progress import Progress
    from workbench.store import Database

TRANSACTION_SECONDS = 0.1
"""Longest that bars are collected into one transaction: what a kill of the process loses and what the kill switch may be late by."""


def replay(
    database: Database,
    bot: Bot,
    bars: Bars,
    strategy: Strategy | None = None,
    *,
    on_halt: OnHalt = "hold",
    progress: Progress = SILENT,
    transaction_seconds: float = TRANSACTION_SECONDS,
) -> SessionResult:
    """Trade ``bars`` bar by bar, as if they arrived now, and return what happened.

    The first bar is the anchor. Where an earlier replay of the same bars was interrupted it goes on; where it was finished nothing is traded again
    and the stored result is returned. Bars are collected into transactions of ``transaction_seconds``: all of a transaction or nothing is remembered.

    Raises:
        PermissionDeniedError: the bot is not in PAPER.
        InputError: no bars, or bars that do not begin where the bot's session did.
    """
    if not len(bars):
        message = f"there are no bars to replay for {bot.name}"
        raise InputError(message)
    with database.read() as session:
        bot = bots.get(session, bot.id)
        strategy = strategy or Strategy(StrategySpec.from_json(bots.spec_json(session, bot)))
        bars = in_session(bars, strategy.spec.session_mode)
        traded = _traded(bars, last_bar(session, bot))
    session_ = PaperSession(database, bot, strategy, traded, instrument=bars.instrument, on_halt=on_halt)
    todo = tuple(tape(bars, strategy.spec.window))
    done = len(traded) if traded is not None else 0
    latency = _trade(session_, todo[done:], done, len(todo), progress, transaction_seconds) if done < len(todo) else None
    with database.read() as session:
        orders, fills, equity = outcome.read(session, bot, todo)
    return SessionResult(
        bot=bot.name,
        stage=bot.stage.value,
        symbol=bars.instrument.symbol,
        synthetic=bars.synthetic,
        bars=len(equity),
        orders=orders,
        fills=fills,
        equity=equity,
        halted=session_.halted,
        latency=latency,
    )


def _traded(bars: Bars, last: int) -> Bars | None:
    return bars.head(int(np.searchsorted(bars.known_at, last, side="right"))) if last else None


def _trade(session: PaperSession, bars: tuple[Bar, ...], done: int, total: int, progress: Progress, seconds: float) -> Latency:
    started = clock.monotonic()
    source = iter(bars)
    with session:
        while True:
            steps = session.on_bars(_within(source, seconds))
            done += len(steps)
            progress.at(done, total, f"{session.bot.name} on paper")
            if done >= total:
                break
    taken = np.array(session.seconds)
    p50, p90, p99 = np.quantile(taken, [0.5, 0.9, 0.99]).tolist()
    return Latency(bars=len(taken), p50=p50, p90=p90, p99=p99, per_bar=(clock.monotonic() - started) / len(taken))


def _within(source: Iterator[Bar], seconds: float) -> Iterator[Bar]:
    until = clock.monotonic() + seconds
    for bar in source:
        yield bar
        if clock.monotonic() >= until:
            return
