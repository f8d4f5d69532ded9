from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

from workbench import progress, telemetry
from workbench.events import Bus, Event

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from typing import Any

    import pytest


def test_listeners_hear_their_topic_until_they_end() -> None:
    """A listener hears its own topic, a star hears all, and one that ended hears nothing."""
    bus, heard, all_heard = Bus(), [], []
    end = bus.listen("job_changed", heard.append)
    bus.listen("*", all_heard.append)
    first = bus.tell("job_changed", job="nightly")
    bus.tell("price_update", symbol="ES")
    end()
    bus.tell("job_changed", job="weekly")

    assert heard == [first]
    assert [event.topic for event in all_heard] == ["job_changed", "price_update", "job_changed"]


def test_a_broken_listener_does_not_stop_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    """The speaker and the other listeners go on when one listener fails."""
    bus, heard = Bus(), []

    def broken(_event: Event) -> None:
        message = "boom"
        raise RuntimeError(message)

    bus.listen("alert", broken)
    bus.listen("alert", heard.append)
    bus.tell("alert", text="x")

    assert len(heard) == 1
    capsys.readouterr()


def test_secrets_are_hidden_in_logs() -> None:
    """Values of secret-looking names and passwords in URLs never reach a log line."""
    event: MutableMapping[str, Any] = {"event": "opened", "api_key": "abc", "url": "postgresql://ana:hunter2@host/db"}
    shown = json.dumps(dict(telemetry.without_secrets(None, "info", event)))

    assert "abc" not in shown
    assert "hunter2" not in shown
    assert "host/db" in shown


def test_a_log_line_goes_to_todays_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A logger made while standard error was captured writes to the next one after the first was closed."""
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr("sys.stderr", first)
    log = telemetry.log("room")
    log.error("one")
    first.close()
    monkeypatch.setattr("sys.stderr", second)
    log.error("two")

    assert '"event": "two"' in second.getvalue()


def test_progress_on_a_plain_stream_is_lines() -> None:
    """Where there is no terminal, each shown step is a line and the last one is always shown."""
    stream = io.StringIO()
    terminal = progress.Terminal(stream)
    for step in range(5):
        terminal.at(step, 4, f"step {step}")

    assert stream.getvalue().splitlines()[-1].endswith("step 4")


def test_silence_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """The silent plug writes nothing."""
    progress.SILENT.at(1, 2, "x")

    assert capsys.readouterr() == ("", "")
