"""The keeper of one draft: loads it, saves it, and says how it stands; a store that is away never stops anybody from writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from workbench.errors import StoreError, WorkbenchError
from workbench.strategy import drafts
from workbench.strategy.drafts import DraftConflictError
from workbench.widgets.authoring.form import Form

if TYPE_CHECKING:
    from datetime import datetime

    from workbench.store.database import Database

State = Literal["none", "kept", "restored", "writing", "away", "conflict", "refused", "off"]


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How the draft stands."""

    state: State = "none"
    """``none`` (nothing written), ``kept``, ``restored``, ``writing`` (changed since), ``away`` (the store is), ``conflict`` (another page
    wrote), ``refused`` (too long), ``off`` (this person keeps no drafts)."""
    at: datetime | None = None
    """When what is stored was saved."""
    words: str = ""
    """What went wrong."""


class DraftKeeper:
    """One person's draft in one slot."""

    def __init__(self, database: Database, owner: str, slot: str, *, active: bool = True) -> None:
        """Keep the draft of ``owner`` in ``slot``; an inactive keeper neither reads nor writes."""
        self._database = database
        self.owner, self.slot, self.active = owner, slot, active
        self.standing = Standing(state="none" if active else "off")
        self._revision: int | None = 0
        self._kept: Form | None = None
        self._theirs: Form | None = None

    def load(self) -> Form | None:
        """Return what was written last, None where nothing was or the store is away."""
        if not self.active:
            return None
        try:
            with self._database.read() as session:
                found = drafts.load(session, self.owner, self.slot)
        except StoreError as error:
            self.standing = Standing(state="away", words=str(error))
            self._revision = None  # what is there is not known: the first save that works takes the place
            return None
        if found is None:
            return None
        self._revision, self._kept = found.revision, Form.from_dict(found.content)
        self.standing = Standing(state="restored", at=found.updated_at)
        return self._kept

    def changed(self, form: Form) -> bool:
        """Note that the form is ``form`` now; return whether there is something to save."""
        pending = self.active and form != (self._kept or Form()) and self.standing.state != "conflict"
        if pending and self.standing.state in ("none", "kept", "restored", "refused"):
            self.standing = Standing(state="writing", at=self.standing.at)
        return pending

    def keep(self, form: Form) -> bool:
        """Save ``form``; return whether it is in the store now."""
        if not self.active or self.standing.state == "conflict":
            return False
        if form == self._kept:
            if self.standing.state in ("writing", "away"):
                self.standing = Standing(state="kept", at=self.standing.at)
            return True
        try:
            with self._database.session() as session:
                saved = drafts.save(session, self.owner, self.slot, form.to_dict(), revision=self._revision)
        except DraftConflictError as error:
            self._theirs = Form.from_dict(error.theirs.content)
            self.standing = Standing(state="conflict", at=error.theirs.updated_at, words=str(error))
        except StoreError as error:
            self.standing = Standing(state="away", at=self.standing.at, words=str(error))
        except WorkbenchError as error:
            self.standing = Standing(state="refused", at=self.standing.at, words=str(error))
        else:
            self._revision, self._kept = saved.revision, form
            self.standing = Standing(state="kept", at=saved.updated_at)
            return True
        return False

    def settle(self, *, theirs: bool) -> Form | None:
        """End a conflict: return the other page's form, or None to keep this one, which the next ``keep`` writes over it."""
        found = self._theirs if theirs else None
        self._theirs, self._revision = None, None
        self.standing = Standing(state="writing")
        if found is not None:
            self._kept = None
        return found

    def discard(self) -> None:
        """Forget the draft, here and in the store where it can be reached."""
        if not self.active:
            return
        self._kept, self._theirs, self._revision = None, None, None
        try:
            with self._database.session() as session:
                drafts.discard(session, self.owner, self.slot)
        except StoreError as error:
            self.standing = Standing(state="away", words=str(error))
        else:
            self.standing = Standing()
