"""The schema: models, migrations and database are the same three times, or the bench does not start."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from workbench.errors import SchemaMismatchError, StoreError
from workbench.store import Database, address, append, engine, schema
from workbench.store.tables import Base

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("note", sa.Text(), nullable=True))
    {then}
"""


def change(url: str, *statements: str) -> None:
    """Change the database behind the bench's back."""
    with Database.open(url, validate=False) as database, database.session() as session:
        for statement in statements:
            session.execute(text(statement))


def test_models_and_migrations_agree(database: Database) -> None:
    """Alembic finds no difference between the models and the migrated tables: columns, types, NULL, keys, indexes."""

    def other_tables(_object: object, name: str | None, kind: str, *_: object) -> bool:
        return not (kind == "table" and name == schema.VERSION_TABLE)

    with database.read() as session:
        options = {"compare_type": True, "include_object": other_tables}
        assert compare_metadata(MigrationContext.configure(session.connection(), opts=options), Base.metadata) == []


def test_foreign_keys_are_migrated_as_modelled(database: Database) -> None:
    """Foreign keys of the migrated tables wait for the commit, as the models say."""
    from sqlalchemy import inspect

    with database.read() as session:
        inspector = inspect(session.connection())
        migrated = {
            (table, key["constrained_columns"][0], key["referred_table"], key["options"].get("deferrable"), key["options"].get("initially"))
            for table in Base.metadata.tables
            for key in inspector.get_foreign_keys(table)
        }
    modelled = {
        (key.parent.table.name, key.parent.name, key.column.table.name, True, "DEFERRED")
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
    }
    assert modelled == migrated


def test_head_is_the_newest_revision() -> None:
    """The revision named in the code, which spares importing Alembic, is the newest script."""
    config = Config()
    config.set_main_option("script_location", schema.SCRIPTS)
    assert ScriptDirectory.from_config(config).get_heads() == [schema.HEAD]


def test_an_empty_database_is_migrated(empty_url: str) -> None:
    """Opening an empty database makes all tables; opening it again changes nothing."""
    for _ in range(2):
        with Database.open(empty_url) as database, database.read() as session:
            found = schema.look(session.connection())
            assert found.version == schema.HEAD
            assert {*Base.metadata.tables, schema.VERSION_TABLE} == set(found.tables)


def test_opening_again_does_not_import_alembic(database_url: str) -> None:
    """A database that is up to date opens without the cost of Alembic."""
    code = "import sys; from workbench.store import Database; Database.open(sys.argv[1]).close(); print('alembic' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code, database_url], capture_output=True, text=True, check=True).stdout == "False\n"


def test_processes_may_open_an_empty_database_at_once(empty_url: str) -> None:
    """Several processes that find an empty database migrate it once and all go on."""
    code = "import sys; from workbench.store import Database; Database.open(sys.argv[1]).close()"
    children = [subprocess.Popen([sys.executable, "-c", code, empty_url], stderr=subprocess.PIPE, text=True) for _ in range(4)]
    assert [child.communicate(timeout=60)[1] for child in children] == [""] * 4
    Database.open(empty_url, create=False).close()


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("ALTER TABLE control ADD COLUMN colour TEXT", "column control.colour is not known"),
        ("ALTER TABLE control DROP COLUMN reason", "column control.reason is missing"),
        ("ALTER TABLE control RENAME COLUMN reason TO why", "column control.reason is missing"),
        ("DROP TABLE session_snapshots", "table session_snapshots is missing"),
        ("DROP INDEX ix_trades_owner", "index ix_trades_owner is missing"),
        ("DROP TRIGGER audit_refuse_update @", "trigger audit_refuse_update, which protects the audit chain, is missing"),
        ("@type", "column control.reason is @ instead of text"),
        ("@null", "column control.reason allows NULL"),
    ],
)
def test_a_mismatch_is_named(database_url: str, backend: str, statement: str, named: str) -> None:
    """A database whose tables are not those of the models is refused, and the difference is named."""
    made = 'id INTEGER NOT NULL PRIMARY KEY, key TEXT NOT NULL, scope TEXT NOT NULL, state TEXT NOT NULL, epoch INTEGER NOT NULL, "by" TEXT NOT NULL'
    altered = {  # SQLite cannot alter a column in place
        ("sqlite", "@type"): ["DROP TABLE control", f"CREATE TABLE control ({made}, at DATETIME NOT NULL, reason INTEGER NOT NULL)"],
        ("sqlite", "@null"): ["DROP TABLE control", f"CREATE TABLE control ({made}, at DATETIME NOT NULL, reason TEXT)"],
        ("postgresql", "@type"): ["ALTER TABLE control ALTER COLUMN reason TYPE VARCHAR(9)"],
        ("postgresql", "@null"): ["ALTER TABLE control ALTER COLUMN reason DROP NOT NULL"],
    }
    change(database_url, *altered.get((backend, statement), [statement.replace("@", "ON audit" if backend == "postgresql" else "")]))
    named = named.replace("@", "integer" if backend == "sqlite" else "character varying(9)")
    with pytest.raises(SchemaMismatchError) as caught:
        Database.open(database_url)
    assert named in str(caught.value)
    Database.open(database_url, validate=False).close()


@pytest.mark.parametrize("backend", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_disabled_guard_is_named(database_url: str, backend: str) -> None:
    """A trigger that is still there but switched off, which only PostgreSQL can do, counts as missing."""
    assert backend == "postgresql"
    change(database_url, "ALTER TABLE audit DISABLE TRIGGER audit_refuse_delete")
    with pytest.raises(SchemaMismatchError, match="audit_refuse_delete"):
        Database.open(database_url)


def test_a_newer_database_is_refused(database_url: str) -> None:
    """A database that a newer version migrated is left alone, and the message says to update."""
    change(database_url, f"UPDATE {schema.VERSION_TABLE} SET version_num = '0417'")
    with pytest.raises(SchemaMismatchError, match=rf"newer Workbench \(revision 0417, this one knows {schema.HEAD}\); update Workbench"):
        Database.open(database_url)


def test_an_unknown_revision_is_refused(database_url: str) -> None:
    """A revision that never existed ends in one sentence too."""
    change(database_url, f"UPDATE {schema.VERSION_TABLE} SET version_num = '0000'")
    with pytest.raises(SchemaMismatchError, match="revision '0000', which this version does not know"):
        Database.open(database_url)


def test_tables_of_another_program_are_not_ours(empty_url: str, backend: str) -> None:
    """A file of another program is refused; a server may hold other tables, but none with our names."""
    with Database.open(f"{empty_url}", validate=False) as database, database.session() as session:
        for table in reversed(Base.metadata.sorted_tables):
            session.execute(text(f"DROP TABLE {table.name}"))
        session.execute(text(f"DROP TABLE {schema.VERSION_TABLE}"))
        session.execute(text(f"CREATE TABLE {'trades' if backend == 'postgresql' else 'songs'} (title TEXT)"))
    with pytest.raises(SchemaMismatchError, match="was not made by Workbench"):
        Database.open(empty_url)


@pytest.fixture
def newer_scripts(tmp_path: Path) -> Path:
    """The revisions of a Workbench to come: ours and one more."""
    folder = tmp_path / "migrations"
    shutil.copytree(Path(schema.__file__).parent / "migrations", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_an_older_database_is_upgraded(database_url: str, newer_scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer version upgrades what an older one wrote and keeps every row."""
    with Database.open(database_url) as database, database.session() as session:
        event = append(session, actor="ada", action="kept", subject="x")
    (newer_scripts / "versions" / "r9999.py").write_text(NEXT.format(head=schema.HEAD, then=""))
    monkeypatch.setattr(schema, "SCRIPTS", str(newer_scripts))
    present = schema.HEAD
    monkeypatch.setattr(schema, "HEAD", "9999")
    with pytest.raises(StoreError, match=rf"is at revision {present}, this version needs 9999; run: workbench db upgrade"):
        Database.open(database_url, create=False)
    with Database.open(database_url, validate=False) as database, database.read() as session:
        found = schema.look(session.connection())
        assert (found.version, "note" in found.tables["outbox"]) == ("9999", True)
        assert event.hash == session.execute(text("SELECT hash FROM audit")).scalar()


def test_the_first_databases_are_brought_here(empty_url: str) -> None:
    """A store of the first revision, with its audit chain, opens as one of today with every table and guard."""
    base = engine.make(address.parse(empty_url), pool_size=1, statement_timeout_ms=60_000)
    with engine.writing(base).begin() as connection:
        config = Config()
        config.set_main_option("script_location", schema.SCRIPTS)
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    base.dispose()
    with pytest.raises(StoreError, match=f"is at revision 0001, this version needs {schema.HEAD}"):
        Database.open(empty_url, create=False)
    with Database.open(empty_url) as database, database.session() as session:
        assert append(session, actor="ada", action="kept", subject="x").seq == 1


def test_a_failed_upgrade_leaves_the_old_database(database_url: str, newer_scripts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A revision that fails half-way is rolled back as a whole, and the older version still opens the database."""
    (newer_scripts / "versions" / "r9999.py").write_text(NEXT.format(head=schema.HEAD, then='op.execute("SELECT * FROM nowhere")'))
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCRIPTS", str(newer_scripts))
        patch.setattr(schema, "HEAD", "9999")
        with pytest.raises(StoreError, match="nowhere"):
            Database.open(database_url)
    Database.open(database_url, create=False).close()


def test_a_damaged_file_is_named(home: Path) -> None:
    """A SQLite file with damaged pages is reported as damaged, with what to do."""
    path = home / "data" / "workbench.sqlite"
    Database.open(f"sqlite:///{path}").close()
    data = bytearray(path.read_bytes())
    data[100:4096] = b"\xff" * 3996
    path.write_bytes(bytes(data))
    with pytest.raises(StoreError, match="restore it from a backup"):
        Database.open(f"sqlite:///{path}")
