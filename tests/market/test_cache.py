from __future__ import annotations

import threading
import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import delete, select, update

from workbench.errors import InputError
from workbench.market import BarCache, Bars, sample, synthetic
from workbench.market.cache import _assembled
from workbench.store.database import Database
from workbench.store.tables.bars import BarBlockRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path / 'cache.sqlite'}")
    yield opened
    opened.close()


def never() -> Bars:
    message = "the loader must not be called"
    raise AssertionError(message)


def test_three_tiers_in_order(database: Database) -> None:
    """First the loader, then memory; in a new process the database; each time the same bars."""
    bars = sample("SPX")
    cache, later = BarCache(database), BarCache(database)

    found = [cache.get("SPX", "1d", lambda: bars), cache.get("^GSPC", "daily", never), later.get("SPX", "1d", never)]

    assert [one.dataset_hash for one in found] == [bars.dataset_hash] * 3
    assert (cache.stats().loaded, cache.stats().memory, later.stats().store) == (1, 1, 1)
    assert (cache.stats().hit_rate, later.stats().hit_rate) == (0.5, 1.0)


def test_what_comes_back_is_whole(database: Database) -> None:
    """Instrument, hours, source and the synthetic mark survive, and so does every column."""
    bars = synthetic("SYN", "5m", sessions=60)
    BarCache(database).put(bars)
    again = BarCache(database).get("SYN", "5m", never)

    assert (again.instrument, again.source, again.synthetic) == (bars.instrument, bars.source, True)
    assert again.known_at.tolist() == bars.known_at.tolist()
    assert again.frame.equals(bars.frame)


def test_a_block_is_a_month(database: Database) -> None:
    """Blocks follow trade dates: 60 sessions from January 2022 are three months and a part."""
    BarCache(database).put(synthetic("SYN", "5m", sessions=60))
    with database.read() as session:
        rows = session.scalars(select(BarBlockRow).order_by(BarBlockRow.month)).all()

    assert [row.month for row in rows] == ["2022-01", "2022-02", "2022-03"]
    assert sum(row.rows for row in rows) == 60 * 78
    assert all(earlier.last < later.first for earlier, later in pairwise(rows))


@pytest.mark.parametrize("harm", ["bytes", "hash", "month"])
def test_damaged_blocks_are_fetched_again(database: Database, harm: str) -> None:
    """Changed bytes, a changed hash or a missing month are noticed, counted and repaired from the source."""
    bars = synthetic("SYN", "15m", sessions=60)
    BarCache(database).put(bars)
    with database.session() as session:
        second = BarBlockRow.month == "2022-02"
        if harm == "month":
            session.execute(delete(BarBlockRow).where(second))
        else:
            session.execute(update(BarBlockRow).where(second).values({"data": b"x"} if harm == "bytes" else {"hash": "0" * 64}))
    cache = BarCache(database)

    assert cache.get("SYN", "15m", lambda: bars).dataset_hash == bars.dataset_hash
    assert (cache.stats().refused, cache.stats().loaded) == (1, 1)
    assert BarCache(database).get("SYN", "15m", never).dataset_hash == bars.dataset_hash


def test_sources_are_never_mixed(database: Database) -> None:
    """Two sources of one symbol stay apart; a named one is given, else the one stored last."""
    cache = BarCache(database)
    first, second = synthetic("SYN", "1h", sessions=5), synthetic("SYN", "1h", sessions=5, seed=8)
    other = replace(second, source="elsewhere")
    cache.put(first)
    cache.put(other)

    assert cache.get("SYN", "1h", never, source="synthetic").dataset_hash == first.dataset_hash
    assert cache.get("SYN", "1h", never, source="elsewhere").dataset_hash == other.dataset_hash
    assert BarCache(database).get("SYN", "1h", never).source == "elsewhere"


def test_storing_again_replaces(database: Database) -> None:
    """A shorter table in place of a longer one leaves no month of the longer behind."""
    cache = BarCache(database)
    cache.get("SYN", "1h", lambda: synthetic("SYN", "1h", sessions=60))
    cache.put(synthetic("SYN", "1h", sessions=10))

    assert len(cache.get("SYN", "1h", never)) == 70
    assert len(BarCache(database).get("SYN", "1h", never)) == 70


def test_concurrent_readers_fetch_once(database: Database) -> None:
    """Eight threads that ask at the same time cause one call of the loader."""
    cache, calls = BarCache(database), []

    def slow() -> Bars:
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return sample("IXIC")

    threads = [threading.Thread(target=cache.get, args=("IXIC", "1d", slow)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(calls) == 1
    assert cache.stats().memory == 7


def test_memory_holds_the_last_few(database: Database) -> None:
    """The table of bars that was not used for longest leaves memory first."""
    cache = BarCache(database, held=2)
    for bar in ("1h", "30m", "15m"):
        cache.get("SYN", bar, lambda bar=bar: synthetic("SYN", bar, sessions=3))
    cache.get("SYN", "15m", never)
    cache.get("SYN", "1h", never)

    assert (cache.stats().memory, cache.stats().store) == (1, 1)


def test_a_loader_that_returns_something_else_is_refused(database: Database) -> None:
    """Bars of another symbol are not stored under this one."""
    cache = BarCache(database)

    with pytest.raises(InputError, match="asked for IXIC 1d, but the loader returned SPX 1d"):
        cache.get("IXIC", "1d", lambda: sample("SPX"))
    with database.read() as session:
        assert session.scalars(select(BarBlockRow)).all() == []


def test_a_failing_loader_leaves_nothing_behind(database: Database) -> None:
    """The loader's own error reaches the caller, and the next call tries again."""
    cache = BarCache(database)
    with pytest.raises(AssertionError, match="must not be called"):
        cache.get("SPX", "1d", never)

    assert len(cache.get("SPX", "1d", lambda: sample("SPX"))) == 5031


def test_blocks_say_how_many_they_are(database: Database) -> None:
    """A part of the blocks does not pass for the whole."""
    BarCache(database).put(synthetic("SYN", "1h", sessions=60))
    with database.read() as session:
        rows = session.scalars(select(BarBlockRow).order_by(BarBlockRow.month)).all()

    assert len(_assembled(rows)) == 420
    with pytest.raises(Exception, match="not those that were stored"):
        _assembled(rows[:1])
