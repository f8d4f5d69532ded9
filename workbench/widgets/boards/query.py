"""Filters that live in the address of a page: read from it, checked, and written back, so that an address can be shared.

1. ``read`` takes the text after ``?`` and the fields of a board. What is not a filter, or not a value it can have, becomes a sentence in
   ``problems`` and the default applies: an address never ends in an error page.
2. ``Query.address`` writes the text again, without what is the default anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from urllib.parse import parse_qsl, urlencode

from workbench.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Kind = Literal["choice", "text", "date", "whole"]
LONGEST = 120
"""Characters of one value at most; what is longer was not typed by a person."""
LARGEST = 99_999
_MOST_NAMED = 8
_FOREIGN = ("voila", "token", "_xsrf", "theme", "template")
"""Names that belong to the server and are left alone."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One filter of a board."""

    name: str
    """Name in the address."""
    title: str
    """Label on the page."""
    kind: Kind = "choice"
    """What values it takes."""
    choices: tuple[str, ...] = ()
    """Values of a choice; empty where only the store knows them (``read`` is then told)."""
    default: str = ""
    """Value without one in the address; empty narrows nothing."""
    labels: tuple[str, ...] = ()
    """What a person reads for each choice; the values themselves where there are none."""


@dataclass(frozen=True, kw_only=True)
class Query:
    """The filters of a page as they stand."""

    values: Mapping[str, str]
    """Name -> value; every field of the board is there."""
    problems: tuple[str, ...] = ()
    """Sentences about what the address asked for and cannot be had."""
    fields: tuple[Field, ...] = field(default=(), repr=False)

    def __getitem__(self, name: str) -> str:
        """Return a value; empty where it narrows nothing."""
        return self.values[name]

    def get(self, name: str) -> str | None:
        """Return a value, None where it narrows nothing."""
        return self.values[name] or None

    def number(self, name: str) -> int:
        """Return a whole number."""
        return int(self.values[name])

    def day(self, name: str, *, after: bool = False) -> datetime | None:
        """Return midnight UTC of a day, of the day after it with ``after``; None where it narrows nothing."""
        if not self.values[name]:
            return None
        moment = datetime.combine(date.fromisoformat(self.values[name]), datetime.min.time(), UTC)
        return moment + timedelta(days=1) if after else moment

    def with_values(self, **values: object) -> Query:
        """Return the filters with other values; those that a field cannot have become problems."""
        merged = {**self.values, **{name: "" if value is None else str(value) for name, value in values.items()}}
        return read(urlencode(merged), self.fields)

    @property
    def address(self) -> str:
        """The text after ``?``, without defaults."""
        given = {each.name: self.values[each.name] for each in self.fields if self.values[each.name] != each.default}
        return urlencode(given)


def read(text: str, fields: Iterable[Field], known: Mapping[str, tuple[str, ...]] | None = None) -> Query:
    """Return the filters in the address ``text``.

    Args:
        text: what stands after ``?``; the ``?`` itself does not matter.
        fields: the filters of the board.
        known: choices that only the store knows, by field name.
    """
    offered = tuple(replace(each, choices=(known or {}).get(each.name, each.choices)) for each in fields)
    values = {each.name: each.default for each in offered}
    by_name = {each.name: each for each in offered}
    problems: list[str] = []
    for name, raw in parse_qsl(text.lstrip("?"), keep_blank_values=True):
        if name.startswith(_FOREIGN):
            continue
        if name not in by_name:
            problems.append(_unknown(name, by_name))
            continue
        found, problem = _value(by_name[name], raw.strip())
        if problem:
            problems.append(problem)
        else:
            values[name] = found
    problems += _disordered(values)
    return Query(values=values, problems=tuple(problems), fields=offered)


def _unknown(name: str, offered: Mapping[str, Field]) -> str:
    close = nearest(name, [*offered])
    hint = f"did you mean {' or '.join(close)}?" if close else f"the filters here are {', '.join(offered) or 'none'}"
    return f"there is no filter {_shown(name)}; {hint}"


def _value(wanted: Field, raw: str) -> tuple[str, str]:
    """Return the value and no problem, or no value and the problem."""
    if not raw:
        return "", ""
    if len(raw) > LONGEST:
        return "", f"{wanted.name} has {len(raw)} characters; {LONGEST} are the most"
    if wanted.kind == "choice":
        return _choice(wanted, raw)
    if wanted.kind == "date":
        return _date(wanted, raw)
    if wanted.kind == "whole" and not (raw.isascii() and raw.isdigit() and 0 < int(raw) <= LARGEST):
        return "", f"{wanted.name} is {_shown(raw)}; it is a whole number from 1 to {LARGEST}"
    return raw, ""


def _choice(wanted: Field, raw: str) -> tuple[str, str]:
    folded = {choice.casefold(): choice for choice in wanted.choices}
    if raw.casefold() in folded:
        return folded[raw.casefold()], ""
    if not wanted.choices:
        return "", f"{wanted.name} is {_shown(raw)}; there is none yet"
    close = nearest(raw, wanted.choices)
    named = ", ".join(wanted.choices[:_MOST_NAMED]) + (
        f" and {len(wanted.choices) - _MOST_NAMED} more" if len(wanted.choices) > _MOST_NAMED else ""
    )
    return "", f"{wanted.name} is {_shown(raw)}; " + (
        f"did you mean {' or '.join(close)}? It is one of {named}" if close else f"it is one of {named}"
    )


def _date(wanted: Field, raw: str) -> tuple[str, str]:
    try:
        return date.fromisoformat(raw).isoformat(), ""
    except ValueError:
        return "", f"{wanted.name} is {_shown(raw)}; write a day as 2026-01-31"


def _disordered(values: dict[str, str]) -> list[str]:
    """Return the problem with a window that ends before it begins, and forget its end."""
    first, last = values.get("from", ""), values.get("to", "")
    if not first or not last or first <= last:
        return []
    values["to"] = ""
    return [f"the days end ({last}) before they begin ({first}); the end is left out"]


def _shown(text: str) -> str:
    cut = text if len(text) <= 40 else f"{text[:40]}…"  # noqa: PLR2004 - as much as a sentence bears
    return f"{cut!r}"
