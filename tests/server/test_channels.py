from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest
from jupyter_client.session import Session
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from workbench.server import channels

KINDS = ["execute_request", "complete_request", "inspect_request", "debug_request", "input_reply", "history_request", "shutdown_request"]


class Connection(channels.BenchChannels):
    """A connection without a kernel or a socket behind it."""

    kernel_id = "k"
    subprotocol = None  # type: ignore[assignment]
    websocket_handler: Any = None

    def __init__(self, role: str | None, protocol: str | None) -> None:
        self.subprotocol = protocol
        self.websocket_handler = SimpleNamespace(current_user=None if role is None else SimpleNamespace(username="vic", role=role))
        self.__dict__["_session"] = Session(key=b"k")

    session = property(lambda self: self.__dict__["_session"])  # type: ignore[assignment]
    log = SimpleNamespace(warning=lambda *_: None)  # type: ignore[assignment]


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What reaches Jupyter's own connection, and so the kernel."""
    seen: list[Any] = []
    monkeypatch.setattr(ZMQChannelsWebsocketConnection, "handle_incoming_message", lambda _self, message: seen.append(message))
    monkeypatch.setattr(channels, "role_of", lambda user: user.role)
    return seen


def message(kind: str, protocol: str | None) -> Any:
    """Return a message as a browser sends it."""
    session = Session(key=b"k")
    made = session.msg(kind, {"code": "1"})
    if protocol is None:
        return json.dumps({**made, "channel": "shell"}, default=str)
    return serialize_msg_to_ws_v1(session.serialize(made)[2:], "shell")


@pytest.mark.parametrize("protocol", [None, "v1.kernel.websocket.jupyter.org"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_viewer_executes_nothing(passed: list[Any], kind: str, protocol: str | None) -> None:
    """Every message that is not about widgets is dropped, in both wire formats."""
    connection = Connection("viewer", protocol)
    connection.handle_incoming_message(message(kind, protocol))
    assert (passed, connection.dropped) == ([], 1)


@pytest.mark.parametrize("protocol", [None, "v1.kernel.websocket.jupyter.org"])
@pytest.mark.parametrize("kind", sorted(channels.VIEWER_MESSAGES))
def test_a_viewers_widgets_work(passed: list[Any], kind: str, protocol: str | None) -> None:
    """Messages about widgets reach the kernel unchanged."""
    sent = message(kind, protocol)
    Connection("viewer", protocol).handle_incoming_message(sent)
    assert passed == [sent]


@pytest.mark.parametrize("role", ["researcher", "reviewer", "operator", "admin"])
def test_the_other_roles_execute(passed: list[Any], role: str) -> None:
    """A researcher's cell reaches the kernel."""
    Connection(role, None).handle_incoming_message(message("execute_request", None))
    assert len(passed) == 1


@pytest.mark.parametrize("role", [None, "", "invented"])
def test_an_unknown_role_executes_nothing(passed: list[Any], role: str | None) -> None:
    """Nobody, and a role we do not know, count as less than a viewer."""
    Connection(role, None).handle_incoming_message(message("execute_request", None))
    assert passed == []


@pytest.mark.parametrize("garbage", ["", "{", "[]", '{"header": 3}', b"\x00\x01", '{"header": {"msg_type": ["execute_request"]}}'])
def test_what_cannot_be_read_is_dropped(passed: list[Any], garbage: Any) -> None:
    """A viewer's message without a readable type does not pass, and breaks nothing."""
    connection = Connection("viewer", None)
    connection.handle_incoming_message(garbage)
    assert passed == []
