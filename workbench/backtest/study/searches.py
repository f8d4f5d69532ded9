"""Random searches: what researchers do, drawn from a seed, and run by the packed sweep, one sweep an idea."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from workbench.backtest.evidence.pbo import BlockSums
from workbench.backtest.sweep import sweep
from workbench.errors import InputError
from workbench.strategy.columns import Columns
from workbench.strategy.strategy import strategy as make_strategy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from workbench.market import Bars
    from workbench.portfolio import Costs
    from workbench.strategy.strategy import Strategy


@dataclass(frozen=True, kw_only=True)
class Idea:
    """A rule with ``$parameters`` and the values they are drawn from."""

    name: str
    """What people call it."""
    text: str
    """The rule."""
    tried: Mapping[str, tuple[float, ...]]
    """Values of each parameter; all are equally likely."""


def _spread(low: float, high: float, step: float) -> tuple[float, ...]:
    return tuple(float(value) for value in np.arange(low, high + step / 2, step))


_PERIODS, _SHORT, _LONG = _spread(2, 50, 1), _spread(2, 20, 1), _spread(21, 100, 1)
IDEAS = (
    Idea(
        name="oversold",
        text="buy when rsi($n) < $low; sell when rsi($n) > $high",
        tried={"n": _SHORT, "low": _spread(5, 40, 5), "high": _spread(50, 90, 5)},
    ),
    Idea(
        name="overbought",
        text="short when rsi($n) > $high; cover when rsi($n) < $low",
        tried={"n": _SHORT, "low": _spread(10, 50, 5), "high": _spread(60, 95, 5)},
    ),
    Idea(
        name="strength",
        text="buy when rsi($n) > $high; sell when rsi($n) < $low",
        tried={"n": _SHORT, "low": _spread(10, 50, 5), "high": _spread(55, 90, 5)},
    ),
    Idea(
        name="averages",
        text="buy when sma($n) crosses above sma($m); sell when sma($n) crosses below sma($m)",
        tried={"n": _SHORT, "m": _LONG},
    ),
    Idea(
        name="averages, short",
        text="short when ema($n) crosses below ema($m); cover when ema($n) crosses above ema($m)",
        tried={"n": _SHORT, "m": _LONG},
    ),
    Idea(name="above average", text="buy when close > sma($n); sell when close < sma($m)", tried={"n": _PERIODS, "m": _PERIODS}),
    Idea(name="below average", text="buy when close < sma($n); sell when close > sma($m)", tried={"n": _PERIODS, "m": _PERIODS}),
    Idea(
        name="channel",
        text="buy when close > donchian($n).upper[1]; sell when close < donchian($m).lower[1]",
        tried={"n": _PERIODS, "m": _PERIODS},
    ),
    Idea(
        name="band",
        text="buy when close < bb($n, $k).lower; sell when close > sma($n)",
        tried={"n": _spread(5, 50, 1), "k": (1.0, 1.5, 2.0, 2.5)},
    ),
    Idea(
        name="change, both ways",
        text="buy when roc($n) > 0 and close > sma($m); sell when roc($n) < 0; short when roc($n) < 0 and close < sma($m); cover when roc($n) > 0",
        tried={"n": _PERIODS, "m": _LONG},
    ),
)
"""The ideas of the study: what people try first, some for and some against the move."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """One researcher's search."""

    idea: Idea
    """What is tried."""
    points: tuple[Mapping[str, float], ...]
    """Parameter values tried."""


def random_searches(count: int, points: int = 25, seed: int = 0, ideas: Sequence[Idea] = IDEAS) -> list[Search]:
    """Return ``count`` searches of different random ``points`` each, ideas in turn.

    Raises:
        InputError: no search, or fewer than two points.
    """
    if count < 1 or points < 2:  # noqa: PLR2004 - a choice takes two
        message = f"a study takes one search or more of two points or more, not {count} of {points}"
        raise InputError(message)
    generator = np.random.default_rng(seed)
    found = []
    for number in range(count):
        idea = ideas[number % len(ideas)]
        drawn: dict[tuple[float, ...], None] = {}
        for _ in range(20 * points):
            drawn[tuple(float(generator.choice(values)) for values in idea.tried.values())] = None
            if len(drawn) == points:
                break
        found.append(Search(idea=idea, points=tuple(dict(zip(idea.tried, point, strict=True)) for point in drawn)))
    return found


def swept(bars: Bars, searches: Sequence[Search], costs: Costs | None, cash: float) -> list[tuple[Strategy, pd.DataFrame, BlockSums]]:
    """Return for each search its strategy, its points with their metrics in its own order, and their block sums; one sweep an idea."""
    columns = Columns(bars)
    found: dict[int, tuple[Strategy, pd.DataFrame, BlockSums]] = {}
    for name in dict.fromkeys(search.idea.name for search in searches):
        mine = [number for number, search in enumerate(searches) if search.idea.name == name]
        strategy = _strategy(searches[mine[0]].idea, bars, costs)
        swept = sweep(strategy, bars, [point for number in mine for point in searches[number].points], cash=cash, columns=columns)
        order = np.argsort(swept.frame.index.to_numpy())
        frame, sums = swept.frame.iloc[order], swept.block_sums
        first = 0
        for number in mine:
            last = first + len(searches[number].points)
            own = order[first:last]
            part = BlockSums(sums=sums.sums[:, own], squares=sums.squares[:, own], counts=sums.counts)
            found[number] = (strategy, frame.iloc[first:last], part)
            first = last
    return [found[number] for number in range(len(searches))]


def _strategy(idea: Idea, bars: Bars, costs: Costs | None) -> Strategy:
    window = "whole session" if bars.timeframe.intraday else None
    return make_strategy(
        idea.text,
        name=idea.name,
        symbols=bars.instrument.symbol,
        timeframe=bars.timeframe,
        window=window,
        costs=costs,
        parameters={name: (values[0], values[0], values[-1], 1) for name, values in idea.tried.items()},
    )
