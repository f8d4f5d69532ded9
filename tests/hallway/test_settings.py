from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from workbench import settings
from workbench.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    return tmp_path


def test_without_layers_the_defaults_hold() -> None:
    """An empty environment gives the defaults of the specification."""
    found = settings.load({})

    assert (found.max_position_size, found.max_daily_loss, found.trading_mode, found.enable_live_trading) == (0.01, 0.005, "paper", False)


def test_later_layers_win(desk: Path) -> None:
    """Defaults < .env.<environment> < .env.local < the process environment."""
    (desk / ".env.test").write_text("MIN_TRADES=10\nMAX_DAILY_LOSS=0.01\nWIN_RATE=0.5\n")
    (desk / ".env.local").write_text("MAX_DAILY_LOSS=0.02\nWIN_RATE=0.6\n")
    found = settings.load({"ENVIRONMENT": "test", "WIN_RATE": "0.7"})

    assert (found.min_trades, found.max_daily_loss, found.win_rate) == (10, 0.02, 0.7)


def test_settings_cannot_be_changed() -> None:
    """Settings are frozen."""
    with pytest.raises(ValidationError):
        settings.load({}).min_trades = 1  # type: ignore[misc]


def test_an_unknown_name_in_a_file_is_refused(desk: Path) -> None:
    """A misspelt name in a file names the file and the nearest setting."""
    (desk / ".env.local").write_text("MAX_DAILY_LOS=0.02\n")

    with pytest.raises(SettingsError, match=r"MAX_DAILY_LOS in \.env\.local; did you mean MAX_DAILY_LOSS"):
        settings.load({})


def test_an_unknown_workbench_name_in_the_process_is_refused() -> None:
    """A misspelt WORKBENCH_ name in the process environment is refused; foreign names are not ours."""
    settings.load({"HOMEBREW_PREFIX": "x"})

    with pytest.raises(SettingsError, match="did you mean WORKBENCH_HOME"):
        settings.load({"WORKBENCH_HOMES": "x"})


@pytest.mark.parametrize(
    ("name", "value"),
    [("MIN_TRADES", "many"), ("MAX_DAILY_LOSS", "2"), ("ENABLE_LIVE_TRADING", "perhaps"), ("TRADING_MODE", "yolo"), ("LOG_LEVEL", "loud")],
)
def test_a_wrong_value_is_refused(name: str, value: str) -> None:
    """A value that is not valid is an error that shows the name and the value."""
    with pytest.raises(SettingsError, match=f"{name} in the process environment is '{value}'"):
        settings.load({name: value})


def test_a_wrong_environment_lists_the_right_ones() -> None:
    """An unknown environment names those there are."""
    with pytest.raises(SettingsError, match="development, production, test"):
        settings.load({"ENVIRONMENT": "prod"})


def test_a_database_url_never_shows_its_password() -> None:
    """Neither the error nor the representation of settings shows the URL."""
    with pytest.raises(SettingsError) as caught:
        settings.load({"DATABASE_URL": "mysql://ana:hunter2@host/db"})

    assert "hunter2" not in str(caught.value)
    assert "hunter2" not in repr(settings.load({"DATABASE_URL": "postgres://ana:hunter2@host/db"}))


def test_the_short_postgres_scheme_is_accepted() -> None:
    """postgres:// is read as postgresql://."""
    assert settings.load({"DATABASE_URL": "postgres://host/db"}).database_url == "postgresql://host/db"


def test_aliases_and_unused_names_are_accepted(desk: Path) -> None:
    """WINSTON_LEVEL means LOG_LEVEL, with winston's own level names; PREFECT_API_URL is accepted and does nothing."""
    (desk / ".env.local").write_text("WINSTON_LEVEL=silly\nPREFECT_API_URL=http://x\n")

    assert settings.load({}).log_level == "debug"
