"""freqtrade and our engine on the same candles and signals, row by row of the table of conventions.

freqtrade pins many packages, so it lives in an environment of its own: ``WORKBENCH_PEERS_PYTHON`` names that interpreter. It runs offline in a child.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from parity_world import CASH, Costs, Outcome, Told, assert_same, ours, outcome, random_bars, random_signals, table

if TYPE_CHECKING:
    from workbench.market import Bars

PYTHON = os.environ.get("WORKBENCH_PEERS_PYTHON", "")
CHILD = Path(__file__).parent / "freqtrade_child.py"
FORCED = {"at_end": "open"}
NEVER = {"stop": 0.99, "roi": 99.0, "fee": 0.0, "quantity": 100.0, "cash": CASH}

pytestmark = pytest.mark.skipif(not PYTHON, reason="WORKBENCH_PEERS_PYTHON names no interpreter with freqtrade")


def run(bars: Bars, told: Told, **changes: Any) -> Outcome:
    """Backtest in the child; ``changes`` are stop and roi (shares), fee (share a side), quantity and cash."""
    prices = {name: getattr(bars, name).tolist() for name in ("open", "high", "low", "close")}
    case = NEVER | changes | prices | {"entry": told.entry_long.tolist(), "exit": told.exit_long.tolist()}
    child = subprocess.run([PYTHON, str(CHILD)], input=json.dumps(case), capture_output=True, text=True, timeout=300, check=False)
    assert child.returncode == 0, child.stderr[-2000:]
    found = json.loads(child.stdout.strip().splitlines()[-1])
    fee = float(case["fee"])
    rows = [
        (
            trade["entry_bar"],
            trade["exit_bar"],
            1.0,
            trade["quantity"],
            trade["entry_price"],
            trade["exit_price"],
            trade["pnl"],
            trade["quantity"] * fee * (trade["entry_price"] + trade["exit_price"]),
        )
        for trade in found["trades"]
    ]
    return outcome(rows, found["final"], found)


def long_only(seed: int, bars: Bars) -> Told:
    """Return entries and exits of long trades, nothing at the close before the last candle, on which freqtrade opens nothing."""
    return random_signals(seed, len(bars)).only("entry_long", "exit_long")


def costs(fee: float) -> Costs:
    return Costs(slippage_ticks=0.0, fee_bps=fee * 10_000.0)


def test_next_open_and_fees() -> None:
    """Signals of a closed candle trade at the next open, with the fee on both sides; gaps included."""
    bars = random_bars(1)
    told = long_only(1, bars)
    theirs = run(bars, told, fee=0.001)
    assert len(theirs.trades) > 15
    assert_same(theirs, ours(bars, told, sizing=100, costs=costs(0.001), filling=FORCED))


def test_forced_exit_at_the_end() -> None:
    """What is open on the last candle is sold at its open."""
    bars = random_bars(2)
    told = long_only(2, bars).silent_at(range(460, 500))
    told.entry_long[470] = 1
    theirs = run(bars, told)
    assert theirs.result["trades"][-1]["reason"] == "force_exit"
    assert_same(theirs, ours(bars, told, sizing=100, filling=FORCED))


def test_stop_and_roi() -> None:
    """The stop lives from the entry candle and comes before the target where a candle touches both; candles here open where the last one closed."""
    bars = random_bars(3, gap=0.0, volatility=0.02)
    told = long_only(3, bars)
    theirs = run(bars, told, stop=0.04, roi=0.05)
    found = ours(bars, told, sizing=100, stop="4%", target="5%", filling=FORCED)
    assert {"stop", "target", "signal"} <= set(found.result.fills["reason"])
    assert_same(theirs, found)


def test_roi_is_after_fees() -> None:
    """A return of 5 % after fees of 0.1 % a side is a target of (1.05 x 1.001 / 0.999 - 1) before them."""
    bars = random_bars(4, gap=0.0, volatility=0.02)
    told = long_only(4, bars)
    theirs = run(bars, told, stop=0.04, roi=0.05, fee=0.001)
    target = f"{(1.05 * 1.001 / 0.999 - 1.0) * 100:.12f}%"
    found = ours(bars, told, sizing=100, stop="4%", target=target, costs=costs(0.001), filling=FORCED)
    assert "target" in set(found.result.fills["reason"])
    assert_same(theirs, found)


STEADY = (100.0, 101.0, 99.0, 100.0)


def bought(bars: Bars) -> Told:
    """Return one entry at the close of bar 1."""
    columns = {name: np.zeros(len(bars), np.uint8) for name in ("entry_long", "exit_long", "entry_short", "exit_short")}
    columns["entry_long"][1] = 1
    return Told(**columns)


def test_difference_a_gap_through_the_stop() -> None:
    """A candle that opens below the stop and trades back above it is filled at the stop there, where nobody bought; here at its open."""
    bars = table([STEADY, STEADY, STEADY, (92, 97, 91, 96), STEADY, STEADY])
    theirs, found = run(bars, bought(bars), stop=0.05), ours(bars, bought(bars), sizing=100, stop="5%")
    assert (theirs.trades["exit_price"].tolist(), found.trades["exit_price"].tolist()) == ([95.0], [92.0])


def test_a_candle_wholly_below_the_stop() -> None:
    """Where the whole candle lies below the stop both fill at its open."""
    bars = table([STEADY, STEADY, STEADY, (92, 94, 91, 93), STEADY, STEADY])
    theirs, found = run(bars, bought(bars), stop=0.05), ours(bars, bought(bars), sizing=100, stop="5%")
    assert (theirs.trades["exit_price"].tolist(), found.trades["exit_price"].tolist()) == ([92.0], [92.0])


def test_difference_a_gap_over_the_target() -> None:
    """A candle that opens above the target is filled at the target there; here the limit order gets the better open."""
    bars = table([STEADY, STEADY, STEADY, (108, 109, 104, 105), STEADY, STEADY])
    theirs, found = run(bars, bought(bars), roi=0.06), ours(bars, bought(bars), sizing=100, target="6%")
    assert (theirs.trades["exit_price"].tolist(), found.trades["exit_price"].tolist()) == ([106.0], [108.0])


def test_the_candle_after_a_stop_may_enter() -> None:
    """A signal on the candle that was stopped out enters on the next one, in both."""
    bars = table([STEADY, STEADY, STEADY, (100, 100, 94, 96), (97, 98, 96, 97), (97, 98, 96, 97), STEADY, STEADY])
    told = bought(bars)
    told.entry_long[3] = told.exit_long[5] = 1
    theirs, found = run(bars, told, stop=0.05), ours(bars, told, sizing=100, stop="5%", filling=FORCED)
    assert theirs.trades["entry_bar"].tolist() == [2, 4]
    assert_same(theirs, found)


def test_difference_a_trailing_stop_sees_the_high_of_its_own_candle() -> None:
    """There the stop is raised by a candle's high before it looks at the same candle's low; here the high of a bar counts when it is over."""
    bars = table([STEADY, STEADY, STEADY, (100, 110, 98, 105), (105, 106, 105, 106), STEADY, STEADY])
    theirs = run(bars, bought(bars), stop=0.05, trailing=True)
    found = ours(bars, bought(bars), sizing=100, trailing="5%")
    assert theirs.trades[["exit_bar", "exit_price"]].to_numpy().tolist() == [[3, 104.5]]
    assert found.trades[["exit_bar", "exit_price"]].to_numpy().tolist() == [[5, 100]]
