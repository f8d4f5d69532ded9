"""What changed between two specs, as a reviewer would say it."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from html import escape
from typing import TYPE_CHECKING, Any

from workbench import look
from workbench.strategy.rules import tree as t
from workbench.strategy.rules.statements import DIRECTIONS, WORDS_OF
from workbench.strategy.rules.text import write

if TYPE_CHECKING:
    from workbench.strategy.python.source import PythonSource
    from workbench.strategy.spec import StrategySpec


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that changed."""

    field: str
    """Which field, dotted, such as ``rules.entry_long`` or ``brackets.stop``."""
    before: str
    """What it was, in words; empty where it was not there."""
    after: str
    """What it is, in words; empty where it is gone."""

    def __str__(self) -> str:
        """Say it in one line."""
        if not self.before:
            return f"{self.field}: added {self.after}"
        return f"{self.field}: {self.before} became {self.after}" if self.after else f"{self.field}: removed {self.before}"


class Changes(list[Change]):
    """Changes in the order of the spec's fields; empty where two specs trade the same."""

    def __str__(self) -> str:
        """One line each."""
        return "\n".join(map(str, self)) or "no change"

    def _repr_html_(self) -> str:
        cell = f"padding:2px 16px 2px 0;text-align:left;font-family:{look.MONO};font-size:12px;vertical-align:top"
        rows = "".join(
            f'<tr><td style="{cell};color:{look.FAINT}">{escape(change.field)}</td>'
            f'<td style="{cell};color:{look.DOWN}">{"− " + escape(change.before) if change.before else ""}</td>'
            f'<td style="{cell};color:{look.UP}">{"+ " + escape(change.after) if change.after else ""}</td></tr>'
            for change in self
        )
        style = f"background:{look.BG1};color:{look.TEXT};border:1px solid {look.LINE};padding:12px 16px;max-width:880px"
        return f'<div style="{style}">{f"<table>{rows}</table>" if rows else "no change"}</div>'


def changes(old: StrategySpec, new: StrategySpec) -> Changes:
    """Return what changed from ``old`` to ``new``, provenance left out."""
    found = Changes()
    for field, before, after in (
        ("name", old.name, new.name),
        ("archetype", old.archetype, new.archetype),
        ("symbols", ", ".join(old.symbols), ", ".join(new.symbols)),
        ("timeframe", old.timeframe.value, new.timeframe.value),
        ("session_mode", _mode(old), _mode(new)),
        ("window", _window(old), _window(new)),
    ):
        _compare(found, field, before, after)
    for direction in DIRECTIONS:
        _rules(found, direction, old.trees.get(direction), new.trees.get(direction))
    _python(found, old.python, new.python)
    for name in sorted({*old.parameters, *new.parameters}):
        _compare(found, f"parameters.{name}", old.parameters.get(name), new.parameters.get(name))
    _compare(found, "sizing", old.sizing, new.sizing)
    for name in ("stop", "target", "trailing", "time_stop_bars"):
        _compare(found, f"brackets.{name}", getattr(old.brackets, name), getattr(new.brackets, name))
    _compare(found, "costs", old.costs or "the instrument's own", new.costs or "the instrument's own")
    _compare(found, "filling", old.filling, new.filling)
    for name in ("max_daily_loss", "max_position", "max_quantity"):
        _compare(found, f"limits.{name}", getattr(old.limits, name), getattr(new.limits, name))
    return found


def _compare(found: Changes, field: str, before: Any, after: Any) -> None:  # noqa: ANN401 - values of any field
    if before != after:
        found.append(Change(field=field, before="" if before is None else str(before), after="" if after is None else str(after)))


def _rules(found: Changes, direction: str, before: t.Node | None, after: t.Node | None) -> None:
    """Compare condition by condition: what is joined by ``and`` at the top is said singly."""
    field = f"rules.{direction} ({WORDS_OF[direction]})"
    if before is None or after is None:
        _compare(found, field, before and write(before), after and write(after))
        return
    gone = [part for part in _conditions(before) if part not in _conditions(after)]
    come = [part for part in _conditions(after) if part not in _conditions(before)]
    for place in range(max(len(gone), len(come))):
        old = gone[place] if place < len(gone) else None
        new = come[place] if place < len(come) else None
        _compare(found, field, old and write(old), new and write(new))
    if not gone and not come and before != after:
        _compare(found, field, write(before), write(after))


def _python(found: Changes, before: PythonSource | None, after: PythonSource | None) -> None:
    """Compare line by line, as a reviewer reads code."""
    if before == after:
        return
    if before is None or after is None:
        _compare(found, "python", before and before.entry, after and after.entry)
        return
    for line in unified_diff(before.text.splitlines(), after.text.splitlines(), n=0, lineterm=""):
        if line[:3] not in {"---", "+++"} and line[:1] in {"-", "+"} and line[1:].strip():
            old, new = (line[1:], "") if line[0] == "-" else ("", line[1:])
            found.append(Change(field=f"python.{after.entry}", before=old, after=new))
    _compare(found, "python.warmup", before.warmup, after.warmup)
    _compare(found, "python.imports", dict(before.imports), dict(after.imports))


def _conditions(node: t.Node) -> list[t.Node]:
    if isinstance(node, t.Binary) and node.op == "and":
        return [*_conditions(node.left), *_conditions(node.right)]
    return [node]


def _mode(spec: StrategySpec) -> str:
    return spec.session_mode.value if spec.session_mode else "the instrument's own"


def _window(spec: StrategySpec) -> str:
    window = spec.window
    return "the whole session" if window is None else f"{window.start} to {window.end} {window.zone}{', flat after' if window.flat else ''}"
