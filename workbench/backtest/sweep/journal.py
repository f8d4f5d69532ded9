"""The points of a sweep on disk while it runs, so that a killed one goes on where it was.

1. A sweep has a folder named by its plan. ``plan.json`` in it says what made the rows; where that differs (another program, fill model or kernel) the
   rows are thrown away.
2. ``add`` collects finished points and writes those of a second, or of many megabytes, as one Arrow file named by its first and last point: under
   another name first, then moved, so that a kill leaves a whole file or none. What ends within a second never touches the disk.
3. ``stored`` lists the stretches that are there; a file that does not verify is removed and its points are made again. Points do not depend on their
   neighbours, so a sweep that was killed ten times gives the rows of one that was not.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
import zlib
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import clock
from workbench.content import canonical
from workbench.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    Rows = NDArray[np.float64]

_EVERY = 1.0
"""Seconds between files."""
_MOST_BYTES = 16 * 2**20
_HEADER = "plan.json"


class Journal:
    """The finished points of one plan; written by one process at a time, or by several that write the same."""

    def __init__(self, folder: Path, made_by: Callable[[], Mapping[str, Any]]) -> None:
        """Keep the points in ``folder``; rows that were not ``made_by`` the same are removed."""
        self.folder = folder
        self._made_by = made_by
        self._held: list[Rows] = []
        self._first = self._last = 0
        self._written = clock.monotonic()
        if folder.is_dir() and not self._same():
            self.discard()

    @classmethod
    def passing(cls, made_by: Callable[[], Mapping[str, Any]]) -> Journal:
        """Return a journal in a temporary folder that goes away with it."""
        folder = tempfile.mkdtemp(prefix="workbench-sweep-")
        made = cls(Path(folder) / "points", made_by)
        weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)
        return made

    @cached_property
    def _header(self) -> bytes:
        return canonical(dict(self._made_by()))

    def _same(self) -> bool:
        try:
            return (self.folder / _HEADER).read_bytes() == self._header
        except OSError:
            return False

    def stored(self) -> list[tuple[int, int]]:
        """Return the stretches (first, last) that can be read, in order and apart from each other; damaged files are removed."""
        found: list[tuple[int, int]] = []
        for path in sorted(self.folder.glob("*-*.arrow")) if self.folder.is_dir() else ():
            first, last = _span(path)
            if found and first < found[-1][1]:
                continue  # another process wrote the same points in other pieces
            if _read(path, last - first) is None:
                path.unlink(missing_ok=True)
                continue
            found.append((first, last))
        return found

    def read(self, first: int, last: int) -> Rows:
        """Return the rows of a stretch that ``stored`` or ``flush`` wrote.

        Raises:
            StoreError: the file is not there any more.
        """
        rows = _read(self._path(first, last), last - first)
        if rows is None:
            message = f"the finished points {first} to {last} of a sweep went away from {self.folder}; run the sweep again"
            raise StoreError(message)
        return rows

    def add(self, first: int, rows: Rows) -> None:
        """Take the finished points from ``first`` on; later ones than all before."""
        if self._held and first != self._last:
            self.flush()
        if not self._held:
            self._first = first
        self._held.append(rows)
        self._last = first + len(rows)
        if clock.monotonic() - self._written >= _EVERY or (self._last - self._first) * rows.itemsize * rows.shape[1] >= _MOST_BYTES:
            self.flush()

    def flush(self) -> None:
        """Write what was taken and not written yet.

        Raises:
            StoreError: the folder cannot be written.
        """
        if self._held:
            rows = np.concatenate(self._held)
            try:
                self._begin()
                _write(self._path(self._first, self._last), rows)
            except OSError as error:
                message = f"finished points cannot be kept in {self.folder} ({error.strerror}); make room, or sweep with journal=None"
                raise StoreError(message) from error
            self._held = []
        self._written = clock.monotonic()

    def parts(self) -> Iterator[tuple[int, Rows]]:
        """Return all rows on disk, stretch by stretch."""
        for first, last in self.stored():
            yield first, self.read(first, last)

    def discard(self) -> None:
        """Remove the folder: the points are no longer needed."""
        self._held = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        header = self.folder / _HEADER
        if not header.exists():
            _replace(header, self._header)

    def _path(self, first: int, last: int) -> Path:
        return self.folder / f"{first:016d}-{last:016d}.arrow"


def _span(path: Path) -> tuple[int, int]:
    first, _, last = path.stem.partition("-")
    return (int(first), int(last)) if first.isdigit() and last.isdigit() else (0, 0)


def _replace(path: Path, data: bytes) -> None:
    """Write ``data`` under another name, then move it: a kill leaves the old file or the new one."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink()
        raise


def _write(path: Path, rows: Rows) -> None:
    import pyarrow as pa  # noqa: PLC0415 - only where a sweep takes longer than a second

    flat = np.ascontiguousarray(rows, dtype="<f8")
    table = pa.table({"row": pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), flat.shape[1])})
    table = table.replace_schema_metadata({"crc32": str(zlib.crc32(flat.tobytes()))})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)
    _replace(path, sink.getvalue().to_pybytes())


def _read(path: Path, points: int) -> Rows | None:
    """Return the rows of a file, None where it is missing, damaged or of another length."""
    import pyarrow as pa  # noqa: PLC0415 - as above

    try:
        with pa.ipc.open_file(path.read_bytes()) as reader:
            table = reader.read_all()
        column = table["row"].combine_chunks()
        rows = np.asarray(column.flatten(), dtype=np.float64).reshape(len(column), -1)
        crc = int((table.schema.metadata or {})[b"crc32"])
    except (OSError, pa.ArrowInvalid, KeyError, ValueError):
        return None
    return rows if len(rows) == points > 0 and zlib.crc32(np.ascontiguousarray(rows, dtype="<f8").tobytes()) == crc else None
