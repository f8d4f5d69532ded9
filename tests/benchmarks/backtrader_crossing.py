"""The crossing of two averages as a backtrader strategy, in a module of its own so that ``optstrategy`` can hand it to its processes."""

from __future__ import annotations

import backtrader as bt


class Crossing(bt.Strategy):  # type: ignore[misc]
    """Buy with a stop 1 % below, leave on the opposite crossing."""

    params = (("fast", 10), ("slow", 20))

    def __init__(self) -> None:
        """Set up the averages."""
        self.cross = bt.ind.CrossOver(bt.ind.SMA(period=self.p.fast), bt.ind.SMA(period=self.p.slow))

    def next(self) -> None:
        """Decide at a close."""
        if self.cross > 0 and not self.position:
            self.buy_bracket(stopprice=self.data.close[0] * 0.99, limitexec=None, exectype=bt.Order.Market)
        elif self.cross < 0 and self.position:
            self.close()
