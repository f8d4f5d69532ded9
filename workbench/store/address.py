"""Where a database is: reads the URL a person gives and says in one sentence what is wrong with it.

No message ever shows a password: what is printed is composed from the parts that are not secret, never cut out of the URL.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from workbench.errors import StoreError
from workbench.home import data_folder

if TYPE_CHECKING:
    from sqlalchemy.exc import SQLAlchemyError

EXAMPLES = "sqlite:////folder/workbench.sqlite or postgresql://user:password@host:5432/database"
_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}


def default() -> URL:
    """Return the URL of the embedded database, ``<home>/data/workbench.sqlite``."""
    return URL.create("sqlite", database=str(data_folder() / "workbench.sqlite"))


def parse(text: str) -> URL:
    """Return the URL in ``text`` with the driver we use; ``postgres://`` is taken for ``postgresql://``.

    Raises:
        StoreError: the text is no URL, or names a kind of database we do not know.
    """
    kind, separator, rest = text.strip().partition("://")
    if not separator or not kind:
        message = f"the database address is not a URL: it has no '://'; write it like {EXAMPLES}"
        raise StoreError(message)
    if kind not in _DRIVERS:
        message = f"databases of kind {kind[:40]!r} are not supported; write the URL like {EXAMPLES}"
        raise StoreError(message)
    return _sqlite(rest) if kind.startswith("sqlite") else _postgresql(_DRIVERS[kind], rest)


def _sqlite(rest: str) -> URL:
    path = rest.partition("?")[0].removeprefix("/")
    if not rest.startswith("/") or path in {"", ":memory:"}:
        message = "the database URL names no file, and a database in memory forgets; write it like sqlite:////folder/workbench.sqlite"
        raise StoreError(message)
    return URL.create("sqlite", database=str(Path(path).expanduser().absolute()))


def _postgresql(driver: str, rest: str) -> URL:
    authority = rest.partition("?")[0]
    if authority.count("@") > 1 or "/" in authority.rpartition("@")[0]:
        message = "the user or password in the database URL holds a special character; write @ as %40, / as %2F, : as %3A and % as %25"
        raise StoreError(message)
    try:
        url = make_url(f"{driver}://{rest}")
    except (ArgumentError, ValueError):  # their text may quote the password
        message = f"the database URL cannot be read (is the port a number?); write it like {EXAMPLES}"
        raise StoreError(message) from None
    if not url.database:
        message = f"the database URL names no database; write it like {EXAMPLES}"
        raise StoreError(message)
    return url


def printable(url: URL) -> str:
    """Return where the database is without its password: a file, or ``PostgreSQL database NAME at HOST:PORT``."""
    if url.get_backend_name() == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "the local socket"
    return f"PostgreSQL database {url.database} at {host}{f':{url.port}' if url.port else ''}"


def failure(error: SQLAlchemyError, url: URL) -> StoreError:
    """Return what went wrong while using the database at ``url``, as one sentence with what to do."""
    detail = " ".join(str(getattr(error, "orig", None) or error).split())[:300]
    for secret in (url.password, url.query.get("password")):
        if secret:
            detail = detail.replace(str(secret), "***")
    place = printable(url)
    for sign, sentence in _SENTENCES[url.get_backend_name()]:
        if sign in detail:
            return StoreError(sentence.format(place=place, detail=detail))
    return StoreError(f"{place}: {detail}")


def refused_to_write(error: SQLAlchemyError) -> bool:
    """Return whether the database refused because the transaction only reads."""
    detail = str(getattr(error, "orig", None) or error)
    return "readonly" in detail or "read-only transaction" in detail


_SENTENCES = {
    "sqlite": (
        ("file is not a database", "{place} is a file but not a SQLite database; name another file, or move this one away"),
        ("malformed", "{place} is damaged ({detail}); restore it from a backup"),
        ("unable to open database file", "{place} cannot be opened; name a file in a folder that exists and that you can write"),
        ("readonly", "{place} cannot be written; give yourself write permission on the file and its folder, or name another"),
        ("locked", "{place} stayed locked by another process; let that one finish its transaction and try again"),
        ("disk is full", "{place}: the disk is full and nothing was written; make room and try again"),
        ("UNIQUE", "{place}: such a row exists already ({detail}); nothing was written"),
        ("FOREIGN KEY", "{place}: a row names another row that does not exist; nothing was written"),
        ("append-only", "{place}: the audit chain is append-only; nothing was written"),
    ),
    "postgresql": (
        ("duplicate key", "{place}: such a row exists already ({detail}); nothing was written"),
        ("permission denied for table audit", "{place}: the audit chain is append-only; nothing was written"),
        ("authentication failed", "{place} refuses the user or password; correct the database URL"),
        ("no password supplied", "{place} wants a password; put one into the database URL"),
        ("does not exist", "{place}: {detail}; make it first (createdb), or correct the database URL"),
        ("deadlock detected", "{place}: two writers waited for each other and this one was stopped; nothing was written, try again"),
        ("statement timeout", "{place}: a statement took longer than allowed; nothing was written"),
        ("append-only", "{place}: the audit chain is append-only; nothing was written"),
        ("foreign key", "{place}: a row names another row that does not exist; nothing was written ({detail})"),
        ("connection", "{place} cannot be reached ({detail}); start the server or correct the database URL"),
    ),
}
