"""What happened, in order: a timeline of events and a log of lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Dict, Int, List, Unicode

from workbench.widgets.parts.part import Callback, Part, synced
from workbench.widgets.parts.wire import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Timeline(Part):
    """Events with their time, newest first: who did what, with a glyph for how it ended and the hash it can be checked by."""

    part: ClassVar[str] = "timeline"

    events = synced(
        List(Dict(), help="``[{at, title, detail, kind, who, hash, href}]``; ``kind`` is a name of ``look.STATUS`` or a stage.")
    )
    zone = Unicode("America/New_York", help="IANA zone times are shown in; UTC on hover.").tag(sync=True)
    newest_first = Bool(default_value=True, help="Order of the events.").tag(sync=True)

    def __init__(self, events: Iterable[Mapping[str, object]] = (), **traits: object) -> None:
        """Show ``events``."""
        super().__init__(events=[dict(event) for event in events], **traits)

    def on_open(self, callback: Callback) -> None:
        """Call ``callback(index)`` with the event's position in ``events`` when it was clicked."""
        self.listen("open", callback, "index")


class Log(Part):
    """Lines as they come, the last ones in view until a person scrolls up; text can be filtered."""

    part: ClassVar[str] = "log"

    lines = synced(List(Dict(), help="``[{at, level, text}]``, oldest first; ``level`` is info, warning, error or empty."))
    zone = Unicode("America/New_York", help="IANA zone times are shown in.").tag(sync=True)
    most = Int(2000, help="Lines that are kept; older ones are dropped.").tag(sync=True)
    height = Int(240, help="Height in px.").tag(sync=True)

    def __init__(self, lines: Iterable[Mapping[str, object] | str] = (), **traits: object) -> None:
        """Show ``lines``; a plain string is a line without time and level."""
        super().__init__(lines=[_line(line) for line in lines], **traits)

    def append(self, lines: Iterable[Mapping[str, object] | str]) -> None:
        """Add ``lines`` at the end; only they travel."""
        added: list[dict[str, Any]] = plain([_line(line) for line in lines])
        self.set_trait_quietly("lines", [*self.lines, *added][-self.most :])
        self.send({"added": added})


def _line(line: Mapping[str, object] | str) -> dict[str, Any]:
    return {"text": line} if isinstance(line, str) else dict(line)
