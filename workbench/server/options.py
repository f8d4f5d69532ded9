"""How a server is to be started: what the launcher tells its child, as one line of JSON on the child's standard input.

The pipe stays open afterwards: when it ends, the launcher is gone and the server stops, with its kernels.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

from workbench.content import bytes_hash
from workbench.errors import InputError
from workbench.jobs.desk import sources

Mode = Literal["simple", "dev"]
MODES: tuple[str, ...] = get_args(Mode)


class Options(BaseModel):
    """What a server process needs to know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path
    """Home of the bench; ``data/`` lies in it."""
    root: Path
    """Folder that Lab shows and that holds ``dashboards/``."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(8888, ge=1, le=65535)
    """Port to listen on; it is this one or none."""
    base_url: str = "/"
    """Path below which everything lives; begins and ends with a slash."""
    mode: Mode = "simple"
    """``dev`` shows tracebacks on boards and restarts on change."""
    token: str = Field("", repr=False)
    """Opens the server for the single embedded user."""
    warm_kernels: int = Field(2, ge=0, le=16)
    """Board kernels that wait ready."""

    @property
    def runtime(self) -> Path:
        """Folder for connection files, the cookie secret and the mark of the running server; hidden, so that Lab does not show it."""
        return self.home / "data" / ".jupyter" / "runtime"

    @property
    def url(self) -> str:
        """Where the server can be reached from this machine."""
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104 - compared, not bound
        return f"http://{host}:{self.port}{self.base_url}"


def root_folder(home: Path) -> Path:
    """Return the folder with notebooks and dashboards: the desk or checkout itself, else the one that came with the package."""
    found = [folder for folder in (home, *sources(home)) if (folder / "dashboards").is_dir()]
    return found[0] if found else next(iter(sources(home)), home)


def checked_mode(mode: str) -> Mode:
    """Return ``mode`` if it is one we have.

    Raises:
        InputError: it is not.
    """
    for known in get_args(Mode):
        if mode == known:
            return known  # type: ignore[no-any-return]
    hint = "; server and workers as separate processes come with the deployment files" if mode == "cluster" else ""
    message = f"mode {mode!r} is not one of {', '.join(MODES)}{hint}"
    raise InputError(message)


def home_mark(home: Path | str) -> str:
    """Return a name for a bench's home that does not tell where it is."""
    return bytes_hash(str(home).encode())[:16]
