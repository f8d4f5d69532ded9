"""What the world showed us: bars, calendars, samples, files, quality, cache."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbench.market.bars import Bars, validate
from workbench.market.calendars import SessionTable, bars_per_year, session_table, sessions
from workbench.market.files import read, write
from workbench.market.quality import Problem, QualityReport, check
from workbench.market.resample import completed, resample
from workbench.market.samples import catalogue, sample
from workbench.market.synthetic import synthetic
from workbench.market.windows import ClockColumns, TradingColumns, TradingWindow, clock_columns, trading_columns

if TYPE_CHECKING:
    from workbench.market.cache import BarCache, CacheStats
    from workbench.market.datasets import record

__all__ = [
    "BarCache",
    "Bars",
    "CacheStats",
    "ClockColumns",
    "Problem",
    "QualityReport",
    "SessionTable",
    "TradingColumns",
    "TradingWindow",
    "bars_per_year",
    "catalogue",
    "check",
    "clock_columns",
    "completed",
    "read",
    "record",
    "resample",
    "sample",
    "session_table",
    "sessions",
    "synthetic",
    "trading_columns",
    "validate",
    "write",
]

_LAZY = {"BarCache": "cache", "CacheStats": "cache", "record": "datasets"}  # these need the database


def __getattr__(name: str) -> Any:  # noqa: ANN401 - resolves names of this room
    if name not in _LAZY:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_LAZY[name]}"), name)
