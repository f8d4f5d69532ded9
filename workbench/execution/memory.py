"""What a session must remember to go on after it was killed: one small record, saved in the transaction of its bar and hashed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from workbench import content
from workbench.errors import OrderError


@dataclass(kw_only=True)
class Memory:
    """The state of a session after a bar; bytes are kept as they are, so it comes back to the bit."""

    anchor: int
    """Open time of the bar where the program's state started, ns epoch."""
    known_at: int = 0
    """When the last bar was known, ns epoch; 0 before the first."""
    bars: int = 0
    """Bars traded so far."""
    session: int = -1
    """Session id of the last bar; -1 before the first."""
    waiting: str = ""
    """Intent hash of the order that waits at the broker; empty without."""
    decided: dict[str, float | None] = field(default_factory=dict)
    """What the program said when the waiting order was decided."""
    entry: str = ""
    """Intent hash of the order that opened the position; empty when flat."""
    position: int = 0
    """Row of the open position; 0 when flat."""
    halted: str = ""
    """Why no orders are made; empty while they are."""
    account: bytes = b""
    """The engine's account, float64."""
    stream: bytes = b""
    """The program's state."""

    def pack(self) -> bytes:
        """Return the record as bytes."""
        record = asdict(self) | {"account": self.account.hex(), "stream": self.stream.hex(), "format": 1}
        return json.dumps(record, sort_keys=True, separators=(",", ":")).encode()

    @classmethod
    def unpack(cls, state: bytes, state_hash: str) -> Memory:
        """Return the record of bytes that ``pack`` gave.

        Raises:
            OrderError: the bytes are not those that were hashed, or another version wrote them.
        """
        if content.bytes_hash(state) != state_hash:
            message = (
                "the saved state of the session does not match its hash: it was changed in the store. Start the bot with a fresh session"
            )
            raise OrderError(message)
        record: dict[str, Any] = json.loads(state)
        if record.pop("format", None) != 1:
            message = "the saved state of the session was written by another version; start the bot with a fresh session"
            raise OrderError(message)
        return cls(**record | {"account": bytes.fromhex(record["account"]), "stream": bytes.fromhex(record["stream"])})
