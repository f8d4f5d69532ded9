"""Real daily bars out of installed packages: two indices and five shares, no network.

The packaged files are read directly: importing ``arch`` for a table of prices costs two seconds. Shares are adjusted for splits and
dividends with the adjusted close that the file carries; volume by the inverse, so that money traded stays the same.
"""

from __future__ import annotations

import importlib.util
from functools import lru_cache
from pathlib import Path

import pandas as pd

from workbench.errors import DataUnavailableError, UnknownNameError
from workbench.market.bars import Bars, validate
from workbench.units import Timeframe
from workbench.units import instrument as find_instrument
from workbench.units import timeframe as find_timeframe

_INDICES = {"SPX": "sp500", "IXIC": "nasdaq"}
_SHARES = ("AAPL", "FB", "GOOG", "IBM", "MSFT")
_NOTES = {
    "arch.data": "packaged with arch (NCSA); origin of the prices not stated by the package",
    "bokeh_sampledata": "packaged with bokeh_sampledata (BSD-3); Quandl WIKI, public domain; adjusted for splits and dividends",
}


def sample(symbol: str, timeframe: Timeframe | str = Timeframe.D1) -> Bars:
    """Return the packaged daily bars of ``symbol``: SPX, IXIC, AAPL, FB, GOOG, IBM or MSFT.

    Raises:
        UnknownNameError: no such sample.
        DataUnavailableError: the package that holds it is not installed, or a timeframe other than daily was asked for.
    """
    bar = timeframe if isinstance(timeframe, Timeframe) else find_timeframe(timeframe)
    known = (*_INDICES, *_SHARES)
    try:
        name = find_instrument(symbol).symbol
    except UnknownNameError:
        name = symbol
    if name not in known:
        kind = "sample"
        raise UnknownNameError(kind, symbol, known)
    if bar is not Timeframe.D1:
        message = f"the samples are daily, {symbol} {bar.value} is not among them; for intraday bars use synthetic('SYN', '{bar.value}') or a file"
        raise DataUnavailableError(message)
    return _load(name)


def catalogue() -> pd.DataFrame:
    """Return one row a sample: symbol, name, timeframe, first, last, bars, source, note."""
    rows = []
    for symbol in (*_INDICES, *_SHARES):
        bars = sample(symbol)
        rows.append(
            {
                "symbol": symbol,
                "name": bars.instrument.name,
                "timeframe": bars.timeframe.value,
                "first": str(bars.trade_date[0]),
                "last": str(bars.trade_date[-1]),
                "bars": len(bars),
                "source": bars.source,
                "note": _NOTES[bars.source],
            }
        )
    return pd.DataFrame(rows)


@lru_cache(maxsize=16)
def _load(symbol: str) -> Bars:
    if symbol in _INDICES:
        folder = _INDICES[symbol]
        frame = pd.read_csv(_packaged("arch", f"data/{folder}/{folder}.csv.gz"))
        frame["Date"] = pd.to_datetime(frame["Date"], format="%m/%d/%Y")
        return validate(frame, symbol, Timeframe.D1, source="arch.data")
    shares = _shares()
    frame = shares[shares["Ticker"] == symbol]
    factor = frame["Adj Close"] / frame["Close"]
    adjusted = pd.DataFrame({name: frame[name] * factor for name in ("Open", "High", "Low", "Close")})
    adjusted["Volume"] = frame["Volume"] / factor
    adjusted["Date"] = frame["Date"]
    return validate(adjusted, symbol, Timeframe.D1, source="bokeh_sampledata")


@lru_cache(maxsize=1)
def _shares() -> pd.DataFrame:
    return pd.read_csv(_packaged("bokeh_sampledata", "_data/stocks.csv.gz"), parse_dates=["Date"])


def _packaged(package: str, inside: str) -> Path:
    found = importlib.util.find_spec(package)  # finds without importing
    if found is None or found.origin is None:
        message = f"the package {package} that holds this sample is not installed; python -m pip install {package}"
        raise DataUnavailableError(message)
    path = Path(found.origin).parent / inside
    if not path.is_file():
        message = f"the installed {package} no longer holds {inside}; python -m pip install --upgrade workbench"
        raise DataUnavailableError(message)
    return path
