"""The bench: where the rooms are wired together. It lists what can be done; the rooms do it.

``research`` backtests, sweeps and evidence, all counted · ``robustness`` resampling, comparison, baskets · ``trading`` gates, promotion, paper
sessions, jobs · ``faces`` the widgets · ``bench`` the open bench itself.
"""

from workbench.app.bench import Bench, open_bench
from workbench.strategy.rules.parse import parse

__all__ = ["Bench", "open_bench", "parse"]
