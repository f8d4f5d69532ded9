# ruff: noqa: ANN001, ANN202, RET504 - functions are written as a researcher types them
"""Leaks planted in Python strategies, registered functions and model columns are caught with the bar that betrays them; their honest twins pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from workbench.backtest.evidence import warmup
from workbench.backtest.evidence.lookahead import admit, corners, prove, prove_strategy
from workbench.backtest.run import backtest
from workbench.errors import LookAheadError
from workbench.market import Bars, sample, synthetic
from workbench.strategy.in_python import from_function
from workbench.strategy.indicators.functions import ColumnFunction, model_column
from workbench.strategy.indicators.registry import _newest, _versions
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.backtest.evidence.proof import Proof


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(1500)


@pytest.fixture
def _registry() -> Iterator[None]:
    newest, versions = dict(_newest), dict(_versions)
    yield
    _newest.clear()
    _versions.clear()
    _newest.update(newest)
    _versions.update(versions)


def made(function: Callable[..., Any], warmup: int = 60, **options: Any) -> Strategy:
    return from_function(function, warmup=warmup, **({"symbols": "SPX", "stop": "2 atr"} | options))


def refused(function: Callable[..., Any], bars: Bars, match: str) -> Proof:
    chosen = made(function)
    with pytest.raises(LookAheadError, match=match) as caught:
        admit(chosen, bars)
    found = prove_strategy(chosen, bars)
    assert caught.value.bar == found.bar
    return found


def test_tomorrows_close_is_refused_with_its_bar_date_and_line(bars: Bars) -> None:
    """`shift(-1)` needs the very next bar; the message has the dates of both and the line."""

    def leaking(bars):
        rises = bars.close.shift(-1) > bars.close
        return rises

    found = refused(
        leaking,
        bars,
        r"look-ahead: the decision to buy at bar 60 \(1999-03-31\) \(entry_long\) changes with bar 61 \(1999-04-01\), 1 bar later",
    )
    assert found.needs == found.bar + 1
    assert bars.close[found.needs] > bars.close[found.bar]
    assert (
        found.reason == "`rises = bars.close.shift(-1) > bars.close` reads later bars: shift with a negative number moves the future back"
    )


def test_yesterdays_close_passes(bars: Bars) -> None:
    """The honest twin is proved under 16 truncations, half of them behind signals, and from its window."""

    def honest(bars):
        rises = bars.close.shift(1) < bars.close
        return rises

    chosen = made(honest)
    admit(chosen, bars)
    found = prove(backtest(chosen, bars))
    assert (found.causal, found.repeats, found.streaming, found.truncations, found.at_signals) == (True, True, True, 16, 8)
    assert (found.agreed, found.window_bars) == (found.windows, 61)
    assert found.windows >= 60
    assert found.asked == 2 + 1 + 16 + found.windows


def test_a_centred_mean_is_refused_and_a_trailing_one_passes(bars: Bars) -> None:
    """A centred window of 21 bars needs the tenth bar after the one decided."""

    def centred(bars):
        return bars.close > bars.close.rolling(21, center=True).mean()

    def trailing(bars):
        return bars.close > bars.close.rolling(21).mean()

    found = refused(centred, bars, "is centred: half of its window lies after the bar")
    assert found.needs == found.bar + 10
    admit(made(trailing), bars)


def test_a_score_over_the_whole_sample_is_refused_and_a_rolling_one_passes(bars: Bars) -> None:
    """Mean and deviation of all bars know the future; those of the last fifty do not."""

    def whole(bars):
        change = bars.close.pct_change().fillna(0.0)
        score = (change - change.mean()) / change.std()
        return np.sign(score)

    def rolled(bars):
        change = bars.close.pct_change()
        score = (change - change.rolling(50).mean()) / change.rolling(50).std()
        return np.sign(score)

    found = refused(whole, bars, r"is over all bars \(std\)")
    assert found.needs > found.bar
    admit(made(rolled), bars)


@pytest.mark.parametrize("kind", ["exit", "suppressed", "backfilled", "last"])
def test_leaks_in_disguise_are_refused(kind: str, bars: Bars) -> None:
    """A leak that only avoids losses, only leaves, fills gaps backwards or reads the last bar is one too."""

    def exit_(bars):
        return {"entry_long": bars.close > bars.open, "exit_long": bars.close.shift(-1) < bars.close * 0.99}

    def suppressed(bars):
        return (bars.close > bars.open) & ~(bars.close.shift(-1) < bars.close)

    def backfilled(bars):
        weekly = bars.close.where(bars.index.day_of_week == 4).bfill()
        return weekly.fillna(0.0) > bars.close

    def last(bars):
        return bars.close < bars.close.iloc[-1]

    leaks = {"exit": exit_, "suppressed": suppressed, "backfilled": backfilled, "last": last}
    with pytest.raises(LookAheadError, match="look-ahead"):
        admit(made(leaks[kind]), bars)


def test_chance_is_refused_as_such(bars: Bars) -> None:
    """A function that throws dice decides differently when it is asked again."""

    def dice(bars):
        return pd.Series(np.random.default_rng().random(len(bars)) > 0.5, bars.index)

    found = refused(dice, bars, "not repeatable: asked twice about the same bars")
    assert found.repeats is False


def test_a_warm_up_declared_too_short_is_refused_with_one_that_would_do(bars: Bars) -> None:
    """What remembers further back than it says decides differently live; the message says how far it remembers."""

    def slow(bars):
        return bars.close > bars.close.rolling(150, min_periods=1).mean()

    found = refused(
        slow, bars, r"warm-up: .* when only the declared 61 bars are known, as live; it remembers more than it declares; warmup=\d+"
    )
    assert found.causal is True
    assert found.streaming is False
    assert found.agreed < found.windows
    admit(made(slow, warmup=149), bars)


def test_every_bar_can_be_proved_from_its_window(bars: Bars) -> None:
    """Given all bars, none is sampled: each is decided again."""

    def honest(bars):
        return bars.close > bars.close.shift(3)

    found = prove_strategy(made(honest), bars.head(200), windows=200)
    assert found.windows == found.agreed == 200 - 61


def test_windows_are_half_at_changes() -> None:
    """Sampled bars lie where decisions change and over all the rest, never so early that nothing is left out."""
    columns = {name: np.zeros(1000, np.uint8) for name in ("entry_long", "exit_long", "entry_short", "exit_short")}
    columns["entry_long"][500:700] = 1
    places = warmup.window_places(columns, 1000, 100, 64)
    assert {500, 700} <= set(places)
    assert min(places) == 100
    assert max(places) == 999
    assert warmup.window_places(columns, 50, 100, 64) == []


def test_a_proof_is_made_once_and_costs_what_it_says(bars: Bars) -> None:
    """The second admission of the same strategy on the same bars asks nothing."""

    def honest(bars):
        return bars.close > bars.close.shift(2)

    chosen = made(honest)
    assert prove_strategy(chosen, bars) is prove_strategy(chosen, bars)
    assert "the function was asked" in prove_strategy(chosen, bars).coverage
    assert prove_strategy(chosen, bars, {}).seconds > 0


def test_a_parameter_that_opens_a_leak_is_refused_at_its_point(bars: Bars) -> None:
    """The default is honest; the swept value -1 is not."""

    def lagged(bars, lag=1):
        return bars.close.shift(lag) < bars.close

    chosen = made(lagged, parameters={"lag": (1, -1, 5, 1)})
    admit(chosen, bars)
    with pytest.raises(LookAheadError):
        admit(chosen, bars, corners(chosen, {"lag": range(-1, 4), "stop": [1, 2]}))
    assert corners(chosen, {"lag": range(-1, 4), "stop": [1, 2]}) == [{}, {"lag": -1.0}, {"lag": 3.0}]


def test_intraday_bars_are_named_with_their_time() -> None:
    """The message says hour and minute where bars are shorter than a day."""
    minutes = synthetic("SYN", "15m", sessions=20)

    def leaking(bars):
        return bars.close.shift(-2) > bars.close

    with pytest.raises(LookAheadError, match=r"\(2022-01-\d\d \d\d:\d\d UTC\).*2 bars later"):
        admit(made(leaking, symbols="SYN", timeframe="15m", stop="2%"), minutes)


@pytest.mark.usefixtures("_registry")
def test_a_model_fitted_on_the_future_is_refused_before_it_is_registered() -> None:
    """A regression over all bars is caught on made-up bars: its first prediction changes when later bars are gone."""

    def fitted(bars):
        change = bars.close.pct_change()
        target = change.shift(-1)
        known = change.notna() & target.notna()
        slope, level = np.polyfit(change[known], target[known], 1)
        return slope * change + level

    with pytest.raises(
        LookAheadError, match=r"up looks ahead: its value at bar 50 of .* made-up bars changes.*is fitted on all bars \(polyfit\)"
    ) as caught:
        model_column("up", fitted, warmup=50)
    assert caught.value.bar == 50


@pytest.mark.usefixtures("_registry")
def test_a_model_fitted_on_the_past_passes_and_trades(bars: Bars) -> None:
    """The honest twin fits on a trailing window; rules name it, and the streamed form agrees with the batch."""

    @model_column("up", warmup=120)
    def fitted(bars):
        change = bars.close.pct_change()
        before = change.shift(1)
        slope = (before * change).rolling(100).mean() / (before * before).rolling(100).mean()
        return slope * change

    chosen = strategy("buy when up > 0.0002; sell when up < 0", symbols="SPX", stop="2 atr")
    found = prove(backtest(chosen, bars))
    assert (found.kind, found.causal, found.streaming) == ("function", True, True)
    assert found.streamed == 120 + 500


@pytest.mark.usefixtures("_registry")
def test_a_leak_that_made_up_bars_hide_is_caught_on_the_strategys_own(bars: Bars, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a function behave on made-up bars only, the first proof on real ones refuses the rule, with its bar and line."""
    monkeypatch.setattr("workbench.strategy.indicators.trial.prove_function", lambda _: None)

    def sly(bars):
        if bars.index[0].year == 1970:
            return bars.close
        return bars.close.shift(-1)

    entry = model_column("sly", sly, warmup=5)
    assert isinstance(entry.function, ColumnFunction)
    chosen = strategy("buy when sly > close; sell when sly <= close", symbols="SPX", stop="2 atr")
    with pytest.raises(LookAheadError, match=r"1 bar later.*`return bars.close.shift"):
        admit(chosen, bars)


def test_rules_need_no_proof_to_be_admitted(bars: Bars) -> None:
    """A compiled program is causal by construction: admitting it computes nothing."""
    admit(strategy("buy when close > open; sell when close < open", symbols="SPX"), bars.head(0))
