"""The rows a promotion is decided by."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from traitlets import Bool, Dict, List, Unicode

from workbench.widgets.parts.part import Callback, Part, synced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class GateRows(Part):
    """One row a gate, failures first: ✓ ✗ …, name, value against threshold as a bullet bar and in words, what is missing, the source.

    ``verdicts`` are ``Verdict.to_dict()`` records of ``workbench.lifecycle.gates``.
    """

    part: ClassVar[str] = "gates"

    verdicts = synced(List(Dict(), help="Verdicts in the policy's order; the rows sort themselves."))
    opens = synced(Bool(help="Whether sources can be opened."))
    source_words = Unicode("evidence", help="What the source link is called.").tag(sync=True)

    def __init__(self, verdicts: Iterable[Mapping[str, object]] = (), **traits: object) -> None:
        """Show ``verdicts``."""
        super().__init__(verdicts=[dict(verdict) for verdict in verdicts], **traits)

    def on_source(self, callback: Callback) -> None:
        """Call ``callback(gate, source)`` when the source of a gate was clicked; without it the hash is only shown."""
        self.listen("source", callback, "gate", "source")
        self.opens = True
