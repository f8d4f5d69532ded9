"""The conventions of freqtrade's backtesting, read in its source and documentation ("Assumptions made by backtesting")."""

from __future__ import annotations

from workbench.backtest.conventions import record as r

_row = r.Peer("freqtrade", "2026.9").row
_TEST = "test_freqtrade.py::"


ROWS = (
    _row(
        r.FILL,
        "signals of a closed candle trade at the next candle's open, entries and exits",
        "the default, filling={'fill_at': 'next_open'}",
        "optimize/backtesting.py, _get_ohlcv_as_lists (signals shifted by one)",
        proof=_TEST + "test_next_open_and_fees",
    ),
    _row(
        r.ENTRY_BAR,
        "stop and return target are looked at on the entry candle",
        "the default",
        "optimize/backtesting.py, backtest_loop",
        proof=_TEST + "test_stop_and_roi",
    ),
    _row(
        r.BASE,
        "the open rate of the trade",
        "the default, stop='4%'",
        "strategy/interface.py, ft_stoploss_adjust",
        proof=_TEST + "test_stop_and_roi",
    ),
    _row(
        r.BASE,
        "minimal_roi is a return after the fees of both sides",
        "target=(1 + roi) * (1 + fee) / (1 - fee) - 1",
        "persistence/trade_model.py, calc_close_rate_for_roi",
        proof=_TEST + "test_roi_is_after_fees",
    ),
    _row(
        r.BOTH,
        "exit signal, then stop, then return target, then trailing stop",
        "the default: the exit's open comes first, then the stop",
        "strategy/interface.py, should_exit ('Sequence')",
        proof=_TEST + "test_stop_and_roi",
    ),
    _row(
        r.GAP_STOP,
        "at the stop price, although the candle opened below it; at the open only where the whole candle lies below",
        "at the open, always. No setting: nobody bought at the stop price that morning",
        "optimize/backtesting.py, _get_close_rate_for_stoploss; docs/backtesting.md, Assumptions",
        proof=_TEST + "test_difference_a_gap_through_the_stop",
        match="differs",
    ),
    _row(
        r.GAP_STOP,
        "the whole candle below the stop: at its open",
        "the default",
        "optimize/backtesting.py, _get_close_rate_for_stoploss",
        proof=_TEST + "test_a_candle_wholly_below_the_stop",
    ),
    _row(
        r.GAP_TARGET,
        "at the target (or the candle's low), although it opened above",
        "at the better open; no setting",
        "optimize/backtesting.py, _get_close_rate_for_roi",
        proof=_TEST + "test_difference_a_gap_over_the_target",
        match="differs",
    ),
    _row(
        r.TRAILING,
        "raised by a candle's high before the same candle's low is looked at",
        "the high of a bar counts when the bar is over. No setting: nobody knows which of the two came first",
        "strategy/interface.py, ft_stoploss_adjust; docs/backtesting.md, Assumptions",
        proof=_TEST + "test_difference_a_trailing_stop_sees_the_high_of_its_own_candle",
        match="differs",
    ),
    _row(
        r.STOP_BAR,
        "the next candle may enter again, on the signal of the candle that stopped",
        "the default",
        "optimize/backtesting.py, backtest_loop",
        proof=_TEST + "test_the_candle_after_a_stop_may_enter",
    ),
    _row(
        r.REVERSAL,
        "none in spot markets; in futures the exit and the opposite entry share a candle",
        "an opposite entry leaves and enters at one open",
        "optimize/backtesting.py, backtest ('call backtest_loop a 2nd time')",
    ),
    _row(
        r.COMMISSION,
        "one rate of the notional, at entry and exit",
        "costs={'fee_bps': 10}",
        "persistence/trade_model.py, calculate_profit; docs/backtesting.md, --fee",
        proof=_TEST + "test_next_open_and_fees",
    ),
    _row(
        r.SLIPPAGE,
        "none",
        "costs={'slippage_ticks': 0}",
        "docs/backtesting.md, Assumptions",
        proof=_TEST + "test_next_open_and_fees",
    ),
    _row(
        r.SIZE,
        "stake_amount, money divided by the open it fills at; custom_stake_amount may ask for a number of coins",
        "sizing='100 coins'; a stake in money has no setting here: the quantity of an order is known before its fill",
        "optimize/backtesting.py, _enter_trade",
        proof=_TEST + "test_next_open_and_fees",
        match="near",
    ),
    _row(
        r.LOT,
        "truncated to the precision of the market",
        "the instrument's lot, or filling={'fractional': True}",
        "exchange/exchange_utils.py, amount_to_contract_precision",
        match="same",
    ),
    _row(
        r.MONEY,
        "a stake beyond the balance is cut to it",
        "the default: as large as the money allows",
        "wallets.py, validate_stake_amount",
    ),
    _row(
        r.LEVERAGE,
        "futures mode with isolated margin, liquidation prices and funding",
        "filling={'leverage': 3, 'maintenance': 0.05}: a margin call at a close leaves at the next open; no liquidation inside a bar, no funding",
        "docs/leverage.md; optimize/backtesting.py, _run_funding_fees",
        match="differs",
    ),
    _row(
        r.END,
        "what is open is sold at the last candle's open, after that candle's stops; nothing is bought on the last candle",
        "filling={'at_end': 'open'}: at the last bar's open, before its stops; an entry due there is dropped",
        "optimize/backtesting.py, handle_left_open",
        proof=_TEST + "test_forced_exit_at_the_end",
        match="near",
    ),
    _row(
        r.SHARPE,
        "profits of trades over starting balance: their sum a day over their deviation, times the root of 365",
        "result.metrics.sharpe is on bar returns; theirs follows from result.trades",
        "data/metrics.py, calculate_sharpe",
        match="differs",
    ),
    _row(
        r.DRAWDOWN,
        "of the balance after closed trades, open profit left out",
        "of equity at closes, open profit included: never smaller",
        "data/metrics.py, calculate_max_drawdown",
        match="differs",
    ),
)
