"""Momentum: own what has risen over months and is still above its average, step aside when the past return turns."""

from __future__ import annotations

from types import MappingProxyType

from workbench.portfolio import Bracket, Brackets
from workbench.strategy.archetypes.archetype import Archetype
from workbench.strategy.parameter_range import ParameterRange

MOMENTUM = Archetype(
    name="momentum",
    idea="The return of the last months says something about the next one: news is digested slowly and money follows performance.",
    fails_when="The market snaps back after a panic: what had fallen most rises most, and past returns point the wrong way.",
    predicates=MappingProxyType(
        {
            "entry_long": "roc($lookback) > $strength and close > sma($smooth)",
            "exit_long": "roc($lookback) < 0",
            "entry_short": "roc($lookback) < -$strength and close < sma($smooth)",
            "exit_short": "roc($lookback) > 0",
        }
    ),
    parameters=MappingProxyType(
        {
            "lookback": ParameterRange(default=120, low=20, high=250, step=10),
            "strength": ParameterRange(default=5, low=0, high=20, step=2.5),
            "smooth": ParameterRange(default=50, low=20, high=100, step=10),
        }
    ),
    brackets=Brackets(stop=Bracket(kind="percent", value=0.08)),
    aliases=("mom", "time_series_momentum", "tsmom", "rate_of_change", "roc"),
    source="Moskowitz, Ooi and Pedersen, Time Series Momentum, Journal of Financial Economics 104, 2012",
)
