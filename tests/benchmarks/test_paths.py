"""Import, one decision on the live path, append and verify of the audit chain: each beside a yardstick of the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from hashlib import sha256
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from workbench.lifecycle.audit import verify
from workbench.market import synthetic
from workbench.store import chain
from workbench.strategy.strategy import strategy

if TYPE_CHECKING:
    from workbench.store import Database

pytestmark = pytest.mark.benchmark

EIGHTEEN = " and ".join(
    [
        *(f"rsi({n}) < 90" for n in (2, 5, 9, 14, 21)),
        *(f"close > sma({n}) * 0.5" for n in (5, 10, 20, 50, 100)),
        *(f"close > ema({n}) * 0.5" for n in (8, 13, 34)),
        "macd(12, 26, 9) > -1000",
        "atr(14) < 1000",
        "close < bb(20, 2).upper * 2",
        "close < donchian(20).upper * 2",
        "roc(10) < 50",
    ]
)


def test_importing_costs_less_than_importing_pandas(capsys: pytest.CaptureFixture[str]) -> None:
    """``import workbench`` is timed beside ``import pandas``, whole processes, in turn."""

    def taken(module: str) -> float:
        started = perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return perf_counter() - started

    bare = median(taken("sys") for _ in range(7))
    ours, theirs = (median(taken(module) for _ in range(7)) - bare for module in ("workbench", "pandas"))
    with capsys.disabled():
        print(f"\nimport workbench {ours * 1e3:.0f} ms, import pandas {theirs * 1e3:.0f} ms over a bare interpreter")

    assert ours < theirs


def test_one_decision_of_eighteen_indicators(capsys: pytest.CaptureFixture[str]) -> None:
    """One bar through a program of 18 indicators is timed beside the JSON text of that bar."""
    bars = synthetic("SYN", "1m", sessions=30)
    stream = strategy(f"buy when {EIGHTEEN}; sell when rsi(3) > 95", symbols="SYN", timeframe="1m").program.bind({}).stream()
    rows = list(zip(*(getattr(bars, name).tolist() for name in ("open", "high", "low", "close", "volume")), strict=True))
    taken, yardstick = [], []
    for row in rows:
        started = perf_counter()
        stream.update(*row)
        middle = perf_counter()
        json.dumps(row)
        taken.append(middle - started)
        yardstick.append(perf_counter() - middle)
    p50, p99 = np.quantile(taken[1000:], [0.5, 0.99])
    with capsys.disabled():
        print(
            f"\ndecision, 18 indicators: p50 {p50 * 1e6:.1f} us, p99 {p99 * 1e6:.1f} us; JSON of the bar p50 {median(yardstick) * 1e6:.1f} us"
        )

    assert p99 < 1e-3


def test_append_and_verify(sqlite_database: Database, capsys: pytest.CaptureFixture[str]) -> None:
    """Durable appends are timed beside bare commits of one row, verification beside hashing the same bytes."""
    count, text = 2000, {"value": "x" * 40}
    started = perf_counter()
    for number in range(count):
        with sqlite_database.session() as session:
            chain.append(session, actor="bench", action="bench.event", subject=f"n:{number}", detail=text)
    appended = count / (perf_counter() - started)
    with sqlite_database.session() as session:
        for number in range(100_000):
            chain.append(session, actor="bench", action="bench.event", subject=f"n:{number}", detail=text)
    started = perf_counter()
    checked = verify(sqlite_database)
    verified = checked.events / (perf_counter() - started)
    started = perf_counter()
    for number in range(checked.events):
        sha256(b"%d" % number + b"x" * 240).hexdigest()
    hashed = checked.events / (perf_counter() - started)
    with capsys.disabled():
        print(f"\naudit: {appended:,.0f} durable appends/s, {verified:,.0f} verified/s, {hashed:,.0f} bare hashes/s")

    assert checked.ok
