"""Drafts: what a person was writing when the page, the kernel or the power went away.

A draft is no strategy: it may hold half a rule and nonsense, it is changed in place and nothing about it is audited. It belongs to one person and
one *slot* (``new``, a bot, a strategy version). Each save names the revision it was made from, so that two pages that
write in the same slot notice each other instead of the slower one winning silently.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench import clock
from workbench.errors import InputError, StoreError
from workbench.store.tables import DraftRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

MOST_CHARACTERS = 40_000
"""Of one draft as JSON: ten times the longest strategy text."""


class DraftConflictError(StoreError):
    """The draft was changed somewhere else since it was read; ``theirs`` is what is stored now."""

    def __init__(self, theirs: Draft) -> None:
        """Keep what is stored now beside the message."""
        self.theirs = theirs
        super().__init__(f"this draft was changed in another page ({theirs.updated_at:%H:%M:%S} UTC); take that text, or keep this one")


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A draft as it was when it was read."""

    owner: str
    """Whose it is."""
    slot: str
    """What it is a draft of: ``new``, ``bot:<id>`` or ``spec:<hash>``."""
    revision: int
    """Counted up at each save, 1 for the first."""
    content: dict[str, Any]
    """The fields of the form, as typed."""
    updated_at: datetime
    """When it was last saved."""


def load(session: Session, owner: str, slot: str) -> Draft | None:
    """Return the draft of ``owner`` in ``slot``, None where there is none."""
    row = session.get(DraftRow, (owner, slot))
    return None if row is None else _draft(row)


def save(session: Session, owner: str, slot: str, content: Mapping[str, Any], *, revision: int | None = 0) -> Draft:
    """Store the draft and return it; ``revision`` is the one it was made from, 0 for a fresh one, None to overwrite whatever is there.

    Raises:
        DraftConflictError: another page has saved since.
        InputError: the draft is too long.
    """
    if sum(len(str(value)) for value in content.values()) > MOST_CHARACTERS:
        message = f"a draft holds up to {MOST_CHARACTERS:,} characters; shorten the text"
        raise InputError(message)
    row = session.get(DraftRow, (owner, slot))
    if row is None:
        row = DraftRow(owner=owner, slot=slot, revision=(revision or 0) + 1, content=dict(content))
        session.add(row)
    else:
        if revision is not None and row.revision != revision and row.content != content:
            raise DraftConflictError(_draft(row))
        row.revision, row.content, row.updated_at = row.revision + 1, dict(content), clock.now()
    session.flush()
    return _draft(row)


def discard(session: Session, owner: str, slot: str) -> None:
    """Forget the draft; one that is not there is forgotten already."""
    row = session.get(DraftRow, (owner, slot))
    if row is not None:
        session.delete(row)


def _draft(row: DraftRow) -> Draft:
    return Draft(owner=row.owner, slot=row.slot, revision=row.revision, content=dict(row.content), updated_at=row.updated_at)
