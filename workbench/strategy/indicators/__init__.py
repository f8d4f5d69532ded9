"""Indicators as compiled steps: one definition, driven over columns or bar by bar."""

from __future__ import annotations

from workbench.strategy.indicators import atr, bb, donchian, ema, macd, roc, rsi, sma
from workbench.strategy.indicators.step import Indicator, Parameter, Stream, batch, exact, find, indicator, names, values

__all__ = [
    "Indicator",
    "Parameter",
    "Stream",
    "atr",
    "batch",
    "bb",
    "donchian",
    "ema",
    "exact",
    "find",
    "indicator",
    "macd",
    "names",
    "roc",
    "rsi",
    "sma",
    "values",
]
