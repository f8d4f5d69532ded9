"""``/audit``: the chain's events, and whether it is as it was written."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import Field

from workbench.execution.views import AuditFilter, audit
from workbench.execution.views.audit import Event
from workbench.execution.views.record import Page
from workbench.lifecycle.audit import Verification, verify
from workbench.server.handlers.base import Call, Room, endpoint
from workbench.server.handlers.filters import Windowed, Word


class AuditQuery(Windowed):
    """Which events."""

    actor: Word = None
    action: Word = Field(default=None, description="an action, or the beginning of several: bot")
    subject: Word = Field(default=None, description="such as bot:4f1c")


class Events(Room):
    """Events of the chain."""

    @endpoint("audit.read", "Page of audit events, newest first.", query=AuditQuery, answer=Page[Event])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return one page."""
        with call.read() as session:
            return audit.page(session, call.scope, AuditFilter(**call.query.chosen()))


class Verified(Room):
    """Whether the chain holds."""

    @endpoint("audit.verify", "Walk the whole chain and say whether it is as it was written.", answer=Verification, rate="heavy")
    def get(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Walk it."""
        return asdict(verify(call.database))


ROUTES = [(r"/workbench/api/audit/events", Events), (r"/workbench/api/audit/verify", Verified)]
