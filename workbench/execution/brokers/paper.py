"""The paper broker: the backtest's own fill functions, fed one bar at a time."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.engine.account import (
    ACCOUNT_SIZE,
    BORROWED,
    CLOSE,
    FILL_FEE,
    FILL_PNL,
    FILL_PRICE,
    FILL_QTY,
    FILL_REASON,
    FILL_SIDE,
    FILL_SIZE,
    FILL_STOP,
    FILL_TARGET,
    FILLS_PER_BAR,
    HOLD,
    PENDING_ACTION,
    REASONS,
    new_account,
)
from workbench.backtest.engine.fill import fill, mark, place
from workbench.backtest.engine.rules import SAME_CLOSE
from workbench.errors import InputError, OrderError
from workbench.execution.brokers.port import Fill

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from workbench.backtest.engine.rules import FillRules
    from workbench.execution.orders import Order
    from workbench.execution.tape import Bar

HALT = "halt"
"""Reason of the order that flattens a position because trading was stopped."""
CODES = {name: code for code, name in enumerate(REASONS)} | {HALT: 99}
NAMES = {code: name for name, code in CODES.items()}
_OPEN_REASONS = frozenset({"entry", "signal", "reverse", "time", "session", "daily_loss", "ruin", "margin", HALT})


class PaperBroker:
    """Fills orders as the backtest does: at the next open, then stop, then target, with its slippage, fees and rounding.

    Money, volume, margin calls and the nights of a short position count as there. What a backtest does on its last bar has no meaning here: a
    session does not know that a bar is its last.
    """

    def __init__(self, rules: FillRules) -> None:
        """Open an account with ``rules.initial_cash`` and no position.

        Raises:
            InputError: the rules fill at the close that decides, which nobody can trade.
        """
        if rules.fill_at == SAME_CLOSE:
            message = (
                "fills at the close that decides cannot be traded: a close is known only when it is over; use filling fill_at='next_open'"
            )
            raise InputError(message)
        self.rules = rules
        self._account = new_account(rules)
        self._fills = np.zeros((FILLS_PER_BAR, FILL_SIZE))

    @property
    def account(self) -> NDArray[np.float64]:
        """The engine's account, shape (``ACCOUNT_SIZE``,)."""
        return self._account

    def send(self, order: Order) -> None:
        """Take an order for the next open.

        Raises:
            OrderError: another order is waiting already.
        """
        if self._account[PENDING_ACTION] != HOLD:
            message = f"order {order.intent_hash[:12]} came while another one waits for the open; cancel that one first"
            raise OrderError(message)
        quantity = 0.0 if order.action == CLOSE else order.quantity
        place(self._account, order.action, quantity, order.distance, CODES[order.reason])

    def cancel(self) -> bool:
        """Withdraw the waiting order and return whether there was one."""
        waiting = bool(self._account[PENDING_ACTION] != HOLD)
        place(self._account, HOLD, 0.0, math.nan, 0)
        return waiting

    def bar(self, bar: Bar, *, new_session: bool, nights: int = 0) -> tuple[Fill, ...]:
        """Pay for borrowing over ``nights``, then execute the waiting order at the open and the brackets on the rest of the bar."""
        quote = (bar.open, bar.high, bar.low, bar.close)
        count = int(fill(self._account, self.rules, *quote, int(new_session), 0, self._fills, 0, bar.volume, float(nights)))
        return tuple(_fill(row) for row in self._fills[:count].tolist())

    def mark(self, close: float) -> float:
        """Return the equity at ``close``."""
        return float(mark(self._account, self.rules, close))

    def restore(self, account: NDArray[np.float64]) -> None:
        """Continue from a saved account.

        Raises:
            OrderError: it has another length, so another version of the fill model wrote it.
        """
        if account.shape == (BORROWED,):  # saved before borrowing was counted
            account = np.append(account, 0.0)
        if account.shape != (ACCOUNT_SIZE,):
            message = f"a saved account has {account.size} numbers, this version's has {ACCOUNT_SIZE}; start the session anew"
            raise OrderError(message)
        self._account[:] = account


def _fill(row: list[float]) -> Fill:
    reason = NAMES[int(row[FILL_REASON])]
    return Fill(
        side=int(row[FILL_SIDE]),
        quantity=row[FILL_QTY],
        price=row[FILL_PRICE],
        fee=row[FILL_FEE],
        reason=reason,
        profit=_number(row[FILL_PNL]),
        stop=_number(row[FILL_STOP]),
        target=_number(row[FILL_TARGET]),
        at_open=reason in _OPEN_REASONS,
    )


def _number(value: float) -> float | None:
    return None if math.isnan(value) else value
