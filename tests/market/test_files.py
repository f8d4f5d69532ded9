from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from market_tables import frame

from workbench.errors import BarsError, CorruptDataError, DataUnavailableError, InputError, UnknownNameError
from workbench.market import read, sample, synthetic, validate, write
from workbench.units import SessionMode

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("ending", ["parquet", "pq", "arrow", "feather"])
def test_what_is_written_is_read_again(tmp_path: Path, ending: str) -> None:
    """Parquet and Arrow keep everything: symbol, hours, source, the synthetic mark and the dataset hash."""
    for bars in (sample("AAPL"), synthetic("SYN", "15m", sessions=30), validate(frame("2024-01-06 00:00", 50, "30min"))):
        again = read(write(bars, tmp_path / f"whatever.{ending}"))
        assert (again.dataset_hash, again.source, again.synthetic) == (bars.dataset_hash, bars.source, bars.synthetic)
        assert again.instrument == bars.instrument


@pytest.mark.parametrize("name", ["AAPL.csv", "aapl_daily.csv.gz"])
def test_csv_keeps_the_numbers(tmp_path: Path, name: str) -> None:
    """CSV gives the same bars; the symbol is read off the file's name."""
    bars = sample("AAPL")
    again = read(write(bars, tmp_path / name))

    assert (again.dataset_hash, again.source) == (bars.dataset_hash, f"file:{name}")


def test_a_vendor_s_csv_with_local_times(tmp_path: Path) -> None:
    """Naive intraday times are refused until their zone is named; then they are what the aware frame was."""
    table = frame("2024-11-27 09:30", 13, "30min")
    path = tmp_path / "prices.csv"
    table.tz_localize(None).rename_axis("Time").reset_index().to_csv(path, index=False)

    with pytest.raises(BarsError, match="no time zone"):
        read(path, "SPY")
    assert read(path, "SPY", zone="America/New_York").dataset_hash == validate(table, "SPY").dataset_hash
    with pytest.raises(BarsError, match="Mars"):
        read(path, "SPY", zone="Mars/Olympus")


def test_a_longer_timeframe_is_resampled(tmp_path: Path) -> None:
    """Asking for hours of a file of half hours gives hours."""
    path = write(synthetic("SYN", "30m", sessions=5), tmp_path / "x.parquet")

    assert read(path, timeframe="1h").dataset_hash == synthetic("SYN", "1h", sessions=5).dataset_hash


def test_arrow_streams_are_read(tmp_path: Path) -> None:
    """A plain Arrow stream of another program is understood."""
    import pyarrow as pa

    table = pa.Table.from_pandas(frame("2024-11-27 09:30", 13, "30min"))
    path = tmp_path / "spy.arrow"
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)

    assert len(read(path)) == 13
    assert read(path).instrument.symbol == "SPY"


def test_a_missing_file_names_the_nearest(tmp_path: Path) -> None:
    """A typo in the name, or in the folder, is one sentence."""
    write(sample("AAPL"), tmp_path / "AAPL.csv")

    with pytest.raises(DataUnavailableError, match=r"did you mean AAPL\.csv"):
        read(tmp_path / "APPL.csv")
    with pytest.raises(DataUnavailableError, match="no folder"):
        read(tmp_path / "nowhere" / "AAPL.csv")
    with pytest.raises(DataUnavailableError, match="name a file in a folder that exists"):
        write(sample("AAPL"), tmp_path / "nowhere" / "AAPL.csv")


@pytest.mark.parametrize(
    ("name", "content", "error"),
    [
        ("x.csv", b"", BarsError),
        ("x.csv", b"date,open,high,low,close\n", DataUnavailableError),
        ("x.csv", b"what is this\n1\n2\n", BarsError),
        ("x.csv", b"date,open,high,low,close,volume\n2024-01-02,1,2,0.5,1.5,9\n2024-01-03,1,,0.5,1.5,9\n", CorruptDataError),
        ("x.parquet", b"PAR1 but not really", BarsError),
        ("x.arrow", b"nothing", BarsError),
        ("x.xlsx", b"", InputError),
        ("spy.zip", b"no zip", BarsError),
    ],
)
def test_unreadable_files_are_refused(tmp_path: Path, name: str, content: bytes, error: type[Exception]) -> None:
    """Empty, cut off, corrupt or foreign files end in one clear error of ours."""
    path = tmp_path / name
    path.write_bytes(content)

    with pytest.raises(error):
        read(path)


def lean_zip(path: Path, members: dict[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def minutes(start_ms: int, price: float, volume: int, count: int = 30) -> str:
    return "".join(f"{start_ms + 60_000 * n},{price},{price + 1},{price - 1},{price},{volume}\n" for n in range(count))


def test_lean_shares_are_scaled_and_local_to_new_york(tmp_path: Path) -> None:
    """Prices of shares are ten-thousandths; milliseconds count from New York's midnight."""
    path = lean_zip(tmp_path / "spy" / "20131007_trade.zip", {"20131007_spy_minute_trade.csv": minutes(34_200_000, 1_680_000, 100)})
    bars = read(path.parent)

    assert (bars.open[0], str(bars.frame.index[0])) == (168.0, "2013-10-07 13:30:00+00:00")
    assert (bars.instrument.symbol, bars.instrument.session_mode) == ("SPY", SessionMode.RTH_US)


def test_lean_rolls_on_what_was_known_the_session_before(tmp_path: Path) -> None:
    """The new contract is taken the session after its volume was higher, and never given back."""
    volumes = {"20131210": (900, 100), "20131211": (400, 500), "20131212": (300, 600), "20131213": (800, 500)}
    for day, (old, new) in volumes.items():
        members = {
            f"{day}_es_minute_trade_201312.csv": minutes(52_200_000, 1800.0, old),
            f"{day}_es_minute_trade_201403.csv": minutes(52_200_000, 1790.0, new),
        }
        lean_zip(tmp_path / "es" / f"{day}_trade.zip", members)
    bars = read(tmp_path / "es")

    assert bars.frame["open"].resample("D").first().dropna().tolist() == [1800.0, 1800.0, 1790.0, 1790.0]
    assert bars.frame.attrs["rolls"] == [
        {"trade_date": "2013-12-10", "contract": "201312"},
        {"trade_date": "2013-12-12", "contract": "201403"},
    ]
    assert set(read(tmp_path / "es", contract="201312").open.tolist()) == {1800.0}
    with pytest.raises(DataUnavailableError, match="has no contract 201409; it has 201312, 201403"):
        read(tmp_path / "es", contract="201409")


def test_lean_quotes_become_their_middle(tmp_path: Path) -> None:
    """Bid and ask bars become bars of the middle without volume, in UTC."""
    rows = "".join(f"20240103 {hour:02d}:00,1.10,1.12,1.08,1.10,0,1.12,1.14,1.10,1.12,0\n" for hour in range(2, 12))
    bars = read(lean_zip(tmp_path / "eurusd.zip", {"eurusd.csv": rows}))

    assert bars.frame.iloc[0].tolist() == pytest.approx([1.11, 1.13, 1.09, 1.11, 0.0])
    assert str(bars.frame.index[0]) == "2024-01-03 02:00:00+00:00"


def test_lean_needs_to_know_what_it_reads(tmp_path: Path) -> None:
    """A symbol of unknown kind is refused: scale and zone depend on it; so is a foreign layout."""
    unknown = lean_zip(tmp_path / "zzz.zip", {"zzz.csv": "20240103 00:00,1,2,1,2,5\n"})
    foreign = lean_zip(tmp_path / "spy.zip", {"spy.csv": "20240103 00:00,1,2\n"})
    empty = lean_zip(tmp_path / "qqq.zip", {"readme.txt": "hello"})
    (tmp_path / "folder").mkdir()

    with pytest.raises(BarsError, match="scale and time zone depend on it"):
        read(unknown)
    with pytest.raises(BarsError, match="3 columns"):
        read(foreign)
    with pytest.raises(DataUnavailableError, match="no CSV"):
        read(empty)
    with pytest.raises((DataUnavailableError, BarsError)):
        read(tmp_path / "folder", "SPY")


def test_symbols_are_checked_before_files_are_opened(tmp_path: Path) -> None:
    """A wrong symbol is named."""
    path = write(sample("AAPL"), tmp_path / "AAPL.csv")

    with pytest.raises(UnknownNameError, match="did you mean AAPL"):
        read(path, "APPL")


def test_csv_of_one_bar_needs_its_timeframe(tmp_path: Path) -> None:
    """One aware bar does not tell its length; said, it is read."""
    path = tmp_path / "spy.csv"
    frame("2024-11-27 09:30", 1, "5min").to_csv(path)

    with pytest.raises(BarsError, match="pass timeframe"):
        read(path)
    assert pd.Timestamp(read(path, timeframe="5m").known_at[0]) == pd.Timestamp("2024-11-27 14:35")
