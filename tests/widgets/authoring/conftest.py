from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench.app import Bench
from workbench.widgets.authoring.model import AuthorModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from workbench.store import Database

RULES = "buy when rsi(2) < 10 and close > sma(200); sell when rsi(2) > 60"


@pytest.fixture
def bench(sqlite_database: Database) -> Bench:
    return Bench(sqlite_database)


@pytest.fixture
def desk(bench: Bench) -> AuthorModel:
    """A desk with a readable rule, a stop, and bars at hand."""
    model = AuthorModel(bench)
    model.fetch()
    model.change("text", RULES)
    model.change("stop", "2 atr")
    return model


@pytest.fixture
def away(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Take the store away, or give it back."""
    from contextlib import contextmanager

    from workbench.errors import StoreError

    @contextmanager
    def gone() -> Iterator[None]:
        message = "the server does not answer; start it"
        raise StoreError(message)
        yield

    kept = bench.database.session, bench.database.read

    def set_away(is_away: bool) -> None:
        for name, method in zip(("session", "read"), kept, strict=True):
            monkeypatch.setattr(bench.database, name, gone if is_away else method)

    return set_away
