"""The names a rule may use: series, clocks, functions, and whatever indicators are registered when it is read."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.strategy.rules.tree import SERIES

if TYPE_CHECKING:
    from workbench.strategy.indicators.step import Indicator

CLOCK_NAMES = MappingProxyType(
    {
        "time": "minute_of_day",
        "minute_of_day": "minute_of_day",
        "day_of_week": "day_of_week",
        "weekday": "day_of_week",
        "day": "day_of_week",
    }
)
FUNCTIONS = ("abs", "crosses_above", "crosses_below", "falling", "max", "min", "rising")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALIASES = MappingProxyType(
    {
        "price": "close",
        "vol": "volume",
        "o": "open",
        "h": "high",
        "l": "low",
        "c": "close",
        "v": "volume",
        "ma": "sma",
        "bollinger": "bb",
        "bbands": "bb",
        "bollinger_bands": "bb",
        "rate_of_change": "roc",
        "average_true_range": "atr",
        "crossover": "crosses_above",
        "cross_above": "crosses_above",
        "crossed_above": "crosses_above",
        "crossunder": "crosses_below",
        "cross_below": "crosses_below",
        "crossed_below": "crosses_below",
        "average_volume": "volume_sma",
    }
)
"""Other spellings of known names; a registered indicator of that very name goes first."""
ARGUMENT_ALIASES = MappingProxyType(
    {"length": "period", "window": "period", "n": "period", "len": "period", "timeperiod": "period", "lookback": "period"}
)
"""Other names researchers give the length of an indicator."""


def indicator_names() -> frozenset[str]:
    """Return the names of all indicators registered now."""
    from workbench.strategy import indicators  # noqa: PLC0415 - compiled steps load only when a rule is read

    return frozenset(indicators.names())


def find_indicator(name: str) -> Indicator:
    """Return the registered indicator called ``name``.

    Raises:
        UnknownNameError: there is none.
    """
    from workbench.strategy import indicators  # noqa: PLC0415 - see above

    return indicators.find(name)


def known_names() -> list[str]:
    """Return every name that can stand in a rule, for suggestions."""
    return sorted({*SERIES, *CLOCK_NAMES, *FUNCTIONS, *indicator_names()})
