"""The gallery's charts."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.widgets import parts as p
from workbench.widgets.gallery import figures
from workbench.widgets.gallery.moving import keep_moving


def candles(*, live: bool) -> Any:  # noqa: ANN401 - a panel
    """Return the price chart with overlays, a pane, markers and levels; the last bar moves while ``live``."""
    bars = figures.bars()
    close = bars["close"]
    strength = figures.strength(close)
    entries = [i for i in range(600, 880) if strength[i] < 28 <= strength[i - 1]]  # noqa: PLR2004 - a usual level
    markers = [{"at": i, "side": "buy", "text": f"buy 2 @ {close[i]:,.2f}"} for i in entries] + [
        {"at": i + 14, "side": "exit", "text": "exit, target"} for i in entries
    ]
    levels = [
        {"from": i, "to": i + 14, "price": close[i] + offset, "kind": kind}
        for i in entries
        for offset, kind in ((-9, "stop"), (0, "entry"), (14, "target"))
    ]
    chart = p.Candles(
        bars,
        overlays=[
            {"name": "sma 20", "values": figures.average(close, 20), "color": "accent"},
            {"name": "sma 100", "values": figures.average(close, 100), "color": "stage-shadow"},
            {"name": "rsi 14", "values": strength, "pane": "rsi", "color": "c6", "guides": [30, 70], "digits": 1},
        ],
        markers=markers,
        levels=levels,
        symbol="ES",
        resolution="5 min",
        badge="SYNTHETIC",
        height=460,
    )
    if live:
        keep_moving(lambda step: _trade(chart, bars, step))
    return p.Panel("Price", chart, note="drag, click then wheel, arrow keys", flush=True)


def _trade(chart: p.Candles, bars: dict[str, Any], step: int) -> None:
    """Move the last bar; every 30th step begins a new one."""
    rng = np.random.default_rng(step + 1)
    last = chart.tail[-1] if chart.tail else [float(bars[name][-1]) for name in ("time", "open", "high", "low", "close", "volume")]
    price = round((last[4] + float(rng.normal(0, 0.6))) * 4) / 4
    if step % 30 == 0:
        chart.update([last[0] + 300, price, price, price, price, 0])
        return
    means = {name: float(np.nanmean([*bars["close"][-length + 1 :], price])) for name, length in (("sma 20", 20), ("sma 100", 100))}
    chart.update(
        [*last[:2], max(last[2], price), min(last[3], price), price, last[5] + 20], {**means, "rsi 14": 50 + float(rng.normal(0, 4))}
    )


def curves() -> Any:  # noqa: ANN401 - a grid
    """Return curves and heat maps."""
    days = np.arange(1500) * 86_400.0 + figures.NOON - 1500 * 86_400
    growth = p.Curve(
        [{"name": "compounding", "values": figures.equity(1500, 4, 0.0022)}],
        days,
        daily=True,
        digits=0,
        unit="USD, logarithmic",
        height=240,
    )
    profit = np.cumsum(np.random.default_rng(2).normal(12, 240, 250))
    daily = p.Curve(
        [{"name": "P&L", "values": profit, "tone": "up", "area": True}],
        days[-250:],
        daily=True,
        drawdown=False,
        zero_line=0.0,
        kind="signed",
        digits=0,
        unit="USD",
        marks=[{"at": 120, "text": "PAPER"}],
        height=240,
    )
    fast, slow = list(range(5, 45, 5)), list(range(50, 210, 20))
    score = (
        0.9
        - ((np.array(slow)[:, None] - 120) / 120) ** 2
        - ((np.array(fast)[None, :] - 20) / 30) ** 2
        + np.random.default_rng(1).normal(0, 0.05, (8, 8))
    )
    sweep = p.HeatMap(
        fast, slow, score, x_name="fast", y_name="slow", z_name="Sharpe", marks=[{"x": 3, "y": 4, "text": "chosen"}], pickable=True
    )
    months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    returns = np.random.default_rng(8).normal(0.008, 0.03, (4, 12))
    returns[3, 10:] = np.nan
    year = p.HeatMap(months, [2022, 2023, 2024, 2025], returns, diverging=True, kind="percent", digits=1, z_name="return")
    return p.Grid(
        [
            p.Panel("Growth", growth, flush=True),
            p.Panel("Profit and loss", daily, flush=True),
            p.Panel("Sweep", sweep, flush=True),
            p.Panel("Months", year, flush=True),
            p.Panel("Spread", _spread(), flush=True),
            p.Panel("Dependence", _dependence(), flush=True),
        ],
        "1fr 1fr",
    )


def _spread() -> p.Plot:
    """Return how something is spread, with where two things stand."""
    heights, edges = np.histogram(np.random.default_rng(5).normal(0.8, 0.4, 1000), 40)
    chart = p.Plot()
    marks = [{"x": 1.1, "text": "as it came"}, {"x": 0.0, "text": "nothing", "tone": "dim"}]
    chart.show(bars=[{"edges": edges, "heights": heights}], marks=marks, x_name="Sharpe", y_name="draws", y_digits=0)
    return chart


def _dependence() -> p.Plot:
    """Return a line with a band around it, and a gap."""
    across = np.arange(5.0, 45.0, 5.0)
    middle = 0.9 - ((across - 20) / 30) ** 2
    middle[5] = np.nan
    chart = p.Plot()
    chart.show(
        lines=[{"name": "mean", "x": across, "y": middle, "tone": "accent", "dots": True}],
        bands=[{"name": "middle half", "x": across, "low": middle - 0.2, "high": middle + 0.1}],
        x_name="fast",
        y_name="Sharpe",
        zero_line=0.0,
    )
    return chart
