"""Column types: what is stored comes back the same on every database, and what could not is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from workbench.errors import InputError
from workbench.store import tables
from workbench.store.tables import BarBlockRow, Base, EquityMarkRow, JobRunRow, StrategyRow, TrialRow

if TYPE_CHECKING:
    from workbench.store import Database

NOON = datetime(2026, 3, 8, 12, 0, 0, 123456, tzinfo=UTC)


def trial(**changes: Any) -> TrialRow:
    values = {
        "family": "f",
        "program_hash": "p",
        "dataset_hash": "d",
        "parameters": {},
        "rules": {},
        "metrics": {},
        "observations": 1,
        "owner": "ada",
    }
    return TrialRow(trial_id="t", **(values | changes))


def stored(database: Database, row: Base, *columns: Any) -> tuple[Any, ...]:
    with database.session() as session:
        session.add(row)
    with database.read() as session:
        return tuple(session.execute(select(*columns)).one())


@pytest.mark.parametrize(
    "moment", [NOON, NOON.astimezone(timezone(timedelta(hours=-5))), pd.Timestamp(NOON), pd.Timestamp(NOON).tz_convert("America/New_York")]
)
def test_moments_come_back_in_utc(database: Database, moment: datetime) -> None:
    """A time given in any zone, also by pandas, comes back aware, in UTC, to the microsecond."""
    (back,) = stored(database, trial(at=moment), TrialRow.at)
    assert (NOON, UTC, datetime) == (back, back.tzinfo, type(back))


def test_moments_compare_in_queries(database: Database) -> None:
    """Times from different zones are compared as moments."""
    with database.session() as session:
        session.add(trial(at=NOON))
    later = (NOON + timedelta(seconds=1)).astimezone(timezone(timedelta(hours=9)))
    with database.read() as session:
        assert tuple(
            list(session.execute(select(TrialRow.trial_id).where(condition)).scalars())
            for condition in (TrialRow.at > later, TrialRow.at < later)
        ) == ([], ["t"])


@pytest.mark.parametrize(
    "changes",
    [
        {"at": NOON.replace(tzinfo=None)},
        {"sharpe": float("nan")},
        {"sharpe": float("inf")},
        {"observations": 1.5},
        {"metrics": {"sharpe": float("nan")}},
        {"metrics": {"when": NOON}},
    ],
)
def test_what_would_not_come_back_is_refused(database: Database, changes: dict[str, Any]) -> None:
    """Naive times, numbers that are none and values that JSON does not know are refused as input, not stored as something else."""
    with pytest.raises(InputError), database.session() as session:
        session.add(trial(**changes))


class Colour(StrEnum):
    RED = "red"


def test_numpy_and_enumerations_are_taken(database: Database) -> None:
    """Scalars of numpy and members of a StrEnum are stored as plain values."""
    row = trial(sharpe=np.float64(0.1), observations=np.int64(7), family=Colour.RED)
    assert stored(database, row, TrialRow.sharpe, TrialRow.observations, TrialRow.family) == (0.1, 7, "red")


def test_json_is_text_with_sorted_keys(database: Database) -> None:
    """JSON columns hold text with sorted keys, so that the same value is the same text."""
    with database.session() as session:
        session.add(JobRunRow(id="r", job="j", owner="ada", parameters={"b": [1, 2.5, None], "a": "é"}))
    with database.read() as session:
        assert session.execute(text("SELECT parameters FROM job_runs")).scalar() == '{"a":"é","b":[1,2.5,null]}'
        assert session.execute(select(JobRunRow.parameters)).scalar() == {"a": "é", "b": [1, 2.5, None]}


def test_hashed_text_is_kept_byte_for_byte(database: Database) -> None:
    """The JSON of a strategy is text that nobody rewrites: numbers, spaces and the order of keys stay."""
    written = '{"z": 1e2,  "a": 100.0, "é": "\\u0000"}'
    row = StrategyRow(spec_hash="s", name="n", json=written, owner="ada")
    assert (written,) == stored(database, row, StrategyRow.json)


def test_blobs_come_back(database: Database) -> None:
    """Bytes come back as bytes."""
    data = bytes(range(256)) * 100
    row = BarBlockRow(symbol="ES", timeframe="1m", source="x", month="2026-01", rows=1, first=NOON, last=NOON, hash="h", data=data)
    assert (data,) == stored(database, row, BarBlockRow.data)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs",))),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=("Cs",))), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=st.dictionaries(st.text(st.characters(exclude_categories=("Cs",)), max_size=5), JSON, max_size=4))
def test_any_json_comes_back(database: Database, value: dict[str, Any]) -> None:
    """Any JSON object comes back equal."""
    with database.session() as session:
        session.execute(text("DELETE FROM trials"))
        session.add(trial(metrics=value))
    with database.read() as session:
        assert value == session.execute(select(TrialRow.metrics)).scalar()


def test_every_table_of_a_person_has_an_owner() -> None:
    """Rows that belong to a person carry an owner; the others are named here with reason."""
    shared = {
        "audit",  # everybody's, names its actor
        "audit_head",
        "bar_blocks",  # market data
        "control",  # switches over everybody
        "datasets",  # market data
        "outbox",  # read by the bench itself
        "users",  # people themselves
        "login_sessions",  # name their user
        "access_tokens",  # name their user
    }
    assert shared == {name for name, table in Base.metadata.tables.items() if "owner" not in table.columns}


def test_every_table_is_exported() -> None:
    """Every row class is reachable as ``tables.<Name>``."""
    assert {mapper.class_.__name__ for mapper in Base.registry.mappers} <= set(tables.__all__)
    assert EquityMarkRow.__tablename__ == "equity_marks"
