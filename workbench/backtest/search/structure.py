"""What a search may add to an archetype: conditions for entering, ways of leaving, hours. Every entry says in a sentence what it is for.

The predicates are ordinary rule texts. Their ``$parameters`` begin with ``filter_`` or ``exit_``, so that they never meet those of an archetype.
Filters of one group contradict each other (calm and lively, morning and afternoon): a candidate takes at most one of each group.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.errors import InputError, UnknownNameError
from workbench.market.windows import TradingWindow
from workbench.strategy.parameter_range import ParameterRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

RULE, OPPOSITE, GUARDS = "rule", "opposite", "guards"


@dataclass(frozen=True, kw_only=True)
class Filter:
    """A condition that an entry must meet besides the archetype's own."""

    name: str
    """Short name."""
    group: str
    """What it is about; a candidate takes at most one filter of a group."""
    long: str
    """Rule text for buying."""
    short: str
    """Rule text for selling short."""
    why: str
    """What it is for."""
    parameters: Mapping[str, ParameterRange] = field(default_factory=dict)
    """Ranges of its ``$parameters``."""
    intraday: bool = False
    """Whether it needs bars shorter than a day."""
    volume: bool = False
    """Whether it needs volumes."""


@dataclass(frozen=True, kw_only=True)
class Exit:
    """A way of leaving a position by rule, besides stop, target and time."""

    name: str
    """Short name."""
    long: str
    """Rule text that closes a long position; empty where the archetype gives it, or nothing does."""
    short: str
    """Rule text that closes a short position."""
    why: str
    """What it is for."""
    parameters: Mapping[str, ParameterRange] = field(default_factory=dict)
    """Ranges of its ``$parameters``."""


def _range(default: float, low: float, high: float, step: float) -> ParameterRange:
    return ParameterRange(default=default, low=low, high=high, step=step)


_FILTERS = (
    Filter(
        name="trend",
        group="trend",
        long="close > sma($filter_trend)",
        short="close < sma($filter_trend)",
        why="trade only on the side of the longer trend",
        parameters={"filter_trend": _range(200, 50, 250, 50)},
    ),
    Filter(
        name="slope",
        group="trend",
        long="sma($filter_slope) rising 5",
        short="sma($filter_slope) falling 5",
        why="trade only while the average itself moves the right way",
        parameters={"filter_slope": _range(50, 20, 100, 20)},
    ),
    Filter(
        name="lively",
        group="volatility",
        long="atr(14) > sma(atr(14), $filter_lively)",
        short="atr(14) > sma(atr(14), $filter_lively)",
        why="trade only when bars are wider than usual, so that a move can pay its costs",
        parameters={"filter_lively": _range(100, 50, 200, 50)},
    ),
    Filter(
        name="calm",
        group="volatility",
        long="atr(14) < sma(atr(14), $filter_calm)",
        short="atr(14) < sma(atr(14), $filter_calm)",
        why="stay out of storms",
        parameters={"filter_calm": _range(100, 50, 200, 50)},
    ),
    Filter(
        name="busy",
        group="volume",
        long="volume > volume_sma($filter_busy)",
        short="volume > volume_sma($filter_busy)",
        why="trade only where others trade too",
        parameters={"filter_busy": _range(20, 10, 50, 10)},
        volume=True,
    ),
    Filter(name="morning", group="clock", long="time < 12:00", short="time < 12:00", why="enter before noon only", intraday=True),
    Filter(name="afternoon", group="clock", long="time >= 12:00", short="time >= 12:00", why="enter after noon only", intraday=True),
    Filter(
        name="settled",
        group="clock",
        long="time between 10:00 and 15:30",
        short="time between 10:00 and 15:30",
        why="leave out the rush of the open and of the close",
        intraday=True,
    ),
    Filter(name="not_monday", group="day", long="day_of_week != monday", short="day_of_week != monday", why="leave out Mondays"),
    Filter(name="not_friday", group="day", long="day_of_week != friday", short="day_of_week != friday", why="leave out Fridays"),
)
_EXITS = (
    Exit(name=RULE, long="", short="", why="the archetype's own rule"),
    Exit(name=OPPOSITE, long="", short="", why="leave when the archetype would enter the other side"),
    Exit(name=GUARDS, long="", short="", why="no rule: stop, target, trailing stop and time alone"),
    Exit(
        name="back_at_average",
        long="close > sma($exit_mean)",
        short="close < sma($exit_mean)",
        why="leave once price is back at its average",
        parameters={"exit_mean": _range(10, 5, 50, 5)},
    ),
    Exit(
        name="average_lost",
        long="close < ema($exit_average)",
        short="close > ema($exit_average)",
        why="hold while price stays on the right side of its average",
        parameters={"exit_average": _range(20, 10, 100, 10)},
    ),
)
FILTERS: MappingProxyType[str, Filter] = MappingProxyType({entry.name: entry for entry in _FILTERS})
"""Every filter by name, in the order in which they stand in a rule."""
EXITS: MappingProxyType[str, Exit] = MappingProxyType({entry.name: entry for entry in _EXITS})
"""Every way of leaving by name."""
WHOLE = "whole session"
WINDOWS = (WHOLE, "09:30-12:00", "12:00-16:00")
"""Hours, New York, in which positions may be opened; all but the first also close them at the end."""


def together(names: Iterable[str]) -> tuple[Filter, ...]:
    """Return the filters of these names that can stand together: of each group the first named, in the order of the table."""
    kept: dict[str, str] = {}
    for name in names:
        kept.setdefault(FILTERS[name].group, name)
    return tuple(entry for name, entry in FILTERS.items() if kept.get(entry.group) == name)


def hours(name: str) -> TradingWindow | None:
    """Return the hours called ``name``, None for the whole session.

    Raises:
        InputError: no hours.
    """
    if name == WHOLE:
        return None
    start, dash, end = name.partition("-")
    if not dash:
        message = f"hours {name!r} cannot be read; write '09:30-12:00' (New York) or {WHOLE!r}"
        raise InputError(message)
    return TradingWindow(start=start.strip(), end=end.strip())


def require_known(kind: str, names: Iterable[str], known: Iterable[str]) -> None:
    """Refuse names that are not ``known``.

    Raises:
        UnknownNameError: the first that is not.
    """
    choices = list(known)
    for name in names:
        if name not in choices:
            raise UnknownNameError(kind, str(name), choices)
