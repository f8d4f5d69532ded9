from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
import pytest

from workbench.content import file_hash
from workbench.jobs import report

if TYPE_CHECKING:
    from pathlib import Path

STARTED = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)


def header(**changes: Any) -> report.Header:
    values: dict[str, Any] = {
        "title": "Daily report",
        "job": "daily",
        "run": "r-1",
        "status": "succeeded",
        "started": STARTED,
        "finished": STARTED.replace(minute=32),
    }
    return report.Header(**{**values, **changes})


def written(tmp_path: Path, cells: list[dict[str, Any]], **changes: Any) -> str:
    path = tmp_path / "notebook.ipynb"
    path.write_text(
        json.dumps({"cells": cells, "metadata": {"workbench": {"versions": {"numpy": "2.9"}}}, "nbformat": 4, "nbformat_minor": 5})
    )
    return report.write(path, tmp_path / "report.html", header(**changes)).read_text()


def code(source: str, *outputs: dict[str, Any], cell_id: str = "c1", tags: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "id": cell_id,
        "source": source,
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
        "execution_count": 1,
    }


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {name.replace("__", "/"): value for name, value in data.items()}}


def chart(**layout: Any) -> dict[str, Any]:
    figure = json.loads(go.Figure(go.Scatter(y=[1, 2]), layout=layout).to_json())
    return {"output_type": "display_data", "metadata": {}, "data": {report.PLOTLY: figure, "text/html": "INSTEAD-OF-THE-CHART"}}


def test_the_header_says_what_ran_when_and_how_it_ended(tmp_path: Path) -> None:
    """Title, status, times, parameters, versions and the notebook's hash stand at the top."""
    page = written(tmp_path, [], parameters={"symbol": "ES"})
    for part in (
        "Daily report",
        "● </span>succeeded".replace("</span>", ""),
        "2026-01-05 09:30:00 UTC",
        "2 min 0 s",
        "r-1",
        file_hash(tmp_path / "notebook.ipynb"),
        '"ES"',
        "2.9",
    ):
        assert part in re.sub(r"</?span[^>]*>", "", page).replace("&#34;", '"'), part


def test_the_file_needs_nothing_from_outside(tmp_path: Path) -> None:
    """No script, sheet, font or picture is fetched."""
    page = written(tmp_path, [code("fig", chart())])
    own = re.sub(r"<script>/\*\*.*?</script>", "", page, count=1, flags=re.DOTALL)  # plotly's own bundle names its home in comments
    assert re.findall(r'(?:src|href)="(?:https?:)?//', own) == []
    assert "@import" not in own
    assert "cdn" not in own.lower()


@pytest.mark.parametrize(("charts", "copies"), [(0, 0), (1, 1), (3, 1)])
def test_plotly_is_inside_once_where_there_is_a_chart(tmp_path: Path, charts: int, copies: int) -> None:
    """A report without a chart stays small; one with three carries the library once."""
    page = written(tmp_path, [code("fig", *[chart() for _ in range(charts)])])
    assert copies == page.count("* plotly.js v")
    assert charts == page.count('<figure class="chart"')
    assert (len(page) > 1_000_000) == bool(copies)
    assert "INSTEAD-OF-THE-CHART" not in page


def test_text_of_a_chart_cannot_leave_its_place(tmp_path: Path) -> None:
    """A title that closes a script tag stays data."""
    page = written(tmp_path, [code("fig", chart(title={"text": "</script><b id='out'>"}))])
    assert "</script><b" not in page
    assert (
        json.loads(re.search(r'<figure class="chart"[^>]*><script type="application/json">(.*?)</script>', page, re.DOTALL)[1])["layout"][
            "title"
        ]["text"]
        == "</script><b id='out'>"
    )


def test_words_of_a_run_are_escaped(tmp_path: Path) -> None:
    """What a person or an exception said is text, never markup."""
    page = written(tmp_path, [], title="<b>t</b>", error="<i>e</i>", status="failed", parameters={"x": "<u>"})
    for tag in ("<b>t", "<i>e", "<u>"):
        assert tag not in page


def test_code_is_folded_under_its_first_comment(tmp_path: Path) -> None:
    """Each cell is one quiet line until it is opened."""
    page = written(tmp_path, [code("# Read the bars\nx = 1")])
    assert re.search(r'<details class="code">\s*<summary>.*?Read the bars</summary>', page)


def test_a_failed_cell_is_open_and_plain(tmp_path: Path) -> None:
    """The exception is said in one line, the traceback waits below it, and papermill's own markers are gone."""
    error = {"output_type": "error", "ename": "ValueError", "evalue": "no <bot>", "traceback": ["\x1b[31mValueError\x1b[0m: no <bot>"]}
    marker = {
        "cell_type": "markdown",
        "id": "p",
        "source": "<span style='color:red'>An Exception was encountered</span>",
        "metadata": {"tags": ["papermill-error-cell-tag"]},
    }
    page = written(tmp_path, [marker, code("raise", error)], status="failed", error="failed in “raise”")
    assert "<b>ValueError</b> no &lt;bot&gt;" in page
    assert re.search(r'<details class="code" open(="")?>', page)
    assert "An Exception was encountered" not in page
    assert "\x1b" not in page


def test_the_cell_in_which_a_run_was_stopped_is_marked(tmp_path: Path) -> None:
    """The notebook says the cell completed; the report says where the run ended."""
    page = written(
        tmp_path, [code("a", cell_id="c1"), code("b", cell_id="c2")], status="timed_out", error="passed its deadline", stopped_at="c2"
    )
    assert page.count("The run ended in this cell: passed its deadline") == 1
    assert page.index("The run ended") > page.index("<summary")
    assert "stopped at its deadline" in page


def test_the_richest_output_is_shown_and_scripts_are_not_run(tmp_path: Path) -> None:
    """A table beats its text; a JavaScript output is left out."""
    cells = [
        code("t", shown(text__html="<table></table>", text__plain="PLAIN")),
        code("j", shown(application__javascript="alert(1)", text__plain="quiet"), cell_id="c2"),
    ]
    page = written(tmp_path, cells)
    assert "<table></table>" in page
    assert "PLAIN" not in page
    assert "alert(1)" not in page
    assert "quiet" in page


def test_the_notebooks_own_title_is_not_said_twice(tmp_path: Path) -> None:
    """The page's header carries the heading; the first cell keeps its text."""
    cell = {"cell_type": "markdown", "id": "m", "source": "# Daily report\n\nWhat happened.", "metadata": {}}
    page = written(tmp_path, [cell])
    assert page.count("<h1") == 1
    assert "What happened." in page


def test_cells_that_were_never_reached_say_so(tmp_path: Path) -> None:
    """After a failure the rest of the notebook is shown as not executed; after a success nothing is."""
    skipped = {**code("# Promote", cell_id="c2"), "execution_count": None}
    assert "· not executed" in written(tmp_path, [code("1"), skipped], status="failed", error="failed")
    assert "· not executed" not in written(tmp_path, [code("1"), skipped])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("# Load the bars\nx = 1", "Load the bars"),
        ("x = 1\n# later", "Real bars"),
        ("# " + "long " * 30, "long " * 12 + "lon…"),
    ],
)
def test_a_running_cell_is_named_by_its_comment_or_heading(source: str, expected: str) -> None:
    """What the progress line shows stays short."""
    from workbench.jobs.engine import label

    cells = [{"cell_type": "markdown", "source": "# Title\n\n## Real bars\n\ntext", "metadata": {}}, code(source)]
    assert label(cells, 1) == expected
