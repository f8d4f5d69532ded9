"""A desk with a past: what the browser looks at, made by the real flow and not by rows written by hand.

``python lived_in.py make HOME`` backtests, sweeps, makes bots, promotes one, asks for another's promotion, trades forty paper sessions and runs a job.
``python lived_in.py trade HOME SESSIONS`` lets the paper bot trade further sessions, as the engine would in a process of its own.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from workbench.app import Bench
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy

FADE = "buy when rsi(2) < $low; sell when rsi(2) > $high; short when rsi(2) > $top; cover when rsi(2) < $bottom"
RANGES = {"low": (10, 10, 30, 10), "high": (60, 50, 70, 10), "top": 90, "bottom": 40}
KEPT, LEFT = 40, 20  # sessions traded when the desk is made, and those left for later
NOTE = "1 + 1  # a job that does little\n"
WIDGETS = {
    "author": "author()",
    "backtester": "backtester()",
    "review": 'review("fade-tight")',
}  # a page each, as a researcher may make one


def fade(name: str, symbol: str = "SYN", stop: str = "120 ticks") -> Strategy:
    """Return the tutorial's strategy on the synthetic market with the planted edge."""
    import workbench as wb

    return wb.strategy(FADE, parameters=RANGES, name=name, symbols=symbol, timeframe="15m", window="whole session", stop=stop)


def recent(bench: Bench, last: int) -> Bars:
    """Return the bars from sixty sessions before the end up to ``last`` sessions before it."""
    bars = bench.bars("SYN", "15m")
    days = np.unique(bars.trade_date)[-(KEPT + LEFT) :]
    return bars.window(str(days[0]), str(days[-last]) if last else None)


def make(home: Path) -> None:
    """Give the bench at ``home`` a past."""
    import workbench as wb
    from workbench.jobs import find, run
    from workbench.jobs.desk import lay_out
    from workbench.lifecycle import requests

    lay_out(home)
    bench = wb.open()
    spx, syn = bench.bars("SPX"), bench.bars("SYN", "15m")
    paper = bench.bots.create(fade("fade"), name="fade-syn")
    paper = bench.promote(paper, bench.assess(paper, bench.evidence(fade("fade"), syn)), reason="every gate passes on synthetic bars")
    bench.paper(paper, recent(bench, LEFT))
    bench.bots.start(bench.bots.get(paper.id))
    tight = fade("fade-tight", stop="90 ticks")
    asks = bench.bots.create(tight, name="fade-tight")
    assessment = bench.assess(asks, bench.evidence(tight, syn))
    with bench.database.session() as session:
        requests.ask(session, asks, assessment, reason="as good as the first, with a closer stop")
    dip = wb.strategy(
        "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60", name="dip", symbols="SPX", timeframe="1d", stop="5%"
    )
    bench.backtest(dip, spx)
    bench.bots.pause(bench.bots.start(bench.bots.create(dip, name="dip-spx")), reason="waits for a better market")
    channel = wb.strategy("buy when close > donchian(50).upper[1]; sell when close < donchian(20).lower[1]", name="channel", stop="3 atr")
    bench.bots.create(channel, name="channel-spx")
    run(bench.database, find(str(write(home, "note", NOTE)), home), home=home)
    for name, opened in WIDGETS.items():
        write(home, name, f"import workbench as wb\nwb.open().{opened}\n")


def trade(sessions: int) -> None:
    """Let the paper bot trade ``sessions`` further sessions."""
    import workbench as wb

    bench = wb.open()
    bot = bench.bots.get("fade-syn")
    bench.paper(bot, recent(bench, LEFT - sessions))


def write(home: Path, name: str, source: str) -> Path:
    """Write a notebook of one cell and return its path."""
    path = home / "notebooks" / "one_cell" / f"{name}.ipynb"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_notebook(source)), encoding="utf-8")
    return path


def _notebook(source: str) -> dict[str, object]:
    cell = {"cell_type": "code", "id": "c0", "metadata": {}, "execution_count": None, "outputs": [], "source": source}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"cells": [cell], "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}


if __name__ == "__main__":
    os.environ["WORKBENCH_HOME"] = sys.argv[2]
    if sys.argv[1] == "make":
        make(Path(sys.argv[2]))
    else:
        trade(int(sys.argv[3]))
