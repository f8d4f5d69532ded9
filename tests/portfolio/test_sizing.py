from __future__ import annotations

import json

import pytest

from workbench.errors import InputError
from workbench.portfolio import Sizing
from workbench.units import instrument


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("1 contract", "fixed", 1.0),
        ("3 contracts", "fixed", 3.0),
        ("100 shares", "fixed", 100.0),
        ("0.5 units", "fixed", 0.5),
        ("10%", "fraction", 0.10),
        ("95 % of equity", "fraction", 0.95),
        ("33 percent", "fraction", 0.33),
        ("1% risk", "risk", 0.01),
        ("risk 0.5%", "risk", 0.005),
        (2, "fixed", 2.0),
    ],
)
def test_texts_are_read(text: str | int, kind: str, value: float) -> None:
    """A size is read as people write it."""
    sizing = Sizing.parse(text)
    assert (kind, value) == (sizing.kind, sizing.value)


@pytest.mark.parametrize("text", ["1 unit", "7 units", "12.5% of equity", "0.25% risk"])
def test_words_read_back(text: str) -> None:
    """What a sizing says of itself is text that reads back the same."""
    assert text == str(Sizing.parse(text))


@pytest.mark.parametrize(
    "bad", ["", "much", "-1 contract", "120%", "0 contracts", "0%", "1 atr", 0.5, True, None, [], "1e3 contracts", "9" * 100]
)
def test_what_is_no_size_is_refused(bad: object) -> None:
    """A text without unit, a negative, a share over one: each is an error with an example."""
    with pytest.raises(InputError):
        Sizing.parse(bad)


def test_defaults_differ_by_instrument() -> None:
    """A future trades one contract, a share invests 95 % of equity."""
    assert Sizing(kind="fixed", value=1.0) == Sizing.of(instrument("ES"))
    assert Sizing(kind="fraction", value=0.95) == Sizing.of(instrument("AAPL"))


def test_json_round_trip() -> None:
    """What is written as JSON reads back equal."""
    sizing = Sizing(kind="risk", value=0.01, max_quantity=5)
    assert sizing == Sizing.from_dict(json.loads(json.dumps(sizing.to_dict())))
    with pytest.raises(InputError, match="kind and value"):
        Sizing.from_dict({"kind": "fixed"})


def test_a_size_in_shares_is_not_called_contracts() -> None:
    """A sizing does not know what is traded, so its words fit contracts, shares and coins."""
    assert str(Sizing.parse("100 shares")) == "100 units"
