"""The desk's few lines of HTML: outline of the rules, findings, code. Everything a person typed is escaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from workbench import look
from workbench.strategy.rules.statements import WORDS_OF

if TYPE_CHECKING:
    from collections.abc import Iterable

    from workbench.strategy.validators import Finding
    from workbench.widgets.authoring.outline import Line
    from workbench.widgets.authoring.reading import Reading

STYLE = """<style>
.wb-author{container-type:inline-size;width:100%}
.wb-author>.wb-author-desk{display:grid;gap:8px;grid-template-columns:minmax(0,5fr) minmax(0,7fr);grid-template-rows:auto 1fr;
grid-template-areas:"rules sight" "form sight";align-items:start;overflow:visible;margin:0}
.wb-author-rules{grid-area:rules}.wb-author-sight{grid-area:sight}.wb-author-form{grid-area:form}
.wb-author-fields{display:grid;grid-template-columns:repeat(4,minmax(0,1fr));gap:4px 8px;overflow:visible;margin:0}
.wb-author-group{overflow:visible;margin:0}
.wb-author-label{color:var(--wb-faint);font:11px/16px var(--wb-sans);letter-spacing:.06em;text-transform:uppercase;margin:4px 0 0}
.wb-author-tree{font:12px/20px var(--wb-mono);color:var(--wb-text);margin:0;padding:0;list-style:none}
.wb-author-tree li{white-space:pre-wrap;overflow-wrap:anywhere}
.wb-author-tree .join{color:var(--wb-dim)}.wb-author-tree .rule{color:var(--wb-faint)}
.wb-author-tree .entry{color:var(--wb-up)}.wb-author-tree .exit{color:var(--wb-text)}
.wb-author-behind{opacity:.45}
.wb-author-meaning{min-height:132px;overflow:visible;margin:4px 0 0}
.wb-author-fields>.wb-button-part,.wb-author-fields>*:has(>.wb-button-part){align-self:end}
.wb-author-notes{list-style:none;margin:6px 0 0;padding:0;font:12px/18px var(--wb-sans);color:var(--wb-dim)}
.wb-author-notes li{display:grid;grid-template-columns:16px minmax(0,1fr);overflow-wrap:anywhere}
.wb-author-notes b{color:var(--wb-text);font-weight:500}
.wb-author .wb-complete{max-width:230px}.wb-author .wb-complete li span{min-width:0}
.wb-author pre.wb-author-code{font:12px/18px var(--wb-mono)!important;color:var(--wb-text);background:var(--wb-bg-0);border-left:2px solid var(--wb-line);margin:0;padding:8px 12px;
white-space:pre-wrap;overflow-wrap:anywhere}
.wb-author-quiet{color:var(--wb-faint);font:12px/18px var(--wb-sans)}
@container (max-width:1180px){.wb-author-rules .wb-author-fields,.wb-author-form .wb-author-fields{grid-template-columns:repeat(2,minmax(0,1fr))}}
@container (max-width:900px){.wb-author-rules .wb-author-fields,.wb-author-form .wb-author-fields{grid-template-columns:repeat(4,minmax(0,1fr))}
.wb-author>.wb-author-desk{grid-template-columns:minmax(0,1fr);grid-template-areas:"rules" "sight" "form"}}
@container (max-width:560px){.wb-author-rules .wb-author-fields,.wb-author-form .wb-author-fields,.wb-author-fields{grid-template-columns:repeat(2,minmax(0,1fr))}}
</style>"""
"""The desk's own layout; colours and type are the house's. Container queries: in Lab the desk may be narrow on a wide screen."""

_SEVERITY = {
    "SEV-0": ("critical", "blocks a bot"),
    "SEV-1": ("warning", "blocks promotion"),
}
_NOTED = "SEV-2"


def tree(lines: Iterable[Line], *, behind: bool = False) -> str:
    """Return the outline of the rules; ``behind`` dims one that no longer is what is written."""
    rows = [
        f'<li class="{_kind(line)}">{"  " * line.depth}{"" if line.depth == 0 else _glyph(line)}{escape(line.text)}</li>' for line in lines
    ]
    return (
        f'<ul class="wb-author-tree{" wb-author-behind" if behind else ""}" aria-label="What the rules mean">{"".join(rows)}</ul>'
        if rows
        else ""
    )


def notes(reading: Reading) -> str:
    """Return how words were read, and what is worth a second look."""
    warned = dict.fromkeys(advice.message for rule in reading.rules.values() for advice in rule.warnings)
    read = dict.fromkeys(f"{entry.said} → {entry.meant}" for rule in reading.rules.values() for entry in rule.reading if entry.doubt > 0)
    lines = [_line("warning", escape(message)) for message in warned]
    lines += [_line("info", f"read as <b>{escape(' · '.join(read))}</b>")] if read else []
    return f'<ul class="wb-author-notes">{"".join(lines)}</ul>' if lines else ""


def findings(found: Iterable[Finding]) -> str:
    """Return what the validators say, most severe first: what blocks in full, what is only noted in one line."""
    listed = list(found)
    lines = [
        _line(_SEVERITY[finding.severity][0], f"<b>{finding.severity} {_SEVERITY[finding.severity][1]}</b> · {escape(finding.message)}")
        for finding in listed
        if finding.severity != _NOTED
    ]
    noted = " · ".join(
        f'<span title="{escape(finding.message)}">{escape(finding.code)}</span>' for finding in listed if finding.severity == _NOTED
    )
    lines += [_line("info", f"{_NOTED} noted: {noted}")] if noted else []
    return f'<ul class="wb-author-notes" aria-label="Findings">{"".join(lines)}</ul>' if lines else ""


def code(text: str) -> str:
    """Return Python as a quiet block."""
    if not text:
        return '<div class="wb-author-quiet">The Python stands here as soon as the rules can be read.</div>'
    return f'<pre class="wb-author-code" tabindex="0" aria-label="The same in Python">{escape(text)}</pre>'


def label(text: str) -> str:
    """Return the name of a group of fields."""
    return f'<div class="wb-author-label">{escape(text)}</div>'


def quiet(text: str) -> str:
    """Return a dim sentence."""
    return f'<div class="wb-author-quiet">{escape(text)}</div>'


def _line(status: str, words: str) -> str:
    glyph, colour = look.STATUS[status]
    return f'<li><span style="color:{colour}" aria-hidden="true">{glyph}</span><span>{words}</span></li>'


def _kind(line: Line) -> str:
    if line.kind == "direction":
        return "entry" if line.text in (WORDS_OF["entry_long"], WORDS_OF["entry_short"]) else "exit"
    return line.kind


def _glyph(line: Line) -> str:
    return "" if line.kind == "join" else "· "
