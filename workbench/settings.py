"""Settings: read once from layers, checked, frozen.

The layers, later ones win: the defaults here < ``.env.<environment>`` < ``.env.local`` < the process environment. The files lie in
the bench's home. A name in a file, or a ``WORKBENCH_`` name in the process environment, that is not listed here is an error with a suggestion.
"""

from __future__ import annotations

import os
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from workbench.errors import SettingsError, nearest
from workbench.home import home

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENTS = ("development", "production", "test")
LOG_LEVELS = ("debug", "info", "warning", "error")
_LEVEL_ALIASES = {"silly": "debug", "verbose": "debug", "http": "info", "warn": "warning", "critical": "error"}


def _database_url(value: str | None) -> str | None:
    if value is None:
        return None
    fixed = "postgresql://" + value.removeprefix("postgres://") if value.startswith("postgres://") else value
    if not fixed.startswith(("sqlite:", "postgresql:", "postgresql+")):
        message = "must start with sqlite:/// or postgresql://"
        raise ValueError(message)
    return fixed


class Settings(BaseModel):
    """Everything that can be set from outside; the field's description is the sentence of ``.env.example``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    environment: Literal["development", "production", "test"] = Field(
        "development", alias="ENVIRONMENT", description="which .env file is read"
    )
    database_url: Annotated[str | None, AfterValidator(_database_url)] = Field(
        None,
        alias="DATABASE_URL",
        description="store: sqlite:///file or postgresql://user:password@host/name; empty = SQLite under data/",
        repr=False,
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "warning", alias="LOG_LEVEL", description="debug, info, warning or error (alias WINSTON_LEVEL)"
    )
    trading_mode: Literal["paper", "live"] = Field(
        "paper", alias="TRADING_MODE", description="paper, or live where every other lock is open too"
    )
    enable_live_trading: bool = Field(
        default=False, alias="ENABLE_LIVE_TRADING", description="true opens one of the locks before live money"
    )
    max_position_size: float = Field(0.01, alias="MAX_POSITION_SIZE", gt=0, le=1, description="largest position, share of total equity")
    max_daily_loss: float = Field(
        0.005, alias="MAX_DAILY_LOSS", gt=0, le=1, description="loss in a day that stops trading, share of total equity"
    )
    min_trades: int = Field(30, alias="MIN_TRADES", ge=1, description="verification gate: fewest trades")
    sharpe_threshold: float = Field(0.0, alias="SHARPE_THRESHOLD", description="verification gate: the Sharpe ratio must exceed it")
    max_drawdown: float = Field(0.25, alias="MAX_DRAWDOWN", gt=0, le=1, description="verification gate: the drawdown must stay below it")
    win_rate: float = Field(0.45, alias="WIN_RATE", ge=0, le=1, description="verification gate: least share of winning trades")
    profit_factor: float = Field(1.2, alias="PROFIT_FACTOR", ge=0, description="verification gate: least profit factor")
    warm_kernels: int = Field(
        2,
        alias="WARM_KERNELS",
        ge=0,
        le=16,
        description="board kernels that wait ready; each holds about 135 MB, 0 starts every board cold",
    )
    ws_throttle_ms: int = Field(
        100, alias="WS_THROTTLE_MS", ge=10, le=10_000, description="shortest time between two sends to one listener"
    )
    ws_idle_timeout_ms: int = Field(
        60_000, alias="WS_IDLE_TIMEOUT_MS", ge=10_000, le=3_600_000, description="a listener that answers nothing for so long is let go"
    )


UNUSED = {"PREFECT_API_URL": "jobs run on our own queue; the name is accepted and does nothing"}
_ALIASES = {"WINSTON_LEVEL": "LOG_LEVEL"}
_OUTSIDE = {f"WORKBENCH_{name}" for name in ("HOME", "ROLE", "RUN_ID", "SERVER", "TOKEN", "USER")}


def names() -> list[str]:
    """Return every environment name that is read, in the order of ``.env.example``."""
    return [str(field.alias) for field in Settings.model_fields.values()]


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of all layers.

    Raises:
        SettingsError: a name is unknown or a value is not valid; the message names the layer, the name and what would be right.
    """
    process = dict(os.environ if environ is None else environ)
    environment = process.get("ENVIRONMENT", "development")
    if environment not in ENVIRONMENTS:
        message = f"ENVIRONMENT is {environment!r}; it must be one of {', '.join(ENVIRONMENTS)}"
        raise SettingsError(message)
    merged: dict[str, tuple[str, str]] = {}
    for layer in (f".env.{environment}", ".env.local"):
        for name, value in _file_values(layer).items():
            _refuse_unknown(name, layer)
            merged[_ALIASES.get(name, name)] = (value, layer)
    for name, value in process.items():
        if name.startswith("WORKBENCH_") and name not in _OUTSIDE:
            _refuse_unknown(name, "the process environment")
        if _ALIASES.get(name, name) in names():
            merged[_ALIASES.get(name, name)] = (value, "the process environment")
    return _parsed({name: pair for name, pair in merged.items() if pair[0] != "" and name not in UNUSED})


@cache
def current() -> Settings:
    """Return the settings of this process, read once."""
    return load()


def _file_values(layer: str) -> dict[str, str]:
    path = home() / layer
    if not path.is_file():
        return {}
    from dotenv import dotenv_values  # noqa: PLC0415 - only where a file exists

    return {name: value or "" for name, value in dotenv_values(path, interpolate=False).items()}


def _refuse_unknown(name: str, layer: str) -> None:
    known = [*names(), *_ALIASES, *UNUSED, *_OUTSIDE]
    if name not in known:
        close = nearest(name, known)
        hint = f"did you mean {' or '.join(close)}?" if close else "every name is listed in .env.example"
        message = f"unknown setting {name} in {layer}; {hint}"
        raise SettingsError(message)


def _parsed(merged: Mapping[str, tuple[str, str]]) -> Settings:
    values: dict[str, str] = {}
    for name, (value, _) in merged.items():
        folded = value.strip().lower() if name in {"LOG_LEVEL", "TRADING_MODE", "ENVIRONMENT"} else value.strip()
        values[name] = _LEVEL_ALIASES.get(folded, folded) if name == "LOG_LEVEL" else folded
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        problem = first["msg"].removeprefix("Value error, ")
        shown = "" if name == "DATABASE_URL" else f" is {values[name]!r},"
        message = f"setting {name} in {merged[name][1]}{shown} which is not valid: {problem}"
        raise SettingsError(message) from None
