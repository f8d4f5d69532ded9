"""Pictures of backtests, each in the template of ``workbench.look``.

Long series are thinned for display to at most 2 000 points that keep each stretch's lowest and highest value, so that a saved notebook
stays small and no drawdown disappears.
"""

from workbench.backtest.curves import MOST_POINTS, buy_and_hold, drawdown, thinned
from workbench.backtest.figures.rolling import rolling, yearly
from workbench.backtest.figures.run import performance, trades_on_bars
from workbench.backtest.figures.spread import anatomy, clock_hours, deepest, returns_spread
from workbench.backtest.figures.sweep import heat_map
from workbench.backtest.figures.walkforward import walk_forward

__all__ = [
    "MOST_POINTS",
    "anatomy",
    "buy_and_hold",
    "clock_hours",
    "deepest",
    "drawdown",
    "heat_map",
    "performance",
    "returns_spread",
    "rolling",
    "thinned",
    "trades_on_bars",
    "walk_forward",
    "yearly",
]
