from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from workbench import settings
from workbench.jobs import doctor

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from workbench.store.database import Database


@pytest.fixture(autouse=True)
def fresh_settings() -> Iterator[None]:
    settings.current.cache_clear()
    yield
    settings.current.cache_clear()


def found() -> dict[str, doctor.Check]:
    return {check.component: check for check in doctor.examine()}


def test_a_fresh_bench_is_well_and_has_no_store_yet(home: Path) -> None:
    """Nothing fails before the first command; the store is announced, not missed."""
    checks = found()
    assert [name for name, check in checks.items() if check.state == "fail"] == []
    assert (checks["store"].state, checks["store"].remedy) == ("warn", "run: workbench db upgrade")
    assert str(home) in checks["home"].found
    assert not (home / "data" / "workbench.sqlite").exists()


def test_an_opened_bench_is_well(database: Database) -> None:
    """Schema and chain are looked at."""
    checks = found()
    assert database.place in checks["store"].found
    assert (checks["store"].state, checks["audit chain"].state) == ("ok", "ok")


def test_a_broken_audit_chain_fails(database: Database) -> None:
    """Tampering shows in the doctor too."""
    import sqlite3

    from workbench.store import chain

    with database.session() as session:
        chain.append(session, actor="ana", action="bot.created", subject="bot:1", detail={})
    database.close()
    with sqlite3.connect(database.place) as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f"DROP TRIGGER {trigger}")
        raw.execute("UPDATE audit SET actor = 'eve'")
    assert found()["audit chain"].state == "fail"


def test_every_failure_says_what_to_do(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """A bad setting and a foreign file in the place of the store are findings, not crashes."""
    (home / "data" / "workbench.sqlite").write_text("not a database, but long enough to be looked at as one" * 20)
    monkeypatch.setenv("WORKBENCH_HOEM", "x")
    failed = {name: check for name, check in found().items() if check.state == "fail"}
    assert {"settings", "store"} <= set(failed)
    assert all(check.remedy for check in failed.values())
    assert "did you mean WORKBENCH_HOME" in failed["settings"].found


def test_a_full_disk_is_a_failure(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Room is judged before it is needed."""
    assert home.is_dir()
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": 1e8}))
    assert found()["disk"].state == "fail"
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _folder: type("Usage", (), {"free": 1e9}))
    assert found()["disk"].state == "warn"
