"""The specification of a strategy: everything that decides its trades, frozen, checked, and named by its content.

A spec is data: it writes and reads JSON, and the same JSON has the same ``spec_hash`` in every process. Rules are kept as canonical text, so
two ways of saying the same give the same rules. Anything that would change a trade is a field here; ``provenance`` says where it came from.
"""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from workbench.content import canonical, content_hash
from workbench.errors import SpecError, UnknownNameError, WorkbenchError
from workbench.market.windows import TradingWindow
from workbench.portfolio import Brackets, Costs, Filling, Limits, Sizing
from workbench.strategy import contradictions
from workbench.strategy.frozen import FrozenDict
from workbench.strategy.parameter_range import ParameterRange
from workbench.strategy.python.source import PythonSource
from workbench.strategy.rules.fallback import Fallback
from workbench.strategy.rules.parse import parse_rule
from workbench.strategy.rules.statements import DIRECTIONS
from workbench.units import SessionMode, Timeframe, instrument, session_mode, timeframe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from workbench.strategy.diff import Changes
    from workbench.strategy.rules.tree import Node

MAX_SYMBOLS = 100
_FROZEN = ConfigDict(frozen=True, extra="forbid", validate_default=True, ignored_types=(cached_property,))


class Provenance(BaseModel):
    """Where a spec came from."""

    model_config = _FROZEN

    author: str = Field(default="", max_length=200, description="Who wrote it.")
    source_text: str = Field(default="", max_length=8000, description="What was typed, before it became canonical.")
    parents: tuple[str, ...] = Field(default=(), description="Hashes of the specs it was changed from, nearest last.")
    root: str = Field(default="", max_length=64, description="Name of its lineage; empty is the common one of everything on these symbols.")
    note: str = Field(default="", max_length=2000, description="Why it is what it is.")
    defaults: tuple[str, ...] = Field(default=(), description="What nobody chose, each with its reason.")
    fallbacks: tuple[Fallback, ...] = Field(default=(), description="Directions that could not be read and that the archetype answers.")


def _record(kind: Any) -> Any:  # noqa: ANN401 - one of our record classes
    def read(given: Any) -> Any:  # noqa: ANN401 - whatever was given
        return kind.from_dict(given) if isinstance(given, dict) else given

    return BeforeValidator(read)


def _session_mode(given: Any) -> Any:  # noqa: ANN401 - whatever was given
    return session_mode(given) if isinstance(given, str) else given


def _timeframe(given: Any) -> Any:  # noqa: ANN401 - whatever was given
    return timeframe(given) if isinstance(given, str) else given


def _ranges(given: Any) -> Any:  # noqa: ANN401 - whatever was given
    return (
        {str(name).removeprefix("$").lower(): ParameterRange.parse(entry) for name, entry in given.items()}
        if isinstance(given, dict)
        else given
    )


class StrategySpec(BaseModel):
    """A strategy as data. Build one with ``workbench.strategy("buy when ...")``, or from JSON."""

    model_config = _FROZEN

    format: Literal[1] = Field(default=1, description="Version of this record's shape.")
    name: str = Field(min_length=1, max_length=120, description="What people call it.")
    archetype: str | None = Field(default=None, description="The family of ideas it belongs to, or null.")
    symbols: tuple[str, ...] = Field(min_length=1, max_length=MAX_SYMBOLS, description="What it trades, normalised symbols.")
    timeframe: Annotated[Timeframe, BeforeValidator(_timeframe)] = Field(default=Timeframe.D1, description="Length of its bars.")
    session_mode: Annotated[SessionMode | None, BeforeValidator(_session_mode)] = Field(
        default=None, description="Hours that count; null is the instrument's own."
    )
    window: Annotated[TradingWindow | None, _record(TradingWindow)] = Field(
        default=None, description="Hours in which it may open positions; null is the whole session."
    )
    rules: dict[str, str] = Field(description="Canonical rule text by direction: entry_long, exit_long, entry_short, exit_short.")
    python: PythonSource | None = Field(default=None, description="The function that decides in place of rules; null for rules.")
    parameters: Annotated[dict[str, ParameterRange], BeforeValidator(_ranges)] = Field(
        default={}, description="The $parameters of the rules."
    )
    sizing: Annotated[Sizing, BeforeValidator(Sizing.parse)] = Field(description="How much one entry trades.")
    brackets: Annotated[Brackets, _record(Brackets)] = Field(default=Brackets(), description="Stop, target, trailing stop and time stop.")
    costs: Annotated[Costs | None, _record(Costs)] = Field(default=None, description="Costs per side; null is the instrument's default.")
    filling: Annotated[Filling, _record(Filling)] = Field(default=Filling(), description="How orders become fills.")
    limits: Annotated[Limits, _record(Limits)] = Field(default=Limits(), description="What it may never exceed.")
    provenance: Provenance = Field(default=Provenance(), description="Where it came from.")

    def __init__(self, **fields: Any) -> None:  # noqa: ANN401 - checked by the fields above
        """Read and check the ``fields``.

        Raises:
            SpecError: fields that are missing, unknown, malformed or contradict each other.
            RuleSyntaxError: a rule that cannot be read.
            UnknownNameError: a symbol, timeframe, session mode or field that does not exist.
        """
        for name in fields:
            if name not in type(self).model_fields:
                kind = "field of a strategy"
                raise UnknownNameError(kind, name, type(self).model_fields)
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise _plain_error(error) from None
        contradictions.refuse(self, self.trees)

    @field_validator("symbols")
    @classmethod
    def _known_symbols(cls, given: tuple[str, ...]) -> tuple[str, ...]:
        symbols = tuple(instrument(symbol).symbol for symbol in given)
        if len(set(symbols)) < len(symbols):
            message = f"a symbol is listed twice: {', '.join(symbols)}"
            raise SpecError(message)
        return symbols

    @field_validator("rules")
    @classmethod
    def _canonical_rules(cls, given: dict[str, str]) -> dict[str, str]:
        for direction in given:
            if direction not in DIRECTIONS:
                kind = "direction"
                raise UnknownNameError(kind, direction, DIRECTIONS)
        return FrozenDict({name: parse_rule(given[name]).canonical for name in DIRECTIONS if name in given})

    @field_validator("parameters")
    @classmethod
    def _sorted_parameters(cls, given: dict[str, ParameterRange]) -> dict[str, ParameterRange]:
        return FrozenDict({name: given[name] for name in sorted(given)})

    @cached_property
    def trees(self) -> Mapping[str, Node]:
        """The rules as trees, by direction."""
        return FrozenDict({name: parse_rule(text).tree for name, text in self.rules.items()})

    @cached_property
    def spec_hash(self) -> str:
        """SHA-256 of the canonical JSON of every field; the name of this version."""
        return content_hash(self.to_record())

    @property
    def lineage(self) -> str:
        """The lineage in which its trials are counted; ``common`` unless a new one was declared."""
        return self.provenance.root or "common"

    @property
    def defaults(self) -> dict[str, float]:
        """The default value of each parameter."""
        return {name: range_.default for name, range_ in self.parameters.items()}

    def to_record(self) -> dict[str, Any]:
        """Return a JSON value. What was added to specs later is left out where it is as by default, so that names of older specs stay."""
        record = self.model_dump(mode="json")
        if self.python is None:
            del record["python"]
        if self.costs is not None:
            record["costs"] = self.costs.to_dict()
        del record["filling"]
        if not self.provenance.fallbacks:
            del record["provenance"]["fallbacks"]
        return record | ({"filling": self.filling.changed} if self.filling.changed else {})

    def to_json(self) -> str:
        """Return canonical JSON; ``from_json`` gives an equal spec with the same hash."""
        return canonical(self.to_record()).decode("utf-8")

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the spec of a JSON text.

        Raises:
            SpecError: it is no JSON object, or no valid spec; as for ``StrategySpec(...)``.
        """
        try:
            record = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            message = f"a strategy file must hold JSON: {error}"
            raise SpecError(message) from None
        if not isinstance(record, dict):
            message = "a strategy file must hold one JSON object"
            raise SpecError(message)
        return cls(**record)

    def revised(self, **changes: Any) -> Self:  # noqa: ANN401 - fields of a spec
        """Return a checked copy with some fields changed and this spec recorded as its parent.

        Raises:
            SpecError: as for ``StrategySpec(...)``.
        """
        kept = {name: getattr(self, name) for name in type(self).model_fields} | changes
        if "provenance" not in changes:
            stands = tuple(
                entry for entry in self.provenance.fallbacks if kept["rules"].get(entry.direction) == self.rules.get(entry.direction)
            )
            kept["provenance"] = self.provenance.model_copy(
                update={"parents": (*self.provenance.parents, self.spec_hash), "fallbacks": stands}
            )
        return type(self)(**kept)

    def diff(self, other: StrategySpec) -> Changes:
        """Return what changed from this spec to ``other``, one reviewable line each; provenance is left out."""
        from workbench.strategy.diff import changes  # noqa: PLC0415 - diff reads specs

        return changes(self, other)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON schema of the record."""
        return cls.model_json_schema(mode="serialization")

    def __hash__(self) -> int:
        """Hash by content."""
        return hash(self.spec_hash)


def _plain_error(error: ValidationError) -> WorkbenchError:
    """Return the one error a person should see: our own where a field raised it, otherwise all of pydantic's in a sentence each."""
    problems = error.errors(include_url=False)
    for problem in problems:
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, WorkbenchError):
            return cause
    told = "; ".join(f"{'.'.join(map(str, problem['loc'])) or 'spec'}: {problem['msg'].lower()}" for problem in problems)
    return SpecError(f"this is no valid strategy: {told}")
