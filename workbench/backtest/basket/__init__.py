"""Many symbols, one account: what they may share, what happens, and what each of them brought.

``run_basket`` runs strategies, ``rebalance`` target weights. The rules of sharing are in ``kernel``, ``service`` and ``targets``.
"""

from __future__ import annotations

from workbench.backtest.basket.allocation import Allocation, BasketLimits
from workbench.backtest.basket.crosscheck import BasketCheck
from workbench.backtest.basket.rebalancing import Trading, rebalance
from workbench.backtest.basket.result import BasketResult
from workbench.backtest.basket.run import run_basket

__all__ = ["Allocation", "BasketCheck", "BasketLimits", "BasketResult", "Trading", "rebalance", "run_basket"]
