"""Steps: batch and streaming agree to the bit, restart on holes, snapshots go on, columns are checked."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import InputError, UnknownNameError
from workbench.strategy.indicators import Stream, batch, find, names, values
from workbench.strategy.indicators.checks import check_step

BUILT_IN = [name for name in names() if find(name).step.__module__.startswith("workbench.")]
NUMBERS = st.sampled_from([0.0, -0.0, 1.0, 1.5, 99.25, -3.0, 1e9, np.nan, np.inf]) | st.floats(-1e6, 1e6).map(lambda value: round(value, 2))


def parameters(entry: Any, most: int = 7) -> st.SearchStrategy[tuple[float, ...]]:
    """Allowed parameter values, lengths up to ``most`` bars."""
    drawn = [
        st.integers(int(each.low), max(most, int(each.low))).map(float)
        if each.integer
        else st.floats(each.low, min(each.high, 4.0)).map(lambda value: round(value, 3))
        for each in entry.parameters
    ]
    return st.tuples(*drawn)


def bits(rows: Any) -> list[list[int]]:
    """The bits of a table of numbers, one bit pattern for every NaN."""
    table = np.array(rows, dtype=np.float64)
    table[np.isnan(table)] = np.nan
    return table.view(np.int64).tolist()


def in_python(entry: Any, columns: list[list[float]], params: tuple[float, ...]) -> list[list[float]]:
    """The uncompiled step in a plain loop."""
    state, rows = np.zeros(entry.state_size(params)), []
    for bar in zip(*columns, strict=True):
        out = np.full(len(entry.outputs), np.nan)
        if np.isfinite(bar).all():
            entry.step.py_func(state, np.array(bar), np.array(params), out)
        else:
            state[:] = 0.0
        rows.append(out.tolist())
    return rows


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(BUILT_IN), st.data())
def test_batch_stream_and_plain_python_are_equal_to_the_bit(name: str, data: Any) -> None:
    """For any numbers, holes and infinities included, columns, bars one by one and the uncompiled step give the same bits."""
    entry = find(name)
    bars = data.draw(st.integers(0, 40))
    columns = [data.draw(st.lists(NUMBERS, min_size=bars, max_size=bars)) for _ in entry.inputs]
    params = data.draw(parameters(entry))
    stream = Stream(entry, params)
    streamed = [stream.update(*bar) for bar in zip(*columns, strict=True)]
    with np.errstate(all="ignore"):
        plain = in_python(entry, columns, params)
    whole = batch(entry, [np.array(column, dtype=np.float64) for column in columns], params)
    assert bits(plain) == bits(streamed)
    assert bits(plain) == bits(whole.reshape(bars, len(entry.outputs))) or bars == 0


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(BUILT_IN), st.integers(0, 60), st.integers(0, 2**31))
def test_a_restored_stream_goes_on(name: str, stop: int, seed: int) -> None:
    """A snapshot taken anywhere, restored into a fresh stream, gives the values of an unbroken run."""
    entry = find(name)
    table = np.random.default_rng(seed).normal(100, 1, (60, len(entry.inputs)))
    first, second = Stream(entry), Stream(entry)
    before = [first.update(*bar) for bar in table[:stop]]
    second.restore(first.snapshot())
    after = [second.update(*bar) for bar in table[stop:]]
    assert bits(batch(entry, table)) == bits(before + after)


def test_snapshot_of_another_size_is_refused() -> None:
    """State of a 5-bar average does not fit a 6-bar one."""
    with pytest.raises(InputError, match="this snapshot holds"):
        Stream(find("sma"), (6,)).restore(Stream(find("sma"), (5,)).snapshot())


def test_a_hole_restarts_the_step() -> None:
    """After a NaN an average needs its whole window again, and then is as if it had begun there."""
    column = np.arange(12.0)
    column[5] = np.nan
    found = batch(find("sma"), [column], (3,))[:, 0]
    assert np.flatnonzero(np.isnan(found)).tolist() == [0, 1, 5, 6, 7]
    assert batch(find("sma"), [column[6:]], (3,))[:, 0][2:].tolist() == found[8:].tolist()


def test_rounding_does_not_build_up() -> None:
    """After a huge number has left the window the average of ones is exactly one, within one window."""
    column = np.ones(60)
    column[3] = 1e17
    assert batch(find("sma"), [column], (7,))[20, 0] == 1.0


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_steps_pass_what_custom_steps_must(name: str) -> None:
    """Built-in steps are not checked at import; here they are."""
    check_step(find(name))


def test_read_only_and_strided_columns_are_taken() -> None:
    """Columns as pandas hands them out give the same values as plain arrays."""
    table = np.random.default_rng(1).normal(100, 1, (50, 2))
    frozen = table[:, 0].copy()
    frozen.flags.writeable = False
    plain = batch(find("ema"), [table[:, 0].copy()], (5,))
    assert bits(plain) == bits(batch(find("ema"), [frozen], (5,))) == bits(batch(find("ema"), [table[:, 0]], (5,)))


def test_wrong_columns_are_refused() -> None:
    """Too few columns, columns of different length and tables end in a sentence."""
    column = np.ones(5)
    for inputs, message in (
        ([column], "reads 3 columns"),
        ([column, column, column[:3]], "columns of one length"),
        ([np.ones((5, 2))] * 3, "one length"),
    ):
        with pytest.raises(InputError, match=message):
            batch(find("atr"), inputs)
    with pytest.raises(InputError, match="rsi reads close: 1 numbers, not 2"):
        Stream(find("rsi")).update(1.0, 2.0)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ((1.5,), "period of rsi must be a whole number, not 1.5"),
        ((0,), "period of rsi must be from 1 to 10000, not 0"),
        ((14, 3), r"rsi takes 1 parameters \(period\), not 2"),
        (("14",), "period of rsi must be a number, not '14'"),
        ((True,), "period of rsi must be a number, not True"),
        ((np.nan,), "period of rsi must be a finite number"),
    ],
)
def test_wrong_parameters_are_refused(params: Any, message: str) -> None:
    """A parameter that is no whole number in range ends in a sentence."""
    with pytest.raises(InputError, match=message):
        Stream(find("rsi"), params)


def test_unknown_indicators_name_the_nearest() -> None:
    """A misspelt name suggests the right one; letter case does not matter."""
    with pytest.raises(UnknownNameError, match="did you mean donchian"):
        find("dochian")
    assert find("rsi") is find("RSI")


def test_values_are_pandas_with_the_index_of_the_bars() -> None:
    """One output is a Series, several are a DataFrame; unknown parameters are refused."""
    close = np.arange(1.0, 41.0)

    class Small:
        frame = pd.DataFrame({"close": close}, index=pd.date_range("2024-01-01", periods=40, tz="UTC", name="open_time"))

    bars: Any = Small()
    bars.close = close
    average, bands = values("sma", bars, period=3), values("bb", bars, period=3, deviations=1)
    assert (average.name, average.iloc[2], average.iloc[-1]) == ("sma", 2.0, 39.0)
    assert list(bands.columns) == ["upper", "middle", "lower"]
    assert Small.frame.index.equals(bands.index)
    with pytest.raises(UnknownNameError, match="did you mean period"):
        values("sma", bars, perod=3)
