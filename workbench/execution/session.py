"""A paper session: one bot, driven bar by bar, deciding exactly as its backtest does.

For every bar, in the order of ``backtest.engine.fill``:

1. Trading is allowed or not: bot status, stage and kill switch are read; when it is not, the waiting order is withdrawn (``_allow``).
2. The broker fills the waiting order at the open, then the brackets (``_fill``).
3. The account is marked at the close (``_mark``).
4. The program takes the bar and says what its rules say (``_said``).
5. The engine's ``decide`` turns that into an action (``_decide``).
6. The intent is written, the permit asked, the order handed to the broker (``_order``); the intent hash is the client order id.
7. Marks and the snapshot are written (``_save``).

All of a bar is one transaction, so a session that is killed at any moment has either had the bar or not. Starting again is recovery: the
program's streams are driven from the anchor bar to the snapshot's bar and must arrive at the saved state to the bit; the account
comes from the snapshot. An error inside a transaction leaves memory and store apart, so the session refuses to go on: open it again.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np
from sqlalchemy import select

from workbench import clock
from workbench.backtest.engine.account import CASH, CLOSE, ENTRY_PRICE, GO_LONG, HOLD, PENDING_ACTION, QTY, REASONS, STOP
from workbench.backtest.engine.fill import decide
from workbench.backtest.engine.rules import fill_rules
from workbench.errors import AuditError, InputError, OrderError, PermissionDeniedError
from workbench.execution.book import Book, moment, nanoseconds
from workbench.execution.brokers.paper import HALT, PaperBroker
from workbench.execution.memory import Memory
from workbench.execution.orders import Order, OrderEvent
from workbench.execution.tape import tape
from workbench.lifecycle import bots, killswitch
from workbench.lifecycle.permit import contract_cap, permit
from workbench.lifecycle.stages import Stage
from workbench.store import chain, outbox
from workbench.store.tables import BotRow, SessionSnapshotRow
from workbench.units import instrument as find_instrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType

    from sqlalchemy.orm import Session

    from workbench.backtest.engine.rules import FillRules
    from workbench.execution.brokers.port import Broker, Fill
    from workbench.execution.tape import Bar
    from workbench.lifecycle.bots import Bot
    from workbench.market import Bars
    from workbench.store import Database
    from workbench.strategy.strategy import Strategy
    from workbench.units import Instrument

OnHalt = Literal["hold", "flatten"]
_WORKS_IN = (Stage.PAPER,)
_TIMED = 100_000  # decisions whose time is kept


class Step(NamedTuple):
    """What one bar brought."""

    known_at: int
    """When the bar was known, ns epoch."""
    fills: tuple[Fill, ...]
    """What was executed on it."""
    order: Order | None
    """What was decided at its close; None for nothing."""
    equity: float
    """Money at its close."""
    halted: str
    """Why no orders are made; empty while they are."""


def deployed_rules(strategy: Strategy, bot: Bot, instrument: Instrument) -> FillRules:
    """Return the fill rules of the bot as deployed: its capital, and the stage's contract cap on top of the strategy's own sizes."""
    rules = fill_rules(strategy.spec, instrument, bot.capital)
    cap = contract_cap(instrument.symbol, bot.stage)
    if cap is None:
        return rules
    return rules._replace(max_quantity=float(min(cap, rules.max_quantity) if rules.max_quantity > 0 else cap))


class PaperSession:
    """Trades one bot on bars that are handed in one by one. Use it as a context manager: it starts and stops the bot."""

    def __init__(
        self,
        database: Database,
        bot: Bot,
        strategy: Strategy,
        bars_before: Bars | None = None,
        *,
        instrument: Instrument | None = None,
        on_halt: OnHalt = "hold",
        broker: Broker | None = None,
    ) -> None:
        """Prepare, or go on where the bot's last session was left.

        Args:
            database: the store.
            bot: a bot in PAPER.
            strategy: what it trades; its spec must be the one of the bot.
            bars_before: bars before the first that will be traded, from the anchor on; they warm up the program and nothing is traded on them. To go
                on with a session, the same bars up to the last one traded, from the same anchor.
            instrument: units of the prices; those of ``bars_before`` or of the bot's symbol by default.
            on_halt: ``hold`` sends nothing while trading is stopped (brackets of an open position keep working), ``flatten`` closes the position.
            broker: the paper broker by default.

        Raises:
            PermissionDeniedError: the bot is not in PAPER.
            InputError: the strategy is not the bot's, or the bars do not begin at the anchor of the session that goes on.
            OrderError: the saved state was tampered with, or the bars before it are not those that were traded.
        """
        self.database, self.bot, self.strategy, self.on_halt = database, bot, strategy, on_halt
        found = instrument or (bars_before.instrument if bars_before is not None else find_instrument(bot.symbol))
        self.instrument = found
        _refuse(bot, strategy, found, on_halt)
        self.rules = deployed_rules(strategy, bot, found)
        self.broker: Broker = broker or PaperBroker(self.rules)
        self._stream = strategy.program.bind(strategy.defaults).stream()
        self._book = Book(bot, found.symbol)
        self._lost = False
        self._close = math.nan
        self.seconds: deque[float] = deque(maxlen=_TIMED)  # of each decision: program and engine, no rows
        self._memory = self._begin(bars_before)
        self._saved = self._memory.known_at

    @property
    def anchor(self) -> int:
        """Open time of the bar where the program's state started, ns epoch; 0 before the first bar."""
        return self._memory.anchor

    @property
    def last_bar(self) -> int:
        """When the last traded bar was known, ns epoch; 0 before the first."""
        return self._memory.known_at

    @property
    def halted(self) -> str:
        """Why no orders are made; empty while they are."""
        return self._memory.halted

    def __enter__(self) -> Self:
        """Start the bot."""
        with self.database.session() as session:
            self.bot = bots.start(session, self.bot, by=self._book.actor, reason="paper session")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Stop the bot; an error other than a person's interrupt leaves it in status error, with the reason."""
        failed = error is not None and not isinstance(error, KeyboardInterrupt)
        with self.database.session() as session:
            status = bots.get(session, self.bot.id).status
            if status in {"running", "paused"}:
                why = f"{error}".splitlines()[0] if failed and f"{error}" else "session ended"
                self.bot = bots.set_status(session, self.bot, "error" if failed else "stopped", by=self._book.actor, reason=why)

    def on_bar(self, bar: Bar) -> Step:
        """Trade one finished bar in one transaction and return what it brought.

        Raises:
            InputError: the bar is not newer than the last one.
            OrderError: an earlier error left this session behind the store, or another process runs the bot.
        """
        return self.on_bars((bar,))[0]

    def on_bars(self, bars: Iterable[Bar]) -> tuple[Step, ...]:
        """Trade several finished bars in one transaction: all of them or none are remembered. A kill switch acts before the first."""
        if self._lost:
            message = (
                f"the session of {self.bot.name} was interrupted in the middle of a bar; open it again, it goes on from what was saved"
            )
            raise OrderError(message)
        self._lost = True
        with self.database.session() as session:
            self._allow(session)
            steps = tuple(self._trade(session, bar) for bar in bars)
            if steps:
                self._save(session)
        self._lost = False
        self._saved = self._memory.known_at
        return steps

    # starting --------------------------------------------------------------------------------------------------------------------------

    def _begin(self, before: Bars | None) -> Memory:
        with self.database.read() as session:
            row = session.scalar(select(SessionSnapshotRow).where(SessionSnapshotRow.bot_id == self.bot.id))
        if row is None:
            self._warm(before)
            return Memory(anchor=int(before.time[0]) if before is not None and len(before) else 0)
        if row.spec_hash != self.bot.spec_hash:
            message = f"the saved session of {self.bot.name} traded another version of its strategy; start it with a fresh session"
            raise OrderError(message)
        memory = Memory.unpack(row.state, row.state_hash)
        if memory.known_at != nanoseconds(row.known_at):
            message = f"the saved session of {self.bot.name} does not belong to its row; it was changed in the store"
            raise OrderError(message)
        self._return_to(memory, before)
        return memory

    def _return_to(self, memory: Memory, before: Bars | None) -> None:
        """Drive the streams from the anchor to the saved bar and compare, then take the account over."""
        traded = None if before is None else before.head(int(np.searchsorted(before.known_at, memory.known_at, side="right")))
        if traded is None or not len(traded) or int(traded.time[0]) != memory.anchor or int(traded.known_at[-1]) != memory.known_at:
            message = (
                f"the session of {self.bot.name} started at {moment(memory.anchor):%Y-%m-%d %H:%M} UTC and traded up to "
                f"{moment(memory.known_at):%Y-%m-%d %H:%M} UTC; to go on it needs all bars between these two"
            )
            raise InputError(message)
        self._warm(traded)
        if self._stream.snapshot() != memory.stream:
            message = f"the bars given for {self.bot.name} are not those it traded on: its state comes out differently. Find out which bars changed"
            raise OrderError(message)
        self.broker.restore(np.frombuffer(memory.account, dtype=np.float64))

    def _warm(self, before: Bars | None) -> None:
        if before is not None and len(before):
            for bar in tape(before, self.strategy.spec.window):
                self._stream.feed(*bar.numbers, time=bar.time, known_at=bar.known_at)

    # one bar ---------------------------------------------------------------------------------------------------------------------------

    def _allow(self, session: Session) -> None:
        """Read whether orders may be made; on a change say so, and withdraw what waits."""
        self._book.refuse_rival(session, self._saved)
        why = self._obstacle(session)
        if why != self._memory.halted:
            self._memory.halted = why
            action = "session.halted" if why else "session.resumed"
            chain.append(session, actor=self._book.actor, action=action, subject=f"bot:{self.bot.id}", detail={"reason": why})
            outbox.publish(session, "alert", {"kind": action, "bot": self.bot.id, "name": self.bot.name, "reason": why})
        closing = self.on_halt == "flatten" and self.broker.account[PENDING_ACTION] == CLOSE
        if why and self._memory.waiting and not closing:
            self.broker.cancel()
            self._book.ended(session, self._memory.waiting, OrderEvent.CANCEL, why)
            self._memory.waiting = ""

    def _obstacle(self, session: Session) -> str:
        row = session.execute(select(BotRow.status, BotRow.stage).where(BotRow.id == self.bot.id)).first()
        if row is None:
            return "the bot was removed"
        if row.status != "running":
            return f"the bot is {row.status}"
        if row.stage not in _WORKS_IN:
            return f"the bot is in {row.stage}"
        switch = killswitch.stopping(session, bot_id=self.bot.id, symbol=self.instrument.symbol, stage=row.stage)
        return "" if switch is None else str(switch)

    def _trade(self, session: Session, bar: Bar) -> Step:
        memory = self._memory
        if bar.known_at <= memory.known_at:
            message = f"the bar known at {moment(bar.known_at):%Y-%m-%d %H:%M} UTC was traded already; give only newer ones"
            raise InputError(message)
        if not memory.anchor:
            memory.anchor = bar.time
        if memory.bars == 0:
            self._book.anchor(session, memory.anchor)
        fills = self._fill(session, bar)
        equity = self._mark(bar)
        started = clock.monotonic()
        said = self._stream.update(*bar.numbers, time=bar.time, known_at=bar.known_at)
        action, quantity, reason = self._decide(bar, said)
        self.seconds.append(clock.monotonic() - started)
        order = None if action == HOLD else self._order(session, bar, said, action, quantity, reason)
        memory.known_at, memory.session = bar.known_at, bar.session
        memory.bars += 1
        return Step(known_at=bar.known_at, fills=fills, order=order, equity=equity, halted=memory.halted)

    def _fill(self, session: Session, bar: Bar) -> tuple[Fill, ...]:
        memory = self._memory
        nights = bar.session - memory.session if memory.bars else 0
        fills = self.broker.bar(bar, new_session=bar.session != memory.session, nights=nights)
        for fill in fills:
            self._book.trade(session, bar, fill, memory, self._slippage(fill, bar))
        if memory.waiting:
            if any(fill.at_open for fill in fills):
                self._book.filled(session, memory.waiting)
            else:
                self._book.ended(session, memory.waiting, OrderEvent.REJECT, "money or volume do not make one lot at this open")
            memory.waiting = ""
        return fills

    def _slippage(self, fill: Fill, bar: Bar) -> float:
        """Return the price given up: against the open, or against the stop as the model slips it; none on targets."""
        if fill.at_open:
            return fill.side * (fill.price - bar.open)
        if fill.reason == "target":
            return 0.0
        return self.rules.slippage_ticks * self.rules.tick + fill.price * self.rules.slippage_bps / 10_000

    def _mark(self, bar: Bar) -> float:
        equity = self.broker.mark(bar.close)
        account = self.broker.account
        self._book.mark(bar, equity=equity, cash=float(account[CASH]), quantity=float(account[QTY]))
        self._close = bar.close
        return equity

    def _decide(self, bar: Bar, said: Mapping[str, float]) -> tuple[int, float, str]:
        """Return action, quantity and reason; while trading is halted nothing, or the order that flattens."""
        account, distance = self.broker.account, float(said.get("atr", math.nan))
        if self._memory.halted:
            flattens = self.on_halt == "flatten" and account[QTY] != 0.0 and account[PENDING_ACTION] == HOLD
            return (CLOSE, 0.0, HALT) if flattens else (HOLD, 0.0, "")
        action, quantity, reason = decide(
            account,
            self.rules,
            int(said["entry_long"]),
            int(said["exit_long"]),
            int(said["entry_short"]),
            int(said["exit_short"]),
            bar.can_enter,
            bar.must_flat,
            bar.close,
            distance,
        )
        return int(action), float(quantity), REASONS[int(reason)]

    def _order(self, session: Session, bar: Bar, said: Mapping[str, float], action: int, quantity: float, reason: str) -> Order:
        """Write the intent, ask the permit, send."""
        held = float(self.broker.account[QTY])
        order = Order(
            bot=self.bot.id,
            anchor=self._memory.anchor,
            known_at=bar.known_at,
            symbol=self.instrument.symbol,
            action=action,
            side=(-1 if held > 0 else 1) if action == CLOSE else (1 if action == GO_LONG else -1),
            quantity=abs(held) if action == CLOSE else quantity,
            reason=reason,
            distance=float(said.get("atr", math.nan)),
        )
        self._book.intend(session, order)
        try:
            leave = permit(session, self.bot, order, closing=reason == HALT)
        except (PermissionDeniedError, AuditError) as error:
            self._book.refused(session, order, str(error), chained=not isinstance(error, AuditError))
            return order.moved(OrderEvent.REFUSE)
        self.broker.send(order)
        self._book.sent(session, order, leave)
        self._memory.waiting = order.intent_hash
        self._memory.decided = {name: float(value) if math.isfinite(value) else None for name, value in said.items()}
        return order.moved(OrderEvent.SEND)

    def _save(self, session: Session) -> None:
        memory, account = self._memory, self.broker.account
        if memory.position:
            gain = float(account[QTY] * (self._close - account[ENTRY_PRICE]) * self.rules.multiplier)
            stop = float(account[STOP])
            self._book.reprice(session, memory, self._close, gain, None if math.isnan(stop) else stop)
        memory.account, memory.stream = account.tobytes(), self._stream.snapshot()
        self._book.close_transaction(session, memory)


def _refuse(bot: Bot, strategy: Strategy, instrument: Instrument, on_halt: str) -> None:
    if on_halt not in {"hold", "flatten"}:
        message = f"on_halt is {on_halt!r}; it is 'hold' or 'flatten'"
        raise InputError(message)
    if bot.stage not in _WORKS_IN:
        message = f"bot {bot.name} is in {bot.stage}; a paper session needs a bot in PAPER"
        raise PermissionDeniedError(message)
    if strategy.spec.spec_hash != bot.spec_hash:
        message = f"bot {bot.name} trades strategy {bot.spec_hash[:12]}, not {strategy.spec.spec_hash[:12]}; give it its own strategy"
        raise InputError(message)
    if instrument.symbol not in bot.symbols:
        message = f"bot {bot.name} trades {', '.join(bot.symbols)}, not {instrument.symbol}; give it bars of its own symbol"
        raise InputError(message)
