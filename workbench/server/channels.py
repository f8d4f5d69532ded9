"""The websocket between a browser and a kernel; a viewer's carries widget messages and nothing that executes."""

from __future__ import annotations

import json
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_binary_message, deserialize_msg_from_ws_v1
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection

from workbench.server.identity import role_of

VIEWER_MESSAGES = frozenset({"comm_open", "comm_msg", "comm_close", "comm_info_request", "kernel_info_request"})


class BenchChannels(ZMQChannelsWebsocketConnection):
    """Jupyter's connection, closed to a viewer's code."""

    dropped = 0

    def handle_incoming_message(self, incoming_msg: Any) -> None:  # noqa: ANN401 - text or bytes
        """Pass a message to the kernel unless a viewer sent it and it is not about widgets."""
        if not self._executes_freely() and self._kind(incoming_msg) not in VIEWER_MESSAGES:
            self.dropped += 1
            self.log.warning("dropped a message that a viewer may not send to kernel %s", self.kernel_id)
            return
        super().handle_incoming_message(incoming_msg)

    def _executes_freely(self) -> bool:
        user = self.websocket_handler.current_user
        return user is not None and role_of(user) in {"researcher", "reviewer", "operator", "admin"}

    def _kind(self, incoming: Any) -> str:  # noqa: ANN401 - text or bytes
        """Return the type of the message, empty when it cannot be read."""
        try:
            if self.subprotocol == "v1.kernel.websocket.jupyter.org":
                _channel, parts = deserialize_msg_from_ws_v1(incoming)  # type: ignore[no-untyped-call]
                header = self.session.unpack(parts[0])
            else:
                read = deserialize_binary_message if isinstance(incoming, bytes) else json.loads
                message = read(incoming)
                header = message["header"]
            return str(header["msg_type"])
        except Exception:  # noqa: BLE001 - foreign bytes can fail to be a message in any way, and then they do not pass
            return ""
