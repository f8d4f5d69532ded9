"""Proofs that no decision looked ahead: truncations, and the live form beside the batch form.

1. ``truncation_points`` picks 16 places to cut: half of them right behind bars where something was signalled, half spread over the run.
2. The decisions are computed again on the first k bars only. Every one of them must be the same as in the full run (``_first_change``).
3. A failure is narrowed to the earliest decision that changed, and by bisection to the bar whose presence changes it: that bar betrays the leak.
4. ``streams_alike`` feeds the program bar by bar, as a live session does, and compares every signal and number with the batch, to the bit.

Compiled programs are causal by construction and pass by design; Python functions and model columns have to show it here.
"""

from __future__ import annotations

import struct
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from workbench import clock
from workbench.errors import InputError, LookAheadError
from workbench.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from workbench.backtest.result import Result
    from workbench.market.bars import Bars
    from workbench.strategy.program import BoundProgram

TRUNCATIONS = 16
_DIRECTIONS = ("entry_long", "exit_long", "entry_short", "exit_short")
_BAR = ("open", "high", "low", "close", "volume")


class Decisions(Protocol):
    """Anything with the four signal columns (n,), such as ``Signals``; ``numbers`` may be missing."""

    @property
    def entry_long(self) -> NDArray[np.uint8]:
        """Whether to buy."""

    @property
    def exit_long(self) -> NDArray[np.uint8]:
        """Whether to sell what was bought."""

    @property
    def entry_short(self) -> NDArray[np.uint8]:
        """Whether to sell short."""

    @property
    def exit_short(self) -> NDArray[np.uint8]:
        """Whether to cover."""


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What the two proofs found."""

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
        if not self.causal:
            return f"the decision at bar {self.bar} ({self.column}) changes with bar {self.needs}, which comes after it"
        if self.streaming is False:
            return f"the live form differs from the batch at bar {self.bar} ({self.column})"
        live = f", {self.streamed} bars streamed alike" if self.streaming else ""
        return f"{self.decisions} decisions unchanged under {self.truncations} truncations ({self.at_signals} behind signals){live}"

    def require(self) -> None:
        """Refuse a strategy that looks ahead.

        Raises:
            LookAheadError: with the bar that betrays it.
        """
        if not self.causal or self.streaming is False:
            message = f"look-ahead: {self.words}; use only values known at the bar's close"
            raise LookAheadError(message, self.bar or 0)


def prove(result: Result, *, truncations: int = TRUNCATIONS) -> Proof:
    """Return the proof for a run of record: truncations of its program, and its live form over all bars."""
    bound = Strategy(result.spec).program.bind(result.parameters)
    return prove_decisions(lambda bars: bound.columns(bars), result.bars, bound=bound, truncations=truncations)  # noqa: PLW0108 - typed


def prove_decisions(
    decide: Callable[[Bars], Decisions], bars: Bars, *, bound: BoundProgram | None = None, truncations: int = TRUNCATIONS
) -> Proof:
    """Return the proof for any function from bars to decisions; ``bound`` is its compiled form where it has one.

    Raises:
        InputError: fewer than two bars, or no truncation asked for.
    """
    if len(bars) < 2 or truncations < 1:  # noqa: PLR2004 - one bar has nothing to cut off
        message = f"a truncation proof needs two bars or more and one truncation or more, not {len(bars)} and {truncations}"
        raise InputError(message)
    started = clock.monotonic()
    full = _columns(decide(bars))
    points, at_signals = truncation_points(full, len(bars), truncations)
    found = {count: _first_change(full, _columns(decide(bars.head(count))), count) for count in points}
    changed = {count: change for count, change in found.items() if change is not None}
    fields: dict[str, Any] = {"causal": not changed, "truncations": len(points), "at_signals": at_signals, "decisions": sum(points)}
    if changed:
        count, (bar, column) = min(changed.items(), key=lambda item: item[1])
        needs = _bisected(decide, bars, (bar, column), full, count)
        return Proof(**fields, streaming=None, streamed=0, bar=bar, needs=needs, column=column, seconds=clock.monotonic() - started)
    if bound is None:
        return Proof(**fields, streaming=None, streamed=0, seconds=clock.monotonic() - started)
    difference = streams_alike(bound, bars, full)
    place, name = difference or (None, "")
    return Proof(**fields, streaming=difference is None, streamed=len(bars), bar=place, column=name, seconds=clock.monotonic() - started)


def truncation_points(columns: Mapping[str, NDArray[Any]], length: int, count: int) -> tuple[list[int], int]:
    """Return at which lengths (1 to ``length`` - 1, ascending) to cut, and how many of them end on a bar with a signal.

    Half of them are spread over the signals, the others over all bars, so that a run with few signals is covered as well.
    """
    signalled = np.flatnonzero(np.any([columns[name][: length - 1] != 0 for name in _DIRECTIONS], axis=0)) + 1
    behind = signalled[np.unique(np.linspace(0, len(signalled) - 1, count // 2).astype(int))] if len(signalled) else signalled
    spread = np.linspace(1, length - 1, count - len(behind) + 2).astype(int)[1:-1]
    return sorted({int(point) for point in (*behind, *spread)}), len(behind)


def streams_alike(bound: BoundProgram, bars: Bars, full: Mapping[str, NDArray[Any]]) -> tuple[int, str] | None:
    """Return the first ``(bar, column)`` on which the live form differs from the batch form; None where all agree to the bit."""
    stream = bound.stream()
    feed = [getattr(bars, name).tolist() for name in _BAR] + _clock(bound, bars)
    live = {name: np.empty(len(bars), dtype=column.dtype) for name, column in full.items()}
    for place, values in enumerate(zip(*feed, strict=True)):
        said = stream.update(*values)
        for name, column in live.items():
            column[place] = said[name]
    for name, column in full.items():
        differs = _differs(live[name], column)
        if differs.any():
            return int(differs.argmax()), name
    return None


def _clock(bound: BoundProgram, bars: Bars) -> list[list[float]]:
    """The exchange's clock, for programs that ask for it."""
    from workbench.market.windows import clock_columns  # noqa: PLC0415 - calendars load only where a rule tells the time

    asked = {entry.payload for entry in bound.program.instructions if isinstance(entry.payload, str)}
    if not asked & {"minute_of_day", "day_of_week"}:
        return []
    columns = clock_columns(bars)
    return [columns.minute_of_day.tolist(), columns.day_of_week.tolist()]


def _columns(decisions: Decisions) -> dict[str, NDArray[Any]]:
    columns = {name: np.asarray(getattr(decisions, name)) for name in _DIRECTIONS}
    return columns | {name: np.asarray(values, dtype=np.float64) for name, values in getattr(decisions, "numbers", {}).items()}


def _first_change(full: Mapping[str, NDArray[Any]], cut: Mapping[str, NDArray[Any]], count: int) -> tuple[int, str] | None:
    """The earliest decision on the first ``count`` bars that is not what it was with all bars; a missing one has changed."""
    first: tuple[int, str] | None = None
    for name, column in full.items():
        again = cut.get(name)
        if again is None or len(again) != count:
            return 0, name
        differs = _differs(np.asarray(again), column[:count])
        if differs.any() and (first is None or int(differs.argmax()) < first[0]):
            first = int(differs.argmax()), name
    return first


def _differs(left: NDArray[Any], right: NDArray[Any]) -> NDArray[np.bool_]:
    """Different to the bit; two NaN are the same."""
    if right.dtype.kind == "f":
        return np.asarray((left != right) & ~(np.isnan(left) & np.isnan(right)))
    return np.asarray((left != 0) != (right != 0))


def _bisected(
    decide: Callable[[Bars], Decisions], bars: Bars, change: tuple[int, str], full: Mapping[str, NDArray[Any]], count: int
) -> int:
    """Return the bar whose presence turns the decision into that of the full run: fewer bars do not have it, more do."""
    bar, column = change
    final = _bits(full[column][bar])
    without, having = count, len(bars)
    while having - without > 1:
        middle = (without + having) // 2
        again = _columns(decide(bars.head(middle)))[column]
        if len(again) > bar and _bits(again[bar]) == final:
            having = middle
        else:
            without = middle
    return having - 1


def _bits(value: Any) -> bytes:  # noqa: ANN401 - a numpy scalar
    return struct.pack("<d", float(value)) if not np.isnan(float(value)) else b"nan"
