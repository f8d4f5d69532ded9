"""The desk: the folder of notebooks and dashboards a person works in, where to find them, and how a new one is laid out."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import DataUnavailableError, InputError

_PACKAGE = Path(__file__).resolve().parent.parent

_README = """# A Workbench desk

- `notebooks/tutorials/` is read in order; `workbench tour` runs the first one.
- `notebooks/research/` holds templates to start from, `notebooks/jobs/` what runs unattended, `notebooks/review/` promotions.
- `dashboards/` are shown with Voila.
- `data/` keeps the store, caches and executed notebooks of this desk.

Commands started in this folder or below use its `data/`. Begin with `workbench doctor`, then `workbench tour`.
"""
_MARKER = """# This file marks the folder as the home of a bench: commands started here or below use its data/.
[tool.workbench]
desk = true
"""
_FILES = {"README.md": _README, "pyproject.toml": _MARKER, ".gitignore": "data/\n.ipynb_checkpoints/\n"}


@dataclass(frozen=True, kw_only=True)
class Laid:
    """What ``lay_out`` did."""

    folder: Path
    """The desk."""
    made: tuple[Path, ...]
    """Files that are new, relative to the desk."""
    kept: tuple[Path, ...]
    """Files that were there already and were left alone, relative to the desk."""


def sources(home: Path) -> list[Path]:
    """Return the folders that may hold ``notebooks/``, the desk first, then the checkout, then the installed package."""
    return [folder for folder in (home, _PACKAGE.parent, _PACKAGE / "_desk") if (folder / "notebooks").is_dir()]


def find_notebook(relative: str, home: Path) -> Path:
    """Return the first notebook of that path below a ``notebooks/`` folder.

    Raises:
        DataUnavailableError: none of the folders has it.
    """
    folders = sources(home)
    for folder in folders:
        path = folder / "notebooks" / relative
        if path.is_file():
            return path
    looked = ", ".join(str(folder / "notebooks") for folder in folders) or "no notebooks folder at all"
    message = f"notebook {relative} is not installed (looked in {looked}); reinstall the package or run from a checkout"
    raise DataUnavailableError(message)


def lay_out(folder: Path) -> Laid:
    """Make a desk in ``folder``: notebooks/, dashboards/, data/, a README. What is there already is never overwritten.

    Raises:
        InputError: ``folder`` is a file or cannot be written.
    """
    folder = folder.expanduser().absolute()
    if folder.exists() and not folder.is_dir():
        message = f"{folder} is a file; name a folder for the desk"
        raise InputError(message)
    made: list[Path] = []
    kept: list[Path] = []
    try:
        for name in ("notebooks", "dashboards", "data"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        for source in _shipped():
            _copy(source, folder, made, kept)
        for name, text in _FILES.items():
            path = folder / name
            if path.exists():
                kept.append(Path(name))
            else:
                path.write_text(text, encoding="utf-8")
                made.append(Path(name))
    except OSError as error:
        message = f"cannot lay out a desk in {folder} ({error.strerror or error}); name a folder you can write"
        raise InputError(message) from error
    return Laid(folder=folder, made=tuple(made), kept=tuple(kept))


def _shipped() -> list[Path]:
    origin = next((folder for folder in (_PACKAGE.parent, _PACKAGE / "_desk") if (folder / "notebooks").is_dir()), None)
    return [] if origin is None else [origin / name for name in ("notebooks", "dashboards") if (origin / name).is_dir()]


def _copy(source: Path, folder: Path, made: list[Path], kept: list[Path]) -> None:
    for path in sorted(source.rglob("*")):
        relative = path.relative_to(source.parent)
        if path.is_dir() or any(part.startswith((".", "__pycache__")) for part in relative.parts):
            continue
        target = folder / relative
        if target.exists():
            kept.append(relative)
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        made.append(relative)
