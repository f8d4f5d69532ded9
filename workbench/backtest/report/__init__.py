"""Reports: the tear sheet of one run, the comparison of several, and cards for a notebook cell."""

from workbench.backtest.report.cards import card, comparison_card, walk_forward_card
from workbench.backtest.report.page import comparison_page, tear_sheet, write, write_comparison

__all__ = ["card", "comparison_card", "comparison_page", "tear_sheet", "walk_forward_card", "write", "write_comparison"]
