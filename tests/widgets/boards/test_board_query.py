from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.widgets.boards.query import Field, read
from workbench.widgets.boards.trades import Trades

FIELDS = (
    Field(name="side", title="Side", choices=("buy", "sell")),
    Field(name="bot", title="Bot"),
    Field(name="from", title="From", kind="date"),
    Field(name="to", title="To", kind="date"),
    Field(name="page", title="Page", kind="whole", default="1"),
    Field(name="who", title="Who", kind="text"),
)
KNOWN = {"bot": ("es-orb", "nq-revert")}


def test_an_address_is_read() -> None:
    """Each filter takes its value, choices in any letter case, and an empty one narrows nothing."""
    found = read("?side=BUY&bot=ES-ORB&from=2026-01-31&page=3&who=", FIELDS, KNOWN)
    assert dict(found.values) == {"side": "buy", "bot": "es-orb", "from": "2026-01-31", "to": "", "page": "3", "who": ""}
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("side=sideways", "side is 'sideways'; it is one of buy, sell"),
        ("side=byu", "side is 'byu'; did you mean buy? It is one of buy, sell"),
        ("bot=es-obr", "bot is 'es-obr'; did you mean es-orb? It is one of es-orb, nq-revert"),
        ("from=yesterday", "from is 'yesterday'; write a day as 2026-01-31"),
        ("from=2026-02-30", "from is '2026-02-30'; write a day as 2026-01-31"),
        ("page=-1", "page is '-1'; it is a whole number from 1 to 99999"),
        ("page=99999999999999999999", "page is '99999999999999999999'; it is a whole number from 1 to 99999"),
        ("sid=buy", "there is no filter 'sid'; did you mean side?"),
        ("zzz=1", "there is no filter 'zzz'; the filters here are side, bot, from, to, page, who"),
        ("from=2026-02-02&to=2026-02-01", "the days end (2026-02-01) before they begin (2026-02-02); the end is left out"),
    ],
)
def test_nonsense_becomes_a_sentence(text: str, problem: str) -> None:
    """What an address cannot have is named with what it could have, and the default applies."""
    assert (problem,) == read(text, FIELDS, KNOWN).problems


def test_a_choice_of_nothing_says_so() -> None:
    """A bot in the address of an empty desk is answered with there being none."""
    assert read("bot=x", FIELDS, {"bot": ()}).problems == ("bot is 'x'; there is none yet",)


def test_the_address_is_written_without_defaults() -> None:
    """An address can be shared: reading what was written gives the same filters."""
    found = read("bot=es-orb&page=2", FIELDS, KNOWN).with_values(side="sell", page=1)
    assert found.address == "side=sell&bot=es-orb"
    assert dict(found.values) == dict(read(found.address, FIELDS, KNOWN).values)


def test_names_of_the_server_are_left_alone() -> None:
    """Voila's own parameters and tokens are no mistakes."""
    assert read("voila-theme=dark&token=abc&side=buy", FIELDS, KNOWN).problems == ()


def test_days_are_whole_days() -> None:
    """The last day is part of the window: its end is the next midnight."""
    found = read("from=2026-01-01&to=2026-01-31", FIELDS, KNOWN)
    assert (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)) == (found.day("from"), found.day("to", after=True))


@given(st.text(max_size=300))
def test_no_address_ends_in_an_error(text: str) -> None:
    """Whatever stands after the question mark, filters come back."""
    found = read(text, Trades.fields)
    assert {each.name for each in Trades.fields} == set(found.values)
