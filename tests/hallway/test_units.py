from __future__ import annotations

from dataclasses import replace

import pytest

from workbench import units
from workbench.errors import InputError, UnknownNameError
from workbench.units import AssetClass, Instrument, SessionMode, Timeframe


@pytest.mark.parametrize(
    ("typed", "symbol"),
    [
        ("es", "ES"),
        ("ES=F", "ES"),
        ("/ES", "ES"),
        (" nq ", "NQ"),
        ("btc-usdt", "BTCUSDT"),
        ("BTC/USDT", "BTCUSDT"),
        ("BTC_USD", "BTCUSD"),
        ("eur/usd", "EURUSD"),
        ("EURUSD=X", "EURUSD"),
        ("^GSPC", "SPX"),
        ("^ixic", "IXIC"),
        ("nasdaq", "IXIC"),
        ("syn0", "SYN0"),
    ],
)
def test_usual_spellings_name_one_instrument(typed: str, symbol: str) -> None:
    """A symbol is found however venues and vendors spell it."""
    assert units.instrument(typed).symbol == symbol


def test_an_unknown_symbol_names_the_nearest() -> None:
    """A typo ends in a suggestion."""
    with pytest.raises(UnknownNameError, match="did you mean AAPL"):
        units.instrument("APPL")


# CME Group contract specifications: minimum price increment and contract unit, and their product in dollars.
@pytest.mark.parametrize(
    ("symbol", "tick", "multiplier", "tick_value"),
    [
        ("ES", 0.25, 50, 12.50),
        ("MES", 0.25, 5, 1.25),
        ("NQ", 0.25, 20, 5.00),
        ("MNQ", 0.25, 2, 0.50),
        ("CL", 0.01, 1000, 10.00),
        ("MCL", 0.01, 100, 1.00),
        ("GC", 0.10, 100, 10.00),
        ("MGC", 0.10, 10, 1.00),
    ],
)
def test_futures_have_the_exchange_s_units(symbol: str, tick: float, multiplier: float, tick_value: float) -> None:
    """Tick and multiplier are the contract's, and so is the money per tick."""
    entry = units.instrument(symbol)

    assert (tick, multiplier, pytest.approx(tick_value)) == (entry.tick, entry.multiplier, entry.tick * entry.multiplier)
    assert entry.margined is True


def test_every_instrument_is_whole() -> None:
    """Each row of the table is filed under its symbol and has positive units; only the made-up ones are synthetic."""
    assert {symbol: entry.symbol for symbol, entry in units.INSTRUMENTS.items()} == {symbol: symbol for symbol in units.INSTRUMENTS}
    assert {entry.symbol for entry in units.INSTRUMENTS.values() if entry.synthetic} == {"SYN", "SYN0"}
    assert {entry.asset_class for entry in units.INSTRUMENTS.values()} == set(AssetClass)


@pytest.mark.parametrize(("symbol", "decimals"), [("ES", 2), ("GC", 1), ("CL", 2), ("EURUSD", 5), ("BTCUSDT", 1), ("SPX", 2)])
def test_prices_show_the_digits_of_the_tick(symbol: str, decimals: int) -> None:
    """The number of decimals follows the tick."""
    assert units.instrument(symbol).decimals == decimals


@pytest.mark.parametrize("field", ["tick", "multiplier", "lot", "margin"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan")])
def test_units_must_be_positive(field: str, value: float) -> None:
    """An instrument with a zero, negative or missing unit cannot be made."""
    with pytest.raises(InputError, match=field):
        replace(units.instrument("ES"), **{field: value})


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("5m", "5m"),
        ("5 min", "5m"),
        ("5T", "5m"),
        ("M15", "15m"),
        ("1H", "1h"),
        ("60min", "1h"),
        ("4 hours", "4h"),
        ("h4", "4h"),
        ("daily", "1d"),
        ("1D", "1d"),
        ("D1", "1d"),
        ("1m", "1m"),
    ],
)
def test_usual_names_of_timeframes(typed: str, expected: str) -> None:
    """A timeframe is read in the spellings of pandas, charts and MetaTrader."""
    assert units.timeframe(typed) == expected


def test_an_unknown_timeframe_lists_the_known() -> None:
    """A timeframe we do not have is refused with the list of those we have."""
    with pytest.raises(UnknownNameError, match=r"did you mean|known:"):
        units.timeframe("7m")


def test_lengths_of_timeframes() -> None:
    """Seconds and nanoseconds agree with the name, and only the day is not intraday."""
    assert {bar.value: bar.seconds for bar in Timeframe} == {
        "1m": 60,
        "5m": 300,
        "15m": 900,
        "30m": 1800,
        "1h": 3600,
        "4h": 14400,
        "1d": 86400,
    }
    assert all(bar.nanoseconds == bar.seconds * 10**9 for bar in Timeframe)
    assert [bar for bar in Timeframe if not bar.intraday] == [Timeframe.D1]


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("RTH", "RTH_US"),
        ("regular", "RTH_US"),
        ("rth_us", "RTH_US"),
        ("EXTENDED", "EXT_US"),
        ("24x5", "FULL_24x5"),
        ("FULL-24X7", "FULL_24x7"),
    ],
)
def test_session_modes_have_aliases(typed: str, expected: str) -> None:
    """A session mode is found by name or alias in any letter case."""
    assert units.session_mode(typed) == SessionMode(expected)


def test_an_unknown_session_mode_is_refused() -> None:
    """A mode that does not exist names the nearest."""
    with pytest.raises(UnknownNameError, match="did you mean"):
        units.session_mode("RHT_US")


def test_your_own_instrument_joins_the_table() -> None:
    """A registered instrument is found by its symbol; registering it again is no change, other units are refused."""
    mine = Instrument(
        symbol="FDAX", name="DAX future", asset_class=AssetClass.FUTURE, tick=0.5, multiplier=25.0, currency="EUR", margin=30000.0
    )
    try:
        assert units.register(mine) == units.register(mine) == units.instrument("fdax")
        with pytest.raises(InputError, match="already registered"):
            units.register(replace(mine, tick=1.0))
    finally:
        units.INSTRUMENTS.pop("FDAX", None)


def test_a_symbol_must_be_plain() -> None:
    """A symbol that no spelling would find cannot be registered."""
    with pytest.raises(InputError, match="upper-case"):
        units.register(Instrument(symbol="my symbol", name="x", asset_class=AssetClass.EQUITY, tick=0.01))
