"""Runs inside the interpreter that has freqtrade: reads a case as JSON from standard input, backtests it offline, writes trades as JSON.

The exchange is a stand-in with one market and no network; candles, signals, order handling and accounting are freqtrade's own.
"""

# ruff: noqa: ARG002, ARG005, T201 - the methods are freqtrade's, and what is printed is the answer
from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path
from unittest.mock import PropertyMock, patch

import pandas as pd
from freqtrade import __version__
from freqtrade.enums import RunMode
from freqtrade.exchange import Exchange
from freqtrade.optimize.backtesting import Backtesting
from freqtrade.resolvers import StrategyResolver
from freqtrade.strategy import IStrategy

PAIR = "AAA/USDT"
TICK_SIZE = 4
STEP = pd.Timedelta(hours=1)
NO_LIMIT = {"min": None, "max": None}
MARKET = {
    "id": "AAAUSDT",
    "symbol": PAIR,
    "base": "AAA",
    "quote": "USDT",
    "active": True,
    "spot": True,
    "swap": False,
    "future": False,
    "linear": None,
    "type": "spot",
    "contractSize": None,
    "precision": {"amount": 1e-8, "price": 1e-8},
    "limits": {"amount": NO_LIMIT, "price": NO_LIMIT, "cost": NO_LIMIT},
    "info": {},
}


def strategy_class(case: dict) -> type[IStrategy]:
    class Following(IStrategy):
        INTERFACE_VERSION = 3
        timeframe = "1h"
        can_short = False
        startup_candle_count = 0
        process_only_new_candles = True
        use_exit_signal = True
        stoploss = -case["stop"]
        minimal_roi = {"0": case["roi"]}  # noqa: RUF012
        trailing_stop = case.get("trailing", False)
        order_types = {"entry": "market", "exit": "market", "stoploss": "market", "stoploss_on_exchange": False}  # noqa: RUF012

        def populate_indicators(self, frame: pd.DataFrame, metadata: dict) -> pd.DataFrame:
            return frame

        def populate_entry_trend(self, frame: pd.DataFrame, metadata: dict) -> pd.DataFrame:
            frame["enter_long"] = case["entry"]
            return frame

        def populate_exit_trend(self, frame: pd.DataFrame, metadata: dict) -> pd.DataFrame:
            frame["exit_long"] = case["exit"]
            return frame

        def custom_stake_amount(self, current_rate: float, **kwargs: object) -> float:
            return case["quantity"] * current_rate

    return Following


def config(case: dict, folder: Path) -> dict:
    return {
        "runmode": RunMode.BACKTEST,
        "dry_run": True,
        "dry_run_wallet": case["cash"],
        "stake_currency": "USDT",
        "stake_amount": "unlimited",
        "tradable_balance_ratio": 1.0,
        "max_open_trades": 1,
        "fee": case["fee"],
        "timeframe": "1h",
        "strategy": "Following",
        "exchange": {"name": "binance", "key": "", "secret": "", "pair_whitelist": [PAIR], "pair_blacklist": []},
        "pairlists": [{"method": "StaticPairList"}],
        "entry_pricing": {"price_side": "other", "use_order_book": False},
        "exit_pricing": {"price_side": "other", "use_order_book": False},
        "datadir": folder,
        "user_data_dir": folder,
        "export": "none",
        "candle_type_def": "spot",
        "trading_mode": "spot",
        "dataformat_ohlcv": "feather",
        "unfilledtimeout": {"entry": 10, "exit": 10},
    }


def backtest(case: dict, folder: Path) -> dict:
    bars = len(case["close"])
    dates = pd.date_range("2022-01-01", periods=bars, freq=STEP, tz="UTC")
    frame = pd.DataFrame({"date": dates} | {name: case[name] for name in ("open", "high", "low", "close")} | {"volume": 1e9})
    running = Backtesting(config(case, folder))
    running._set_strategy(running.strategylist[0])
    frame = running.strategy.advise_all_indicators({PAIR: frame})
    result = running.backtest(processed=frame, start_date=dates[0].to_pydatetime(), end_date=dates[-1].to_pydatetime())
    trades = [
        {
            "entry_bar": int((t.open_date - dates[0]) / STEP),
            "exit_bar": int((t.close_date - dates[0]) / STEP),
            "quantity": t.amount,
            "entry_price": t.open_rate,
            "exit_price": t.close_rate,
            "pnl": t.profit_abs,
            "reason": t.exit_reason,
        }
        for t in result["results"].itertuples()
    ]
    return {"version": __version__, "trades": trades, "final": result["final_balance"]}


def main() -> None:
    logging.disable(logging.CRITICAL)
    case = json.load(sys.stdin)
    with (
        tempfile.TemporaryDirectory() as folder,
        patch.object(Exchange, "reload_markets"),
        patch.object(Exchange, "validate_config"),
        patch.object(Exchange, "markets", PropertyMock(return_value={PAIR: MARKET})),
        patch.object(Exchange, "precisionMode", PropertyMock(return_value=TICK_SIZE)),
        patch.object(Exchange, "precision_mode_price", PropertyMock(return_value=TICK_SIZE)),
        patch.object(Exchange, "get_fee", return_value=case["fee"]),
        patch.object(StrategyResolver, "_load_strategy", side_effect=lambda name, config, extra_dir=None: strategy_class(case)(config)),
    ):
        found = backtest(case, Path(folder))
    print("\n" + json.dumps(found))


if __name__ == "__main__":
    main()
