"""What became of one trial of a search."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from workbench.backtest.trial_record import Tried

if TYPE_CHECKING:
    from collections.abc import Mapping

State = Literal["drafted", "scored", "silent", "repeated", "refused", "failed"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One trial: what was put together and what came of it."""

    number: int
    """Its place in the search, from 0."""
    state: State
    """``drafted``: not made yet; ``scored``; ``silent``: it never traded; ``repeated``: the same as an earlier one; ``refused`` by a validator; ``failed`` in its process."""
    reason: str
    """Why it was refused or failed: a short code. For a repeated one the number of the first."""
    words: str
    """The same in a sentence."""
    score: float | None
    """Its score; None where it has none."""
    direction: str
    """``long``, ``short`` or ``both``; empty where nothing could be put together."""
    spec: str
    """The specification as JSON; empty where nothing could be put together."""
    trial_id: str
    """Content hash of what would be counted; empty where nothing could be put together or it was refused."""
    tried: Tried | None
    """What the ledger keeps of it; None unless it ran."""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record."""
        return asdict(self) | {"tried": None if self.tried is None else self.tried.to_dict()}

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Outcome:
        """Return the outcome that ``to_dict`` wrote."""
        tried = record["tried"]
        return cls(**{**record, "tried": None if tried is None else Tried.from_dict(tried)})
