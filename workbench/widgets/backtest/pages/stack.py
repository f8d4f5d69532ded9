"""What all pages share: parts from top to bottom, and the badge of made-up bars."""

from __future__ import annotations

from typing import Any

from workbench.widgets.parts import Grid


class Stack(Grid):
    """Parts from top to bottom, none taller than it needs to be."""

    def __init__(self, *children: Any) -> None:  # noqa: ANN401 - any widgets
        """Hold ``children``."""
        super().__init__(children)
        self.layout.align_content = "flex-start"


def badge(*, synthetic: bool) -> str:
    """Return the badge that made-up bars wear, or nothing."""
    return "SYNTHETIC" if synthetic else ""
