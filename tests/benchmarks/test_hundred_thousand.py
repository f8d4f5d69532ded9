"""A hundred thousand points of parameters, stops and targets on ten thousand bars: rate, memory and ledger, in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.benchmark

POINTS = 100_000
KEPT = 10_000
CHILD = f"""
import json, sys
from pathlib import Path
from time import perf_counter

from workbench.backtest.ledger import Ledger
from workbench.backtest.sweep import Plan, sweep
from workbench.market import synthetic
from workbench.store import Database
from workbench.strategy.strategy import strategy

folder = Path(sys.argv[1])
bars = synthetic("SYN", "15m", sessions=400)
rule = strategy(
    "buy when rsi($n) < $low and close > sma(100); sell when rsi($n) > 60", symbols="SYN", timeframe="15m", window="whole session",
    stop="16 ticks", target="32 ticks", parameters={{"n": (2, 2, 20, 1), "low": (10, 1, 50, 1)}},
)
plan = Plan.grid({{"n": range(2, 12), "low": range(5, 45, 2), "stop": range(4, 54, 2), "target": range(4, 84, 4)}})


def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


class Watch:
    at_quarter = 0.0

    def at(self, done, total, what):
        if not self.at_quarter and done >= total // 4:
            self.at_quarter = resident()


sweep(rule, bars, {{"n": [2, 3]}})
watch, start = Watch(), perf_counter()
found = sweep(rule, bars, plan=plan, keep={KEPT}, journal=folder / "journal", progress=watch)
seconds = perf_counter() - start
told = {{"points": found.finished, "bars": len(bars), "seconds": seconds, "quarter": watch.at_quarter, "whole": resident()}}
start = perf_counter()
ledger = Ledger(Database.open(f"sqlite:///{{folder}}/ledger.sqlite"))
told |= {{"counted": ledger.record_sweep(found).new, "ledger": perf_counter() - start}}
print(json.dumps(told))
"""


def test_a_hundred_thousand_points_in_flat_memory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The process is as large after all points as after a quarter of them, and every point is counted."""
    done = subprocess.run([sys.executable, "-c", CHILD, str(tmp_path)], capture_output=True, text=True, check=True)
    told = json.loads(done.stdout.splitlines()[-1])
    with capsys.disabled():
        print(
            f"\n{told['points']:,} points x {told['bars']:,} bars: {told['seconds']:.1f} s, {told['points'] / told['seconds']:,.0f} points/s; "
            f"resident {told['quarter']:.0f} MB after a quarter, {told['whole']:.0f} MB after all; counted in {told['ledger']:.1f} s"
        )
    assert (told["points"], told["counted"]) == (POINTS, POINTS)
    assert told["bars"] > 10_000
    assert told["whole"] < told["quarter"] + 32
