"""Does the evidence work? Random searches must be rejected and a planted edge found; see ``run``."""

from __future__ import annotations

from workbench.backtest.study.judged import LEVELS, Levels, Options
from workbench.backtest.study.run import Study, pooled, rates, study, wilson
from workbench.backtest.study.searches import IDEAS, Idea, Search, random_searches

__all__ = ["IDEAS", "LEVELS", "Idea", "Levels", "Options", "Search", "Study", "pooled", "random_searches", "rates", "study", "wilson"]
