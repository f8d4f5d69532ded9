"""Indicators over a million bars against TA-Lib and pandas-ta-classic, and the time of one live step."""

from __future__ import annotations

from time import perf_counter, thread_time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from workbench.strategy.indicators import Stream, agreement, find, names
from workbench.strategy.indicators.agreement import made_up

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.benchmark

BARS, TIMES, REPEATS = 1_000_000, 3.0, 15
SLOW_PEER_BARS = 200_000


def best(call: Callable[[], Any], repeats: int) -> float:
    """Milliseconds of processor time of the fastest call: waiting for other processes does not count."""
    call()
    found = []
    for _ in range(repeats):
        started = thread_time()
        call()
        found.append(thread_time() - started)
    return 1e3 * min(found)


def test_batch_is_at_most_three_times_talib(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every indicator that TA-Lib has takes at most three times as long over a million bars, NaN checks and all outputs included."""
    pytest.importorskip("talib")
    monkeypatch.setattr(agreement, "_best", best)
    table = agreement.agreement(length=BARS, repeats=REPEATS)
    with capsys.disabled():
        shown = table.drop(columns=["note", "warmup_peer", "worst_output", "parameters"])
        print(f"\n{shown.to_string(float_format=lambda value: f'{value:.3g}')}")
    compared = table[table["peer"] != ""]
    assert (compared["worst"].drop("psar") <= 1e-9).all()
    assert compared["apart"]["psar"] <= BARS // 10_000  # a price that meets the stop to the last digit, see the note
    assert compared["times"].max() <= TIMES, compared["times"].idxmax()


@pytest.mark.parametrize("name", ["sma", "bb", "highest", "wma", "atr"])
def test_long_windows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """How the time grows with the window; a standard deviation is summed from its differences, so it does."""
    talib = pytest.importorskip("talib")
    table = made_up(BARS)
    entry, peer = find(name), agreement._PEERS[name]
    columns, given = [table[series] for series in entry.inputs], [table[series] for series in peer.inputs]
    function = getattr(talib, peer.functions[0])
    for period in (5, 20, 100, 500):
        params = entry.checked((period,))
        ours, theirs = (
            best(lambda params=params: agreement.batch(entry, columns, params), 3),
            best(lambda params=params: function(*given, *peer.numbers(*params)), 3),
        )
        with capsys.disabled():
            print(f"{name}({period}): {ours:.2f} ms, TA-Lib {theirs:.2f} ms, {ours / theirs:.1f} times")


def test_pandas_ta(capsys: pytest.CaptureFixture[str]) -> None:
    """A fifth of a million bars in pandas-ta-classic, where it is installed."""
    peer = pytest.importorskip("pandas_ta_classic")
    table = made_up(SLOW_PEER_BARS)
    frame = pd.DataFrame(table, index=pd.date_range("2015-01-01", periods=SLOW_PEER_BARS, freq="1min"))
    high, low, close, volume = (frame[series] for series in ("high", "low", "close", "volume"))
    calls: dict[str, Callable[[], Any]] = {
        "rsi": lambda: peer.rsi(close, 14, talib=False),
        "ema": lambda: peer.ema(close, 20, talib=False),
        "sma": lambda: peer.sma(close, 20, talib=False),
        "bb": lambda: peer.bbands(close, 20, 2, talib=False),
        "atr": lambda: peer.atr(high, low, close, 14, talib=False),
        "adx": lambda: peer.adx(high, low, close, 14, talib=False),
        "stoch": lambda: peer.stoch(high, low, close, 14, 3, 3, talib=False),
        "mfi": lambda: peer.mfi(high, low, close, volume, 14, talib=False),
        "keltner": lambda: peer.kc(high, low, close, 20, 2, talib=False),
        "supertrend": lambda: peer.supertrend(high, low, close, 10, 3, talib=False),
        "ichimoku": lambda: peer.ichimoku(high, low, close),
    }
    for name, call in calls.items():
        entry = find(name)
        ours = best(lambda entry=entry: agreement.batch(entry, [table[series] for series in entry.inputs]), 3)
        theirs = best(call, 2)
        with capsys.disabled():
            print(f"{name}: {ours:.2f} ms, pandas-ta-classic {theirs:.1f} ms, {theirs / ours:.0f} times slower")
        assert ours < theirs


def test_one_live_step(capsys: pytest.CaptureFixture[str]) -> None:
    """All registered steps take a bar, fed one by one from Python, in well under a thousandth of the time a decision may take."""
    built_in = [find(name) for name in names() if find(name).step.__module__.startswith("workbench.")]
    table = made_up(2000) | {"session_bar": np.zeros(2000), "session_day": np.arange(2000.0)}
    table |= {"minutes_since_open": np.zeros(2000), "bar_minutes": np.full(2000, 1440.0)}
    took = {}
    for entry in built_in:
        stream = Stream(entry)
        rows = list(zip(*(table[series].tolist() for series in entry.inputs), strict=True))
        times = []
        for row in rows:
            started = perf_counter()
            stream.update(*row)
            times.append(perf_counter() - started)
        took[entry.name] = (float(np.median(times)), float(np.quantile(times, 0.99)))
    with capsys.disabled():
        for name, (middle, slow) in took.items():
            print(f"{name}: {1e6 * middle:.2f} us, p99 {1e6 * slow:.2f} us")
        print(f"all {len(took)}: {1e6 * sum(middle for middle, _ in took.values()):.1f} us a bar")
    assert sum(middle for middle, _ in took.values()) < 1e-3
