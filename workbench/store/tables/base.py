"""The declarative base of all tables and the four column types that mean the same on SQLite and PostgreSQL.

========== ==================== ============================= ===============================================
annotation column type          stored as                     refused with InputError
========== ==================== ============================= ===============================================
datetime   ``Moment``           UTC, microseconds             a time without a zone
float      ``Real``             double precision              NaN and infinities (SQLite would store NULL)
int        ``Whole``            64 bit                        anything that is not a whole number
str, bytes ``Text``, ``BYTEA``  as they are
Json       ``JsonText``         text, never JSONB             NaN, infinities, types that JSON does not know
========== ==================== ============================= ===============================================

JSON is kept as text because JSONB rewrites it (``1e2`` becomes ``100``, keys are reordered). Columns whose text is hashed (``json`` of a
strategy or of evidence, ``detail`` of an audit event) are plain ``str``: the bytes that were hashed are the bytes that are stored.
"""

from __future__ import annotations

import json
import math
import operator
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from sqlalchemy import BigInteger, DateTime, Double, ForeignKey, Integer, MetaData, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase

from workbench.clock import aware
from workbench.errors import InputError

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

Json: TypeAlias = dict[str, Any] | list[Any]
"""A JSON object or array, kept as text."""


class Moment(TypeDecorator[datetime]):
    """An aware time, given in any zone, stored and returned in UTC; nanoseconds are cut to microseconds."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return UTC; without its zone for SQLite, whose driver would drop it silently."""
        if value is None:
            return None
        moment = aware(value)
        if type(moment) is not datetime:  # pandas.Timestamp, which drivers do not know
            moment = datetime.combine(moment.date(), moment.time(), UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored time aware, in UTC."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Real(TypeDecorator[float]):
    """A finite double; numpy scalars are taken as they come."""

    impl = Double
    cache_ok = True

    def process_bind_param(self, value: float | None, dialect: Dialect) -> float | None:
        """Return a plain float."""
        del dialect
        if value is None:
            return None
        number = float(value)
        if not math.isfinite(number):
            message = f"{number} cannot be stored; give None where there is no number"
            raise InputError(message)
        return number


class Whole(TypeDecorator[int]):
    """A 64-bit whole number; INTEGER on SQLite so that a primary key is the row id."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[int]:
        """Return INTEGER on SQLite, BIGINT elsewhere."""
        return dialect.type_descriptor(Integer() if dialect.name == "sqlite" else BigInteger())

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:
        """Return a plain int."""
        del dialect
        if value is None:
            return None
        try:
            return operator.index(value)
        except TypeError as error:
            message = f"{value!r} is not a whole number"
            raise InputError(message) from error


class JsonText(TypeDecorator[Json]):
    """A JSON value kept as text with sorted keys; reads give a fresh value, so assign a new one to change it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json | None, dialect: Dialect) -> str | None:
        """Return the text."""
        del dialect
        return None if value is None else dump(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json | None:
        """Return the value."""
        del dialect
        return None if value is None else json.loads(value)


def dump(value: Json) -> str:
    """Return ``value`` as compact JSON text with sorted keys.

    Raises:
        InputError: NaN, an infinity, or a type that JSON does not know.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"a value cannot be stored as JSON: {error}"
        raise InputError(message) from error


def new_id() -> str:
    """Return a fresh random identifier of 12 hexadecimal digits."""
    return uuid.uuid4().hex[:12]


def reference(column: str) -> ForeignKey:
    """Return a foreign key to ``table.column`` that is checked at commit, so rows may be added in any order."""
    return ForeignKey(column, deferrable=True, initially="DEFERRED")


class Base(DeclarativeBase):
    """The base of all rows."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own class attribute
        datetime: Moment,
        float: Real,
        int: Whole,
        str: Text,
        dict[str, Any]: JsonText,
        list[Any]: JsonText,
        list[str]: JsonText,
    }
