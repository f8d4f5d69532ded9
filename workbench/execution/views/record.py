"""What every read model shares: records that become JSON, pages, and the check of what a person filters by."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from sqlalchemy import ColumnElement, func, select

from workbench import clock
from workbench.errors import InputError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sqlalchemy import Row, Select
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from workbench.lifecycle.access import Scope

LARGEST_PAGE = 500
"""Rows of one page at most: a screen shows fifty."""

T = TypeVar("T")


class Record:
    """A frozen record that can be written as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON values: times as ``2026-01-31T23:59:59.123456Z``, missing or infinite numbers as None."""
        return {field.name: plain(getattr(self, field.name)) for field in fields(cast(Any, self))}


def plain(value: Any) -> Any:  # noqa: ANN401, PLR0911 - any value of a record; one line a kind
    """Return ``value`` as JSON values."""
    match value:
        case Record():
            return value.to_dict()
        case float():
            return value if math.isfinite(value) else None
        case datetime():
            return clock.stamp(value)
        case date():
            return value.isoformat()
        case dict():
            return {str(name): plain(each) for name, each in value.items()}
        case list() | tuple():
            return [plain(each) for each in value]
        case _:
            return value


@dataclass(frozen=True, kw_only=True)
class Page(Record, Generic[T]):
    """One page of rows."""

    items: tuple[T, ...]
    """The rows of this page, in the order that was asked for."""
    total: int
    """Rows on all pages."""
    page: int
    """Number of this page, from 1."""
    page_size: int
    """Rows a page."""

    @property
    def pages(self) -> int:
        """Number of pages, at least 1."""
        return max(1, -(-self.total // self.page_size))

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON values."""
        return {**super().to_dict(), "pages": self.pages}


@dataclass(frozen=True, kw_only=True)
class Paged:
    """What every filter of a list has."""

    page: int = 1
    """Number of the page, from 1."""
    page_size: int = 50
    """Rows a page, 1 to 500."""
    sort: str = ""
    """Column to sort by; empty for the usual order."""
    descending: bool = True
    """Largest or newest first."""

    def __post_init__(self) -> None:
        """Refuse a page that cannot exist."""
        if self.page < 1 or not 1 <= self.page_size <= LARGEST_PAGE:
            message = f"page is a number from 1 and page_size one from 1 to {LARGEST_PAGE}; got {self.page} and {self.page_size}"
            raise InputError(message)


def one_of(kind: str, value: str | None, known: Iterable[str]) -> None:
    """Refuse a value that is none of the ``known``; None passes.

    Raises:
        UnknownNameError: names the nearest.
    """
    choices = [*known]
    if value is not None and value not in choices:
        raise UnknownNameError(kind, value, choices)


def ordered(start: datetime | None, end: datetime | None) -> None:
    """Refuse a window whose times have no zone or that ends before it starts.

    Raises:
        InputError: says which.
    """
    for name, moment in (("start", start), ("end", end)):
        if moment is not None:
            clock.aware(moment, name)
    if start is not None and end is not None and end <= start:
        message = f"the window ends ({clock.stamp(end)}) before it starts ({clock.stamp(start)})"
        raise InputError(message)


def owned(scope: Scope, owner: InstrumentedAttribute[str]) -> list[ColumnElement[bool]]:
    """Return the condition that keeps a reader to the rows of their scope; empty where everything is theirs to see."""
    return [] if scope.owner is None else [owner == scope.owner]


def page_of(
    session: Session,
    query: Select[*tuple[Any, ...]],
    wanted: Paged,
    order: Mapping[str, ColumnElement[Any] | InstrumentedAttribute[Any]],
    make: Callable[[Row[*tuple[Any, ...]]], T],
) -> Page[T]:
    """Return one page of ``query``.

    Args:
        session: a reading session.
        query: without order and limit.
        wanted: page, size and order that were asked for.
        order: name -> column that may be sorted by; the first is the usual one, the last breaks ties.
        make: row -> record.

    Raises:
        UnknownNameError: sorted by a column that is not offered.
    """
    one_of("column to sort by", wanted.sort or None, order)
    column = order[wanted.sort or next(iter(order))]
    tie = order[[*order][-1]]
    total = session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0
    by = [each.desc() if wanted.descending else each.asc() for each in (column, tie)]
    rows = session.execute(query.order_by(*by).limit(wanted.page_size).offset((wanted.page - 1) * wanted.page_size))
    return Page(items=tuple(make(row) for row in rows), total=total, page=wanted.page, page_size=wanted.page_size)
