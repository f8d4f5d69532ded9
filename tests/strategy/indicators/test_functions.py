# ruff: noqa: ANN001, ANN202 - functions are written as a researcher types them
"""Functions as indicators: registered by name after their proof, usable in rules, sweeps and live like steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import talib

from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.errors import InputError, LookAheadError
from workbench.market import Bars, sample
from workbench.strategy.indicators import Parameter, indicator, names, values
from workbench.strategy.indicators.functions import model_column, register_function
from workbench.strategy.indicators.registry import _newest, _versions
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _registry() -> Iterator[None]:
    newest, versions = dict(_newest), dict(_versions)
    yield
    _newest.clear()
    _versions.clear()
    _newest.update(newest)
    _versions.update(versions)


@pytest.fixture(scope="module")
def bars() -> Bars:
    return sample("SPX").head(600)


def test_a_talib_function_is_registered_by_name_and_used_in_rules(bars: Bars) -> None:
    """Its numbers are TA-Lib's, NaN during the declared warm-up; a rule with it trades, sweeps and streams."""
    register_function("middle", "talib:MIDPRICE", inputs=("high", "low"), warmup=lambda n: n, parameters={"timeperiod": (14, 2, 60)})
    ours = values("middle", bars, timeperiod=20)
    theirs = talib.MIDPRICE(bars.high, bars.low, 20)
    assert np.array_equal(ours.to_numpy()[20:], theirs[20:])
    assert ours.isna().sum() == 20
    chosen = strategy(
        "buy when close > middle($n); sell when close < middle($n)", symbols="SPX", stop="2%", parameters={"n": (20, 5, 50, 5)}
    )
    swept = sweep(chosen, bars, {"n": [10, 20, 30]})
    for _, row in swept.frame.iterrows():
        assert backtest(chosen, bars, parameters={"n": row["n"]}).metrics.total_return == row["total_return"]


def test_several_outputs_have_names(bars: Bars) -> None:
    """A function of three columns is asked for each by name."""
    bands = {"timeperiod": (20, 5, 50)}
    register_function("bands", talib.BBANDS, outputs=("upper", "middle", "lower"), warmup=lambda n: n, parameters=bands)
    assert list(values("bands", bars).columns) == ["upper", "middle", "lower"]
    chosen = strategy("buy when close < bands(20).lower; sell when close > bands(20).middle", symbols="SPX", stop="2%")
    assert backtest(chosen, bars).metrics.trades > 0


def test_the_live_form_is_the_batch_and_goes_on_from_a_snapshot(bars: Bars) -> None:
    """Asked at each bar about its window, a function and what is computed from it decide as in the batch; restored, it goes on."""

    def middle(close, n=10):
        return close.rolling(n).median()

    register_function("mid", middle, warmup=10, parameters={"n": (10, 3, 10)})
    decider = strategy("buy when close > mid(7); sell when close < mid(7)[2]", symbols="SPX", stop="2 atr").decider()
    batch = decider.columns(bars)
    stream, other = decider.stream(), decider.stream()
    feed = list(zip(bars.open, bars.high, bars.low, bars.close, bars.volume, strict=True))
    for place in range(200):
        said = stream.update(*feed[place], time=int(bars.time[place]), known_at=int(bars.known_at[place]))
        assert [said["entry_long"], said["exit_long"]] == [bool(batch.entry_long[place]), bool(batch.exit_long[place])]
    other.restore(stream.snapshot())
    after = [decider_.update(*feed[200], time=int(bars.time[200]), known_at=int(bars.known_at[200])) for decider_ in (stream, other)]
    assert after[0] == after[1]
    assert stream.snapshot() == other.snapshot()
    with pytest.raises(InputError, match="takes time= and known_at="):
        stream.update(*feed[201])


def test_a_leaking_function_is_refused_before_it_is_registered() -> None:
    """A centred window is caught on made-up bars with bar and line, and the name stays free."""

    def smooth(close, n=21):
        return close.rolling(n, center=True).mean()

    with pytest.raises(LookAheadError, match=r"smooth looks ahead: its value at bar 21 of .*center=True.*is centred") as caught:
        register_function("smooth", smooth, warmup=21)
    assert caught.value.bar == 21
    assert "smooth" not in names()


def test_a_leak_at_the_end_of_a_range_is_refused() -> None:
    """The default looks back; the lowest value looks ahead."""
    with pytest.raises(LookAheadError, match=r"moved \(periods=-2\) looks ahead"):
        register_function("moved", pd.Series.shift, warmup=5, parameters={"periods": (1, -2, 5)})


def test_a_warm_up_too_short_is_refused_with_one_that_would_do() -> None:
    """Wilder's RSI remembers more than its period."""
    with pytest.raises(InputError, match=r"declares a warm-up of 14 bars.*about \d+ bars would do"):
        register_function("slow_rsi", "talib:RSI", warmup=14, parameters={"timeperiod": 14})


def test_hidden_names_and_missing_libraries_are_refused() -> None:
    """A function of the notebook passes the checks of a strategy in Python; a library must be there."""
    level = [1.0]

    def hidden(close):
        return close * level[0]

    with pytest.raises(InputError, match="reads 'level'"):
        register_function("hidden", hidden, warmup=0)
    with pytest.raises(InputError, match="write 'library:function'"):
        register_function("absent", "talib:NO_SUCH", warmup=0)
    with pytest.raises(InputError, match="is a built-in indicator"):
        register_function("sma", "talib:SMA", warmup=10)
    with pytest.raises(InputError, match="returned 3 columns; it declares the outputs value"):
        register_function("bands", talib.BBANDS, warmup=30)


def test_it_reads_the_bars_and_nothing_else() -> None:
    """A function of another indicator's column could not be asked live, so it is refused."""
    register_function("mid", "talib:SMA", warmup=30, parameters={"timeperiod": (5, 2, 30)})
    with pytest.raises(InputError, match="is a function of the bars themselves"):
        strategy("buy when mid(rsi(14), 5) > 50; sell when close < open", symbols="SPX", stop="2%")


def test_values_of_a_model_count_from_the_moment_they_were_known(bars: Bars) -> None:
    """A model trained until 2000 says nothing before; a value known after a close is not seen at it."""
    times = bars.frame.index
    said = pd.Series(np.arange(len(bars), dtype=float), times)
    with pytest.raises(InputError, match="when was each value of said known"):
        model_column("said", values=said)
    model_column("said", values=said, known_at="2000-01-01")
    column = values("said", bars).to_numpy()
    first = int(np.searchsorted(bars.known_at, pd.Timestamp("2000-01-01", tz="UTC").value))
    assert np.isnan(column[:first]).all()
    assert column[first] == first
    late = pd.DatetimeIndex(bars.known_at, tz="UTC") + pd.Timedelta(minutes=1)
    model_column("said", values=said, known_at=late)
    assert values("said", bars).to_numpy()[1:].tolist() == list(range(len(bars) - 1))


def test_a_step_cannot_look_ahead_by_construction() -> None:
    """A step is handed one bar and its own state: there is nothing of a later bar it could read, whatever it does."""

    @indicator("hopeful", inputs=("close",), state_size=lambda _params: 1, warmup=lambda _params: 1, convention="test", source="test")
    def hopeful(state, inputs, params, out):  # noqa: ARG001
        if state[0] > 0.0:
            out[0] = inputs[0] - state[0]
        state[0] = inputs[0]

    close = sample("SPX").head(50)
    whole, cut = values("hopeful", close), values("hopeful", close.head(30))
    assert cut.equals(whole.iloc[:30])


def test_a_warm_up_that_holds_for_the_default_only_is_refused() -> None:
    """The declared warm-up is counted at both ends of every parameter's range."""
    with pytest.raises(InputError, match=r"lagging declares a warm-up of 5 bars for bars=1, but its output 'value' has 1 leading NaN"):

        @indicator(
            "lagging",
            inputs=("close",),
            parameters=(Parameter(name="bars", default=5, low=1, high=50),),
            state_size=lambda _params: 1,
            warmup=lambda _params: 5,
            convention="test",
            source="test",
        )
        def lagging(state, inputs, params, out):
            state[0] += 1.0
            if state[0] > params[0]:
                out[0] = inputs[0]
