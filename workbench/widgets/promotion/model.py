"""What the promotion review knows and does, without a browser: the dossier, evidence made again, requests and decisions.

1. ``load`` reads the dossier; ``moved`` says cheaply whether it has to be read again.
2. ``remake`` makes the evidence anew in a thread (every trial is counted) and seals it.
3. ``equity`` draws what the bot did against what its backtest promised, or, in LAB, the backtest against buying and holding.
4. ``ask``, ``approve``, ``reject``, ``withdraw`` are one transaction each; their refusals are the sentences a person reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from workbench import look
from workbench.backtest.curves import buy_and_hold, thinned
from workbench.errors import DataUnavailableError, PermissionDeniedError
from workbench.lifecycle import bots, dossier, requests
from workbench.lifecycle.people import Person, whoami
from workbench.lifecycle.stages import Stage
from workbench.store import chain
from workbench.strategy.strategy import Strategy
from workbench.widgets.worker import Task

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from workbench.app import Bench
    from workbench.backtest.evidence import Evidence
    from workbench.backtest.result import Result
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.dossier import Dossier
    from workbench.lifecycle.policy import Policy
    from workbench.lifecycle.requests import Request
    from workbench.market.bars import Bars
    from workbench.progress import Progress

Act = Literal["ask", "approve", "reject", "withdraw"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Equity:
    """Lines to look at before deciding."""

    title: str
    """What is drawn, in words."""
    times: NDArray[np.float64]
    """(n,) seconds since 1970."""
    lines: Mapping[str, NDArray[np.float64]]
    """Name -> (n,) money, the first one the bot's; NaN is a gap."""
    synthetic: bool
    """Whether the bars are made up."""
    daily: bool
    """Whether points are whole days."""
    words: str
    """What the lines say: how far they are apart."""


class Case:
    """One bot under review; the person is the one behind this process unless another is given."""

    def __init__(
        self, bench: Bench, bot: Bot | str, *, bars: Bars | None = None, by: Person | None = None, rules: Policy | None = None
    ) -> None:
        """Review ``bot``, by name, id or record, on a bench; ``bars`` are what its evidence is made on where the bench has none."""
        self.bench = bench
        self.key = bot if isinstance(bot, str) else bot.id
        self.person = by or whoami()
        self._bars = bars
        self._rules = rules
        self._seen = -1

    def load(self) -> Dossier:
        """Return everything about the bot's next step, as it is now.

        Raises:
            UnknownNameError: no such bot; the message names the nearest.
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            self._seen = chain.head(session)[0]
            found = dossier.gather(session, self.key, by=self.person, rules=self._rules)
        self.key = found.bot.id
        return found

    def moved(self) -> bool:
        """Return whether anything was appended to the audit chain since the dossier was read.

        Raises:
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            return chain.head(session)[0] != self._seen

    def remake(self, found: Dossier) -> Task[Evidence]:
        """Start making the evidence anew in a thread; it is sealed when it is done, and every trial is counted, stopped or not."""
        return Task(lambda progress: self._remake(found, progress), "gathering evidence").start()

    def _remake(self, found: Dossier, progress: Progress) -> Evidence:
        evidence = self.bench.evidence(Strategy(found.spec), self.bars(found), cash=found.bot.capital, progress=progress)
        with self.bench.database.session() as session:
            dossier.seal(session, found.bot, evidence, by=self.person)
        return evidence

    def bars(self, found: Dossier) -> Bars:
        """Return the bars that evidence about the bot is made on.

        Raises:
            DataUnavailableError: the bench has none for its symbol.
        """
        symbol, bar = found.bot.symbol, found.spec.timeframe.value
        if self._bars is not None and self._bars.instrument.symbol == symbol:
            return self._bars
        try:
            return self.bench.bars(symbol, bar)
        except (DataUnavailableError, LookupError) as error:
            message = f"there are no {symbol} {bar} bars on this bench to make evidence on ({error}); hand them over: bench.review({found.bot.name!r}, bars=...)"
            raise DataUnavailableError(message) from error

    def equity(self, found: Dossier) -> Equity:
        """Return the lines to draw; takes a backtest, so call it beside the event loop.

        Raises:
            DataUnavailableError: there are no bars.
        """
        bars = self.bars(found)
        if found.bot.stage is not Stage.LAB:
            with self.bench.database.read() as session:
                marked = dossier.marks(session, found.bot)
            if marked:
                return _against_promise(self.bench.promised, found, bars, marked)
        return _against_market(self.bench.promised(found.bot, bars))

    def act(self, act: Act, found: Dossier, reason: str) -> str:
        """Do what a person decided, in one transaction, and say what became of it.

        Raises:
            InputError: no reason, or a request is open already.
            PermissionDeniedError: role, gates, policy or the two-people rule say no; the message says which.
        """
        with self.bench.database.session() as session:
            return str(getattr(self, f"_{act}")(session, found, reason))

    def _ask(self, session: object, found: Dossier, reason: str) -> str:
        if found.assessment is None:
            message = found.no_step or "there is no evidence about this strategy yet; make it first"
            raise PermissionDeniedError(message)
        kept = requests.ask(session, found.bot, found.assessment, reason=reason, by=self.person, rules=found.policy)  # type: ignore[arg-type]
        return f"{kept.maker} asked for {kept.to_stage}; a checker decides"

    def _approve(self, session: object, found: Dossier, reason: str) -> str:
        bot = requests.approve(session, _open(found).id, reason=reason, by=self.person, rules=found.policy)  # type: ignore[arg-type]
        return f"{bot.name} is in {bot.stage}"

    def _reject(self, session: object, found: Dossier, reason: str) -> str:
        kept = requests.reject(session, _open(found).id, reason=reason, by=self.person)  # type: ignore[arg-type]
        return f"rejected; {found.bot.name} stays in {kept.from_stage}"

    def _withdraw(self, session: object, found: Dossier, reason: str) -> str:
        kept = requests.withdraw(session, _open(found).id, reason=reason, by=self.person)  # type: ignore[arg-type]
        return f"withdrawn; {found.bot.name} stays in {kept.from_stage}"

    def names(self) -> list[str]:
        """Return the names of all bots, for a choice.

        Raises:
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            return [bot.name for bot in bots.list(session)]


def _open(found: Dossier) -> Request:
    if found.waiting is None:
        message = "there is no open request to decide; somebody may have decided it meanwhile"
        raise PermissionDeniedError(message)
    return found.waiting


def _against_promise(promised, found: Dossier, bars: Bars, marked) -> Equity:  # type: ignore[no-untyped-def] # noqa: ANN001 - the bench's function, times with money
    """The bot's own marks beside what its backtest makes of the same bars."""
    known = np.array([int(at.timestamp() * 1e9) for at, _ in marked], dtype=np.int64)
    own = np.array([value for _, value in marked])
    inside = np.flatnonzero((bars.known_at >= known[0]) & (bars.known_at <= known[-1]))
    lines = {str(found.bot.stage).lower(): own}
    words = f"{len(own):,} marks"
    if len(inside):
        result = promised(found.bot, bars.slice(int(inside[0]), int(inside[-1]) + 1))
        place = np.searchsorted(result.bars.known_at, known, side="right") - 1
        lines["backtest of the same bars"] = np.where(place >= 0, result.run.equity[np.maximum(place, 0)], np.nan)
        apart = float(np.nanmax(np.abs(lines["backtest of the same bars"] - own)))
        words = (
            "equal to the backtest of the same bars, to the bit"
            if apart == 0.0
            else f"at most {apart:,.2f} apart from the backtest of the same bars"
        )
        held = bars.close[inside] / bars.close[inside[0]] * found.bot.capital
        lines["buy and hold"] = held[np.clip(np.searchsorted(bars.known_at[inside], known, side="right") - 1, 0, None)]
    keep = np.unique(np.concatenate([thinned(line) for line in lines.values()]))
    return Equity(
        title=f"{found.bot.stage} against its backtest",
        times=(known / 1e9)[keep],
        lines={name: line[keep] for name, line in lines.items()},
        synthetic=bars.synthetic,
        daily=not bars.timeframe.intraday,
        words=words,
    )


def _against_market(result: Result) -> Equity:
    money, held = np.asarray(result.equity, dtype=np.float64), np.asarray(buy_and_hold(result), dtype=np.float64)
    keep = np.union1d(thinned(money), thinned(held, 400))
    daily = not result.bars.timeframe.intraday
    times = result.bars.trade_date.astype("datetime64[s]").astype(np.int64) if daily else result.bars.time / 1e9
    return Equity(
        title="Backtest against buy and hold",
        times=np.asarray(times, dtype=np.float64)[keep],
        lines={"backtest": money[keep], "buy and hold": held[keep]},
        synthetic=result.bars.synthetic,
        daily=daily,
        words=f"{look.percent(result.metrics.total_return, sign=True)} against {look.percent(float(held[-1] / held[0] - 1.0), sign=True)}",
    )
