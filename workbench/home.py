"""Where a bench lives: the folder that holds ``data/``.

``WORKBENCH_HOME`` if set, else the nearest ancestor of the working directory that holds ``data/`` and ``pyproject.toml``, else the
platform's folder for application data.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from workbench.errors import SettingsError


def home() -> Path:
    """Return the home of the bench; it need not exist yet.

    Raises:
        SettingsError: ``WORKBENCH_HOME`` names a file.
    """
    named = os.environ.get("WORKBENCH_HOME")
    if named:
        chosen = Path(named).expanduser().absolute()
        if chosen.exists() and not chosen.is_dir():
            message = f"WORKBENCH_HOME names {chosen}, which is a file; name a folder"
            raise SettingsError(message)
        return chosen
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "data").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    import platformdirs  # noqa: PLC0415 - only needed outside a checkout

    return Path(platformdirs.user_data_dir("workbench", appauthor=False))


def data_folder() -> Path:
    """Return ``home()/data``, made if it is missing.

    Raises:
        SettingsError: the folder cannot be made or written.
    """
    folder = home() / "data"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the data folder {folder} ({error.strerror}); set WORKBENCH_HOME to a folder you can write"
        raise SettingsError(message) from error
    if not os.access(folder, os.W_OK):
        message = f"the data folder {folder} is read-only; set WORKBENCH_HOME to a folder you can write"
        raise SettingsError(message)
    return folder


def cache_folder(name: str) -> Path:
    """Return ``data/cache/<name>``, or a folder of the same name under the system's temporary one where ``data/`` is not writable."""
    try:
        folder = data_folder() / "cache" / name
        folder.mkdir(parents=True, exist_ok=True)
    except (SettingsError, OSError):
        folder = Path(tempfile.gettempdir()) / f"workbench-cache-{os.getuid() if hasattr(os, 'getuid') else 0}" / name
        folder.mkdir(parents=True, exist_ok=True)
    return folder
