"""The permit: asked before every order; it proves that this order may be sent now, or says why not.

1. The bot is read afresh: it exists, it runs, the symbol is its own (``_refuse_bot``).
2. Its stage allows orders: PAPER and SHADOW need no signature; LAB never trades; CANARY and LIVE need signatures (``_refuse_stage``).
3. The quantity is within the stage's cap (``_refuse_size``).
4. No kill switch stops it (``killswitch.refuse_halted``).
5. The audit chain ends where its head says (``head``): cheap, constant time; the whole chain is verified by ``lifecycle.audit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from sqlalchemy import bindparam, func, select

from workbench.errors import AuditError, PermissionDeniedError
from workbench.lifecycle import killswitch
from workbench.lifecycle.stages import MAX_CONTRACTS, Stage
from workbench.store.chain import GENESIS
from workbench.store.tables import AuditHeadRow, AuditRow, BotRow
from workbench.units import instrument

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.orm import Session

    from workbench.lifecycle.bots import Bot

_LAST = select(func.max(AuditRow.seq)).scalar_subquery()
_ENDS = (
    _LAST.label("last_seq"),
    select(AuditRow.hash).where(AuditRow.seq == _LAST).scalar_subquery().label("last_hash"),
    select(AuditHeadRow.seq).where(AuditHeadRow.id == 1).scalar_subquery().label("head_seq"),
    select(AuditHeadRow.hash).where(AuditHeadRow.id == 1).scalar_subquery().label("head_hash"),
)
_END = select(*_ENDS)
_PRESENT = select(BotRow.status, BotRow.stage, BotRow.symbols, *_ENDS).where(BotRow.id == bindparam("bot"))
"""The bot as it is now and both ends of the audit chain, in one question."""


class Intended(Protocol):
    """What an order must say to be judged."""

    @property
    def symbol(self) -> str:
        """Instrument."""
        ...

    @property
    def quantity(self) -> float:
        """Contracts or units, positive."""
        ...

    @property
    def intent_hash(self) -> str:
        """Client order id."""
        ...


@dataclass(frozen=True, kw_only=True)
class Permit:
    """Leave to send one order, as of one position of the kill switch and one end of the audit chain."""

    bot_id: str
    """Bot that may send."""
    intent_hash: str
    """The one order it is for."""
    stage: Stage
    """Stage it was given at."""
    epoch: int
    """Changes of the kill switch so far; a later change ends the permit."""
    audit_seq: int
    """Number of the last audit event."""
    audit_hash: str
    """Hash of the last audit event."""


class Head(NamedTuple):
    """Where the audit chain ends."""

    seq: int
    hash: str


def permit(session: Session, bot: Bot, order: Intended, *, closing: bool = False, caps: Mapping[Stage, int] = MAX_CONTRACTS) -> Permit:
    """Return the permit for one order.

    ``closing`` marks the order that flattens a position because trading was stopped: an engaged kill switch or a pause does not hold that one back.

    Raises:
        TradingHaltedError: a kill switch is engaged.
        PermissionDeniedError: the bot, its stage or the size does not allow it.
        AuditError: the audit chain is broken.
    """
    present = session.execute(_PRESENT, {"bot": bot.id}).first()
    stage = _refuse_bot(present, bot, order, closing=closing)
    _refuse_stage(stage, bot.name)
    if not closing:
        _refuse_size(order, stage, caps)
    epoch = (
        killswitch.epoch(session) if closing else killswitch.refuse_halted(session, bot_id=bot.id, symbol=order.symbol, stage=stage.value)
    )
    end = _refuse_broken(present)
    return Permit(bot_id=bot.id, intent_hash=order.intent_hash, stage=stage, epoch=epoch, audit_seq=end.seq, audit_hash=end.hash)


def head(session: Session) -> Head:
    """Return where the audit chain ends, after checking that the last event is the one the head names.

    Raises:
        AuditError: events were cut off, added behind the head, or the last one was changed.
    """
    return _refuse_broken(session.execute(_END).first())


def _refuse_broken(ends: Any) -> Head:  # noqa: ANN401 - a row with the four columns of _ENDS
    found = Head(0, GENESIS) if ends is None or ends.last_seq is None else Head(ends.last_seq, ends.last_hash)
    kept = None if ends is None or ends.head_seq is None else Head(ends.head_seq, ends.head_hash)
    if found != kept:
        named = "its head is missing" if kept is None else f"its head names event {kept.seq}, the last event is {found.seq}"
        same = " with another hash" if kept is not None and kept.seq == found.seq else ""
        message = f"the audit chain is broken: {named}{same}; no order is sent. Run 'workbench audit verify'"
        raise AuditError(message)
    return found


def contract_cap(symbol: str, stage: Stage, caps: Mapping[Stage, int] = MAX_CONTRACTS) -> int | None:
    """Return how many contracts one trade may have at ``stage``; None for cash instruments, whose size capital limits."""
    return caps[stage] if instrument(symbol).margined else None


def _refuse_bot(row: Any, bot: Bot, order: Intended, *, closing: bool) -> Stage:  # noqa: ANN401 - a row of _PRESENT
    if row is None:
        message = f"bot {bot.name} ({bot.id}) does not exist in this store, so it may not trade"
        raise PermissionDeniedError(message)
    if row.status != "running" and not (closing and row.status == "paused"):
        message = f"bot {bot.name} is {row.status}; only a running bot sends orders. Start it with 'workbench bots start {bot.name}'"
        raise PermissionDeniedError(message)
    if order.symbol not in row.symbols:
        message = f"bot {bot.name} trades {', '.join(row.symbols)}, not {order.symbol}"
        raise PermissionDeniedError(message)
    return Stage(row.stage)


def _refuse_stage(stage: Stage, name: str) -> None:
    if stage is Stage.LAB:
        message = f"bot {name} is in LAB, where nothing is traded; promote it to PAPER first"
        raise PermissionDeniedError(message)
    if stage.real_money:
        needed = f"{stage.signatures} {'signature' if stage.signatures == 1 else 'signatures of different people'}"
        message = f"{stage} trades real money and needs {needed}; signing does not exist in this version, so nothing is sent"
        raise PermissionDeniedError(message)


def _refuse_size(order: Intended, stage: Stage, caps: Mapping[Stage, int]) -> None:
    cap = contract_cap(order.symbol, stage, caps)
    if cap is not None and order.quantity > cap:
        message = (
            f"{order.quantity:g} contracts of {order.symbol} exceed the {cap} that one trade may have in {stage}; size the strategy smaller"
        )
        raise PermissionDeniedError(message)
