"""Drafts: what people were writing, one row a person and slot. No fact rests on them; they are changed in place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from workbench import clock
from workbench.store.tables.base import Base


class DraftRow(Base):
    """The present text of one draft."""

    __tablename__ = "drafts"

    owner: Mapped[str] = mapped_column(primary_key=True)
    """Whose it is."""
    slot: Mapped[str] = mapped_column(primary_key=True)
    """What it is a draft of: ``new``, ``bot:<id>`` or ``spec:<hash>``."""
    revision: Mapped[int]
    """Counted up at each save."""
    content: Mapped[dict[str, Any]]
    """The fields of the form, as typed."""
    updated_at: Mapped[datetime] = mapped_column(default=clock.now)
    """When it was last saved."""
