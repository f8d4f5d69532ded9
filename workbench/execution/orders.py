"""An order's identity and its life.

The client order id is the **intent hash**: the content of what was decided (bot, anchor, decision bar, action, quantity), not a
random number. Deciding the same thing again after a crash gives the same id, so it can be written twice and sent once.

States and the events that move them are one table, ``TRANSITIONS``; whatever is not in it is refused::

    intended --send--> sent --fill--> filled
        |               |---cancel--> cancelled
        |               +---reject--> rejected
        |---cancel--> cancelled      (halted between the intent and the sending)
        +---refuse--> rejected       (the permit said no)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench import content
from workbench.errors import OrderError

if TYPE_CHECKING:
    from collections.abc import Mapping


class OrderState(StrEnum):
    """Where an order is in its life."""

    INTENDED = "intended"  # written, nobody else knows
    SENT = "sent"  # handed to the broker
    FILLED = "filled"  # executed in full
    CANCELLED = "cancelled"  # withdrawn before it was executed
    REJECTED = "rejected"  # refused by the permit or the broker

    @property
    def final(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self in FINAL


class OrderEvent(StrEnum):
    """What can happen to an order."""

    SEND = "send"
    FILL = "fill"
    CANCEL = "cancel"
    REJECT = "reject"  # by the broker
    REFUSE = "refuse"  # by the permit


FINAL = frozenset({OrderState.FILLED, OrderState.CANCELLED, OrderState.REJECTED})
TRANSITIONS: Mapping[tuple[OrderState, OrderEvent], OrderState] = MappingProxyType(
    {
        (OrderState.INTENDED, OrderEvent.SEND): OrderState.SENT,
        (OrderState.INTENDED, OrderEvent.CANCEL): OrderState.CANCELLED,
        (OrderState.INTENDED, OrderEvent.REFUSE): OrderState.REJECTED,
        (OrderState.SENT, OrderEvent.FILL): OrderState.FILLED,
        (OrderState.SENT, OrderEvent.CANCEL): OrderState.CANCELLED,
        (OrderState.SENT, OrderEvent.REJECT): OrderState.REJECTED,
    }
)


def after(state: OrderState, event: OrderEvent) -> OrderState:
    """Return the state that follows ``state`` when ``event`` happens.

    Raises:
        OrderError: the table knows no such step.
    """
    following = TRANSITIONS.get((state, event))
    if following is None:
        possible = ", ".join(known.value for (start, known) in TRANSITIONS if start is state)
        message = f"an order that is {state} cannot {event}; {f'it can {possible}' if possible else 'its life is over'}"
        raise OrderError(message)
    return following


@dataclass(frozen=True, kw_only=True)
class Order:
    """One decision to buy or sell, on its way to a broker."""

    bot: str
    """Id of the bot that decided."""
    anchor: int
    """Open time of the bar where the bot's state started, ns epoch."""
    known_at: int
    """When the decision bar was known, ns epoch."""
    symbol: str
    """Instrument."""
    action: int
    """Action code of the engine."""
    side: int
    """+1 buys, -1 sells."""
    quantity: float
    """Contracts or units, positive."""
    reason: str = ""
    """What made the decision: a rule, the session's end, a halt."""
    distance: float = 0.0
    """Distance column at the decision (for stops in multiples of ATR), price units; 0 where unused."""
    state: OrderState = OrderState.INTENDED
    """Where it is in its life."""

    def __post_init__(self) -> None:
        """Refuse an order without quantity or side."""
        if self.side not in {1, -1} or not self.quantity > 0:
            message = f"an order needs a side of +1 or -1 and a positive quantity; got {self.side} and {self.quantity}"
            raise OrderError(message)

    @property
    def intent_hash(self) -> str:
        """Client order id: the content hash of what was decided; the same decision has the same id for ever."""
        return intent_hash(self.bot, self.anchor, self.known_at, self.action, self.quantity)

    def moved(self, event: OrderEvent) -> Order:
        """Return the order after ``event``; an illegal step is an ``OrderError``."""
        return replace(self, state=after(self.state, event))


def intent_hash(bot: str, anchor: int, known_at: int, action: int, quantity: float) -> str:
    """Return the content hash of a decision; times go in as text because JSON numbers end at 2^53."""
    return content.content_hash(
        {"bot": bot, "anchor": str(anchor), "known_at": str(known_at), "action": action, "quantity": float(quantity)}
    )
