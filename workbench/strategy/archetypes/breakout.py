"""Breakout: enter when price leaves the range of the last weeks, leave when it falls back out of a shorter one."""

from __future__ import annotations

from types import MappingProxyType

from workbench.portfolio import Bracket, Brackets
from workbench.strategy.archetypes.archetype import Archetype
from workbench.strategy.parameter_range import ParameterRange

BREAKOUT = Archetype(
    name="breakout",
    idea="A price outside the range that everybody has watched for weeks forces those on the wrong side to act, which carries it further.",
    fails_when="The market goes sideways: most breakouts return into the range, and the strategy pays for every one of them.",
    predicates=MappingProxyType(
        {
            "entry_long": "close > highest($channel)[1]",
            "exit_long": "close < lowest($retreat)[1]",
            "entry_short": "close < lowest($channel)[1]",
            "exit_short": "close > highest($retreat)[1]",
        }
    ),
    parameters=MappingProxyType(
        {
            "channel": ParameterRange(default=20, low=10, high=60, step=5),
            "retreat": ParameterRange(default=10, low=5, high=30, step=5),
        }
    ),
    brackets=Brackets(stop=Bracket(kind="atr", value=2.0, period=20)),
    aliases=("break_out", "channel_breakout", "donchian", "turtle", "turtles"),
    source="Faith, Way of the Turtle, 2007 (system 1: 20-day entry, 10-day exit, stop of 2 N)",
)
