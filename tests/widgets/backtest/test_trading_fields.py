"""Costs, filling, brackets and size in the form: what is said becomes a copy of the strategy, and they can be varied like parameters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from workbench.app import Bench
from workbench.portfolio import Costs, Filling
from workbench.widgets.backtest import FormError, trading

if TYPE_CHECKING:
    from workbench.strategy.strategy import Strategy
    from workbench.widgets.backtest import Desk, Form

WAIT = 60


def test_every_cost_reaches_the_strategy(desk: Desk, form: Form) -> None:
    """All eight fields are read in the units people write: percent a year for borrowing, money for fees."""
    said = replace(form, slippage=2.0, slippage_bps=3.0, fee=0.5, fee_bps=1.5, fee_minimum=1.0, fee_on="entry", borrow=3.0)
    found = desk.ticket(said).strategy.spec.costs
    expected = Costs(
        slippage_ticks=2.0, slippage_bps=3.0, fee_per_contract=0.5, fee_bps=1.5, fee_minimum=1.0, fee_on="entry", borrow_rate=0.03
    )
    assert expected == found


def test_every_option_of_filling_reaches_the_strategy(desk: Desk, form: Form) -> None:
    """Same close, closing at the end, a tenth of the volume, double leverage with maintenance, whole units, no shorts."""
    said = replace(form, fill_at="close", at_end="close", volume_share=10.0, leverage=2.0, maintenance=25.0, units="whole", shorts="no")
    ticket = desk.ticket(said)
    expected = Filling(fill_at="close", at_end="close", volume_share=0.1, leverage=2.0, maintenance=0.25, fractional=False, short=False)
    assert expected == ticket.strategy.spec.filling
    assert "Orders fill at the close that decides" in ticket.notes[0]


def test_a_form_says_what_it_was_filled_with(desk: Desk, dip: Strategy) -> None:
    """Filled from a strategy with costs and filling of its own, the form gives that strategy back, not a copy."""
    own = dip.revised(costs=Costs(fee_bps=2.0, borrow_rate=0.01), filling=Filling(at_end="open", volume_share=0.25))
    other = type(desk)(Bench(desk.bench.database), own, desk.given_bars)
    assert other.ticket(other.form("given")).strategy is own


def test_empty_costs_are_as_usual(desk: Desk, form: Form) -> None:
    """A field that is emptied is as the strategy, or its instrument, has it."""
    assert desk.ticket(replace(form, slippage=None, slippage_bps=None, fee=None, borrow=None)).strategy is desk.given


def test_another_stop_is_another_version(desk: Desk, form: Form) -> None:
    """A stop of three percent makes a copy with it, its trial is that of the copy, and nothing is lost of the rules."""
    ticket = desk.ticket(replace(form, values={**form.values, "stop": 3.0}))
    stop = ticket.strategy.spec.brackets.stop
    assert stop is not None
    assert (stop.value, ticket.strategy.spec.rules) == (0.03, form_rules(desk))
    assert ticket.notes == ("It trades with stop 3: another version of the strategy.",)


def form_rules(desk: Desk) -> object:
    assert desk.given is not None
    return desk.given.spec.rules


@pytest.mark.parametrize(
    ("changes", "field", "told"),
    [
        ({"slippage_bps": -1.0}, "slippage_bps", "at least 0"),
        ({"fee_minimum": float("inf")}, "fee_minimum", "at most"),
        ({"borrow": 101.0}, "borrow", "at most 100"),
        ({"leverage": 0.0}, "leverage", "at least 1"),
        ({"volume_share": 0.0}, "volume_share", "above 0"),
        ({"maintenance": 200.0}, "maintenance", "at most 100"),
        ({"fee_on": "<b>"}, "fee_on", "no such side"),
        ({"fill_at": "yesterday"}, "fill_at", "next open"),
        ({"units": "kilograms"}, "units", "fractions"),
        ({"kind": "sweep", "method": "random", "points": 1.0}, "points", "at least 2"),
        ({"kind": "sweep", "method": "random", "points": 2.5}, "points", "whole number"),
        ({"kind": "sweep", "method": "optuna", "points": 1e6}, "points", "at most"),
        ({"kind": "sweep", "method": "random", "seed": -1.0}, "seed", "at least 0"),
        ({"kind": "sweep", "tried": {"low": "10 20", "high": "60", "stop": "0 1"}}, "tried.stop", "more than zero"),
        ({"kind": "sweep", "tried": {"low": "10 20", "high": "60", "size": "50 200"}}, "tried.size", "at most 1"),
    ],
)
def test_nonsense_is_answered_at_its_field(desk: Desk, form: Form, changes: dict[str, object], field: str, told: str) -> None:
    """The error stands at the field that caused it and says what would do."""
    with pytest.raises(FormError) as refused:
        desk.ticket(replace(form, **changes))
    assert told in refused.value.fields[field]


def test_a_time_stop_is_offered_where_there_is_one(desk: Desk, dip: Strategy) -> None:
    """Brackets stand in the form in their own units; what the strategy lacks is not offered."""
    timed = dip.revised(brackets=replace(dip.spec.brackets, stop=None, time_stop_bars=7))
    assert desk.given_bars is not None
    guards = trading.guards_of(timed.spec, desk.given_bars.instrument)
    assert {name: (guard.title, guard.value) for name, guard in guards.items()} == {
        "time_stop": ("time stop, bars", 7.0),
        "size": ("size, % of equity", 95.0),
    }


def test_brackets_are_swept_and_forecast(desk: Desk, form: Form) -> None:
    """Three stops times two levels are six trials, told before and counted after."""
    wanted = replace(form, kind="sweep", tried={"low": "10 20", "high": "60", "stop": "2 3 5", "size": ""})
    ticket = desk.ticket(wanted)
    told = desk.forecast(ticket)
    outcome = desk.run(ticket).wait(WAIT).result
    assert outcome is not None
    assert outcome.sweep is not None
    assert (told.least, told.most, outcome.after) == (6, 6, 6)
    assert sorted(set(outcome.sweep.frame["stop"])) == [2.0, 3.0, 5.0]


def test_random_points_are_drawn_counted_and_forecast(desk: Desk, form: Form) -> None:
    """Thirty draws of a large grid: the forecast names each distinct one, no ceiling is asked for."""
    wanted = replace(form, kind="sweep", method="random", points=30.0, tried={"low": "1..60", "high": "40..89"})
    ticket = desk.ticket(wanted)
    told = desk.forecast(ticket)
    outcome = desk.run(ticket).wait(WAIT).result
    assert outcome is not None
    assert outcome.sweep is not None
    assert len(outcome.sweep.frame) == 30
    assert told.least == told.most == outcome.after <= 30


def test_a_learning_sweep_says_how_many_at_most(desk: Desk, form: Form) -> None:
    """Nobody knows its points beforehand: at most as many as asked, and so it comes."""
    pytest.importorskip("optuna")
    wanted = replace(form, kind="sweep", method="optuna", points=20.0, tried={"low": "1..60", "high": "40..89"})
    ticket = desk.ticket(wanted)
    told = desk.forecast(ticket)
    outcome = desk.run(ticket).wait(WAIT).result
    assert outcome is not None
    assert (told.least, told.most) == (0, 20)
    assert 0 < outcome.after <= 20


def test_a_huge_random_sweep_is_only_counted_beforehand(desk: Desk, form: Form) -> None:
    """A million draws are told at once: no list of them is made."""
    wanted = replace(form, kind="sweep", method="random", points=1_000_000.0, tried={"low": "1..60 by 0.01", "high": "40..89 by 0.01"})
    assert desk.forecast(desk.ticket(wanted)).most == 1_000_000
