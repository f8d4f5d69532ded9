"""The crossing of two averages as a Backtesting.py strategy, in a module of its own so that ``optimize`` can hand it to its processes."""

from __future__ import annotations

import pandas as pd
from backtesting import Strategy
from backtesting.lib import crossover


class Crossing(Strategy):  # type: ignore[misc]
    """Buy with a stop 1 % below, leave on the opposite crossing."""

    fast, slow = 10, 20

    def init(self) -> None:
        """Set up the averages."""
        close = pd.Series(self.data.Close)
        self.quick = self.I(lambda: close.rolling(self.fast).mean())
        self.steady = self.I(lambda: close.rolling(self.slow).mean())

    def next(self) -> None:
        """Decide at a close."""
        if crossover(self.quick, self.steady):
            self.buy(sl=self.data.Close[-1] * 0.99)
        elif crossover(self.steady, self.quick):
            self.position.close()
