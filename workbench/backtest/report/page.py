"""The pages: a tear sheet of one run, a comparison of several; each one file that opens without network.

Plotly's own JavaScript from the installed package is written into the page once, styles are inline; dark on screen, light on paper.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench import clock
from workbench.backtest.report import sections
from workbench.backtest.report.cards import comparison_table
from workbench.backtest.report.metrics import headline, metric_tables
from workbench.backtest.report.style import head, print_script
from workbench.backtest.report.words import badge, subject, text, verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from workbench.backtest.comparison import Comparison
    from workbench.backtest.evidence.bundle import Evidence
    from workbench.backtest.result import Result
    from workbench.backtest.walkforward import WalkForward

_ENOUGH_SESSIONS = 40  # for a moving window that says anything


def tear_sheet(
    result: Result,
    *,
    walk_forward: WalkForward | None = None,
    evidence: Evidence | None = None,
    figures: Sequence[Any] = (),
    benchmark: pd.Series[float] | None = None,
) -> str:
    """Return the complete page as HTML.

    Args:
        result: the run.
        walk_forward: shown with its picture where given.
        evidence: shown as a table where given.
        figures: further plotly figures, such as the heat map of a sweep.
        benchmark: simple returns by trade date to compare with; holding the instrument where not given.
    """
    from workbench.backtest import figures as pictures  # noqa: PLC0415 - drawing only
    from workbench.backtest.figures.axes import title_of  # noqa: PLC0415 - drawing only

    def figure(picture: Any) -> str:  # noqa: ANN401 - a plotly figure
        return _figure(picture, title_of(result, ""))

    parts = [
        f"<h1>{text(result.spec.name)}{badge(synthetic=result.bars.synthetic)}</h1><p class='sub'>{subject(result)}</p>",
        headline(result),
        figure(pictures.performance(result)),
        metric_tables(result, benchmark),
        f"<h2>Returns by month, %</h2>{sections.months(result)}",
        _pair(figure, pictures.yearly(result), pictures.returns_spread(result)),
        figure(pictures.rolling(result)) if len(set(result.bars.session.tolist())) >= _ENOUGH_SESSIONS else "",
        f"<h2>Deepest drawdowns</h2>{figure(pictures.deepest(result))}{sections.drawdowns(result)}",
        f"<h2>Rules</h2>{sections.rules(result)}",
        figure(pictures.trades_on_bars(result)),
        _pair(figure, pictures.anatomy(result), pictures.clock_hours(result)) if len(result.trades) else "",
        *[figure(picture) for picture in figures],
        figure(pictures.walk_forward(walk_forward)) if walk_forward is not None else "",
        f"<h2>Second engine</h2><p class='sub'>{verdict(result.crosscheck)}</p>",
        sections.evidence_table(evidence) if evidence is not None else "",
        f"<h2>Trades</h2>{sections.trades_table(result)}",
        _footer(result),
    ]
    return _page(f"{result.spec.name} · {result.bars.instrument.symbol} {result.bars.timeframe.value}", parts)


def comparison_page(compared: Comparison) -> str:
    """Return several runs on one page as HTML: picture, metrics, correlation of their session returns."""
    names = [text(name) for name in compared.names]
    matrix = compared.correlation.to_numpy()
    rows = "".join(
        f"<tr><td>{name}</td>{''.join(f'<td>{value:.2f}</td>' for value in values)}</tr>"
        for name, values in zip(names, matrix, strict=True)
    )
    header = "".join(f"<th>{name}</th>" for name in ("", *names))
    parts = [
        f"<h1>Comparison{badge(synthetic=compared.synthetic)}</h1>",
        *[f"<p class='sub'>{name}: {subject(result)}</p>" for name, result in zip(names, compared.results, strict=True)],
        _figure(compared.figure()),
        f"<h2>Metrics</h2>{comparison_table(compared)}",
        f"<h2>Correlation of session returns</h2><table><thead><tr>{header}</tr></thead><tbody>{rows}</tbody></table>",
        f"<footer>Made {clock.stamp()} · past results do not promise future ones</footer>",
    ]
    return _page("Comparison", parts)


def write(result: Result, path: str | Path | None = None, **parts: Any) -> str | Path:  # noqa: ANN401 - the keywords of tear_sheet
    """Write the tear sheet to ``path``, which appears complete or not at all, and return the path; without one return the page itself.

    ``parts`` are those of ``tear_sheet``.
    """
    page = tear_sheet(result, **parts)
    return page if path is None else _whole(page, Path(path))


def write_comparison(compared: Comparison, path: Path) -> Path:
    """Write the comparison page to ``path``, complete or not at all, and return the path."""
    return _whole(comparison_page(compared), path)


def _whole(page: str, target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(page, encoding="utf-8")
    partial.replace(target)
    return target


def _page(title: str, parts: Sequence[str]) -> str:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415 - five megabytes of text, only for the page

    body = f"<body class='wb'><main class='wb-page'>{''.join(parts)}</main><script>{print_script()}</script></body></html>"
    return head(text(title), get_plotlyjs()) + body


def _footer(result: Result) -> str:
    return (
        f"<footer>Made {clock.stamp()} · spec {result.spec.spec_hash[:16]} · data {result.bars.dataset_hash[:16]} · "
        "decided on the close, filled at the next open, slippage and fees included · past results do not promise future ones</footer>"
    )


def _pair(draw: Callable[[Any], str], *pictures: Any) -> str:  # noqa: ANN401 - plotly figures
    return f"<div class='pair'>{''.join(map(draw, pictures))}</div>"


def _figure(picture: Any, said: str = "") -> str:  # noqa: ANN401 - a plotly figure
    """Return a figure as markup, its title without ``said``, what the page says already."""
    picture.update_layout(title_text=str(picture.layout.title.text).removeprefix(said))
    drawn = picture.to_html(
        full_html=False, include_plotlyjs=False, config={"displaylogo": False, "displayModeBar": False, "responsive": True}
    )
    return f"<div class='figure'>{drawn}</div>"
