"""The five stages of a bot's life, how it moves between them, and how much it may trade in each.

LAB (its candidates are TRIALS) -> PAPER -> SHADOW -> CANARY -> LIVE: up one step at a time, down to any lower one.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from workbench.errors import PermissionDeniedError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Stage(StrEnum):
    """How far a bot is trusted."""

    LAB = "LAB"  # research; its candidates are called TRIALS
    PAPER = "PAPER"  # trades the backtest's fill model on new bars
    SHADOW = "SHADOW"  # records what it would have sent, on live quotes
    CANARY = "CANARY"  # a tenth of the size, real money, one signature
    LIVE = "LIVE"  # full size, real money, two signatures

    @property
    def rank(self) -> int:
        """Position in the chain, 0 for LAB."""
        return _ORDER.index(self)

    @property
    def next(self) -> Stage | None:
        """The stage one step up, None above LIVE."""
        return _ORDER[self.rank + 1] if self.rank + 1 < len(_ORDER) else None

    @property
    def below(self) -> tuple[Stage, ...]:
        """Every stage below this one, lowest first."""
        return _ORDER[: self.rank]

    @property
    def signatures(self) -> int:
        """How many people must sign before a bot may enter this stage."""
        return _SIGNATURES[self.value]

    @property
    def real_money(self) -> bool:
        """Whether orders of this stage reach a venue."""
        return self.signatures > 0


_ORDER = tuple(Stage)
_SIGNATURES = {"LAB": 0, "PAPER": 0, "SHADOW": 0, "CANARY": 1, "LIVE": 2}

MAX_CONTRACTS: Mapping[Stage, int] = MappingProxyType({Stage.LAB: 10, Stage.PAPER: 20, Stage.SHADOW: 30, Stage.CANARY: 50, Stage.LIVE: 100})
"""Contracts of one trade by stage (``MAX_CONTRACTS_TRIALS|PAPER|SHADOW|CANARY|LIVE``); they bind margined instruments."""


def stage(name: str) -> Stage:
    """Return the stage for a ``name`` in any letter case; ``TRIALS`` is LAB.

    Raises:
        UnknownNameError: no such stage.
    """
    folded = name.strip().upper()
    folded = "LAB" if folded in {"TRIALS", "TRIAL"} else folded
    if folded not in Stage.__members__:
        kind = "stage"
        raise UnknownNameError(kind, name, [*Stage.__members__, "TRIALS"])
    return Stage(folded)


def refuse_skip(present: Stage, wanted: Stage) -> None:
    """Refuse every move up that is not exactly one step.

    Raises:
        PermissionDeniedError: the step is skipped, or leads nowhere.
    """
    if wanted is present:
        message = f"the bot is in {present} already"
        raise PermissionDeniedError(message)
    if wanted.rank < present.rank:
        message = f"{present} to {wanted} is a demotion, not a promotion; use demote with a reason"
        raise PermissionDeniedError(message)
    if wanted is not present.next:
        message = f"{present} to {wanted} skips a stage; the next stage is {present.next}"
        raise PermissionDeniedError(message)
