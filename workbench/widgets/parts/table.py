"""A table that a desk can live in: sort, filter, pages, keys, CSV, live rows, actions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Bool, Dict, Int, List, Unicode

from workbench.widgets.parts.part import Callback, Part, synced
from workbench.widgets.parts.wire import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

KINDS = ("text", "number", "signed", "percent", "money", "time", "age", "status", "stage", "side", "link", "hash", "spark", "badge")


class Table(Part):
    """Rows of records under named columns; the first column names the thing and links to it.

    A column is ``{key, title, kind, digits, href, unit, sign, width, hint, main}``: ``kind`` is one of ``KINDS`` (``percent`` takes shares: 0.125 is 12.5 %;
    ``time`` takes seconds since 1970 or ``datetime``), ``href`` a pattern such as ``/workbench/boards/bots?bot={id}``, ``main`` marks what a phone shows first,
    ``wide`` lets words take several lines.
    A row is ``{id, ...}``; ``actions`` in a row lists the names of the table's actions that it offers (all when absent).
    An action is ``{name, title, danger, confirm, reason}``: with ``confirm`` words it asks in the row, with ``reason`` it wants words.
    """

    part: ClassVar[str] = "table"

    columns = synced(List(Dict(), help="What is shown, left to right."))
    rows = synced(List(Dict(), help="The records; ``id`` is theirs alone. Assign to replace all, ``patch`` to change some."))
    actions = synced(List(Dict(), help="What can be done with a row."))
    sort = Unicode(help="Key of the column that orders the rows, ``-key`` for descending, empty for the given order.").tag(sync=True)
    filters = synced(
        Dict(help="Text by column key: words are searched, figures take ``>100``, ``<0``, ``10..20``, ``=5``; several words by ``|``.")
    )
    page = Int(0, help="Number of the page shown, from 0.").tag(sync=True)
    page_size = Int(25, help="Rows on a page; 0 shows all.").tag(sync=True)
    selected = Unicode(help="``id`` of the row that is marked, or empty.").tag(sync=True)
    csv = Bool(default_value=True, help="Whether rows can be downloaded.").tag(sync=True)
    name = Unicode("table", help="Name of the table for screen readers and of the CSV file.").tag(sync=True)
    zone = Unicode("America/New_York", help="IANA zone times are shown in; UTC on hover.").tag(sync=True)
    remote = Bool(help="Rows are one page that Python chose: follow ``sort``, ``filters`` and ``page``, set ``rows``.").tag(sync=True)
    total = Int(0, help="Rows there are altogether, with ``remote``.").tag(sync=True)
    max_height = Int(0, help="Height in px after which the rows scroll under the header; 0 for none.").tag(sync=True)
    filterable = Bool(default_value=True, help="Whether the filter row is offered.").tag(sync=True)

    def __init__(self, columns: Sequence[Mapping[str, object]] = (), rows: Iterable[Mapping[str, object]] = (), **traits: object) -> None:
        """Show ``rows`` under ``columns``."""
        super().__init__(columns=[dict(column) for column in columns], rows=[_record(row) for row in rows], **traits)

    def patch(self, rows: Iterable[Mapping[str, object]]) -> None:
        """Change the given fields of the rows with these ``id``; unknown ones are added at the top. Changed cells flash, nothing else is drawn again."""
        changed = [_record(row) for row in rows]
        known = {row["id"]: position for position, row in enumerate(self.rows)}
        kept = list(self.rows)
        fresh = [row for row in changed if row["id"] not in known]
        for row in changed:
            if row["id"] in known:
                kept[known[row["id"]]] = {**kept[known[row["id"]]], **row}
        self.set_trait_quietly("rows", [*fresh, *kept])
        if changed:
            self.send({"patch": changed})

    def remove(self, ids: Iterable[str]) -> None:
        """Take the rows with these ``id`` away."""
        gone = {str(key) for key in ids}
        self.set_trait_quietly("rows", [row for row in self.rows if row["id"] not in gone])
        self.send({"remove": sorted(gone)})

    def trim(self, most: int) -> None:
        """Keep the first ``most`` rows only, for a rolling feed."""
        self.remove([row["id"] for row in self.rows[most:]])

    def on_activate(self, callback: Callback) -> None:
        """Call ``callback(id)`` when a row was opened by click or Enter."""
        self.listen("activate", callback, "id")

    def on_action(self, callback: Callback) -> None:
        """Call ``callback(id, name, reason)`` when an action was confirmed; an error it raises is shown in the row."""
        self.listen("action", callback, "id", "name", "reason")

    def _settle(self, fields: dict[str, Any], error: str) -> None:
        if "name" in fields:
            self.send({"settled": {"id": fields.get("id"), "name": fields["name"], "error": error}})


def _record(row: Mapping[str, object]) -> dict[str, Any]:
    record: dict[str, Any] = plain(row)
    record["id"] = str(record.get("id", ""))
    return record
