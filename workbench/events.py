"""Events inside one process: a record type and a bus that never lets a listener break the speaker.

What must survive the process goes through ``store.outbox`` instead; this bus carries what faces want to know at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from workbench import clock, telemetry

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Event:
    """Something that happened."""

    topic: str
    """What kind of thing, such as ``trade_executed`` or ``bot_status_changed``."""
    payload: dict[str, Any]
    """JSON values that describe it."""
    at: datetime = field(default_factory=clock.now)
    """When, aware UTC."""


class Bus:
    """Hands each event to those who listen to its topic, in the order they came."""

    def __init__(self) -> None:
        """Start without listeners."""
        self._listeners: dict[str, list[Callable[[Event], None]]] = {}

    def listen(self, topic: str, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Call ``listener`` for each event of ``topic`` (``*`` for all); return a function that ends it."""
        listeners = self._listeners.setdefault(topic, [])
        listeners.append(listener)

        def end() -> None:
            if listener in listeners:
                listeners.remove(listener)

        return end

    def tell(self, topic: str, **payload: Any) -> Event:  # noqa: ANN401 - JSON values
        """Make an event and hand it out; a listener that fails is logged and the others still hear it."""
        event = Event(topic=topic, payload=payload)
        for listener in [*self._listeners.get(topic, []), *self._listeners.get("*", [])]:
            try:
                listener(event)
            except Exception:  # noqa: BLE001 - a listener is foreign code; it is logged and must not stop the speaker
                telemetry.log("events").exception("listener_failed", topic=topic)
        return event


BUS = Bus()
