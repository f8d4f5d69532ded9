"""What the proofs of one run found, as a record and as a sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workbench.errors import LookAheadError

_ACTS = {"entry_long": "to buy", "exit_long": "to sell", "entry_short": "to short", "exit_short": "to cover"}
RULES, FUNCTION = "rules", "function"


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the proofs found."""

    causal: bool
    """No decision changed under any truncation."""
    streaming: bool | None
    """The live form agrees with the batch form; None where there is no live form."""
    truncations: int
    """How often the decisions were computed again."""
    at_signals: int
    """How many of the cuts were right behind a signal."""
    decisions: int
    """How many decisions were compared, over all cuts."""
    streamed: int
    """How many bars were fed to the live form."""
    bar: int | None = None
    """The earliest bar whose decision changed; None if none did."""
    needs: int | None = None
    """The later bar that the decision at ``bar`` depends on."""
    column: str = ""
    """The column that changed."""
    kind: str = RULES
    """``rules`` (a compiled program, causal by construction) or ``function`` (Python, or rules that use registered functions: causal if shown)."""
    bars: int = 0
    """Bars of the run."""
    repeats: bool | None = None
    """The function gives the same decisions when it is asked again; None for rules."""
    windows: int = 0
    """Bars that were decided again from the declared warm-up window alone."""
    agreed: int = 0
    """How many of these were decided the same."""
    window_bars: int = 0
    """Bars of that window, the decided one included."""
    asked: int = 0
    """How often the function was asked for all this."""
    at: str = ""
    """Open time of ``bar``."""
    needs_at: str = ""
    """Open time of ``needs``."""
    reason: str = ""
    """What a person should look at: lines that usually look ahead, or the warm-up that would do."""
    seconds: float = 0.0
    """What the proofs cost."""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON record without the seconds, which differ from time to time."""
        record = asdict(self)
        del record["seconds"]
        return record

    @property
    def words(self) -> str:
        """One sentence for a report."""
        if self.repeats is False:
            return f"asked twice about the same bars, the function decides differently at {self._bar} ({self.column}): chance, the time, or memory"
        if not self.causal:
            later = "" if self.needs is None or self.bar is None else f", {self._count(self.needs - self.bar, 'bar')} later"
            needs = f"bar {self.needs}{f' ({self.needs_at})' if self.needs_at else ''}{later}"
            return f"the decision {_ACTS.get(self.column, 'made')} at {self._bar} ({self.column}) changes with {needs}, which nobody had seen by then{self._why}"
        if self.streaming is False and self.windows:
            return (
                f"the decision {_ACTS.get(self.column, 'made')} at {self._bar} ({self.column}) is another one when only the declared {self.window_bars} bars "
                f"are known, as live{self._why}"
            )
        if self.streaming is False:
            return f"the live form differs from the batch at {self._bar} ({self.column})"
        return f"{self.decisions} decisions unchanged under {self.truncations} truncations ({self.at_signals} behind signals){self._live}"

    @property
    def coverage(self) -> str:
        """What was checked and what it cost, in a sentence."""
        asked = f"; the function was asked {self.asked} times" if self.kind == FUNCTION else ""
        return f"{self.truncations} truncations, {self.windows} warm-up windows and {self.streamed} streamed bars of {self.bars}{asked}, {self.seconds:.2f} s"

    def require(self) -> None:
        """Refuse a strategy that looks ahead.

        Raises:
            LookAheadError: with the bar that betrays it.
        """
        if not self.causal or self.streaming is False:
            what = (
                "not repeatable"
                if self.repeats is False
                else "look-ahead"
                if not self.causal
                else "warm-up"
                if self.windows
                else "streaming"
            )
            message = f"{what}: {self.words}{'' if self.reason else '; use only values known at the bar’s close'}"
            raise LookAheadError(message, self.bar or 0)

    @property
    def _live(self) -> str:
        if self.windows:
            return f", {self.agreed} of {self.windows} bars decided the same from their last {self.window_bars} bars alone"
        return f", {self.streamed} bars streamed alike" if self.streaming else ""

    @property
    def _bar(self) -> str:
        return f"bar {self.bar}{f' ({self.at})' if self.at else ''}"

    @property
    def _why(self) -> str:
        return f"; {self.reason}" if self.reason else ""

    @staticmethod
    def _count(number: int, what: str) -> str:
        return f"{number} {what}{'' if number == 1 else 's'}"
