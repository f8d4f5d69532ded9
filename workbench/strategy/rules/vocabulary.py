"""The names a rule may use: series, clocks, functions, named conditions, and whatever indicators are registered when it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.strategy.rules.tree import CLOCKS, SERIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.strategy.indicators.step import Indicator
    from workbench.strategy.rules.tree import Node

CLOCK_NAMES = MappingProxyType(
    {
        **{name: name for name in CLOCKS},
        "time": "minute_of_day",
        "weekday": "day_of_week",
        "day": "day_of_week",
        "bar_of_session": "session_bar",
        "minutes_after_open": "minutes_since_open",
        "minutes_before_close": "minutes_to_close",
        "minutes_until_close": "minutes_to_close",
    }
)
PAST = ("delay", "lag", "ref", "shift")
"""Functions of a value and a number of bars, for the value that many bars ago."""
RANKS = ("bottom_rank", "bottom_rank_share", "rank", "rank_share")
FUNCTIONS = ("abs", "crosses_above", "crosses_below", "falling", *PAST, "max", "min", "rising", *RANKS)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALIASES = MappingProxyType(
    {
        "price": "close",
        "closes": "close",
        "vol": "volume",
        "o": "open",
        "h": "high",
        "l": "low",
        "c": "close",
        "v": "volume",
        "highs": "high",
        "lows": "low",
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
        "minimum": "min",
        "maximum": "max",
        "rank_bottom": "bottom_rank",
        "percent_rank": "rank_share",
    }
)
"""Other spellings of known names; a registered indicator of that very name goes first."""
ARGUMENT_ALIASES = MappingProxyType(
    {"length": "period", "window": "period", "n": "period", "len": "period", "timeperiod": "period", "lookback": "period"}
)
"""Other names researchers give the length of an indicator."""


@dataclass(frozen=True, kw_only=True)
class Names:
    """The names known while one text is read."""

    indicators: frozenset[str]
    """Registered now."""
    aliases: Mapping[str, str]
    """Other spellings, each with the name it stands for."""
    defined: Mapping[str, Node] = field(default_factory=dict)
    """What the text itself has named, with its meaning."""

    def spelled(self, name: str) -> str:
        """Return the name that ``name`` stands for, itself where it is none's other spelling."""
        return name if name in self.indicators or name in self.defined else self.aliases.get(name, name)

    def is_indicator(self, name: str) -> bool:
        """Return whether a word names an indicator, in any spelling."""
        return name not in self.defined and self.spelled(name) in self.indicators

    def is_value(self, name: str) -> bool:
        """Return whether a word by itself names a number or a condition."""
        meant = self.spelled(name)
        return name in self.defined or meant in self.indicators or meant in SERIES or meant in CLOCK_NAMES

    def suggestions(self) -> list[str]:
        """Return every name that may have been meant by a word nobody knows."""
        return sorted({*SERIES, *CLOCK_NAMES, *FUNCTIONS, *self.indicators, *self.aliases, *self.defined})

    def listed(self) -> list[str]:
        """Return the names to list where nothing similar is known."""
        return sorted({*SERIES, *self.indicators, *self.defined})


def names_now() -> Names:
    """Return the names known before a text has named anything."""
    from workbench.strategy import indicators  # noqa: PLC0415 - compiled steps load only when a rule is read

    return _names(tuple(indicators.names()), tuple(indicators.aliases().items()))


@lru_cache(maxsize=4)
def _names(registered: tuple[str, ...], others: tuple[tuple[str, str], ...]) -> Names:
    own = {name: meant for name, meant in others if name not in SERIES and name not in CLOCK_NAMES and name not in FUNCTIONS}
    return Names(indicators=frozenset(registered), aliases=MappingProxyType({**own, **ALIASES}))


def indicator_names() -> frozenset[str]:
    """Return the names of all indicators registered now."""
    return names_now().indicators


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
