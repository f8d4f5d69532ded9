"""An assessment: every gate's verdict on one bot's evidence, drawn as the rows a person decides by."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from workbench import look
from workbench.lifecycle.gates import Verdict, failures_first

if TYPE_CHECKING:
    from datetime import datetime

    from workbench.backtest.evidence.bundle import Evidence
    from workbench.lifecycle.record import TrackRecord
    from workbench.lifecycle.stages import Stage

_HASH_SHOWN = 12


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """What the policy says about one step of one bot, and what it was said about."""

    bot_id: str
    """Identifier of the bot."""
    bot: str
    """Name of the bot."""
    spec_hash: str
    """Strategy of the bot when it was assessed."""
    from_stage: Stage
    """Where the bot was."""
    to_stage: Stage
    """Where it would go."""
    verdicts: tuple[Verdict, ...]
    """One per gate, in the policy's order."""
    evidence: Evidence
    """What was judged."""
    record: TrackRecord | None
    """The track record that was judged beside it; None in LAB."""
    evidence_hash: str
    """Content hash of the evidence."""
    policy_hash: str
    """Content hash of the policy."""
    at: datetime
    """When, aware UTC."""

    @property
    def passed(self) -> bool:
        """Whether every gate is open."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def blocking(self) -> tuple[Verdict, ...]:
        """The verdicts that do not pass, failures first."""
        return tuple(verdict for verdict in failures_first(self.verdicts) if not verdict.passed)

    @property
    def words(self) -> str:
        """The outcome as a sentence."""
        fails = sum(verdict.status == "fail" for verdict in self.verdicts)
        waits = sum(verdict.status == "not_yet" for verdict in self.verdicts)
        if not fails and not waits:
            return f"all {len(self.verdicts)} gates pass"
        parts = [f"{fails} of {len(self.verdicts)} gates fail{'s' if fails == 1 else ''}"] if fails else []
        parts += [f"{waits} not yet"] if waits else []
        return ", ".join(parts)

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values, without the evidence itself."""
        return {
            "bot": self.bot_id,
            "from": self.from_stage.value,
            "to": self.to_stage.value,
            "passed": self.passed,
            "evidence_hash": self.evidence_hash,
            "policy_hash": self.policy_hash,
            "verdicts": [verdict.to_dict() for verdict in self.verdicts],
        }

    def __str__(self) -> str:
        """Return the gate rows as plain text, failures first."""
        rows = [f"{self.bot}: {self.from_stage} to {self.to_stage}, {self.words}"]
        for verdict in failures_first(self.verdicts):
            missing = f" · missing: {verdict.missing}" if verdict.missing else ""
            rows.append(f"  {look.status(verdict.status):<11} {verdict.title:<28} {verdict.words}{missing}")
        return "\n".join(rows)

    def _repr_html_(self) -> str:
        rows = "".join(_row(verdict) for verdict in failures_first(self.verdicts))
        badge = _badge("SYNTHETIC") if self.evidence.synthetic else ""
        hashes = (
            f"spec {self.spec_hash[:_HASH_SHOWN]} · evidence {self.evidence_hash[:_HASH_SHOWN]} · policy {self.policy_hash[:_HASH_SHOWN]}"
        )
        head = (
            f'<div style="padding:8px 12px;border-bottom:1px solid {look.LINE};display:flex;gap:12px;align-items:baseline;flex-wrap:wrap">'
            f'<b style="font-size:13px">{escape(self.bot)}</b>{_stage(self.from_stage)}<span style="color:{look.FAINT}">to</span>{_stage(self.to_stage)}'
            f'<span>{escape(self.words)}</span>{badge}<span style="margin-left:auto;color:{look.FAINT};font:11px {look.MONO}">{hashes}</span></div>'
        )
        text = f"background:{look.BG1};color:{look.TEXT};font:13px/18px {look.SANS}"
        table = f'<table style="border-collapse:collapse;width:100%;margin:0;{text}"><tbody>{rows}</tbody></table>'
        return f'<div class="wb-gates" style="{text};border:1px solid {look.LINE};max-width:1100px;overflow-x:auto">{head}{table}</div>'


def _row(verdict: Verdict) -> str:
    colour = look.STATUS[verdict.status][1]
    cell = f"padding:5px 12px;border-bottom:1px solid {look.LINE};text-align:left;vertical-align:middle;background:{look.BG1}"
    due = f", {escape(verdict.due)}" if verdict.due else ""
    missing = f'<div style="color:{look.DIM}">missing: {escape(verdict.missing)}{due}</div>' if verdict.missing else ""
    source = f'<span title="{escape(verdict.source)}">{verdict.source[:_HASH_SHOWN]}</span>' if verdict.source else look.MISSING
    return (
        f'<tr><td style="{cell};color:{colour};white-space:nowrap;width:80px">{look.status(verdict.status)}</td>'
        f'<td style="{cell};white-space:nowrap;width:180px">{escape(verdict.title)}</td>'
        f'<td style="{cell};width:150px">{_bullet(verdict, colour)}</td>'
        f'<td style="{cell}">{escape(verdict.words)}{missing}</td>'
        f'<td style="{cell};color:{look.FAINT};white-space:nowrap;font:11px {look.MONO}">{source}</td></tr>'
    )


def _bullet(verdict: Verdict, colour: str) -> str:
    """Return a bar of the value with the threshold as a line at two thirds and an arrow for the good direction."""
    if verdict.fill is None:
        return ""
    arrow, words = ("▸", "higher is better") if verdict.better == "higher" else ("◂", "lower is better")
    return (
        f'<div title="{words}" style="position:relative;height:8px;width:120px;background:{look.BG2}">'
        f'<div style="position:absolute;left:0;top:0;height:8px;width:{verdict.fill * 100:.1f}%;background:{colour}"></div>'
        f'<div style="position:absolute;left:66.7%;top:-3px;height:14px;width:1px;background:{look.TEXT}"></div>'
        f'<span style="position:absolute;left:124px;top:-5px;color:{look.FAINT};font-size:11px">{arrow}</span></div>'
    )


def _stage(stage: Stage) -> str:
    return f'<span style="color:{look.STAGES[stage.value]};font:12px {look.MONO}">{stage.value}</span>'


def _badge(words: str) -> str:
    stripes = f"repeating-linear-gradient(45deg,{look.BG2} 0 6px,{look.BG1} 6px 12px)"
    return f'<span style="background:{stripes};border:1px solid {look.LINE};padding:0 6px;font:11px {look.MONO};letter-spacing:.06em">{words}</span>'
