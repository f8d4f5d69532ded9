"""Prepares a bench before its server starts: the store is made and migrated, the samples are put into an empty cache.

``python -m workbench.server.prepare`` writes ``store`` (``store users`` when people log in by name) when the store is ready and ``samples`` when the cache is; what goes wrong is one sentence on standard
error and exit code 1. A process of its own, so that the launcher, which lives as long as the server, stays small.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from workbench import settings
from workbench.errors import DataUnavailableError, WorkbenchError
from workbench.lifecycle.users import any_user
from workbench.market.cache import BarCache
from workbench.market.samples import catalogue, sample
from workbench.store.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.market.bars import Bars

_FIRST = "SPX"


def main() -> int:
    """Prepare store and cache; return the exit code."""
    try:
        with Database.open(settings.current().database_url) as database:
            with database.read() as session:
                _say("store users" if any_user(session) else "store")
            load_samples(database)
            _say("samples")
    except WorkbenchError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def load_samples(database: Database) -> list[str]:
    """Put every daily sample into the cache when the first of them is not there; return the symbols that were put there."""
    cache = BarCache(database)
    with suppress(DataUnavailableError):
        cache.get(_FIRST, "1d", _absent)
        return []
    symbols = [str(symbol) for symbol in catalogue()["symbol"]]
    for symbol in symbols:
        cache.get(symbol, "1d", _loader(symbol))
    return symbols


def _absent() -> NoReturn:
    message = f"{_FIRST} is not in the cache"
    raise DataUnavailableError(message)


def _loader(symbol: str) -> Callable[[], Bars]:
    return lambda: sample(symbol)


def _say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
