"""What the backtest widget offers to choose from: strategies, data, lengths of bar, and a form filled for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.backtest import saved
from workbench.errors import InputError, UnknownNameError
from workbench.portfolio import Costs
from workbench.strategy.archetypes import ARCHETYPES
from workbench.strategy.strategy import Strategy
from workbench.strategy.templates import template
from workbench.units import instrument
from workbench.widgets.backtest import trading
from workbench.widgets.backtest.form import Form

if TYPE_CHECKING:
    from workbench.app import Bench
    from workbench.market.bars import Bars
    from workbench.strategy.spec import StrategySpec
    from workbench.units import Instrument

GIVEN = "given"
_TEMPLATE = "template:"
SAMPLES = ("SPX", "IXIC", "AAPL", "FB", "GOOG", "IBM", "MSFT")
MADE_UP = ("SYN", "SYN0")
INTRADAY = ("1m", "5m", "15m", "30m", "1h")


@dataclass(frozen=True, kw_only=True)
class Option:
    """One thing that can be chosen."""

    key: str
    """What the form holds."""
    title: str
    """What a person reads."""
    hint: str = ""
    """A few words more."""


class Offer:
    """The choices of one widget."""

    def __init__(self, bench: Bench, strategy: Strategy | None = None, bars: Bars | None = None) -> None:
        """Offer what a bench holds, and perhaps a strategy and bars that somebody has at hand."""
        self.bench = bench
        self.given = strategy
        self.given_bars = bars
        self._strategies: dict[str, Strategy] = {}

    def strategies(self) -> list[Option]:
        """Return what can be run: the given strategy, then stored versions, the latest first, then the archetypes' templates.

        Raises:
            StoreError: the store is away.
        """
        with self.bench.database.read() as session:
            stored = saved.strategies(session)
        found = []
        if self.given is not None:
            found.append(Option(key=GIVEN, title=f"{self.given.name} · given", hint=_hint(self.given.spec)))
        for spec, version, owner in stored:
            found.append(
                Option(key=spec.spec_hash, title=f"{spec.name} · v{version} · {_hint(spec)}", hint=f"{owner} · {spec.spec_hash[:12]}")
            )
            self._strategies.setdefault(spec.spec_hash, Strategy(spec))
        return [*found, *(Option(key=f"{_TEMPLATE}{name}", title=f"template · {name.replace('_', ' ')}") for name in ARCHETYPES)]

    def strategy(self, key: str) -> Strategy:
        """Return the strategy of a key.

        Raises:
            InputError: nothing is chosen.
            UnknownNameError: it is not stored, or no such archetype.
        """
        if not key:
            message = "choose a strategy; bench.author() writes one"
            raise InputError(message)
        if key == GIVEN and self.given is not None:
            return self.given
        if key not in self._strategies:
            self._strategies[key] = template(key.removeprefix(_TEMPLATE)) if key.startswith(_TEMPLATE) else self._stored(key)
        return self._strategies[key]

    def _stored(self, key: str) -> Strategy:
        with self.bench.database.read() as session:
            known: dict[str, StrategySpec] = {spec.spec_hash: spec for spec, _, _ in saved.strategies(session)}
        if key not in known:
            kind = "stored strategy"
            raise UnknownNameError(kind, key[:64], [spec.name for spec in known.values()])
        return Strategy(known[key])

    def data(self) -> list[Option]:
        """Return what it can be run on: the given bars, packaged samples, made-up instruments."""
        found = []
        if self.given_bars is not None:
            bars = self.given_bars
            found.append(Option(key=GIVEN, title=f"{bars.instrument.symbol} {bars.timeframe.value} · given", hint=f"{len(bars):,} bars"))
        found += [Option(key=symbol, title=f"{symbol} · {instrument(symbol).name}") for symbol in SAMPLES]
        return [*found, *(Option(key=symbol, title=f"{symbol} · SYNTHETIC") for symbol in MADE_UP)]

    def timeframes(self, data: str) -> tuple[str, ...]:
        """Return the lengths of bar that the data come in."""
        if data == GIVEN and self.given_bars is not None:
            return (self.given_bars.timeframe.value,)
        return INTRADAY if data in MADE_UP else ("1d",)

    def bars(self, data: str, timeframe: str) -> Bars:
        """Return the bars of a key.

        Raises:
            InputError: nothing is chosen.
            UnknownNameError: no such symbol.
            DataUnavailableError: there are no such bars here.
        """
        if not data:
            message = "choose the data to run on"
            raise InputError(message)
        if data == GIVEN and self.given_bars is not None:
            return self.given_bars
        if data not in (*SAMPLES, *MADE_UP):
            kind = "data set"
            raise UnknownNameError(kind, data[:64], (*SAMPLES, *MADE_UP))
        return self.bench.bars(data, timeframe)

    def form(self, key: str) -> Form:
        """Return a form filled for a strategy, on the data it was written for where they are here."""
        strategy = self.strategy(key)
        symbol = strategy.spec.symbols[0]
        if self.given_bars is not None and (key == GIVEN or self.given_bars.instrument.symbol == symbol):
            data = GIVEN
        else:
            data = symbol if symbol in (*SAMPLES, *MADE_UP) else SAMPLES[0]
        lengths = self.timeframes(data)
        bar = strategy.spec.timeframe.value
        traded = self._traded(data)
        bar = bar if bar in lengths else _usual(lengths)
        return Form.of(strategy, traded, costs=Costs.of(traded), strategy=key, data=data, timeframe=bar)

    def usual_length(self, data: str) -> str:
        """Return the length of bar to begin with."""
        return _usual(self.timeframes(data))

    def usual_costs(self, key: str, data: str) -> dict[str, Any]:
        """Return how the costs of a strategy on some data stand in a form: its own costs, else the instrument's usual ones."""
        return trading.cost_values(self.strategy(key).spec.costs or Costs.of(self._traded(data)))

    def guard_titles(self, key: str, data: str) -> dict[str, str]:
        """Return what a person calls the brackets and the size of a strategy, with their units."""
        guards = trading.guards_of(self.strategy(key).spec, self._traded(data))
        return {name: guard.title for name, guard in guards.items()}

    def _traded(self, data: str) -> Instrument:
        return self.given_bars.instrument if data == GIVEN and self.given_bars is not None else instrument(data)


def _hint(spec: StrategySpec) -> str:
    return f"{', '.join(spec.symbols)} {spec.timeframe.value}"


def _usual(lengths: tuple[str, ...]) -> str:
    return "15m" if "15m" in lengths else lengths[0]
