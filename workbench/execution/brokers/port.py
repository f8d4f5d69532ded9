"""The port every broker plugs into, and what it reports back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from workbench.execution.orders import Order
    from workbench.execution.tape import Bar


class Fill(NamedTuple):
    """One execution."""

    side: int
    """+1 bought, -1 sold."""
    quantity: float
    """Contracts or units, positive."""
    price: float
    """Price paid or received, slippage included."""
    fee: float
    """Money."""
    reason: str
    """Name of the engine's reason: entry, signal, stop, target, ..."""
    profit: float | None
    """Money made by the trade that this ends, both fees taken off; None for an entry."""
    stop: float | None
    """Stop price set by an entry; None without."""
    target: float | None
    """Target price set by an entry; None without."""
    at_open: bool
    """Whether it came from an order that waited for the open, rather than from a bracket."""


class Broker(Protocol):
    """Takes orders and reports what became of them. One position in one instrument."""

    @property
    def account(self) -> NDArray[np.float64]:
        """The engine's account: cash, position, bracket levels and the waiting order (``backtest.engine.account``)."""
        ...

    def send(self, order: Order) -> None:
        """Take an order; it works from the next bar on."""
        ...

    def cancel(self) -> bool:
        """Withdraw the waiting order and return whether there was one. Brackets of an open position stay."""
        ...

    def bar(self, bar: Bar, *, new_session: bool, nights: int = 0) -> tuple[Fill, ...]:
        """Execute what one bar allows and return it in the order in which it happened; ``nights`` lie between it and the session before."""
        ...

    def mark(self, close: float) -> float:
        """Return the equity at a close, money."""
        ...

    def restore(self, account: NDArray[np.float64]) -> None:
        """Continue from an account that was saved."""
        ...
