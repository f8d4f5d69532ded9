"""An executed notebook as one HTML file that opens anywhere: no server, no network, charts alive, code folded.

The template lies in ``workbench/jupyter/nbconvert/report``; colours come from ``look``. plotly's JavaScript is taken from the installed package
and put in once, only where the notebook holds a chart. The status shown is the run record's: a notebook does not know how its run ended.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import clock, look
from workbench.content import file_hash

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

PLOTLY = "application/vnd.plotly.v1+json"
_TEMPLATES = Path(__file__).resolve().parent.parent / "jupyter" / "nbconvert"
_PRIORITY = [PLOTLY, "text/html", "image/svg+xml", "image/png", "image/jpeg", "text/markdown", "text/latex", "text/plain"]
_TONES = {  # status -> glyph, word, CSS class
    "succeeded": ("●", "succeeded", "good"),
    "failed": ("▲", "failed", "bad"),
    "timed_out": ("▲", "stopped at its deadline", "bad"),
    "interrupted": ("■", "interrupted", "soft"),
    "lost": ("▲", "lost", "bad"),
}


@dataclass(frozen=True, kw_only=True)
class Header:
    """What the top of a report says about its run."""

    title: str
    """Name of the job for people."""
    job: str
    """Name of the job for machines."""
    run: str
    """Id of the run."""
    status: str
    """How the run ended, from its record."""
    started: datetime
    """Aware UTC."""
    finished: datetime
    """Aware UTC."""
    error: str = ""
    """One sentence, empty when the run completed."""
    stopped_at: str = ""
    """Id of the cell that was running when the run was ended from outside, empty otherwise."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What was given."""


def write(notebook: Path, target: Path, header: Header) -> Path:
    """Write the executed ``notebook`` as self-contained HTML to ``target`` and return it.

    Raises:
        OSError: the notebook cannot be read or the target not written.
        ValueError: the notebook is not a notebook (nbformat's errors derive from it).
    """
    import nbformat  # noqa: PLC0415 - reports only

    document = nbformat.read(notebook, as_version=4)  # type: ignore[no-untyped-call,unused-ignore]
    header = replace(header, title=_take_title(document, header.title))
    charts = any(PLOTLY in output.get("data", {}) for cell in document.cells for output in cell.get("outputs", []))
    page = _render(document, _described(document, header, notebook, charts=charts))
    if charts:
        from plotly.offline import get_plotlyjs  # noqa: PLC0415 - charts only

        page = page.replace("<!--plotly.js-->", f"<script>{get_plotlyjs()}</script>", 1)
    partial = target.with_name(target.name + ".partial")
    partial.write_text(page, encoding="utf-8")
    os.replace(partial, target)  # noqa: PTH105 - Path.replace is the same; this line is about being atomic
    return target


def code_title(cell: Mapping[str, Any]) -> str:
    """Return the line that stands for a folded cell: its first comment, else its first statement."""
    lines = [line.strip() for line in str(cell.get("source", "")).splitlines() if line.strip()]
    if not lines:
        return "code"
    return lines[0].strip("# ") if lines[0].startswith("#") and lines[0].strip("# ") else lines[0][:96]


def _render(document: Any, report: dict[str, Any]) -> str:  # noqa: ANN401 - nbformat has no types
    from nbconvert.exporters import HTMLExporter  # noqa: PLC0415 - 0.5 s that only reports pay
    from traitlets.config import Config  # noqa: PLC0415

    settings = Config()
    settings.NbConvertBase.display_data_priority = _PRIORITY
    settings.HTMLExporter.exclude_anchor_links = True
    exporter: Any = HTMLExporter(config=settings, template_name="report", extra_template_basedirs=[str(_TEMPLATES)])  # type: ignore[no-untyped-call,unused-ignore]
    exporter.register_filter("code_title", code_title)
    exporter.register_filter("chart_height", _chart_height)
    exporter.register_filter("script_json", _script_json)
    page, _ = exporter.from_notebook_node(document, resources={"report": report})
    return str(page)


def _take_title(document: Any, title: str) -> str:  # noqa: ANN401 - nbformat has no types
    """Return the notebook's own title where it says the same or more, and take it away there: the page's header shows it."""
    first = next((cell for cell in document.cells if cell.cell_type == "markdown" and not cell.metadata.get("tags")), None)
    if first is not None:
        line, _, rest = first.source.lstrip().partition("\n")
        if line.startswith("# ") and line[2:].strip().startswith(title):
            first.source = rest
            return str(line[2:].strip())
    return title


def _described(document: Any, header: Header, notebook: Path, *, charts: bool) -> dict[str, Any]:  # noqa: ANN401 - nbformat has no types
    glyph, word, tone = _TONES[header.status]
    own = document.metadata.get("workbench", {})
    digest = file_hash(notebook)
    return {
        "title": header.title,
        "status_word": word,
        "glyph": glyph,
        "tone": tone,
        "error": header.error,
        "headline": f"{word}: {header.error}" if header.status == "lost" else header.error or word,
        "stopped_at": header.stopped_at,
        "whole": header.status == "succeeded",
        "variables": look.css_variables(),
        "hash": digest,
        "notebook": notebook.name,
        "charts": charts,
        "chart_look": _script_json(look.template().to_plotly_json()) if charts else "",
        "light": _script_json({look.DARK[name]: look.LIGHT[name] for name in look.DARK}),
        "facts": [
            {"name": "Started", "value": f"{header.started:%Y-%m-%d %H:%M:%S} UTC", "hover": clock.stamp(header.started)},
            {"name": "Duration", "value": _duration((header.finished - header.started).total_seconds())},
            {"name": "Run", "value": header.run},
            {"name": "Notebook SHA-256", "value": f"{digest[:12]}…", "hover": digest},
        ],
        "details": [
            {"name": "Job", "value": header.job},
            *({"name": name, "value": json.dumps(value, ensure_ascii=False)} for name, value in header.parameters.items()),
            *({"name": name, "value": version} for name, version in own.get("versions", {}).items()),
        ],
    }


def _duration(seconds: float) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _chart_height(figure: Mapping[str, Any]) -> int:
    return int(figure.get("layout", {}).get("height") or 450)


def _script_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return json.dumps(value, separators=(",", ":")).replace("</", "<\\/").replace("<!--", "<\\u0021--")
