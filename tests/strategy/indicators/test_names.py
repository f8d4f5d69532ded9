"""What indicators are called: registered names, other names people use, outputs and their other names."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.strategy import series
from workbench.strategy.indicators import aliases, find, indicator, names
from workbench.strategy.rules import tree

SPEC = "rsi macd bb ema sma adx atr vwap stoch cci mfi roc williams keltner donchian ichimoku psar supertrend obv volume_sma"


def test_what_was_promised_is_registered() -> None:
    """The eighteen of the specification, on-balance volume and average volume are there."""
    assert set(SPEC.split()) <= set(names())


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Bollinger Bands", "bb"),
        ("williams %r", "williams"),
        ("stochastic", "stoch"),
        ("Stochastic Oscillator", "stoch"),
        ("SAR", "psar"),
        ("parabolic sar", "psar"),
        ("average true range", "atr"),
        ("opening range", "orb"),
        ("on balance volume", "obv"),
        ("money flow index", "mfi"),
        ("stddev", "stdev"),
        ("Super_Trend", "supertrend"),
        ("RSI", "rsi"),
    ],
)
def test_names_people_use(said: str, meant: str) -> None:
    """Other spellings, in any letter case and with spaces, find the registered indicator."""
    assert find(said).name == meant


def test_aliases_lead_somewhere_and_shadow_nothing() -> None:
    """Every alias leads to a registered name, none is a registered name, a series or a clock, and none is claimed twice."""
    claimed = [alias for name in names() for alias in find(name).aliases]
    assert len(claimed) == len(set(claimed))
    assert set(aliases().values()) <= set(names())
    assert not set(aliases()) & {*names(), *series.FED}
    for name in names():
        entry = find(name)
        assert set(entry.output_aliases.values()) <= set(entry.outputs)
        assert not set(entry.output_aliases) & set(entry.outputs)


def test_an_own_indicator_brings_its_own_aliases() -> None:
    """A decorator's aliases work like those of built-ins; a name that is registered goes before an alias of it."""

    @indicator(
        "gapper",
        inputs=("open", "session_day"),
        state_size=lambda _params: 1,
        warmup=lambda _params: 0,
        convention="test",
        source="test",
        aliases=("gap_finder", "sma"),
    )
    def gapper(state: Any, inputs: Any, params: Any, out: Any) -> None:  # noqa: ARG001
        out[0] = inputs[0] if inputs[1] != state[0] else 0.0
        state[0] = inputs[1]

    assert find("gap finder").name == "gapper"
    assert find("sma").name == "sma"


def test_the_tree_and_the_steps_name_the_same_columns() -> None:
    """Rules and programs agree on what a bar and its clock bring."""
    assert (tree.SERIES, tree.CLOCKS) == (series.SERIES, series.CLOCKS)


def test_every_indicator_says_what_it_is() -> None:
    """Convention and source are written, and parameters stay in their ranges."""
    for name in names():
        entry = find(name)
        assert len(entry.convention) > 20 or not entry.step.__module__.startswith("workbench.")
        assert entry.source
        assert entry.checked(()) == entry.defaults
