from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from workbench.errors import DataUnavailableError, UnknownNameError
from workbench.market import catalogue, sample


# First and last closes as printed by the packages' own loaders: arch.data.sp500.load(), arch.data.nasdaq.load().
@pytest.mark.parametrize(
    ("symbol", "first", "last", "rows"),
    [("SPX", 1228.099976, 2506.850098, 5031), ("IXIC", 2208.050049, 6635.279785, 5031)],
)
def test_indices_are_the_package_s(symbol: str, first: float, last: float, rows: int) -> None:
    """The index bars are those of the package, unchanged."""
    bars = sample(symbol)

    assert (bars.close[0], bars.close[-1], len(bars)) == (first, last, rows)
    assert (str(bars.trade_date[0]), str(bars.trade_date[-1])) == ("1999-01-04", "2018-12-31")
    assert (bars.source, bars.synthetic) == ("arch.data", False)


def test_shares_are_adjusted_for_splits() -> None:
    """Apple's two-for-one split of 2005-02-28 leaves no jump, and the adjusted close is the package's own."""
    from bokeh_sampledata.stocks import AAPL

    bars = sample("AAPL")
    place = int(np.searchsorted(bars.trade_date, np.datetime64("2005-02-28")))

    assert np.allclose(bars.close, AAPL["adj_close"], rtol=1e-12)
    assert AAPL["close"][place] / AAPL["close"][place - 1] < 0.55
    assert 0.95 < bars.open[place] / bars.close[place - 1] < 1.05
    assert np.allclose(bars.close * bars.volume, np.array(AAPL["close"]) * np.array(AAPL["volume"]))
    assert np.allclose(bars.high / bars.low, np.array(AAPL["high"]) / np.array(AAPL["low"]))


def test_the_catalogue_lists_all_samples_and_their_origin() -> None:
    """One row a sample, with its span, source and licence."""
    table = catalogue().set_index("symbol")

    assert list(table.index) == ["SPX", "IXIC", "AAPL", "FB", "GOOG", "IBM", "MSFT"]
    assert table["bars"].to_dict() == {"SPX": 5031, "IXIC": 5031, "AAPL": 3270, "FB": 196, "GOOG": 2148, "IBM": 3270, "MSFT": 3270}
    assert table["note"].str.len().min() > 20


def test_aliases_are_understood() -> None:
    """An index is found by its exchange symbol."""
    assert sample("^gspc").instrument.symbol == "SPX"


def test_what_is_no_sample_is_refused() -> None:
    """A symbol without a sample names the nearest; intraday says where to get it."""
    with pytest.raises(UnknownNameError, match="did you mean MSFT"):
        sample("MSFTT")
    with pytest.raises(UnknownNameError, match="no sample named 'ES'"):
        sample("ES")
    with pytest.raises(DataUnavailableError, match="samples are daily"):
        sample("SPX", "5m")


def test_reading_a_sample_imports_no_heavy_package() -> None:
    """The prices come straight from the packaged file: neither arch, statsmodels nor bokeh_sampledata is imported."""
    code = (
        "import sys; from workbench.market import sample; sample('SPX'); sample('AAPL'); "
        "print([name for name in ('arch', 'statsmodels', 'bokeh_sampledata', 'sqlalchemy', 'pyarrow.parquet') if name in sys.modules])"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
