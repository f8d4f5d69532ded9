"""Trend following: hold while a faster average is above a slower one, and let a trailing stop give back only part."""

from __future__ import annotations

from types import MappingProxyType

from workbench.portfolio import Bracket, Brackets
from workbench.strategy.archetypes.archetype import Archetype
from workbench.strategy.parameter_range import ParameterRange

TREND_FOLLOWING = Archetype(
    name="trend_following",
    idea="Prices adjust slowly to large changes, so what has turned up on average keeps going more often than not; a few long moves pay for many small losses.",
    fails_when="The market turns back and forth around its average: each crossing comes late and is reversed by the next.",
    predicates=MappingProxyType(
        {
            "entry_long": "ema($fast) crosses above ema($slow)",
            "exit_long": "ema($fast) crosses below ema($slow)",
            "entry_short": "ema($fast) crosses below ema($slow)",
            "exit_short": "ema($fast) crosses above ema($slow)",
        }
    ),
    parameters=MappingProxyType(
        {
            "fast": ParameterRange(default=20, low=10, high=40, step=5),
            "slow": ParameterRange(default=100, low=50, high=200, step=25),
        }
    ),
    brackets=Brackets(stop=Bracket(kind="atr", value=4.0, period=20), trailing=Bracket(kind="atr", value=6.0, period=20)),
    aliases=("trend", "trendfollow", "trend_follower", "moving_average_cross", "ma_cross", "ma_crossover", "crossover"),
    source="Hurst, Ooi and Pedersen, A Century of Evidence on Trend-Following Investing, 2017",
)
