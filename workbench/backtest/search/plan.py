"""All that decides what a search finds: where it looks, on which bars, how often, from which seed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench import settings
from workbench.backtest.engine.rules import FILL_MODEL
from workbench.backtest.run import in_session
from workbench.backtest.search.proposals import optuna
from workbench.backtest.stretches import FEWEST_BARS, session_starts
from workbench.compiled import sources_hash
from workbench.content import content_hash
from workbench.errors import InputError
from workbench.market import bars_per_year
from workbench.units import SessionMode

if TYPE_CHECKING:
    from workbench.backtest.search.space import SearchSpace
    from workbench.market import Bars

BATCH = 8
"""Candidates that are chosen at a time."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """All that decides what a search finds."""

    key: str
    """Content hash of all of it."""
    space: SearchSpace
    """Where it looks, nothing left open."""
    bars: Bars
    """All bars, in the hours of the space."""
    cut: int
    """First bar that is held out."""
    trials: int
    """Candidates that are put together."""
    seed: int
    """Of the choices."""
    train: float
    """Share of the sessions that the search sees."""
    keep: int
    """Candidates that are verified at most."""
    cash: float
    """Starting money of every run."""

    @classmethod
    def of(cls, bars: Bars, space: SearchSpace, **numbers: Any) -> Plan:  # noqa: ANN401 - the fields above
        """Return the plan of a search on ``bars``, cut at a session.

        Raises:
            InputError: a space for other bars, or too few bars on either side.
        """
        fixed = space.on(bars)
        cut_to = in_session(bars, SessionMode(fixed.session_mode) if fixed.session_mode else None)
        starts = session_starts(cut_to)
        wanted = round(numbers["train"] * len(starts))
        cut = int(starts[wanted]) if 0 < wanted < len(starts) else 0
        if min(cut, len(cut_to) - cut) < FEWEST_BARS:
            message = (
                f"{len(cut_to)} bars leave {cut} to search on and {len(cut_to) - cut} to verify on; each needs {FEWEST_BARS}, use more bars"
            )
            raise InputError(message)
        about = {
            "space": fixed.content_hash,
            "dataset": cut_to.dataset_hash,
            "cut": cut,
            "batch": BATCH,
            "fill_model": FILL_MODEL,
            "compiled": sources_hash(),
            "optuna": optuna().__version__,
            "min_trades": settings.current().min_trades,
            **{name: float(value) for name, value in numbers.items() if name != "keep"},
        }
        return cls(key=content_hash(about), space=fixed, bars=cut_to, cut=cut, **numbers)

    @property
    def seen(self) -> Bars:
        """The bars that the search sees."""
        return self.bars.head(self.cut)

    @property
    def held_out(self) -> Bars:
        """The bars that the best are verified on."""
        return self.bars.slice(self.cut, len(self.bars))

    @property
    def bars_per_year(self) -> float:
        """What ratios are annualised with."""
        return bars_per_year(self.bars.instrument, self.bars.timeframe)

    @property
    def family(self) -> str:
        """The family in which the trials are counted."""
        return f"{self.space.symbol}/common"


def refuse_numbers(*, trials: int, keep: int, train: float, cash: float, seed: int, workers: int | None) -> None:
    """Refuse numbers that make no search.

    Raises:
        InputError: which, and what would do.
    """
    for name, given, least in (("trials", trials, 1), ("keep", keep, 1), ("seed", seed, 0), ("workers", workers, 0)):
        if given is not None and (isinstance(given, bool) or not isinstance(given, int | np.integer) or given < least):
            message = f"{name} must be a whole number from {least} on, not {given!r}"
            raise InputError(message)
    if not 0.0 < train < 1.0 or not (np.isfinite(cash) and cash > 0.0):
        message = (
            f"train is the share of the sessions that the search sees, between 0 and 1, and cash is positive, not {train!r} and {cash!r}"
        )
        raise InputError(message)
