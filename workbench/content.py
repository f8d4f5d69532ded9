"""Content addresses: the canonical JSON of a record and its SHA-256.

Facts (a strategy spec, a dataset, a trial, an executed notebook) are frozen and named by their content. The text is
RFC 8785 canonical JSON, so that any language arrives at the same bytes; NaN, infinities and minus zero are refused because two
people could not agree on their text.
"""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

import rfc8785

from workbench.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path


def canonical(record: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Return the RFC 8785 bytes of a JSON value (dict, list, str, int, float, bool, None).

    Raises:
        InputError: a number that has no agreed text, or a type that JSON does not know.
    """
    _refuse_ambiguous_numbers(record, "record")
    try:
        return rfc8785.dumps(record)
    except rfc8785.CanonicalizationError as error:
        message = f"a record cannot be addressed by its content: {error}"
        raise InputError(message) from error


def content_hash(record: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the SHA-256 (64 hexadecimal digits) of the canonical JSON of ``record``."""
    return hashlib.sha256(canonical(record)).hexdigest()


def bytes_hash(data: bytes | memoryview) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of raw bytes."""
    return hashlib.sha256(data).hexdigest()


def file_hash(path: Path) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _refuse_ambiguous_numbers(value: Any, where: str) -> None:  # noqa: ANN401 - any JSON value
    if isinstance(value, float):
        if not math.isfinite(value) or (value == 0.0 and math.copysign(1.0, value) < 0):
            message = f"{where} is {value!r}; a content address needs finite numbers without minus zero"
            raise InputError(message)
    elif isinstance(value, dict):
        for key, item in value.items():
            _refuse_ambiguous_numbers(item, f"{where}.{key}")
    elif isinstance(value, list | tuple):
        for position, item in enumerate(value):
            _refuse_ambiguous_numbers(item, f"{where}[{position}]")
