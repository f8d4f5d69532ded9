"""The pages of the backtest widget, one file each."""

from __future__ import annotations

from workbench.widgets.backtest.pages.evidence import EvidencePage
from workbench.widgets.backtest.pages.overview import OverviewPage
from workbench.widgets.backtest.pages.robustness import RobustnessPage
from workbench.widgets.backtest.pages.saved import SavedPage
from workbench.widgets.backtest.pages.sweep import SweepPage
from workbench.widgets.backtest.pages.trades import TradesPage

__all__ = ["EvidencePage", "OverviewPage", "RobustnessPage", "SavedPage", "SweepPage", "TradesPage"]
