"""The kill switch: stops one bot, a symbol, a stage or everything, and stays where it was put.

Its position is a row of the store, so it survives every restart, and each change raises one **epoch** that counts for all
switches together: a permit given before a change is not valid after it. Engaging needs a reason and a person; so does the reset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from workbench import clock
from workbench.errors import InputError, TradingHaltedError, UnknownNameError
from workbench.lifecycle.people import person
from workbench.lifecycle.stages import stage as read_stage
from workbench.store import chain, outbox
from workbench.store.tables import ControlRow
from workbench.units import instrument

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from workbench.lifecycle.people import Person

KEY = "kill"
_ALL = (
    select(ControlRow.scope, ControlRow.state, ControlRow.epoch, ControlRow.reason, ControlRow.by, ControlRow.at)
    .where(ControlRow.key == KEY)
    .order_by(ControlRow.scope)
)
ALL = "all"
KINDS = ("bot", "symbol", "stage")


@dataclass(frozen=True, kw_only=True)
class Switch:
    """The position of one switch."""

    scope: str
    """``all``, ``bot:<id>``, ``symbol:<symbol>`` or ``stage:<stage>``."""
    engaged: bool
    """Whether it stops orders."""
    epoch: int
    """Number of the change that put it there, counted over all switches."""
    reason: str
    """Why."""
    by: str
    """Who."""
    at: datetime
    """When, aware UTC."""

    def __str__(self) -> str:
        """Return the position as a sentence."""
        return f"kill switch {self.scope} {'engaged' if self.engaged else 'open'} by {self.by} at {clock.stamp(self.at)}: {self.reason}"


def scope(kind: str, target: str = "") -> str:
    """Return the scope of a switch: ``scope("all")``, ``scope("bot", id)``, ``scope("symbol", "ES")``, ``scope("stage", "PAPER")``.

    Raises:
        UnknownNameError: no such kind, stage or symbol.
        InputError: the target is missing.
    """
    folded = kind.strip().lower()
    if folded == ALL:
        return ALL
    if folded not in KINDS:
        what = "kill switch scope"
        raise UnknownNameError(what, kind, [ALL, *KINDS])
    if not target.strip():
        message = f"the kill switch needs to know which {folded}; name it, or use 'all'"
        raise InputError(message)
    if folded == "stage":
        return f"stage:{read_stage(target).value}"
    return f"symbol:{instrument(target).symbol}" if folded == "symbol" else f"bot:{target.strip()}"


def engage(session: Session, where: str, *, reason: str, by: Person | str) -> Switch:
    """Stop all orders in a scope (see ``scope``) and return the switch; engaging again renews reason and epoch."""
    return _throw(session, where, engaged=True, reason=reason, by=by)


def reset(session: Session, where: str, *, reason: str, by: Person | str) -> Switch:
    """Open a switch again and return it.

    Raises:
        InputError: the switch is not engaged, or no reason is given.
    """
    present = {switch.scope: switch for switch in engaged(session)}
    if where not in present:
        standing = ", ".join(sorted(present)) or "none"
        message = f"the kill switch {where} is not engaged; engaged now: {standing}"
        raise InputError(message)
    return _throw(session, where, engaged=False, reason=reason, by=by)


def state(session: Session) -> tuple[Switch, ...]:
    """Return every switch that was ever thrown, by scope."""
    return tuple(
        Switch(scope=row.scope, engaged=row.state == "on", epoch=row.epoch, reason=row.reason, by=row.by, at=row.at)
        for row in session.execute(_ALL)
    )


def engaged(session: Session) -> tuple[Switch, ...]:
    """Return the switches that stop orders now."""
    return tuple(switch for switch in state(session) if switch.engaged)


def epoch(session: Session) -> int:
    """Return the number of changes so far, 0 before the first."""
    return int(session.scalar(select(func.max(ControlRow.epoch)).where(ControlRow.key == KEY)) or 0)


def stopping(session: Session, *, bot_id: str, symbol: str, stage: str) -> Switch | None:
    """Return the engaged switch that stops this bot, symbol or stage, the widest first; None where orders may pass."""
    return _widest(engaged(session), bot_id=bot_id, symbol=symbol, stage=stage)


def refuse_halted(session: Session, *, bot_id: str, symbol: str, stage: str) -> int:
    """Return the epoch where orders may pass.

    Raises:
        TradingHaltedError: a switch is engaged; the message says which, by whom and why.
    """
    switches = state(session)
    switch = _widest(tuple(one for one in switches if one.engaged), bot_id=bot_id, symbol=symbol, stage=stage)
    if switch is not None:
        message = f"{switch}; nothing is sent until a person resets it with a reason"
        raise TradingHaltedError(message)
    return max((one.epoch for one in switches), default=0)


def _widest(switches: tuple[Switch, ...], *, bot_id: str, symbol: str, stage: str) -> Switch | None:
    reach = {ALL: 0, f"stage:{stage}": 1, f"symbol:{symbol}": 2, f"bot:{bot_id}": 3}
    hits = [switch for switch in switches if switch.scope in reach]
    return min(hits, key=lambda switch: reach[switch.scope], default=None)


def _throw(session: Session, where: str, *, engaged: bool, reason: str, by: Person | str) -> Switch:
    if not reason.strip():
        message = f"{'engaging' if engaged else 'resetting'} the kill switch needs a reason; the audit chain keeps it"
        raise InputError(message)
    who = person(by)
    kind, _, target = where.partition(":")
    where = scope(kind, target)
    row = session.scalar(select(ControlRow).where(ControlRow.key == KEY, ControlRow.scope == where))
    if row is None:
        row = ControlRow(key=KEY, scope=where, state="off", epoch=0, reason=reason, by=who.name)
        session.add(row)
    row.state, row.reason, row.by = ("on" if engaged else "off"), reason.strip(), who.name
    row.epoch, row.at = epoch(session) + 1, clock.now()
    session.flush()
    detail = {"scope": where, "engaged": engaged, "epoch": row.epoch, "reason": row.reason}
    chain.append(session, actor=who.name, action="kill.engaged" if engaged else "kill.reset", subject=f"kill:{where}", detail=detail)
    outbox.publish(session, "alert", {"kind": "kill_switch", **detail, "by": who.name})
    return _switch(row)


def _switch(row: ControlRow) -> Switch:
    return Switch(scope=row.scope, engaged=row.state == "on", epoch=row.epoch, reason=row.reason, by=row.by, at=row.at)
