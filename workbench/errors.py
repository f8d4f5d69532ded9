"""Every error that Workbench raises on purpose, in one tree.

::

    WorkbenchError
      x InputError (ValueError)             what a person typed or handed over is wrong
        + UnknownNameError (LookupError)    a symbol, indicator, setting ... that does not exist
        + RuleSyntaxError                   a rule that cannot be read, with the place
        + BarsError                         a frame that is not a valid table of bars
          - CorruptDataError                the quality report refuses the data
        + SpecError                         a strategy specification that contradicts itself
      x SettingsError                       an environment name or value that is not valid
      x StoreError                          the database cannot be opened, read or written
        + SchemaMismatchError               the tables are not those this version expects
      x DataUnavailableError                bars, samples or files that are not there
      x BacktestError                       a simulation that cannot go on (carries its class)
        + CrossCheckError                   two engines disagree
        + LookAheadError                    a decision changed when later bars were removed
      x PermissionDeniedError               the permit, the role or the policy says no
        + TradingHaltedError                the kill switch or maintenance mode is on
      x AuditError                          the audit chain does not verify
      x OrderError                          an order that must not or cannot be sent
      x JobError                            a job that failed, with its exit and output
        + JobTimeoutError                   a job that passed its deadline

Errors carry fields, say what was wrong, where, and what to do. A front end prints ``str(error)`` alone.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class WorkbenchError(Exception):
    """Something Workbench refuses to do; the message says what to do instead."""


class InputError(WorkbenchError, ValueError):
    """A value that a person gave is not valid."""


class UnknownNameError(InputError, LookupError):
    """A name that is not registered, with the nearest ones that are.

    Fields: ``kind`` (what the name was meant to be), ``name`` (what was given), ``suggestions`` (nearest first).
    """

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        """Compare ``name`` with the ``known`` names of this ``kind`` and compose the message."""
        choices = sorted(known)
        self.kind = kind
        self.name = name
        self.suggestions = nearest(name, choices)
        listed = f"known: {', '.join(choices[:24])}" + (", ..." if len(choices) > 24 else "")  # noqa: PLR2004
        hint = f"did you mean {' or '.join(self.suggestions)}?" if self.suggestions else listed if choices else "there is none yet"
        super().__init__(f"no {kind} named {name!r}; {hint}")


def nearest(name: str, known: Iterable[str], limit: int = 2) -> list[str]:
    """Return the ``known`` names most like ``name``, best first, compared without case."""
    folded = {choice.casefold(): choice for choice in known}
    return [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, n=limit, cutoff=0.6)]


class RuleSyntaxError(InputError):
    """A rule that cannot be read.

    Fields: ``text`` (the rule), ``start`` and ``end`` (character span, end exclusive), ``problem`` (one clause),
    ``suggestion`` (one clause, may be empty). ``str()`` shows the rule with carets under the span.
    """

    def __init__(self, text: str, span: tuple[int, int], problem: str, suggestion: str = "") -> None:
        """Keep the fields and draw the carets."""
        self.text = text
        self.start, self.end = span
        self.problem = problem
        self.suggestion = suggestion
        super().__init__(f"{problem}{f'; {suggestion}' if suggestion else ''}\n{self._carets()}")

    def _carets(self) -> str:
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line_end = self.text.find("\n", self.start)
        line = self.text[line_start : len(self.text) if line_end < 0 else line_end]
        first = max(0, self.start - line_start - 60)
        shown = line[first : first + 120]
        width = max(1, min(self.end, line_start + len(line)) - self.start)
        return f"  {shown}\n  {' ' * (self.start - line_start - first)}{'^' * min(width, 120)}"


class BarsError(InputError):
    """A frame that is not a valid table of bars."""


class CorruptDataError(BarsError):
    """Bars that the quality report refuses; ``problems`` lists them as sentences."""

    def __init__(self, subject: str, problems: list[str]) -> None:
        """Compose one message from all ``problems`` of ``subject``."""
        self.subject = subject
        self.problems = problems
        shown = "; ".join(problems[:5]) + (f"; and {len(problems) - 5} more" if len(problems) > 5 else "")  # noqa: PLR2004
        super().__init__(f"{subject} is refused: {shown}. Repair the source; corrupt bars are never filled silently.")


class SpecError(InputError):
    """A strategy specification that contradicts itself or misses a needed part."""


class SettingsError(WorkbenchError, ValueError):
    """A setting that is unknown or has a value that is not valid."""


class StoreError(WorkbenchError):
    """The database cannot be opened, read or written."""


class SchemaMismatchError(StoreError):
    """The tables in the database are not those this version expects."""


class DataUnavailableError(WorkbenchError):
    """Bars, samples or files that are not there."""


class BacktestError(WorkbenchError):
    """A simulation that cannot go on; ``severity`` is CRITICAL, RECOVERABLE or WARNING."""

    def __init__(self, message: str, severity: str = "CRITICAL") -> None:
        """Keep the class of the error beside its message."""
        self.severity = severity
        super().__init__(message)


class CrossCheckError(BacktestError):
    """Two independent engines disagree about the same run."""


class LookAheadError(BacktestError):
    """A decision changed when later bars were taken away; ``bar`` is the first that betrays it."""

    def __init__(self, message: str, bar: int) -> None:
        """Keep the position of the bar beside the message."""
        self.bar = bar
        super().__init__(message)


class PermissionDeniedError(WorkbenchError):
    """The permit, the role or the policy says no."""


class TradingHaltedError(PermissionDeniedError):
    """The kill switch or maintenance mode is on."""


class AuditError(WorkbenchError):
    """The audit chain does not verify."""


class OrderError(WorkbenchError):
    """An order that must not or cannot be sent."""


class JobError(WorkbenchError):
    """A job that failed; ``run_id`` names its record, ``output`` the executed notebook that was kept."""

    def __init__(self, message: str, run_id: str = "", output: Path | None = None) -> None:
        """Keep where the evidence of the failure lies."""
        self.run_id = run_id
        self.output = output
        super().__init__(message)


class JobTimeoutError(JobError):
    """A job that passed its deadline and was stopped with all its processes."""
