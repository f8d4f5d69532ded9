"""Instruments, timeframes and session modes: what a price, a bar and a trading day are measured in.

The table of instruments keeps contract facts as the exchange publishes them (CME Group contract specifications; tick and
multiplier are those in force since each contract's last change before 2024). Prices are in quote units, money in ``currency``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from workbench.errors import InputError, UnknownNameError


class AssetClass(StrEnum):
    """What kind of thing is traded."""

    FUTURE = "future"
    EQUITY = "equity"
    INDEX = "index"
    CRYPTO = "crypto"
    FX = "fx"


class SessionMode(StrEnum):
    """Which hours of the trading day count."""

    RTH_US = "RTH_US"  # regular hours, 09:30-16:00 New York
    EXT_US = "EXT_US"  # extended hours, 04:00-20:00 New York
    FULL_24X5 = "FULL_24x5"  # the venue's full electronic session, Sunday evening to Friday
    FULL_24X7 = "FULL_24x7"  # every hour of every day, days end at 00:00 UTC


SESSION_MODE_ALIASES = MappingProxyType(
    {
        "RTH": SessionMode.RTH_US,
        "REGULAR": SessionMode.RTH_US,
        "EXTENDED": SessionMode.EXT_US,
        "EXT": SessionMode.EXT_US,
        "24X5": SessionMode.FULL_24X5,
        "FULL": SessionMode.FULL_24X5,
        "24X7": SessionMode.FULL_24X7,
    }
)


def session_mode(name: str) -> SessionMode:
    """Return the session mode for a ``name`` or alias, in any letter case.

    Raises:
        UnknownNameError: no such mode.
    """
    folded = name.strip().upper().replace("-", "_")
    modes = {mode.value.upper(): mode for mode in SessionMode} | dict(SESSION_MODE_ALIASES)
    if folded not in modes:
        kind = "session mode"
        raise UnknownNameError(kind, name, [*SessionMode, *SESSION_MODE_ALIASES])
    return modes[folded]


class Timeframe(StrEnum):
    """The length of a bar."""

    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    H1 = "1h"
    H4 = "4h"
    D1 = "1d"

    @property
    def seconds(self) -> int:
        """Length in seconds; a daily bar counts 86 400 although its session is shorter."""
        return _SECONDS[self.value]

    @property
    def nanoseconds(self) -> int:
        """Length in nanoseconds."""
        return self.seconds * 1_000_000_000

    @property
    def intraday(self) -> bool:
        """Whether a session holds more than one such bar."""
        return self is not Timeframe.D1


_SECONDS = {"1m": 60, "5m": 300, "15m": 900, "30m": 1800, "1h": 3600, "4h": 14400, "1d": 86400}


def timeframe(name: str) -> Timeframe:
    """Return the timeframe for a ``name`` such as ``5m``, ``5 min``, ``1H``, ``M5``, ``daily`` or ``1D``; ``M`` is minutes, never months.

    Raises:
        UnknownNameError: no such timeframe.
    """
    folded = name.strip().lower().replace(" ", "")
    folded = {"daily": "1d", "day": "1d", "d": "1d", "hourly": "1h", "h": "1h"}.get(folded, folded)
    folded = re.sub(r"^([mhd])(\d+)$", r"\2\1", folded)
    folded = re.sub(r"(minutes?|mins?|t)$", "m", folded)
    folded = re.sub(r"(hours?|hrs?)$", "h", folded)
    folded = re.sub(r"days?$", "d", folded)
    folded = {"60m": "1h", "240m": "4h"}.get(folded, folded)
    for choice in Timeframe:
        if choice.value == folded:
            return choice
    kind = "timeframe"
    raise UnknownNameError(kind, name, [choice.value for choice in Timeframe])


@dataclass(frozen=True, kw_only=True)
class Instrument:
    """One tradable thing and the units of its prices."""

    symbol: str
    """Our normalised symbol, upper case, such as ``ES`` or ``BTCUSDT``."""
    name: str
    """What a person calls it."""
    asset_class: AssetClass
    """What kind of thing it is."""
    tick: float
    """Smallest price step, quote units."""
    multiplier: float = 1.0
    """Money per 1.0 of price and contract (or share, or coin)."""
    currency: str = "USD"
    """ISO code of the money."""
    lot: float = 1.0
    """Smallest quantity step, contracts or units."""
    calendar: str = "NYSE"
    """Name of the calendar in ``market.calendars``."""
    session_mode: SessionMode = SessionMode.RTH_US
    """Hours that count unless a strategy says otherwise."""
    margin: float | None = None
    """Initial margin in money per contract; None for cash instruments, which are paid in full."""
    synthetic: bool = False
    """True for made-up instruments; every face shows a SYNTHETIC badge."""

    def __post_init__(self) -> None:
        """Refuse units that are not positive; every price and size divides by them."""
        for name in ("tick", "multiplier", "lot"):
            value = getattr(self, name)
            if not (math.isfinite(value) and value > 0):
                message = f"{name} of {self.symbol} must be a positive number, not {value!r}"
                raise InputError(message)
        if self.margin is not None and not self.margin > 0:
            message = f"margin of {self.symbol} must be positive; leave it out for what is paid in full"
            raise InputError(message)

    @property
    def decimals(self) -> int:
        """Digits after the point that a price of this instrument needs: 2 for a tick of 0.25."""
        return max(0, -Decimal(repr(self.tick)).normalize().as_tuple().exponent)  # type: ignore[operator]

    @property
    def margined(self) -> bool:
        """Whether a position is carried on margin instead of paid in full."""
        return self.margin is not None


def _future(symbol: str, name: str, tick: float, multiplier: float, margin: float) -> Instrument:
    return Instrument(
        symbol=symbol,
        name=name,
        asset_class=AssetClass.FUTURE,
        tick=tick,
        multiplier=multiplier,
        calendar="CME_EQUITY" if symbol in {"ES", "MES", "NQ", "MNQ"} else "CME_ENERGY_METALS",
        session_mode=SessionMode.FULL_24X5,
        margin=margin,
    )


def _cash(symbol: str, name: str, asset_class: AssetClass, tick: float) -> Instrument:
    return Instrument(symbol=symbol, name=name, asset_class=asset_class, tick=tick)


# Margins are round numbers near CME's 2024 maintenance requirements: they change weekly, set your own.
_TABLE = (
    _future("ES", "E-mini S&P 500", 0.25, 50.0, 15000.0),
    _future("MES", "Micro E-mini S&P 500", 0.25, 5.0, 1500.0),
    _future("NQ", "E-mini Nasdaq-100", 0.25, 20.0, 22000.0),
    _future("MNQ", "Micro E-mini Nasdaq-100", 0.25, 2.0, 2200.0),
    _future("CL", "Crude oil", 0.01, 1000.0, 6000.0),
    _future("MCL", "Micro crude oil", 0.01, 100.0, 600.0),
    _future("GC", "Gold", 0.10, 100.0, 11000.0),
    _future("MGC", "Micro gold", 0.10, 10.0, 1100.0),
    _cash("SPX", "S&P 500 index", AssetClass.INDEX, 0.01),
    _cash("IXIC", "Nasdaq Composite index", AssetClass.INDEX, 0.01),
    _cash("SPY", "SPDR S&P 500 ETF", AssetClass.EQUITY, 0.01),
    _cash("QQQ", "Invesco QQQ ETF", AssetClass.EQUITY, 0.01),
    _cash("AAPL", "Apple", AssetClass.EQUITY, 0.01),
    _cash("BAC", "Bank of America", AssetClass.EQUITY, 0.01),
    _cash("FB", "Facebook", AssetClass.EQUITY, 0.01),
    _cash("GOOG", "Google", AssetClass.EQUITY, 0.01),
    _cash("IBM", "IBM", AssetClass.EQUITY, 0.01),
    _cash("MSFT", "Microsoft", AssetClass.EQUITY, 0.01),
    Instrument(
        symbol="BTCUSD",
        name="Bitcoin in US dollars",
        asset_class=AssetClass.CRYPTO,
        tick=0.01,
        lot=0.00001,
        calendar="24/7",
        session_mode=SessionMode.FULL_24X7,
    ),
    Instrument(
        symbol="BTCUSDT",
        name="Bitcoin perpetual in USDT",
        asset_class=AssetClass.CRYPTO,
        tick=0.10,
        currency="USDT",
        lot=0.001,
        calendar="24/7",
        session_mode=SessionMode.FULL_24X7,
    ),
    Instrument(
        symbol="EURUSD",
        name="Euro in US dollars",
        asset_class=AssetClass.FX,
        tick=0.00001,
        lot=1000.0,
        calendar="FX",
        session_mode=SessionMode.FULL_24X5,
    ),
    Instrument(
        symbol="SYN",
        name="Synthetic index future, planted edge",
        asset_class=AssetClass.FUTURE,
        tick=0.25,
        multiplier=50.0,
        calendar="CME_EQUITY",
        session_mode=SessionMode.RTH_US,
        margin=15000.0,
        synthetic=True,
    ),
    Instrument(
        symbol="SYN0",
        name="Synthetic index future, no edge",
        asset_class=AssetClass.FUTURE,
        tick=0.25,
        multiplier=50.0,
        calendar="CME_EQUITY",
        session_mode=SessionMode.RTH_US,
        margin=15000.0,
        synthetic=True,
    ),
    Instrument(symbol="CUSTOM", name="Your own bars", asset_class=AssetClass.EQUITY, tick=0.01, lot=1.0),
)

INSTRUMENTS: dict[str, Instrument] = {entry.symbol: entry for entry in _TABLE}

_ALIASES = {"BTC/USDT": "BTCUSDT", "EUR/USD": "EURUSD", "^GSPC": "SPX", "^IXIC": "IXIC", "SP500": "SPX", "NASDAQ": "IXIC", "COMP": "IXIC"}


def instrument(symbol: str) -> Instrument:
    """Return the instrument for a ``symbol`` in any usual spelling: ``es``, ``ES=F``, ``/ES``, ``btc-usdt``, ``^GSPC``.

    Raises:
        UnknownNameError: no such instrument; the message names the nearest.
    """
    folded = symbol.strip().upper()
    folded = _ALIASES.get(folded, folded)
    plain = folded.removeprefix("/").removesuffix("=F").removesuffix("=X").replace("-", "").replace("/", "").replace("_", "")
    for candidate in (folded, plain, _ALIASES.get(plain, plain)):
        if candidate in INSTRUMENTS:
            return INSTRUMENTS[candidate]
    kind = "symbol"
    raise UnknownNameError(kind, symbol, INSTRUMENTS)


def register(entry: Instrument) -> Instrument:
    """Make your own instrument known to this process and return it.

    Raises:
        InputError: the symbol is taken by a different instrument, or is not plain upper case.
    """
    if INSTRUMENTS.get(entry.symbol, entry) != entry:
        message = f"symbol {entry.symbol} is already registered with other units"
        raise InputError(message)
    if not re.fullmatch(r"[A-Z0-9.]{1,24}", entry.symbol):
        message = f"symbol {entry.symbol!r} must be up to 24 upper-case letters, digits or points"
        raise InputError(message)
    INSTRUMENTS[entry.symbol] = entry
    return entry
