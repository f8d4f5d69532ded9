"""What the bench opens for a person: the desks for authoring, backtesting and promotion."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from workbench.app.bench import Bench
    from workbench.lifecycle import Bot
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.authoring import Author
    from workbench.widgets.backtest import Backtester
    from workbench.widgets.promotion import Review


class Faces:
    """The widgets of a bench."""

    def author(self, subject: Strategy | Bot | str | None = None) -> Author:
        """Return the authoring desk: write rules and see what they mean and where they act; on a strategy or a bot where one is given."""
        opened: Author = _face("authoring").Author(cast("Bench", self), subject)
        return opened

    def backtester(self, strategy: Strategy | None = None, bars: Bars | None = None) -> Backtester:
        """Return the widget that runs, counts and compares backtests; without arguments it offers what is saved."""
        opened: Backtester = _face("backtest").Backtester(cast("Bench", self), strategy, bars)
        return opened

    def review(self, bot: Bot | str, *, bars: Bars | None = None) -> Review:
        """Return the widget in which a bot's promotion is argued and decided; ``bot`` may be its name or id, ``bars`` what its evidence is made on."""
        opened: Review = _face("promotion").Review(cast("Bench", self), bot, bars=bars)
        return opened


def _face(room: str) -> Any:  # noqa: ANN401 - a module of the faces
    """Return a room of the faces by name: they stand above the bench, so it imports none of them before a person opens one."""
    return import_module(f"workbench.widgets.{room}")
