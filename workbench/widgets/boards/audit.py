"""Audit: who did what, and is the record whole?"""

from __future__ import annotations

import asyncio
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench import clock
from workbench.execution import views
from workbench.lifecycle import audit as chain
from workbench.widgets import parts
from workbench.widgets.boards import columns
from workbench.widgets.boards.face import Face
from workbench.widgets.boards.live import EVERYTHING, Section
from workbench.widgets.boards.query import Field
from workbench.widgets.boards.rows import fill, when

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import ipywidgets
    from sqlalchemy.orm import Session

    from workbench.execution.views import Page
    from workbench.execution.views.audit import Event

ACTIONS = ("bot", "promotion", "order", "trade", "session", "kill", "job", "strategy", "user")
_TITLES = ("bots", "promotions", "orders", "trades", "sessions", "kill switch", "jobs", "strategies", "people")


@dataclass(frozen=True, kw_only=True)
class _Data:
    page: Page[Event]
    chosen: Event | None


class Audit(Face):
    """The hash chain, read, verified and taken away."""

    fields: ClassVar[tuple[Field, ...]] = (
        Field(name="from", title="From", kind="date"),
        Field(name="to", title="To", kind="date"),
        Field(name="actor", title="Who", kind="text"),
        Field(name="action", title="Did", kind="text"),
        Field(name="subject", title="Subject", kind="text"),
        Field(name="page", title="Page", kind="whole", default="1"),
        Field(name="event", title="Event", kind="whole"),
    )

    def compose(self) -> Iterable[ipywidgets.Widget]:
        """Return the verification, filters, the events and one of them in full."""
        self.cards = parts.Cards([{"label": name} for name in ("Events", "Chain", "Head")], state="loading")
        self.verify_button = parts.Button("Verify the chain", "primary")
        self.verify_button.on_click(self.verify)
        export = parts.Button("Export with proof", "quiet")
        export.on_click(self._export)
        self.export_button = export
        self.result = parts.Notice(
            "info", "Not verified on this page yet.", "Verification walks every event and compares each with its hash."
        )
        tools = [self.verify_button, export] if self.desk.may("audit.verify") else []
        filters = self.filters(
            self.control("from", parts.Text("From", kind="date", compact=True, width=150)),
            self.control("to", parts.Text("To", kind="date", compact=True, width=150)),
            self.control("actor", parts.Text("Who", placeholder="person or engine", compact=True, debounce=400, width=170)),
            self.control("action", parts.Choice("Did", [("", "anything"), *zip(ACTIONS, _TITLES, strict=True)], compact=True)),
            self.control("subject", parts.Text("To", placeholder="bot:4f1c…", compact=True, debounce=400, mono=True, width=190)),
        )
        self.table = parts.Table(
            columns.EVENTS, remote=True, page_size=50, csv=False, filterable=False, name="audit events", state="loading", sort="-seq"
        )
        self.table.observe(self._paged, names="page")
        self.opens(self.table, "event")
        self.facts = parts.Facts()
        self.detail = parts.Panel("Event", self.facts, tools=[self.closer("event")])
        self.detail.layout.display = "none"
        return [
            self.cards,
            parts.Panel("Verification", self.result, tools=tools),
            filters,
            self.detail,
            parts.Panel("Events", self.table, flush=True),
        ]

    def sections(self) -> Iterable[Section]:
        """Return what is read together."""
        return [Section(name="events", read=self._read, draw=self._draw, topics=frozenset({EVERYTHING}), failed=self.table.fail)]

    async def verify(self, reason: str = "") -> None:
        """Walk the chain in a thread and say what was found."""
        del reason
        self.actions.require("audit.verify")
        begun = clock.monotonic()
        found = await asyncio.to_thread(chain.verify, self.desk.database())
        self._told(found, clock.monotonic() - begun)

    def _told(self, found: chain.Verification, seconds: float) -> None:
        with self.result.hold_sync():
            self.result.kind = "ok" if found.ok else "critical"
            words = f"{found.events:,} events verified, unbroken" if found.ok else f"The chain does not verify: {found.problem}"
            self.result.text = f"{words}, {clock.now():%H:%M:%S} UTC in {seconds:.1f} s."
            self.result.advice = (
                f"Head `{found.head_hash[:16]}…` Keep it outside the database: it proves later that nothing was cut off."
                if found.ok
                else "Stop trading, keep the database as it is, and compare it with a backup."
            )
        verified = {
            "value": "unbroken" if found.ok else "broken",
            "tone": "up" if found.ok else "critical",
            "hint": f"verified {clock.now():%H:%M:%S} UTC",
        }
        self.cards.change("Chain", **verified)

    async def _export(self, reason: str = "") -> None:
        del reason
        self.actions.require("audit.verify")
        text, proof = await asyncio.to_thread(self._exported)
        name = f"audit-{clock.now():%Y%m%d-%H%M%S}"
        self.browser.save(f"{name}.jsonl", text, "application/x-ndjson")
        self.browser.save(f"{name}.jsonl.proof.json", proof, "application/json")
        self.export_button.done = "two files: the events and their proof"

    def _exported(self) -> tuple[str, str]:
        with tempfile.TemporaryDirectory() as folder:
            made = chain.export(self.desk.database(), Path(folder) / "audit.jsonl")
            return made.path.read_text(encoding="utf-8"), made.proof_path.read_text(encoding="utf-8")

    def _paged(self, change: Mapping[str, Any]) -> None:
        if not self._quiet and change["new"] + 1 != self.query.number("page"):
            self.narrow(page=int(change["new"]) + 1)

    def _read(self, session: Session) -> _Data:
        scope = self.desk.scope
        wanted = views.AuditFilter(
            actor=self.query.get("actor"),
            action=self.query.get("action"),
            subject=self.query.get("subject"),
            start=self.query.day("from"),
            end=self.query.day("to", after=True),
            page=self.query.number("page") if self.query["page"] else 1,
        )
        page = views.audit.page(session, scope, wanted)
        chosen = next((event for event in page.items if str(event.seq) == self.query["event"]), None)
        return _Data(page=page, chosen=chosen)

    def _draw(self, data: _Data) -> None:
        page = data.page
        newest = page.items[0] if page.items and page.page == 1 else None
        verified = next(
            (card for card in self.cards.cards if card["label"] == "Chain" and card.get("value")),
            {"label": "Chain", "value": "not verified yet", "tone": "dim"},
        )
        self.cards.cards = [
            {"label": "Events", "value": float(page.total), "digits": 0, "hint": "that fit the filters"},
            verified,
            {"label": "Newest", "value": newest.hash[:12] if newest else None, "hint": newest.action if newest else ""},
        ]
        self.cards.state = "ready"
        self._quiet = True
        with self.table.hold_sync():
            self.table.page, self.table.total, self.table.selected = page.page - 1, page.total, self.query["event"]
        self._quiet = False
        narrowed = any(self.query[name] for name in ("from", "to", "actor", "action", "subject"))
        how = "Clear one of the filters." if narrowed else "Whatever is done with a bot, an order or a switch is kept here."
        fill(
            self.table,
            [columns.event_row(event) for event in page.items],
            empty="No event fits these filters" if narrowed else "Nothing was done yet",
            how=how,
        )
        self._draw_detail(data.chosen)

    def _draw_detail(self, event: Event | None) -> None:
        self.detail.layout.display = "" if event else "none"
        if event is None:
            return
        self.detail.heading.title = f"Event {event.seq}"
        self.facts.show(
            {
                "at": when(event.at),
                "who": event.actor,
                "did": event.action,
                "to": event.subject,
                "hash": {"value": event.hash, "kind": "hash"},
                **{name: value if isinstance(value, str) else json.dumps(value) for name, value in event.detail.items()},
            }
        )
