"""How much of a result would have been there anyway: resampled, recombined, beside others, and many symbols at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from workbench.app.research import Research, checked_bars, grid_of
from workbench.backtest.basket import rebalance as run_rebalance
from workbench.backtest.basket import run_basket
from workbench.backtest.basket.identity import record as record_basket
from workbench.backtest.bootstrap import bootstrap as run_bootstrap
from workbench.backtest.comparison import compare as run_compare
from workbench.backtest.cpcv import cpcv as run_cpcv
from workbench.backtest.evidence.lookahead import admit, corners
from workbench.backtest.montecarlo import monte_carlo as run_monte_carlo
from workbench.backtest.paths import rerun_on_paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from workbench.backtest.basket import BasketResult
    from workbench.backtest.bootstrap import Bootstrap
    from workbench.backtest.comparison import Comparison
    from workbench.backtest.cpcv import Cpcv
    from workbench.backtest.montecarlo import MonteCarlo
    from workbench.backtest.paths import Paths
    from workbench.backtest.result import Result
    from workbench.market.bars import Bars
    from workbench.strategy.strategy import Strategy


class Robustness(Research):
    """What a bench asks of a result beside its numbers. Options are those of the functions named; a comparison or a resampling is no trial."""

    def cpcv(
        self,
        strategy: Strategy,
        bars: Bars | pd.DataFrame,
        grid: Mapping[str, Iterable[float]] | None = None,
        **options: Any,  # noqa: ANN401 - as of the function
    ) -> Cpcv:
        """Return how parameters chosen on some groups of sessions did on the others, over all ways to choose; its points are counted once."""
        checked = checked_bars(strategy, bars)
        chosen = grid or grid_of(strategy)
        admit(strategy, checked, corners(strategy, chosen))
        self._remember(strategy.spec, checked)
        return run_cpcv(strategy, checked, chosen, ledger=self.ledger, **options)

    def monte_carlo(self, result: Result, **options: Any) -> MonteCarlo:  # noqa: ANN401 - as of the function
        """Return what the same trades could have done in another order or with others missing; no trial."""
        return run_monte_carlo(result, **options)

    def bootstrap(self, result: Result, **options: Any) -> Bootstrap:  # noqa: ANN401 - as of the function
        """Return intervals of every ratio; no trial."""
        return run_bootstrap(result, **options)

    def paths(self, strategy: Strategy, bars: Bars | pd.DataFrame, runs: int = 200, **options: Any) -> Paths:  # noqa: ANN401 - as of the function
        """Return what the strategy does on histories that never were (SYNTHETIC); no trial."""
        return rerun_on_paths(strategy, checked_bars(strategy, bars), runs, **options)

    def compare(self, *results: Result, names: Sequence[str] | None = None) -> Comparison:
        """Return results side by side: metrics, equity, correlation."""
        return run_compare(*results, names=names)

    def basket(self, strategies: Strategy | Mapping[str, Strategy], bars: Mapping[str, Bars], **options: Any) -> BasketResult:  # noqa: ANN401 - as of the function
        """Return what the strategies would have done on all ``bars`` in one account, counted as one trial.

        ``options`` are those of ``workbench.backtest.basket.run_basket``: allocation, limits, priority, parameters, cash, fx.
        """
        given = options.get("parameters") or {}
        nested = any(isinstance(value, Mapping) for value in given.values())
        for symbol, own in bars.items():
            chosen = strategies.get(symbol) if isinstance(strategies, Mapping) else strategies
            if chosen is not None:  # run_basket refuses a symbol without strategy
                admit(chosen, own, [given.get(symbol) if nested else given])
        result = run_basket(strategies, bars, **options)
        for member in result.members:
            if member.spec is not None:
                self._remember(member.spec, member.bars)
        record_basket(self.ledger, result)
        return result

    def rebalance(self, weights: pd.DataFrame, bars: Mapping[str, Bars], **options: Any) -> BasketResult:  # noqa: ANN401 - as of the function
        """Return what holding target weights would have brought, counted as one trial; see ``workbench.backtest.basket.rebalance``."""
        result = run_rebalance(weights, bars, **options)
        record_basket(self.ledger, result)
        return result
