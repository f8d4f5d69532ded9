"""``/promotions``: every request and decision; approve, reject or withdraw one. Asking needs evidence, so it is done from a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from workbench.execution.views import PromotionFilter, promotions
from workbench.execution.views.promotions import Decision
from workbench.execution.views.record import Page
from workbench.server.handlers.base import Call, Room, endpoint
from workbench.server.handlers.bots import Given
from workbench.server.handlers.filters import Windowed, Word

if TYPE_CHECKING:
    from collections.abc import Callable


class PromotionQuery(Windowed):
    """Which decisions."""

    status: Literal["requested", "approved", "rejected", "promoted", "refused", "demoted", "withdrawn"] | None = None
    bot: Word = Field(default=None, description="identifier or name of a bot")
    to_stage: Literal["LAB", "PAPER", "SHADOW", "CANARY", "LIVE"] | None = None


class Promotions(Room):
    """Requests and decisions."""

    @endpoint("desk.read", "Page of requests and decisions, newest first.", query=PromotionQuery, answer=Page[Decision])
    def get(self, call: Call) -> Any:  # noqa: ANN401 - a record
        """Return one page."""
        with call.read() as session:
            return promotions.page(session, call.scope, PromotionFilter(**call.query.chosen()))


class Decided(Room):
    """Approve, reject or withdraw one request; the role and the two people are checked where the decision is made."""

    path_names = ("id", "act")

    @endpoint(
        "promotion.request", "Approve, reject or withdraw a request (approving and rejecting take a reviewer).", body=Given, rate="write"
    )
    def post(self, call: Call) -> Any:  # noqa: ANN401 - JSON values
        """Decide."""
        from workbench.lifecycle import requests  # noqa: PLC0415 - the gates, a second that readers do not pay

        acts: dict[str, Callable[..., Any]] = {"approve": requests.approve, "reject": requests.reject, "withdraw": requests.withdraw}
        with call.write() as session:
            acts[call.path[1]](session, call.path[0], by=call.person, reason=call.body.reason)
        return {"request": call.path[0], "decision": call.path[1]}


ROUTES = [
    (r"/workbench/api/promotions", Promotions),
    (r"/workbench/api/promotions/(\w{1,40})/(approve|reject|withdraw)", Decided),
]
