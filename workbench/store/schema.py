"""The schema: brings a database up to this version and refuses one whose tables are not those of the models.

Opening asks four short catalogue queries. Alembic is imported only when there is something to migrate. Versions are kept in
``workbench_version``, a name of our own, because other programs (MLflow) keep theirs in ``alembic_version``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from sqlalchemy import text

from workbench.errors import SchemaMismatchError
from workbench.store.tables import Base

if TYPE_CHECKING:
    from sqlalchemy import Connection, Dialect

HEAD = "0004"
"""The revision this version of Workbench knows last; a test compares it with the scripts."""
SCRIPTS = "workbench.store:migrations"
"""Where Alembic finds the revisions."""
VERSION_TABLE = "workbench_version"
GUARDS = tuple(sorted(f"{table}_refuse_{act}" for table in ("audit", "audit_head") for act in ("insert", "update", "delete")))
"""Triggers that refuse to rewrite the audit chain; without them the database is not the one we made."""
MIGRATION_LOCK = 7_305_001

_CATALOGUE = {
    "sqlite": (
        """SELECT m.name, p.name, p.type, p."notnull" FROM sqlite_master m, pragma_table_info(m.name) p
        WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%'""",
        "SELECT name FROM sqlite_master WHERE type IN ('index', 'trigger')",
    ),
    "postgresql": (
        """SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped""",
        """SELECT c.relname FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('i', 'I')
        UNION ALL SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        WHERE c.relnamespace = current_schema()::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'D'""",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a database holds now."""

    tables: dict[str, dict[str, tuple[str, bool]]]
    """Table -> column -> (type in lower case, whether NULL is refused)."""
    names: frozenset[str]
    """Indexes and enabled triggers."""
    version: str | None
    """Revision it was migrated to; None if Workbench never wrote here."""


def look(connection: Connection) -> Found:
    """Return what the database behind ``connection`` holds."""
    columns, names = _CATALOGUE[connection.dialect.name]
    tables: dict[str, dict[str, tuple[str, bool]]] = {}
    for table, column, kind, required in connection.execute(text(columns)):
        tables.setdefault(table, {})[column] = (kind.lower(), bool(required))
    version = None
    if VERSION_TABLE in tables:
        version = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608 - a constant
    return Found(tables=tables, names=frozenset(connection.execute(text(names)).scalars()), version=version)


def refuse_foreign(found: Found, place: str, *, embedded: bool) -> None:
    """Refuse a database that another program filled.

    Raises:
        SchemaMismatchError: tables of another program are in the file, or tables with our names that we did not make.
    """
    if found.version is not None or not found.tables:
        return
    taken = sorted(set(found.tables) - {VERSION_TABLE} if embedded else set(found.tables) & set(Base.metadata.tables))
    if taken:
        message = f"{place} was not made by Workbench (it holds the table {taken[0]}); name an empty or a new database"
        raise SchemaMismatchError(message)


def refuse_newer(found: Found, place: str) -> None:
    """Refuse a database whose revision this version does not know.

    Raises:
        SchemaMismatchError: the revision is newer than ``HEAD``.
    """
    if found.version is not None and found.version > HEAD:
        message = f"{place} was written by a newer Workbench (revision {found.version}, this one knows {HEAD}); update Workbench"
        raise SchemaMismatchError(message)


def refuse_mismatch(found: Found, dialect: Dialect, place: str) -> None:
    """Refuse tables that are not those of the models.

    Raises:
        SchemaMismatchError: names every difference (the first five are shown).
    """
    problems = differences(found, dialect)
    if problems:
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")  # noqa: PLR2004
        message = f"the tables in {place} are not those this version expects: {shown}. Restore a backup, or name a new database"
        raise SchemaMismatchError(message)


def differences(found: Found, dialect: Dialect) -> list[str]:
    """Return one clause per difference between the database and the models; tables of others are not looked at."""
    problems: list[str] = []
    tables, names = _expected(dialect)
    for table, columns in tables.items():
        if table not in found.tables:
            problems.append(f"table {table} is missing")
            continue
        present = found.tables[table]
        problems += [f"column {table}.{column} is missing" for column in columns if column not in present]
        problems += [f"column {table}.{column} is not known" for column in present if column not in columns]
        for column in columns.keys() & present.keys():
            problems += _column_problems(f"{table}.{column}", columns[column], present[column])
    problems += [f"index {name} is missing" for name in sorted(names - found.names)]
    problems += [f"trigger {name}, which protects the audit chain, is missing" for name in missing_guards(found)]
    return problems


def missing_guards(found: Found) -> list[str]:
    """Return the triggers of the audit chain that were dropped or disabled."""
    return [name for name in GUARDS if name not in found.names]


def _column_problems(column: str, wanted: tuple[str, bool], present: tuple[str, bool]) -> list[str]:
    problems = []
    if wanted[0] != present[0]:
        problems.append(f"column {column} is {present[0]} instead of {wanted[0]}")
    if wanted[1] != present[1]:
        problems.append(f"column {column} {'refuses' if present[1] else 'allows'} NULL")
    return problems


@lru_cache(maxsize=4)
def _expected(dialect: Dialect) -> tuple[dict[str, dict[str, tuple[str, bool]]], frozenset[str]]:
    tables = {
        table.name: {column.name: (column.type.compile(dialect).lower(), not column.nullable) for column in table.columns}
        for table in Base.metadata.sorted_tables
    }
    return tables, frozenset(str(index.name) for table in Base.metadata.sorted_tables for index in table.indexes)


def upgrade(connection: Connection, place: str) -> None:
    """Migrate the database behind ``connection``, inside its writing transaction, to ``HEAD``; concurrent openers wait for each other.

    Raises:
        SchemaMismatchError: its revision is none that this version knows.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
    found = look(connection)
    if found.version == HEAD:  # another process was first
        return
    from alembic import command  # noqa: PLC0415 - only where there is something to migrate
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", SCRIPTS)
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        message = f"{place} is at revision {found.version!r}, which this version does not know; restore a backup, or name a new database"
        raise SchemaMismatchError(message) from error
