"""Random bars, random rule programs and a bot in PAPER, for the tests of the live path."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st
from sqlalchemy import update

from workbench.lifecycle import bots
from workbench.market import synthetic
from workbench.store.tables import BotRow
from workbench.strategy.strategy import Strategy, strategy

if TYPE_CHECKING:
    from workbench.lifecycle.bots import Bot
    from workbench.market import Bars
    from workbench.store import Database


@cache
def frame_of(timeframe: str) -> Bars:
    return synthetic("SYN", timeframe, sessions=70)


def random_bars(seed: int, count: int = 120, wild: float = 0.004, timeframe: str = "15m") -> Bars:
    """Return bars on the exchange's calendar whose prices are a random walk with gaps, on the tick grid."""
    rng = np.random.default_rng(seed)
    base = frame_of(timeframe).head(count)
    steps = rng.normal(0.0, wild, (count, 4))
    gaps = np.where(rng.random(count) < 0.1, rng.normal(0.0, 3 * wild, count), 0.0)
    close = 4000.0 * np.exp(np.cumsum(steps[:, 0] + gaps))
    opened = np.concatenate([[4000.0], close[:-1]]) * np.exp(gaps + steps[:, 1] / 4)
    opened, close = np.round(opened * 4) / 4, np.round(close * 4) / 4
    high = np.maximum(opened, close) + np.ceil(4 * close * np.abs(steps[:, 2]) / 2) / 4
    low = np.minimum(opened, close) - np.ceil(4 * close * np.abs(steps[:, 3]) / 2) / 4
    frame = base.frame.assign(open=opened, high=high, low=low, close=close, volume=rng.integers(1, 5000, count).astype(float))
    return replace(base, frame=frame)


ATOMS = (
    "close > sma(5)",
    "close < sma(8)",
    "rsi(3) < 35",
    "rsi(3) > 65",
    "close crosses above ema(4)",
    "close crosses below ema(6)",
    "macd(3, 6, 2) > 0",
    "close > close[2]",
    "high < high[1]",
    "close rising 2",
    "close falling 2",
    "atr(4) > atr(9)",
    "roc(3) > 0.1",
    "volume > 2000",
    "close between low and high[1]",
    "open < close",
)


@st.composite
def rule_texts(draw: st.DrawFn) -> str:
    """Return one to three atoms joined by and, or, not."""
    parts = draw(st.lists(st.sampled_from(ATOMS), min_size=1, max_size=3))
    text = parts[0]
    for part in parts[1:]:
        text = f"({text}) {draw(st.sampled_from(['and', 'or']))} {draw(st.sampled_from(['', 'not ']))}({part})"
    return text


@st.composite
def strategies(draw: st.DrawFn) -> Strategy:
    """Return a random rule program with random directions, brackets, sizing and window."""
    text = f"buy when {draw(rule_texts())}; sell when {draw(rule_texts())}"
    if draw(st.booleans()):
        text += f"; short when {draw(rule_texts())}; cover when {draw(rule_texts())}"
    bracket = st.sampled_from([None, "8 ticks", "0.3%", "1 atr"])
    options: dict[str, Any] = {
        "stop": draw(st.sampled_from(["8 ticks", "0.3%", "1 atr", "20%"])),
        "target": draw(bracket),
        "trailing": draw(bracket),
        "time_stop": draw(st.sampled_from([None, 1, 4])),
        "sizing": draw(st.sampled_from(["1 contract", "3 contracts", "90%"])),
        "window": draw(st.sampled_from(["whole session", "09:30-12:00"])),
        "limits": draw(st.sampled_from([None, {"max_daily_loss": 0.01}])),
    }
    return strategy(text, symbols=("SYN",), timeframe="15m", name="random", **options)


PLAIN = "buy when rsi(2) < 30; sell when rsi(2) > 60"


def plain(**options: Any) -> Strategy:
    """Return a busy strategy that opens and closes often."""
    chosen: dict[str, Any] = {"stop": "0.5%", "window": "whole session"} | options
    return strategy(PLAIN, symbols=("SYN",), timeframe="15m", name="plain", **chosen)


def paper_bot(database: Database, chosen: Strategy, name: str = "one") -> Bot:
    """Return a bot put into PAPER by hand: promotion has its own tests."""
    with database.session() as session:
        made = bots.create(session, chosen, owner="ana", name=name)
        session.execute(update(BotRow).where(BotRow.id == made.id).values(stage="PAPER"))
        session.expire_all()
        return bots.get(session, made.id)
