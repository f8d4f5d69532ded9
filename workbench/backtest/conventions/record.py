"""One row of the table of conventions: what another backtester does, which of our settings does the same, and how that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Match = Literal["same", "near", "differs"]

FILL = "when a decision fills"
ENTRY_BAR = "brackets on the entry bar"
BASE = "what a stop is a share of"
BOTH = "stop and target in one bar"
GAP_STOP = "a gap beyond the stop"
GAP_TARGET = "a gap beyond the target"
TRAILING = "trailing stop"
STOP_BAR = "a signal on the bar of a stop"
REVERSAL = "an opposite entry"
COMMISSION = "commission"
ONCE = "commission or spread once"
SLIPPAGE = "slippage"
SIZE = "size of an order"
LOT = "fractions of a share"
MONEY = "an order without the money"
LEVERAGE = "margin and leverage"
SHORTS = "cost of being short"
END = "end of the data"
SHARPE = "Sharpe ratio"
DRAWDOWN = "drawdown"
EXPOSURE = "exposure"
PUBLISHED = "a published result"

RULES = (
    FILL, ENTRY_BAR, BASE, BOTH, GAP_STOP, GAP_TARGET, TRAILING, STOP_BAR, REVERSAL, COMMISSION, ONCE, SLIPPAGE, SIZE, LOT, MONEY, LEVERAGE, SHORTS, END,
    SHARPE, DRAWDOWN, EXPOSURE, PUBLISHED,
)  # fmt: skip
"""The rules in the order of the table: from the decision to the fill, the money, the end, the numbers."""


@dataclass(frozen=True, kw_only=True)
class Convention:
    """What one peer does about one rule."""

    peer: str
    """Name of the other backtester."""
    version: str
    """The version that was looked at."""
    rule: str
    """Which rule this is about; one of ``RULES``."""
    theirs: str
    """What they do."""
    ours: str
    """The setting of ``wb.strategy`` that does the same; where there is none, what we do instead and why."""
    match: Match
    """``same``: the setting gives the same fills and money; ``near``: the same money shown differently, or the same outside a named case; ``differs``."""
    source: str
    """Where they say so: file and section."""
    proof: str = ""
    """The test in ``tests/parity`` that runs both, ``file::name``; empty where it was read and not run."""

    @property
    def known(self) -> str:
        """How the row is known: ``proved`` by running both engines, or ``documented``."""
        return "proved" if self.proof else "documented"

    @property
    def word(self) -> str:
        """The outcome in one word."""
        return {"same": "same", "near": "nearly", "differs": "differs"}[self.match]

    @property
    def words(self) -> str:
        """The outcome and how it is known, for a table."""
        return f"{self.word}, {self.known}"


class Peer(NamedTuple):
    """One backtester as it was looked at."""

    name: str
    version: str

    def row(self, rule: str, theirs: str, ours: str, source: str, *, proof: str = "", match: Match = "same") -> Convention:
        """Return one row of its table."""
        return Convention(
            peer=self.name, version=self.version, rule=rule, theirs=theirs, ours=ours, match=match, source=source, proof=proof
        )
