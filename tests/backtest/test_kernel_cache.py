"""Compiled code is found again: a second process compiles nothing, and neither does a strategy nobody has written before."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CHILD = """
import json, sys
from pathlib import Path

import numba
from numba.core import event

from workbench.backtest.run import backtest
from workbench.backtest.sweep import sweep
from workbench.market import synthetic
from workbench.strategy.strategy import strategy

bars = synthetic("SYN", "15m", sessions=20)
compiled = []


class Listening(event.Listener):
    def on_start(self, what):
        compiled.append(str(what.data.get("dispatcher")))

    def on_end(self, what):
        pass


event.register("numba:compile", Listening())
rule = strategy(sys.argv[1], symbols="SYN", timeframe="15m", stop="16 ticks", parameters={"n": (3, 2, 20, 1)})
found = sweep(rule, bars, {"n": [2, 3, 5]})
single = backtest(rule, bars, parameters={"n": 3})
assert single.metrics.trades == found.frame["trades"].loc[1]
folder = Path(numba.config.CACHE_DIR)
print(json.dumps({"compiled": compiled, "files": sorted(path.name for path in folder.rglob("*.nb[ic]")), "trades": single.metrics.trades}))
"""
FIRST = "buy when rsi($n) < 30 and close > sma(5); sell when rsi($n) > 60"
OTHER = "buy when sma($n) crosses above sma(9) or rsi(4) < 10 and not close < lowest(low, 7); sell when rsi(2) > 70 or sma($n) < sma(9)[2]"


def run(text: str) -> dict[str, object]:
    """Run a sweep and a backtest of a strategy in a fresh process and return what it compiled and what lies on disk after it."""
    # Where the tests of this process keep their compiled code.
    import numba

    environment = os.environ | {"NUMBA_CACHE_DIR": str(Path(numba.config.CACHE_DIR))}
    done = subprocess.run([sys.executable, "-c", CHILD, text], check=False, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, done.stderr
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_a_second_process_compiles_nothing() -> None:
    """After one process has run a strategy, the same and an entirely new one run in fresh processes without compiling or writing code."""
    run(FIRST)
    run("buy when close > sma($n) and close > lowest(low, 3); sell when close < sma(3)")  # every indicator once
    again, other = run(FIRST), run(OTHER)
    assert again["compiled"] == []
    assert other["compiled"] == []
    assert again["files"] == other["files"]
    assert other["trades"] > 0  # type: ignore[operator]
