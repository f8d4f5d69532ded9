from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from workbench.errors import OrderError
from workbench.execution.orders import FINAL, TRANSITIONS, Order, OrderEvent, OrderState, after

ORDER = Order(
    bot="b1",
    anchor=1_600_000_000_000_000_000,
    known_at=1_600_000_300_000_000_000,
    symbol="ES",
    action=2,
    side=1,
    quantity=1.0,
    reason="entry",
)

# Written by hand from the life of an order, not from the code's table.
LEGAL = {
    ("intended", "send", "sent"),
    ("intended", "cancel", "cancelled"),
    ("intended", "refuse", "rejected"),
    ("sent", "fill", "filled"),
    ("sent", "cancel", "cancelled"),
    ("sent", "reject", "rejected"),
}


@pytest.mark.parametrize(("state", "event"), list(itertools.product(OrderState, OrderEvent)))
def test_every_pair_of_state_and_event_is_legal_or_refused(state: OrderState, event: OrderEvent) -> None:
    """Of the 25 pairs the six of the hand-made table move the order, all others are refused with what is possible."""
    expected = {(one, two): three for one, two, three in LEGAL}.get((state.value, event.value))

    if expected is None:
        with pytest.raises(OrderError, match=r"it can|its life is over"):
            after(state, event)
    else:
        assert after(state, event).value == expected


class OrderLife(RuleBasedStateMachine):
    """Throws any events at an order and keeps a plain model beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.order = ORDER
        self.path = ["intended"]

    @rule(event=st.sampled_from(list(OrderEvent)))
    def happen(self, event: OrderEvent) -> None:
        legal = {(one, two): three for one, two, three in LEGAL}.get((self.path[-1], event.value))
        if legal is None:
            with pytest.raises(OrderError):
                self.order.moved(event)
        else:
            self.order = self.order.moved(event)
            self.path.append(legal)

    @invariant()
    def agrees_with_the_model(self) -> None:
        assert self.order.state.value == self.path[-1]

    @invariant()
    def ends_once(self) -> None:
        assert sum(state in {"filled", "cancelled", "rejected"} for state in self.path) <= 1

    @invariant()
    def keeps_its_identity(self) -> None:
        assert self.order.intent_hash == ORDER.intent_hash


def test_nothing_leaves_a_final_state() -> None:
    """The table has no way out of filled, cancelled and rejected, and every other state has one."""
    starts = {state for state, _ in TRANSITIONS}

    assert (starts & FINAL, starts | FINAL) == (set(), set(OrderState))


TestOrderLife = OrderLife.TestCase


@given(
    st.lists(
        st.tuples(st.text(max_size=5), st.integers(0, 2**62), st.integers(0, 2**62), st.integers(1, 3), st.floats(0.001, 1e6)),
        min_size=2,
        max_size=6,
        unique=True,
    )
)
def test_different_decisions_have_different_client_order_ids(decisions: list[tuple[str, int, int, int, float]]) -> None:
    """Bot, anchor, decision bar, action and quantity all count, to the nanosecond and the last bit."""
    orders = [
        replace(ORDER, bot=bot, anchor=anchor, known_at=known, action=action, quantity=quantity)
        for bot, anchor, known, action, quantity in decisions
    ]

    assert len({order.intent_hash for order in orders}) == len(orders)


def test_the_same_decision_has_the_same_client_order_id_for_ever() -> None:
    """State, reason and symbol spelling do not change the id; its value is pinned so that a restart by a later version finds its orders."""
    moved = replace(ORDER, reason="other").moved(OrderEvent.SEND)

    assert moved.intent_hash == ORDER.intent_hash
    assert ORDER.intent_hash == "94c568a43835e4c43e98932ace41170b28415a96cec5b3213870c0eef4a2b2c3"


@pytest.mark.parametrize(("side", "quantity"), [(0, 1.0), (1, 0.0), (1, -1.0), (1, float("nan"))])
def test_an_order_without_side_or_quantity_is_refused(side: int, quantity: float) -> None:
    """Nothing and less than nothing cannot be ordered."""
    with pytest.raises(OrderError, match="positive quantity"):
        replace(ORDER, side=side, quantity=quantity)
