"""QuantConnect LEAN's zip layout: one CSV per symbol (daily, hourly) or per day and contract (minutes).

1. Prices of shares are in 1/10 000 of a dollar, all others as they are.
2. Daily and hourly rows carry ``YYYYMMDD HH:MM``, minute rows milliseconds since the file's midnight, both in the *data zone*: New York for shares,
   UTC for futures, currencies and coins. That ES minutes are UTC is what their volume says: it jumps at 13:30 in October and 14:30 in
   January, which is 09:30 New York, and pauses 21:15-22:00 in October 2013, the break of that year.
3. Quote files hold bid and ask bars: their middle is taken, volume is unknown and zero.
4. A futures zip holds several contracts. Each session takes the one that had most volume in the session before (what a trader knew), or in the
   session itself where the one before is not in the data; it never goes back to an earlier expiry. Prices are not adjusted: ``frame.attrs["rolls"]`` lists
   trade date and contract of every change.
"""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from workbench.errors import BarsError, DataUnavailableError
from workbench.market.bars import Bars, validate
from workbench.market.calendars import session_table
from workbench.units import AssetClass, Instrument, Timeframe

if TYPE_CHECKING:
    from pathlib import Path

_DAY_FILE = re.compile(r"(?P<day>\d{8})_(?P<kind>trade|quote)\.zip$", re.IGNORECASE)
_MEMBER = re.compile(r"\d{8}_(?P<symbol>[a-z0-9]+)_(?:minute|second)_(?P<kind>trade|quote)(?:_(?P<expiry>\d{6,8}))?\.csv$", re.IGNORECASE)
_PRICES = ("open", "high", "low", "close")
_TRADE_COLUMNS = 6
_QUOTE_COLUMNS = 11
_SHARE_SCALE = 10_000.0


@dataclass(frozen=True, kw_only=True, eq=False)
class _Piece:
    """Rows of one CSV."""

    frame: pd.DataFrame
    expiry: str


def symbol_of(place: Path) -> str:
    """Return the symbol that a LEAN file or folder is about, as its name says it."""
    if place.is_dir() or _DAY_FILE.search(place.name):
        zips = sorted(place.glob("*.zip")) if place.is_dir() else [place]
        for archive in zips[:1]:
            for member in _members(archive):
                found = _MEMBER.search(member)
                if found:
                    return found["symbol"]
        return place.name if place.is_dir() else place.parent.name
    return place.name.split(".")[0].removesuffix("_trade").removesuffix("_quote")


def read(place: Path, instrument: Instrument | None, *, contract: str | None = None) -> Bars:
    """Return checked bars from one LEAN zip or from all day zips of a folder (trades where there are any, else quotes).

    Raises:
        DataUnavailableError: no zip of the layout is there, or not the ``contract``.
        BarsError: the symbol is unknown (scale and zone depend on what it is) or a file does not follow the layout.
    """
    if instrument is None:
        message = f"{place.name}: the symbol {symbol_of(place)!r} is not known, and scale and time zone depend on it; pass instrument='SPY' or register(Instrument(...))"
        raise BarsError(message)
    pieces = [piece for archive in _archives(place) for piece in _pieces(archive, instrument)]
    if not pieces:
        message = f"{place.name} holds no rows"
        raise DataUnavailableError(message)
    source = f"file:{place.name}"
    if not isinstance(pieces[0].frame.index, pd.DatetimeIndex) or pieces[0].frame.index.tz is None:
        return validate(_joined(pieces), instrument, Timeframe.D1, source=source)
    expiries = {piece.expiry for piece in pieces}
    if contract is not None:
        pieces = [piece for piece in pieces if piece.expiry.startswith(contract)]
        if not pieces:
            message = f"{place.name} has no contract {contract}; it has {', '.join(sorted(expiries))}"
            raise DataUnavailableError(message)
    if len({piece.expiry for piece in pieces}) == 1:
        return validate(_joined(pieces), instrument, _length(place), source=source)
    frame, rolls = _continuous(pieces, instrument)
    bars = validate(frame, instrument, _length(place), source=source)
    bars.frame.attrs["rolls"] = rolls
    return bars


def _length(place: Path) -> Timeframe | None:
    """Minute files are sparse: their length comes from the layout, not from the spacing."""
    return Timeframe.M1 if place.is_dir() or _DAY_FILE.search(place.name) else None


def _archives(place: Path) -> list[Path]:
    if not place.is_dir():
        return [place]
    for kind in ("trade", "quote"):
        found = sorted(path for path in place.glob("*.zip") if (match := _DAY_FILE.search(path.name)) and match["kind"].lower() == kind)
        if found:
            return found
    message = f"{place} holds no LEAN day files such as 20131007_trade.zip"
    raise DataUnavailableError(message)


def _members(archive: Path) -> list[str]:
    try:
        with zipfile.ZipFile(archive) as opened:
            return [name for name in opened.namelist() if name.lower().endswith(".csv")]
    except (OSError, zipfile.BadZipFile) as error:
        message = f"{archive.name} is not a readable zip: {error}"
        raise BarsError(message) from error


def _pieces(archive: Path, instrument: Instrument) -> list[_Piece]:
    members = _members(archive)
    if not members:
        message = f"{archive.name} holds no CSV file"
        raise DataUnavailableError(message)
    day = _DAY_FILE.search(archive.name)
    zone = "America/New_York" if instrument.asset_class in {AssetClass.EQUITY, AssetClass.INDEX} else "UTC"
    pieces = []
    with zipfile.ZipFile(archive) as opened:
        for member in sorted(members):
            found = _MEMBER.search(member)
            with opened.open(member) as stream:
                raw = pd.read_csv(stream, header=None)
            if found and found["kind"].lower() == "quote" and found["expiry"]:
                raw = raw.dropna()  # one-sided quotes of far contracts have no middle
            if len(raw):
                frame = _values(raw, archive, scale=_SHARE_SCALE if instrument.asset_class is AssetClass.EQUITY else 1.0)
                frame.index = _times(raw[0], day["day"] if day else None, zone, archive)
                pieces.append(_Piece(frame=frame, expiry=(found["expiry"] or "") if found else ""))
    return pieces


def _values(raw: pd.DataFrame, archive: Path, *, scale: float) -> pd.DataFrame:
    if raw.shape[1] == _TRADE_COLUMNS:
        prices = raw.iloc[:, 1:5].to_numpy(dtype=np.float64) / scale
        volume = raw.iloc[:, 5].to_numpy(dtype=np.float64)
    elif raw.shape[1] == _QUOTE_COLUMNS:
        bid, ask = raw.iloc[:, 1:5].to_numpy(dtype=np.float64), raw.iloc[:, 6:10].to_numpy(dtype=np.float64)
        prices = (bid + ask) / 2.0 / scale
        volume = np.zeros(len(raw))
    else:
        message = f"{archive.name} has {raw.shape[1]} columns; LEAN trades have {_TRADE_COLUMNS}, quotes {_QUOTE_COLUMNS}"
        raise BarsError(message)
    frame = pd.DataFrame(prices, columns=list(_PRICES))
    frame["volume"] = volume
    return frame


def _times(labels: pd.Series, day: str | None, zone: str, archive: Path) -> pd.DatetimeIndex:
    try:
        if day is not None:
            wall = pd.DatetimeIndex(pd.Timestamp(day).as_unit("ns") + pd.to_timedelta(labels.to_numpy(), unit="ms"))
        else:
            wall = pd.DatetimeIndex(pd.to_datetime(labels, format="%Y%m%d %H:%M")).as_unit("ns")
    except (ValueError, TypeError) as error:
        message = f"{archive.name}: the times do not follow LEAN's layout: {error}"
        raise BarsError(message) from error
    if day is None and not (wall.asi8 % 86_400_000_000_000).any():
        return wall  # daily: trade dates
    return wall.tz_localize(zone)


def _joined(pieces: list[_Piece]) -> pd.DataFrame:
    return pd.concat([piece.frame for piece in pieces])


def _continuous(pieces: list[_Piece], instrument: Instrument) -> tuple[pd.DataFrame, list[dict[str, str]]]:
    whole = pd.concat([piece.frame.assign(expiry=piece.expiry) for piece in pieces])
    table = session_table(instrument.calendar, instrument.session_mode)
    times = np.asarray(pd.DatetimeIndex(whole.index).tz_convert("UTC").as_unit("ns").asi8)
    row = table.locate(times, Timeframe.M1.nanoseconds)[0]
    volume = whole.assign(row=row).pivot_table(index="row", columns="expiry", values="volume", aggfunc="sum", fill_value=0.0)
    chosen: dict[int, str] = {}
    rolls: list[dict[str, str]] = []
    held = ""
    for session in volume.index:
        traded = volume.loc[session]
        known = volume.loc[session - 1] if session - 1 in volume.index else traded
        candidates = known[(known.index >= held) & (traded > 0)]
        best = str((candidates if len(candidates) else traded).idxmax())
        if best != held:
            rolls.append({"trade_date": str(table.trade_date[session]), "contract": best})
        chosen[int(session)] = held = best
    picked = whole["expiry"].to_numpy() == np.array([chosen[int(session)] for session in row])
    return whole[picked].drop(columns="expiry").sort_index(kind="stable"), rolls
