"""The conventions of QuantConnect's LEAN, read in its source and documentation; nothing of it was run."""

from __future__ import annotations

from workbench.backtest.conventions import record as r

_row = r.Peer("LEAN", "master at 040718ee, documentation at c00c5aff").row


ROWS = (
    _row(
        r.FILL,
        "daily bars: a market order sent after the close becomes market-on-open and fills at the next bar's open",
        "the default, filling={'fill_at': 'next_open'}",
        "Algorithm/QCAlgorithm.Trading.cs, MarketOrder; EquityFillModel.cs, MarketOnOpenFill",
    ),
    _row(
        r.FILL,
        "intraday bars: a market order fills at once, at the close of the bar just received",
        "filling={'fill_at': 'close'}",
        "EquityFillModel.cs, MarketFill and GetBestEffortAskPrice",
    ),
    _row(
        r.ENTRY_BAR,
        "a stop placed when the entry fills is looked at from the next bar on ('do not fill on stale data')",
        "same for fills at a close; for fills at an open brackets live from the entry bar on, and there is no setting for less",
        "EquityFillModel.cs, StopMarketFill (pricesEndTime <= order.Time)",
        match="differs",
    ),
    _row(
        r.BASE,
        "absolute prices of the order; placed in OnOrderEvent they can be a share of the price paid",
        "a share of the price paid, stop='5%'",
        "Common/Orders/StopMarketOrder.cs",
    ),
    _row(
        r.BOTH,
        "two separate orders; whichever has the lower id fills, and both can unless the algorithm cancels one",
        "the stop, unless the bar opened beyond the target; one cancels the other",
        "Brokerages/Backtesting/BacktestingBrokerage.cs, Scan",
        match="differs",
    ),
    _row(
        r.GAP_STOP,
        "with trade bars a touched stop fills at the worse of stop price and the bar's close, gap or not",
        "at the stop price, or at the open where the bar gaps beyond it. No setting: a close is later than the touch",
        "EquityFillModel.cs, StopMarketFill; documentation, Equity Model, Stop Market Orders",
        match="differs",
    ),
    _row(
        r.GAP_TARGET,
        "a limit is filled where the bar trades strictly beyond it, at the limit or the better open (source looked at: the bar's low or high)",
        "touching is enough; at the limit or the better open",
        "documentation, Equity Model, Limit Orders; EquityFillModel.cs, LimitFill",
        match="near",
    ),
    _row(
        r.TRAILING,
        "hangs from the high of bars that are over; fills at the worse of stop price and open",
        "trailing='5%', which also counts this bar's open",
        "documentation, Equity Model, Trailing Stop Orders",
        match="near",
    ),
    _row(
        r.REVERSAL,
        "one order for the difference of the holdings (SetHoldings)",
        "two fills at one price",
        "Algorithm/QCAlgorithm.Trading.cs, SetHoldings",
    ),
    _row(
        r.COMMISSION,
        "shares by default: 0.005 a share, at least 1, at most 0.5 % of the order's value",
        "costs={'fee_per_contract': 0.005, 'fee_minimum': 1}; there is no most",
        "DefaultBrokerageModel.cs, GetFeeModel; InteractiveBrokersFeeModel.cs, EquityFee",
        match="near",
    ),
    _row(
        r.SLIPPAGE,
        "none by default; models in money added against the order",
        "costs={'slippage_ticks': 0}, or in ticks and basis points",
        "DefaultBrokerageModel.cs, GetSlippageModel",
    ),
    _row(
        r.SIZE,
        "SetHoldings: a share of the portfolio less 0.25 %, at the current price, fees included",
        "sizing='95%' of equity at the deciding close; the quarter of a percent goes into the number",
        "AlgorithmSettings.cs, FreePortfolioValuePercentage; QCAlgorithm.Trading.cs",
        match="near",
    ),
    _row(
        r.LOT,
        "the lot size of the symbol properties, one for shares",
        "the instrument's lot",
        "Common/Securities/SymbolProperties.cs",
    ),
    _row(
        r.MONEY,
        "the order is invalid: insufficient buying power",
        "the fill is as large as the money allows; no setting",
        "documentation, Order Errors",
        match="differs",
    ),
    _row(
        r.LEVERAGE,
        "two for shares in a margin account, one in a cash account; margin calls",
        "filling={'leverage': 2, 'maintenance': 0.25}",
        "DefaultBrokerageModel.cs, GetLeverage",
        match="near",
    ),
    _row(
        r.END,
        "what is open stays open and is marked; closed trades alone count as trades",
        "the default, filling={'at_end': 'hold'}",
        "Common/Statistics/TradeBuilder.cs",
    ),
    _row(
        r.SHARPE,
        "compounded mean of daily returns less a risk-free rate, over deviation, 252 days (365 for crypto brokerages)",
        "result.metrics.sharpe: arithmetic mean, no risk-free rate, the instrument's calendar",
        "Common/Statistics/PortfolioStatistics.cs; AlgorithmUtils, SetBrokerageTradingDayPerYear",
        match="differs",
    ),
    _row(
        r.DRAWDOWN,
        "of equity sampled once a day, rounded to three digits",
        "of equity at every close",
        "Common/Statistics/PortfolioStatistics.cs, DrawdownPercent",
        match="near",
    ),
)
