from __future__ import annotations

import time

import numpy as np
import pytest

from workbench.errors import InputError, UnknownNameError
from workbench.market import Bars, synthetic
from workbench.market.synthetic import _made
from workbench.units import Timeframe

YEAR = 252 * 26


def rsi(close: np.ndarray, period: int) -> np.ndarray:
    """Wilder's RSI, the plain way."""
    out = np.full(len(close), np.nan)
    up = down = 0.0
    for place in range(1, len(close)):
        gain, loss = max(close[place] - close[place - 1], 0.0), max(close[place - 1] - close[place], 0.0)
        if place <= period:
            up, down = up + gain / period, down + loss / period
        else:
            up, down = (up * (period - 1) + gain) / period, (down * (period - 1) + loss) / period
        if place >= period:
            out[place] = 100.0 * up / (up + down) if up + down > 0 else 50.0
    return out


def trade(bars: Bars, *, short: bool) -> dict[str, object]:
    """Trade one contract by the documented rules: decide at the close, fill at the next open, 1 tick and 2.50 dollars a side."""
    signal = rsi(bars.close, 2)
    money, side, entry = 0.0, 0, 0.0
    equity, trades = np.zeros(len(bars)), []
    for place in range(1, len(bars)):
        seen, price = signal[place - 1], bars.open[place]
        if side and ((side > 0 and seen > 60) or (side < 0 and seen < 40)):
            result = (price - 0.25 * side - entry) * side * 50.0 - 5.0
            trades.append(result)
            money, side = money + result, 0
        elif not side and (seen < 10 or (short and seen > 90)):
            side = 1 if seen < 10 else -1
            entry = price + 0.25 * side
        equity[place] = money + (bars.close[place] - entry) * side * 50.0 - (2.5 if side else 0.0)
    change, results = np.diff(equity), np.array(trades)
    ends = np.flatnonzero(np.append(bars.session[1:] != bars.session[:-1], True))
    quarters = [part.mean() / part.std() * 252**0.5 for part in np.array_split(np.diff(equity[ends]), 4)]
    return {
        "trades": len(results),
        "win rate": round(float((results > 0).mean()), 2),
        "profit factor": round(float(results[results > 0].sum() / -results[results < 0].sum()), 2),
        "sharpe": round(float(change.mean() / change.std() * YEAR**0.5), 1),
        "profit": round(float(equity[-1])),
        "quarters": [round(float(value), 1) for value in quarters],
    }


def test_the_planted_edge_is_what_the_docstring_says() -> None:
    """The documented rule earns the documented numbers on SYN, in every quarter of the time."""
    found = trade(synthetic("SYN", "15m"), short=False)

    assert (found["trades"], found["win rate"], found["profit factor"], found["sharpe"]) == (672, 0.66, 1.89, 2.9)
    assert found["profit"] == pytest.approx(45_050, abs=10)
    assert min(found["quarters"]) > 2.0


def test_both_sides_earn() -> None:
    """With the mirrored rule for short positions the edge is stronger."""
    found = trade(synthetic("SYN", "15m"), short=True)

    assert (found["trades"], found["win rate"], found["profit factor"], found["sharpe"]) == (1295, 0.68, 2.10, 4.7)


@pytest.mark.parametrize(("short", "trades", "factor", "sharpe"), [(False, 673, 0.72, -1.9), (True, 1286, 0.78, -2.0)])
def test_without_the_edge_the_same_rules_lose(short: bool, trades: int, factor: float, sharpe: float) -> None:
    """On SYN0 the rules pay costs and earn nothing."""
    found = trade(synthetic("SYN0", "15m"), short=short)

    assert (found["trades"], found["profit factor"], found["sharpe"]) == (trades, factor, sharpe)


@pytest.mark.parametrize("seed", [1, 2])
def test_other_seeds_have_the_edge_too(seed: int) -> None:
    """The edge is in the law, not in one path."""
    with_edge, without = (trade(synthetic(symbol, "15m", seed=seed), short=False) for symbol in ("SYN", "SYN0"))

    assert with_edge["sharpe"] > 2.5
    assert without["sharpe"] < 0


def test_returns_revert_only_where_the_edge_is() -> None:
    """Successive quarter-hour returns are negatively correlated on SYN and uncorrelated on SYN0."""
    found = {}
    for symbol in ("SYN", "SYN0"):
        bars = synthetic(symbol, "15m")
        change = np.diff(bars.close)[bars.session[1:] == bars.session[:-1]]
        found[symbol] = float(np.corrcoef(change[1:], change[:-1])[0, 1])

    assert found["SYN"] < -0.05
    assert abs(found["SYN0"]) < 0.03


def test_the_bars_are_the_same_everywhere() -> None:
    """The default data sets keep their addresses: any machine, any process."""
    assert synthetic("SYN", "15m").dataset_hash[:16] == "9ca5489562717a22"
    assert synthetic("SYN0", "15m").dataset_hash[:16] == "c052b272734899dc"


def test_bars_look_like_a_session() -> None:
    """Prices are on the tick, inside high and low, livelier at the ends of the day, and half days end at 13:00."""
    bars = synthetic("SYN", "5m", sessions=260)
    whole = bars.session[0:78]
    moves = np.abs(np.diff(bars.close))[bars.session[1:] == bars.session[:-1]]
    half = bars.window("2022-11-25", "2022-11-26")

    assert set((bars.frame[["open", "high", "low", "close"]].to_numpy().ravel() / 0.25 % 1).tolist()) == {0.0}
    assert len(set(whole.tolist())) == 1
    assert len(half) == 42
    assert (
        moves[np.arange(len(moves)) % 77 < 6].mean()
        > 1.4 * moves[(np.arange(len(moves)) % 77 > 30) & (np.arange(len(moves)) % 77 < 45)].mean()
    )
    assert bars.volume.min() >= 1
    assert (bars.synthetic, bars.source, bars.instrument.synthetic) == (True, "synthetic", True)


def test_volatility_clusters() -> None:
    """Lively days follow lively days."""
    bars = synthetic("SYN0", "1d")
    ranges = (bars.high - bars.low) / bars.open

    assert np.corrcoef(ranges[1:], ranges[:-1])[0, 1] > 0.2


def test_a_longer_run_begins_with_the_shorter() -> None:
    """Sessions do not depend on how many follow."""
    short, long = synthetic("SYN", "15m", sessions=30), synthetic("SYN", "15m", sessions=60)

    assert long.head(len(short)).dataset_hash == short.dataset_hash


def test_timeframes_are_made_of_the_same_minutes() -> None:
    """Daily volume is the sum of the minutes' and the close is the last minute's."""
    minutes, daily = synthetic("SYN", "1m", sessions=10), synthetic("SYN", "1d", sessions=10)

    assert daily.volume.sum() == minutes.volume.sum()
    assert daily.close[-1] == minutes.close[-1]
    assert [len(synthetic("SYN", bar, sessions=10)) for bar in Timeframe] == [3900, 780, 260, 130, 70, 20, 10]


def test_generation_does_not_keep_a_person_waiting() -> None:
    """500 sessions of five-minute bars are there at once, on a busy machine too."""
    _made.cache_clear()
    started = time.perf_counter()
    synthetic("SYN", "5m", sessions=500, seed=99)

    assert time.perf_counter() - started < 20.0


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"symbol": "SYN1"}, UnknownNameError),
        ({"timeframe": "3m"}, UnknownNameError),
        ({"sessions": 0}, InputError),
        ({"sessions": 10**6}, InputError),
        ({"seed": -1}, InputError),
        ({"start": "soon"}, InputError),
        ({"start": "2049-06-01"}, InputError),
    ],
)
def test_what_cannot_be_made_is_refused(given: dict[str, object], error: type[Exception]) -> None:
    """Unknown names and impossible sizes say what would be right."""
    with pytest.raises(error):
        synthetic(**given)
