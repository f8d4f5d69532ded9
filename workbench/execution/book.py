"""The book: the rows that a session writes (orders, trades, positions, equity marks, its snapshot), with their audit and outbox events.

Every method writes into the caller's transaction. Rows that nobody but the session itself reads back (marks, the snapshot) are collected and
written once a transaction by ``close_transaction``.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from workbench import clock, content
from workbench.backtest.engine.account import CLOSE
from workbench.errors import InputError, OrderError, PermissionDeniedError
from workbench.execution.orders import OrderEvent, OrderState, after
from workbench.lifecycle.people import Person, person
from workbench.store import chain, outbox
from workbench.store.tables import BotRow, EquityMarkRow, OrderRow, PositionRow, SessionSnapshotRow, TradeRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from workbench.execution.brokers.port import Fill
    from workbench.execution.memory import Memory
    from workbench.execution.orders import Order
    from workbench.execution.tape import Bar
    from workbench.lifecycle.bots import Bot
    from workbench.lifecycle.permit import Permit

_ORDERS, _TRADES, _MARKS = OrderRow.__table__, TradeRow.__table__, EquityMarkRow.__table__
_BOTS, _POSITIONS, _SNAPSHOTS = BotRow.__table__, PositionRow.__table__, SessionSnapshotRow.__table__
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIDES = {1: "buy", -1: "sell"}
CLOSE_ONLY = "reverse, close only"
"""Reason of an opposite entry that only closes because the new position would be too small."""


def moment(nanoseconds: int) -> datetime:
    """Return an aware time for nanoseconds since 1970; bar times are whole microseconds, so nothing is lost."""
    return _EPOCH + timedelta(microseconds=nanoseconds // 1000)


def nanoseconds(at: datetime) -> int:
    """Return nanoseconds since 1970 for an aware time, exactly."""
    return (at - _EPOCH) // timedelta(microseconds=1) * 1000


def last_bar(session: Session, bot: Bot) -> int:
    """Return when the last bar of the bot's saved session was known, ns epoch; 0 where it has none."""
    at = session.scalar(select(SessionSnapshotRow.known_at).where(SessionSnapshotRow.bot_id == bot.id))
    return 0 if at is None else nanoseconds(at)


def abandon(session: Session, bot: Bot, *, by: Person | str | None = None, reason: str) -> None:
    """Drop the saved state of a stopped bot's session, so that its next one starts anew; rows of the old one stay.

    Raises:
        InputError: no reason is given.
        PermissionDeniedError: the bot still runs.
    """
    if not reason.strip():
        message = f"abandoning the session of {bot.name} needs a reason; the audit chain keeps it"
        raise InputError(message)
    row = session.get_one(BotRow, bot.id, populate_existing=True)
    if row.status in {"running", "paused"}:
        message = f"{row.name} is {row.status}; stop it before its session is abandoned"
        raise PermissionDeniedError(message)
    connection = session.connection()
    connection.execute(delete(SessionSnapshotRow).where(_SNAPSHOTS.c.bot_id == bot.id))
    still = update(PositionRow).where(_POSITIONS.c.bot_id == bot.id, _POSITIONS.c.is_open)
    closed = connection.execute(still.values(is_open=False, closed_at=clock.now(), unrealized_pnl=0.0)).rowcount
    row.anchor = None
    session.flush()
    detail = {"reason": reason.strip(), "positions_given_up": closed}
    chain.append(session, actor=person(by).name, action="session.abandoned", subject=f"bot:{bot.id}", detail=detail)


class Book:
    """Writes what one bot's session did."""

    def __init__(self, bot: Bot, symbol: str) -> None:
        """Write for ``bot`` and its ``symbol``."""
        self.bot = bot
        self.symbol = symbol
        self.actor = f"bot:{bot.name}"
        self._marks: list[dict[str, Any]] = []
        self._states: dict[str, OrderState] = {}

    def anchor(self, session: Session, opened: int) -> None:
        """Record where the bot's state starts."""
        session.connection().execute(update(BotRow).where(_BOTS.c.id == self.bot.id).values(anchor=moment(opened)))

    def intend(self, session: Session, order: Order) -> None:
        """Write an intent before anything is sent.

        Raises:
            OrderError: this very decision was written before.
        """
        known = session.get(OrderRow, order.intent_hash)
        if known is not None:
            message = f"order {order.intent_hash[:12]} was decided before and is {known.state}; it is not sent twice"
            raise OrderError(message)
        values = {
            "intent_hash": order.intent_hash,
            "bot_id": self.bot.id,
            "owner": self.bot.owner,
            "stage": self.bot.stage.value,
            "symbol": order.symbol,
            "side": SIDES[order.side],
            "quantity": order.quantity,
            "state": order.state.value,
            "reason": CLOSE_ONLY if order.reason == "reverse" and order.action == CLOSE else order.reason,
            "known_at": moment(order.known_at),
        }
        session.connection().execute(insert(OrderRow).values(values))
        self._states[order.intent_hash] = order.state

    def sent(self, session: Session, order: Order, permit: Permit) -> None:
        """Record that an order was handed to the broker under ``permit``."""
        self._move(session, order.intent_hash, OrderEvent.SEND, sent_at=clock.now(), epoch=permit.epoch)
        detail = {
            "symbol": order.symbol,
            "side": SIDES[order.side],
            "quantity": repr(order.quantity),
            "reason": order.reason,
            "epoch": permit.epoch,
        }
        chain.append(session, actor=self.actor, action="order.sent", subject=f"order:{order.intent_hash}", detail=detail)

    def refused(self, session: Session, order: Order, why: str, *, chained: bool) -> None:
        """Record that the permit said no; in the audit chain too, unless it is the chain that is broken."""
        self._move(session, order.intent_hash, OrderEvent.REFUSE, reason=f"{order.reason}; refused: {why}")
        if chained:
            chain.append(session, actor=self.actor, action="order.refused", subject=f"order:{order.intent_hash}", detail={"reason": why})

    def ended(self, session: Session, intent_hash: str, event: OrderEvent, why: str) -> None:
        """Record that the broker cancelled or rejected an order."""
        self._move(session, intent_hash, event)
        detail = {"event": event.value, "reason": why}
        chain.append(session, actor=self.actor, action="order.ended", subject=f"order:{intent_hash}", detail=detail)

    def filled(self, session: Session, intent_hash: str) -> None:
        """Record that an order was executed."""
        self._move(session, intent_hash, OrderEvent.FILL)

    def trade(self, session: Session, bar: Bar, fill: Fill, memory: Memory, slippage: float) -> None:
        """Write one execution and open or close the position it changes."""
        at = moment(bar.time if fill.at_open else bar.known_at)
        values = {
            "bot_id": self.bot.id,
            "owner": self.bot.owner,
            "stage": self.bot.stage.value,
            "symbol": self.symbol,
            "side": SIDES[fill.side],
            "quantity": fill.quantity,
            "price": fill.price,
            "timestamp": at,
            "indicators_snapshot": memory.decided if fill.at_open else {},
            "profit_loss": fill.profit,
            "order_id": (memory.waiting if fill.at_open else memory.entry) or None,
            "commission": fill.fee,
            "slippage": slippage,
            "reason": fill.reason,
        }
        connection = session.connection()
        trade_id = connection.execute(insert(TradeRow).values(values).returning(_TRADES.c.id)).scalar_one()
        if fill.profit is None:
            memory.position = self._opened(session, fill, at)
            memory.entry = memory.waiting
        else:
            self._closed(session, fill, memory.position, at)
            memory.position, memory.entry = 0, ""
        shown = {
            "side": SIDES[fill.side],
            "quantity": fill.quantity,
            "price": fill.price,
            "profit_loss": fill.profit,
            "reason": fill.reason,
        }
        payload = {
            "trade": trade_id,
            "bot": self.bot.id,
            "name": self.bot.name,
            "symbol": self.symbol,
            "stage": self.bot.stage.value,
            "at": clock.stamp(at),
        }
        outbox.publish(session, "trade_executed", payload | shown)
        detail = {name: value if isinstance(value, str) else repr(value) for name, value in shown.items()}
        chain.append(session, actor=self.actor, action="trade.executed", subject=f"trade:{trade_id}", detail=detail)

    def mark(self, bar: Bar, *, equity: float, cash: float, quantity: float) -> None:
        """Remember the equity of a bar for the end of the transaction."""
        self._marks.append(
            {
                "bot_id": self.bot.id,
                "stage": self.bot.stage.value,
                "known_at": moment(bar.known_at),
                "owner": self.bot.owner,
                "equity": equity,
                "cash": cash,
                "quantity": quantity,
            }
        )

    def reprice(self, session: Session, memory: Memory, price: float, unrealized: float, stop: float | None) -> None:
        """Write what the open position is worth now."""
        values = {"current_price": price, "unrealized_pnl": unrealized, "stop_loss_price": stop}
        session.connection().execute(update(PositionRow).where(_POSITIONS.c.id == memory.position).values(values))
        payload = {
            "position": memory.position,
            "bot": self.bot.id,
            "symbol": self.symbol,
            "price": price,
            "unrealized_pnl": unrealized,
            "is_open": True,
        }
        outbox.publish(session, "position_updated", payload)

    def refuse_rival(self, session: Session, saved: int) -> None:
        """Refuse to write where the snapshot in the store is not the one of ``saved`` (ns epoch; 0 for none).

        Raises:
            OrderError: somebody else runs this bot.
        """
        if last_bar(session, self.bot) != saved:
            message = f"another process runs bot {self.bot.name}; this one stops and writes nothing"
            raise OrderError(message)

    def close_transaction(self, session: Session, memory: Memory) -> None:
        """Write the collected marks, and the snapshot in place of the one before."""
        connection = session.connection()
        if self._marks:
            connection.execute(insert(EquityMarkRow), self._marks)
        self._marks = []
        connection.execute(delete(SessionSnapshotRow).where(_SNAPSHOTS.c.bot_id == self.bot.id))
        state = memory.pack()
        values = {
            "bot_id": self.bot.id,
            "known_at": moment(memory.known_at),
            "anchor": moment(memory.anchor),
            "spec_hash": self.bot.spec_hash,
            "state_hash": content.bytes_hash(state),
            "state": state,
            "owner": self.bot.owner,
        }
        connection.execute(insert(SessionSnapshotRow).values(values))

    def _move(self, session: Session, intent_hash: str, event: OrderEvent, **values: Any) -> None:  # noqa: ANN401 - columns
        state = self._states.get(intent_hash)
        if state is None:
            row = session.get(OrderRow, intent_hash)
            if row is None:
                message = f"order {intent_hash[:12]} is not in the store, so it cannot {event}"
                raise OrderError(message)
            state = OrderState(row.state)
        following = after(state, event)
        session.connection().execute(update(OrderRow).where(_ORDERS.c.intent_hash == intent_hash).values(state=following.value, **values))
        if following.final:
            self._states.pop(intent_hash, None)
        else:
            self._states[intent_hash] = following

    def _opened(self, session: Session, fill: Fill, at: datetime) -> int:
        values = {
            "bot_id": self.bot.id,
            "owner": self.bot.owner,
            "stage": self.bot.stage.value,
            "symbol": self.symbol,
            "quantity": fill.side * fill.quantity,
            "entry_price": fill.price,
            "current_price": fill.price,
            "stop_loss_price": fill.stop,
            "take_profit_price": fill.target,
            "realized_pnl": -fill.fee,
            "opened_at": at,
        }
        position: int = session.connection().execute(insert(PositionRow).values(values).returning(_POSITIONS.c.id)).scalar_one()
        payload = {
            "position": position,
            "bot": self.bot.id,
            "symbol": self.symbol,
            "quantity": fill.side * fill.quantity,
            "price": fill.price,
            "is_open": True,
        }
        outbox.publish(session, "position_updated", payload)
        return position

    def _closed(self, session: Session, fill: Fill, position: int, at: datetime) -> None:
        values = {
            "quantity": 0.0,
            "current_price": fill.price,
            "unrealized_pnl": 0.0,
            "realized_pnl": fill.profit,
            "closed_at": at,
            "is_open": False,
        }
        session.connection().execute(update(PositionRow).where(_POSITIONS.c.id == position).values(values))
        payload = {
            "position": position,
            "bot": self.bot.id,
            "symbol": self.symbol,
            "quantity": 0.0,
            "realized_pnl": fill.profit,
            "is_open": False,
        }
        outbox.publish(session, "position_updated", payload)
