"""What a notebook wants said after its run: shown as a table in the notebook and printed by the command that ran it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

SUMMARY = "application/vnd.workbench.summary+json"


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A title and named lines; ``Summary(title="Verdicts", rows={"SPX": "✗ refused: ..."})`` as the last line of a cell."""

    title: str
    """One line."""
    rows: Mapping[str, str]
    """Name to value, both as people read them, in order."""

    def _repr_mimebundle_(self, **_kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - IPython's signature
        lines = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in self.rows.items())
        return {
            SUMMARY: {"title": self.title, "rows": [[name, value] for name, value in self.rows.items()]},
            "text/html": f'<table class="dataframe"><thead><tr><th>{html.escape(self.title)}</th><th></th></tr></thead><tbody>{lines}</tbody></table>',
            "text/plain": "\n".join([self.title, *(f"  {name}: {value}" for name, value in self.rows.items())]),
        }
