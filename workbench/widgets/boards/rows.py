"""Rows on their way into a table: only what changed travels, so that a live table never jumps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.widgets.parts.wire import plain

ZONE = "America/New_York"
"""Zone of times on boards, as in tables and charts."""

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from workbench.widgets.parts import Table


def fill(table: Table, rows: Iterable[Mapping[str, Any]], *, empty: str = "", how: str = "") -> None:
    """Show ``rows`` in this order; changed cells flash, new rows on top slide in, anything else replaces the rows. Without rows say what would fill them."""
    fresh = [{**plain(row), "id": str(row["id"])} for row in rows]
    before = {row["id"]: row for row in table.rows}
    ids, known = [row["id"] for row in fresh], [*before]
    new = next((place for place, key in enumerate(ids) if key in before), len(ids)) if before else len(ids)
    kept = ids[new:]
    if before and new < len(ids) and kept == known[: len(kept)]:
        changed = [row for row in fresh if before.get(row["id"]) != row]
        if changed:
            table.patch(changed)
        if known[len(kept) :]:
            table.remove(known[len(kept) :])
    elif fresh != [*before.values()]:
        table.rows = fresh
    with table.hold_sync():
        table.message, table.remedy = empty, how
        table.state = "ready" if fresh else "empty"


def when(moment: Any) -> dict[str, Any]:  # noqa: ANN401 - datetime or None
    """Return an aware time as a fact in the exchange's zone, UTC on hover."""
    return {"value": stamp(moment), "kind": "time", "zone": ZONE}


def stamp(moment: Any) -> float | None:  # noqa: ANN401 - datetime or None
    """Return an aware time as seconds since 1970; None stays None."""
    return None if moment is None else float(moment.timestamp())
