"""What travels between a process and its child: a line of JSON and raw bytes, never a pickle, so that a child cannot make its parent run anything."""

from __future__ import annotations

import json
import os
import selectors
import struct
from typing import Any

from workbench import clock

_HEAD = struct.Struct("<II")
_CHUNK = 1 << 20
MOST = 1 << 30


class EndedError(Exception):
    """The other side is gone."""


class LateError(Exception):
    """The other side did not answer in time."""


def packed(header: dict[str, Any], body: bytes = b"") -> bytes:
    """Return a message as bytes."""
    text = json.dumps(header).encode()
    return _HEAD.pack(len(text), len(body)) + text + body


class Wire:
    """Two file descriptors, one to read and one to write."""

    def __init__(self, reads: int, writes: int) -> None:
        """Talk through open descriptors."""
        self._reads, self._writes = reads, writes

    def send(self, header: dict[str, Any], body: bytes = b"", *, seconds: float | None = None) -> None:
        """Send a message.

        Raises:
            LateError: the other side does not read.
            EndedError: the other side is gone.
        """
        left = memoryview(packed(header, body))
        until = None if seconds is None else clock.monotonic() + seconds
        while left:
            self._wait(self._writes, selectors.EVENT_WRITE, until)
            try:
                left = left[os.write(self._writes, left[:65536]) :]
            except BlockingIOError:
                continue
            except OSError as error:
                raise EndedError from error

    def receive(self, *, seconds: float | None = None) -> tuple[dict[str, Any], bytes]:
        """Return the next message.

        Raises:
            LateError: none came in time.
            EndedError: the other side is gone, or speaks something else.
        """
        until = None if seconds is None else clock.monotonic() + seconds
        text, body = _HEAD.unpack(self._exactly(_HEAD.size, until))
        if text + body > MOST:
            raise EndedError
        try:
            header = json.loads(self._exactly(text, until))
        except ValueError as error:
            raise EndedError from error
        if not isinstance(header, dict):
            raise EndedError
        return header, self._exactly(body, until)

    def _exactly(self, count: int, until: float | None) -> bytes:
        parts: list[bytes] = []
        while count:
            self._wait(self._reads, selectors.EVENT_READ, until)
            part = os.read(self._reads, min(count, _CHUNK))
            if not part:
                raise EndedError
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    @staticmethod
    def _wait(descriptor: int, event: int, until: float | None) -> None:
        if until is None:
            return
        with selectors.DefaultSelector() as selector:
            selector.register(descriptor, event)
            if not selector.select(max(0.0, until - clock.monotonic())):
                raise LateError
