"""Mean reversion: buy a short dip inside an uptrend, leave when it has bounced."""

from __future__ import annotations

from types import MappingProxyType

from workbench.portfolio import Bracket, Brackets
from workbench.strategy.archetypes.archetype import Archetype
from workbench.strategy.parameter_range import ParameterRange

MEAN_REVERSION = Archetype(
    name="mean_reversion",
    idea="A sharp move against the longer trend is often overdone: whoever must trade at once pays the patient side, and prices swing back within days.",
    fails_when="The dip is news, not noise: in a crash every oversold day is followed by a lower one. It earns little in quiet, steady trends.",
    predicates=MappingProxyType(
        {
            "entry_long": "rsi($period) < $oversold and close > sma($trend)",
            "exit_long": "rsi($period) > $recovered",
            "entry_short": "rsi($period) > $overbought and close < sma($trend)",
            "exit_short": "rsi($period) < $relaxed",
        }
    ),
    parameters=MappingProxyType(
        {
            "period": ParameterRange(default=2, low=2, high=6, step=1),
            "oversold": ParameterRange(default=10, low=5, high=30, step=5),
            "recovered": ParameterRange(default=60, low=50, high=80, step=10),
            "overbought": ParameterRange(default=90, low=70, high=95, step=5),
            "relaxed": ParameterRange(default=40, low=20, high=50, step=10),
            "trend": ParameterRange(default=200, low=50, high=250, step=50),
        }
    ),
    # A stop inside the noise sells the dip that was bought: it stays far away, and time ends what does not bounce.
    brackets=Brackets(stop=Bracket(kind="atr", value=4.0), target=Bracket(kind="atr", value=4.0), time_stop_bars=10),
    aliases=("reversion", "mr", "mean_revert", "reversal", "dip_buying", "buy_the_dip"),
    source="Connors and Alvarez, Short Term Trading Strategies That Work, 2008 (after its 2-period RSI)",
)
