"""The indicators beside TA-Lib: how far apart, from which bar on, how fast.

``agreement`` computes every registered step of this package on the same bars as its counterpart in TA-Lib and puts the two in one row. Steps without a
counterpart are listed with the reason; what they are checked against instead is in the tests. TA-Lib need not be installed: its columns are then empty.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import clock
from workbench.errors import InputError
from workbench.strategy.indicators import registry
from workbench.strategy.indicators.step import batch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd
    from numpy.typing import NDArray

    from workbench.strategy.indicators.declaration import Indicator

_HLC = ("high", "low", "close")
_OWN_KELTNER = "TA-Lib KC averages the typical price and seeds its range later; equal to EMA(close) and ATR of TA-Lib"
_FUSED = "TA-Lib's build fuses multiply and add: where a price meets the stop to the last digit the two may turn some bars apart; the direction is ours"
_NO_PEER = {
    "ichimoku": "not in TA-Lib; compared with rolling windows of pandas",
    "vwap_bands": "not in TA-Lib; compared with the weighted variance of each session",
    "orb": "follows the calendar; compared with each session's first bars",
}
_SESSIONS = "follows the calendar; compared with a group-by of sessions"


@dataclass(frozen=True, kw_only=True)
class Peer:
    """The counterpart of an indicator: TA-Lib functions, what they are given, and which of their answers are our outputs."""

    functions: tuple[str, ...]
    """The first one is timed."""
    inputs: tuple[str, ...]
    """Series, in its order."""
    outputs: tuple[str, ...] = ()
    """Our outputs in the order of all their answers; empty for our own order."""
    numbers: Callable[..., tuple[float, ...]] = lambda *params: tuple(int(value) if value == int(value) else value for value in params)
    """Its parameters, from ours."""
    note: str = ""
    """What one should know."""


def _whole(value: float) -> int:
    return int(value)


_PEERS: Mapping[str, Peer] = {
    "sma": Peer(functions=("SMA",), inputs=("close",)),
    "volume_sma": Peer(functions=("SMA",), inputs=("volume",)),
    "ema": Peer(functions=("EMA",), inputs=("close",)),
    "wma": Peer(functions=("WMA",), inputs=("close",)),
    "vwma": Peer(functions=("VWMA",), inputs=("close", "volume")),
    "rsi": Peer(functions=("RSI",), inputs=("close",)),
    "macd": Peer(functions=("MACD",), inputs=("close",)),
    "trix": Peer(functions=("TRIX",), inputs=("close",)),
    "linreg": Peer(functions=("LINEARREG", "LINEARREG_SLOPE"), inputs=("close",)),
    "roc": Peer(functions=("ROC",), inputs=("close",)),
    "mom": Peer(functions=("MOM",), inputs=("close",)),
    "atr": Peer(functions=("ATR",), inputs=_HLC),
    "natr": Peer(functions=("NATR",), inputs=_HLC),
    "true_range": Peer(functions=("TRANGE",), inputs=_HLC),
    "adx": Peer(functions=("ADX", "PLUS_DI", "MINUS_DI"), inputs=_HLC),
    "bb": Peer(functions=("BBANDS",), inputs=("close",), numbers=lambda period, width: (_whole(period), width, width)),
    "stdev": Peer(functions=("STDDEV",), inputs=("close",), note="TA-Lib takes it from sums of squares, which cancel on short windows"),
    "donchian": Peer(functions=("DONCHIAN",), inputs=("high", "low")),
    "highest": Peer(functions=("MAX",), inputs=("high",)),
    "lowest": Peer(functions=("MIN",), inputs=("low",)),
    "stoch": Peer(functions=("STOCH",), inputs=_HLC, numbers=lambda k, s, d: (_whole(k), _whole(s), 0, _whole(d), 0)),
    "williams": Peer(functions=("WILLR",), inputs=_HLC),
    "cci": Peer(functions=("CCI",), inputs=_HLC),
    "mfi": Peer(functions=("MFI",), inputs=(*_HLC, "volume")),
    "cmf": Peer(functions=("CMF",), inputs=(*_HLC, "volume")),
    "obv": Peer(functions=("OBV",), inputs=("close", "volume")),
    "aroon": Peer(functions=("AROON", "AROONOSC"), inputs=("high", "low"), outputs=("down", "up", "oscillator")),
    "psar": Peer(functions=("SAR",), inputs=("high", "low"), outputs=("psar",), note=_FUSED),
    "supertrend": Peer(functions=("SUPERTREND",), inputs=_HLC, numbers=lambda n, m: (_whole(n), m)),
    "zscore": Peer(functions=(), inputs=(), note="(close - SMA) / STDDEV; 0 where the window stands still, which TA-Lib leaves open"),
    "keltner": Peer(functions=(), inputs=(), note=_OWN_KELTNER),
    "vwap": Peer(functions=("VWAP",), inputs=(*_HLC, "volume"), note="TA-Lib's never resets, so on one session only"),
}


def agreement(bars: Any = None, *, length: int = 100_000, repeats: int = 5) -> pd.DataFrame:  # noqa: ANN401 - Bars
    """Return one row per registered step of this package: peer, worst difference after warm-up, warm-up of both, milliseconds of both, and what to know.

    ``worst`` is the largest difference over all outputs the two share, as a share of the output's largest value (of 1 where that is smaller), ``worst_output``
    where; NaN without a peer. ``apart`` counts the bars on which one is further than 1e-9 off. Times are the best of
    ``repeats`` on all bars with default parameters; for several TA-Lib functions that of the first. Without ``bars`` a made-up walk of ``length`` bars on a
    cent grid, with ties, gaps and prices that stand still.

    Raises:
        InputError: too few bars for the longest warm-up.
    """
    import pandas as pd  # noqa: PLC0415 - only faces need it

    table = made_up(length) if bars is None else {name: np.array(getattr(bars, name), dtype=np.float64) for name in _ALL}
    size = len(table["close"])
    if size < _FEWEST:
        message = f"{size} bars are too few to compare indicators on; give at least {_FEWEST}"
        raise InputError(message)
    table |= {
        "session_bar": np.arange(size, dtype=np.float64),
        "session_day": np.zeros(size),
        "minutes_since_open": np.arange(size, dtype=np.float64),
    }
    table["bar_minutes"] = np.ones(size)
    rows = [_row(registry.find(name), table, repeats) for name in registry.names() if registry.is_built_in(name)]
    return pd.DataFrame(rows).set_index("indicator")


_ALL = ("open", "high", "low", "close", "volume")
_FEWEST = 500
_CLOSE = 1e-9


def made_up(length: int, seed: int = 1) -> dict[str, NDArray[np.float64]]:
    """Return the columns of a walk on a cent grid: a fifth of the bars unchanged, a gap now and then, and stretches without any movement."""
    random = np.random.default_rng(seed)
    steps = random.normal(0.0, 0.1, length) * (random.random(length) > 0.2)
    steps[random.random(length) < 0.001] *= 40.0
    walk = np.cumsum(steps)
    close = np.round(100.0 + 40.0 * np.abs((walk / 40.0 + 1.0) % 4.0 - 2.0), 2)  # folded, so that it stays between 100 and 180
    opened = np.round(close + random.normal(0.0, 0.05, length), 2)
    high = np.maximum(opened, close) + np.round(0.3 * random.random(length), 2)
    low = np.minimum(opened, close) - np.round(0.3 * random.random(length), 2)
    for start in range(length // 3, length, max(length // 3, 1)):
        for column in (opened, high, low, close):
            column[start : start + 60] = column[start]
        high[start : start + 60] = low[start : start + 60] = opened[start : start + 60] = close[start]
    return {"open": opened, "high": high, "low": low, "close": close, "volume": random.integers(0, 900, length).astype(np.float64)}


def _row(entry: Indicator, table: Mapping[str, NDArray[np.float64]], repeats: int) -> dict[str, Any]:
    columns, params = [table[name] for name in entry.inputs], entry.defaults
    ours = batch(entry, columns, params).T
    peer = _PEERS.get(entry.name)
    row: dict[str, Any] = {
        "indicator": entry.name,
        "parameters": ", ".join(f"{value:g}" for value in params),
        "peer": "",
        "worst": math.nan,
        "worst_output": "",
        "apart": 0,
        "warmup": entry.warmup_bars(params),
        "warmup_peer": math.nan,
        "ms": _best(lambda: batch(entry, columns, params), repeats),
        "ms_peer": math.nan,
        "times": math.nan,
        "note": peer.note if peer else _NO_PEER.get(entry.name, _SESSIONS),
    }
    talib = _talib()
    if peer is None or not peer.functions or talib is None:
        return row
    given, numbers = [table[name] for name in peer.inputs], peer.numbers(*params)
    theirs = _answers([getattr(talib, name)(*given, *numbers) for name in peer.functions])
    differences, apart = {}, 0
    for output, answer in zip(peer.outputs or entry.outputs, theirs, strict=False):
        known = slice(entry.warmup_bars(params), None)
        distance = np.abs(ours[entry.output(output)][known] - answer[known]) / max(1.0, float(np.max(np.abs(answer[known]))))
        differences[output] = float(np.max(distance))
        apart = max(apart, int(np.sum(distance > _CLOSE)))
    worst = max(differences, key=lambda output: differences[output])
    timed = _best(lambda: getattr(talib, peer.functions[0])(*given, *numbers), repeats)
    return row | {
        "peer": f"TA-Lib {', '.join(peer.functions)}",
        "worst": differences[worst],
        "worst_output": worst,
        "apart": apart,
        "warmup_peer": int(np.isnan(theirs[0]).sum()),
        "ms_peer": timed,
        "times": row["ms"] / timed,
    }


def _answers(found: list[Any]) -> list[NDArray[np.float64]]:
    return [np.asarray(part, dtype=np.float64) for answer in found for part in (answer if isinstance(answer, tuple | list) else (answer,))]


def _talib() -> Any:  # noqa: ANN401 - a module
    try:
        import talib  # noqa: PLC0415 - it may be absent
    except ImportError:
        return None
    return talib


def _best(call: Callable[[], Any], repeats: int) -> float:
    """Return the milliseconds of the fastest of ``repeats`` calls after one that loads or compiles."""
    call()
    found = math.inf
    for _ in range(max(repeats, 1)):
        started = clock.monotonic()
        call()
        found = min(found, clock.monotonic() - started)
    return 1e3 * found
