"""What commands are given: paths that must exist, and the store that the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.errors import DataUnavailableError

if TYPE_CHECKING:
    from pathlib import Path

    from workbench.store.database import Database


def existing(path: Path) -> Path:
    """Return ``path``, absolute.

    Raises:
        DataUnavailableError: nothing is there.
    """
    found = path.expanduser().absolute()
    if not found.exists():
        message = f"there is no file or folder {found}"
        raise DataUnavailableError(message)
    return found


def store(*, create: bool = True, validate: bool = True) -> Database:
    """Return the database that ``DATABASE_URL`` names, the one under data/ by default."""
    from workbench import settings  # noqa: PLC0415 - pydantic, 0.1 s that --help does not pay
    from workbench.store.database import Database  # noqa: PLC0415

    return Database.open(settings.current().database_url, create=create, validate=validate)
