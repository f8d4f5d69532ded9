"""Search: strategies put together from archetypes by Optuna, every trial counted, the best verified on bars kept away."""

from workbench.backtest.search.candidates import LEVELS, Candidate, Ground, Levels
from workbench.backtest.search.draft import AUTHOR
from workbench.backtest.search.objective import PENALTY, Hurdle, score
from workbench.backtest.search.outcome import Outcome
from workbench.backtest.search.pool import Bounds
from workbench.backtest.search.result import SearchResult
from workbench.backtest.search.run import search
from workbench.backtest.search.space import SearchSpace
from workbench.backtest.search.span import Span
from workbench.backtest.search.structure import EXITS, FILTERS, WINDOWS, Exit, Filter

__all__ = [
    "AUTHOR",
    "EXITS",
    "FILTERS",
    "LEVELS",
    "PENALTY",
    "WINDOWS",
    "Bounds",
    "Candidate",
    "Exit",
    "Filter",
    "Ground",
    "Hurdle",
    "Levels",
    "Outcome",
    "SearchResult",
    "SearchSpace",
    "Span",
    "score",
    "search",
]
