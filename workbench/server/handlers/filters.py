"""Query models: a filter of the read models, as it comes out of an address."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from workbench.execution.views.record import LARGEST_PAGE
from workbench.server.handlers.base import Asked


def _moment(value: Any) -> Any:  # noqa: ANN401 - what a person typed
    """Return a day as its beginning in UTC; times carry a zone or are UTC."""
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            message = "give a day (2026-01-31) or a time (2026-01-31T14:30:00Z)"
            raise ValueError(message) from None
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, datetime.min.time(), UTC)
    return value


Moment = Annotated[datetime | None, BeforeValidator(_moment)]
Word = Annotated[str | None, Field(max_length=200)]


class Own(Asked):
    """Everything, or only one's own."""

    mine: bool = Field(default=False, description="only rows of the person who asks")


class Listed(Own):
    """A page of a list."""

    page: int = Field(default=1, ge=1, le=1_000_000, description="number of the page, from 1")
    page_size: int = Field(default=50, ge=1, le=LARGEST_PAGE, description="rows a page")
    sort: str = Field(default="", max_length=40, description="column to sort by; empty for the usual order")
    descending: bool = Field(default=True, description="largest or newest first")

    def chosen(self) -> dict[str, Any]:
        """Return the fields of the read model's filter."""
        return {name: value for name, value in self if name != "mine"}


class Windowed(Listed):
    """A page of a list, from one moment to another."""

    start: Moment = Field(default=None, description="from this day or time on")
    end: Moment = Field(default=None, description="before this day or time")
