"""Made-up figures for the gallery, always the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOON = 1_763_999_400  # Monday 24 November 2025, 10:50 in New York
BOTS = ("es-orb", "nq-revert", "cl-gap", "gc-trend", "zn-carry", "spx-rsi2", "btc-break", "eur-fade")
SYMBOLS = ("ES", "NQ", "CL", "GC", "ZN", "SPX", "BTC", "EURUSD")
STAGES = ("CANARY", "PAPER", "LAB", "SHADOW", "LIVE", "PAPER", "LAB", "LAB")
STATUSES = ("running", "running", "error", "paused", "running", "running", "stopped", "running")

LINES = (
    ("info", "session begins"),
    ("info", "feed ES connected"),
    ("info", "rsi(2) 8.4 < 10: buy 2 ES"),
    ("info", "filled 2 @ 5,312.25"),
    ("warning", "slippage 0.5 ticks above model"),
    ("info", "stop 5,303.25, target 5,326.25"),
    ("info", "filled exit @ 5,326.25"),
    ("error", "order rejected: outside session <b>hours</b>"),
)


def bars(count: int = 900) -> dict[str, NDArray[np.float64]]:
    """Return five-minute bars in sessions of 78, a random walk with a daily gap."""
    rng = np.random.default_rng(7)
    steps = rng.normal(0, 1.6, count)
    steps[::78] += rng.normal(0, 9, len(steps[::78]))
    close = np.round((5300 + np.cumsum(steps)) * 4) / 4
    start = np.concatenate([[5300.0], close[:-1]])
    start[::78] = close[::78] - np.round(rng.normal(0, 2, len(close[::78])) * 4) / 4
    reach = np.round(np.abs(rng.normal(0, 1.4, (2, count))) * 4) / 4
    day = np.arange(count) // 78
    weekday = day + 2 * (day // 5)
    time = NOON - 86_400 * (weekday[-1] + 3) + weekday * 86_400 + (np.arange(count) % 78) * 300 - 4_800
    volume = np.round(rng.gamma(2.0, 900, count) * (1 + 1.5 * np.abs((np.arange(count) % 78) / 39 - 1) ** 2))
    return {
        "time": time.astype(float),
        "open": start,
        "high": np.maximum(start, close) + reach[0],
        "low": np.minimum(start, close) - reach[1],
        "close": close,
        "volume": volume,
    }


def average(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    """Return the moving average, NaN while it warms up."""
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return np.concatenate([np.full(length - 1, np.nan), (sums[length:] - sums[:-length]) / length])


def strength(values: NDArray[np.float64], length: int = 14) -> NDArray[np.float64]:
    """Return a relative strength between 0 and 100 by simple averages, NaN while it warms up."""
    steps = np.diff(values, prepend=values[0])
    gain, loss = average(np.maximum(steps, 0), length), average(np.maximum(-steps, 0), length)
    return 100 * gain / np.maximum(gain + loss, 1e-9)


def equity(days: int = 520, seed: int = 3, drift: float = 0.0006) -> NDArray[np.float64]:
    """Return an equity curve of daily points from 100,000."""
    return np.asarray(100_000 * np.cumprod(1 + np.random.default_rng(seed).normal(drift, 0.008, days)), dtype=np.float64)


def bot_rows() -> list[dict[str, Any]]:
    """Return a row a bot, one with a name made to break pages."""
    rng = np.random.default_rng(11)
    rows = [
        {
            "id": f"bot-{number}",
            "bot": bot,
            "stage": STAGES[number],
            "status": STATUSES[number],
            "day": round(float(rng.normal(0, 900)), 2),
            "sharpe": round(float(rng.normal(1.1, 0.7)), 2),
            "drawdown": -abs(round(float(rng.normal(0.06, 0.03)), 4)),
            "trades": int(rng.integers(0, 320)),
            "seen": NOON - int(rng.integers(1, 4000)),
            "curve": [round(float(v), 1) for v in np.cumsum(rng.normal(0, 1, 24))],
        }
        for number, bot in enumerate(BOTS)
    ]
    rows[2].update(day=None, sharpe=None)
    return [*rows, {**rows[0], "id": "bot-x", "bot": '<img src=x onerror="alert(1)">', "stage": "LAB", "status": "stopped", "day": 0.0}]


def trades(count: int = 137) -> list[dict[str, Any]]:
    """Return closed and open trades."""
    rng = np.random.default_rng(5)
    rows = []
    for number in range(count):
        which = int(rng.integers(0, 8))
        pnl = float(rng.normal(40, 420)) if number else None
        side = ("buy", "sell")[int(rng.integers(0, 2))]
        rows.append(
            {
                "id": f"T{count - number:04d}",
                "trade": f"T{count - number:04d}",
                "at": NOON - number * 1_733,
                "symbol": SYMBOLS[which],
                "side": side,
                "quantity": int(rng.integers(1, 9)),
                "price": round(float(rng.uniform(70, 18_000)), 2),
                "bot": BOTS[which],
                "pnl": None if pnl is None else round(pnl, 2),
                "status": "open" if pnl is None else "closed",
            }
        )
    return rows


def verdicts() -> list[dict[str, Any]]:
    """Return verdicts in the shape of ``Verdict.to_dict``: passes, failures, some not yet."""
    source = "b91c4e77a05d2f6683aa14c09e7d51f2b3c4d5e6f708192a3b4c5d6e7f8091a2"
    table: tuple[tuple[Any, ...], ...] = (
        ("paper_trades", "Trades", "pass", 312.0, 30.0, "higher", "312 trades, needs 30", "", ""),
        ("deflated_sharpe", "Deflated Sharpe", "fail", 0.81, 0.90, "higher", "0.81 over 417 trials in this family, needs 0.90", "", ""),
        ("paper_sessions", "Paper sessions", "not_yet", 12.0, 20.0, "higher", "12 sessions, needs 20", "8 more sessions", "about 2 Dec"),
        ("drawdown", "Drawdown", "pass", 0.082, 0.20, "lower", "8.2 % against at most 20 %", "", ""),
        ("overfitting", "Probability of overfitting", "fail", 0.31, 0.20, "lower", "31 % against at most 20 %", "", ""),
        ("look_ahead", "Look-ahead proof", "pass", None, None, "equal", "no decision changed when later bars were removed", "", ""),
        ("cross_check", "Second engine", "pass", 0.0, 1e-9, "lower", "equal to the cent on 312 trades", "", ""),
        ("divergence", "Divergence", "not_yet", None, 0.05, "lower", "not measured yet", "a paper session", ""),
    )
    names = ("gate", "title", "status", "value", "threshold", "better", "words", "missing", "due")
    return [{**dict(zip(names, row, strict=True)), "source": "" if row[2] == "not_yet" and row[3] is None else source} for row in table]


def events() -> list[dict[str, Any]]:
    """Return an audit timeline."""
    digest = "7f3a91c0de55aa10b2c4"
    return [
        {
            "at": NOON - 300,
            "title": "Promotion to SHADOW asked for",
            "who": "ana",
            "kind": "pending",
            "detail": "12 paper sessions, divergence within 2 %",
            "hash": digest,
        },
        {
            "at": NOON - 4_000,
            "title": "Paper session ended",
            "kind": "ok",
            "detail": "14 trades, +1,212.50, no break between book and broker",
        },
        {"at": NOON - 9_000, "title": "Feed stale for 41 s", "kind": "warning", "detail": "orders were held, none was lost"},
        {"at": NOON - 90_000, "title": "Promoted to PAPER", "who": "ana", "kind": "PAPER", "hash": digest[::-1]},
        {"at": NOON - 93_000, "title": "Promotion refused", "who": "ana", "kind": "fail", "detail": "deflated Sharpe 0.62, needs 0.90"},
        {"at": NOON - 180_000, "title": "Bot made", "who": "ana", "kind": "LAB", "hash": digest},
    ]
