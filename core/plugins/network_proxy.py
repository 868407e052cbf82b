"""Connects on a plugin's behalf, to allowed addresses only, and hands over the connected socket."""

from __future__ import annotations

import json
import socket
from typing import Any

from core.domain.plugin import covers_address

_LARGEST_REQUEST = 4096
_LONGEST = 30.0


class NetworkProxy:
    """The host's end of a plugin's network channel. A plugin itself can neither make nor connect sockets."""

    def __init__(self, allowed: tuple[str, ...]) -> None:
        self._allowed = allowed
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        #: Every address that was asked for, with whether it was allowed.
        self.asked: list[tuple[str, bool]] = []

    def fileno(self) -> int:
        return self._ours.fileno()

    def serve(self, remaining: float) -> bool:
        """Answer one request that is waiting; ``remaining`` seconds are left to connect. Return False when the plugin hung up."""
        line = self._ours.recv(_LARGEST_REQUEST)
        if not line:
            return False
        try:
            request = json.loads(line)
            host, port = str(request["host"]), int(request["port"])
            timeout = min(max(float(request["timeout"]), 0.01), _LONGEST, max(remaining, 0.01))
        except (ValueError, KeyError, TypeError, OverflowError):
            self._answer({"denied": "not a request to connect"})
            return True
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        allowed = 0 < port < 65536 and any(covers_address(pattern, address) for pattern in self._allowed)
        self.asked.append((address, allowed))
        if not allowed:
            self._answer({"denied": f"no permission to connect to {address}"})
            return True
        try:
            with socket.create_connection((host, port), timeout) as connected:
                connected.setblocking(True)
                self._answer({}, connected.fileno())
        except (OSError, UnicodeError) as error:
            self._answer({"failed": f"{address}: {error}"})
        return True

    def close(self) -> None:
        self._ours.close()
        self.theirs.close()

    def _answer(self, value: dict[str, Any], *descriptors: int) -> None:
        line = json.dumps(value).encode() + b"\n"
        try:
            socket.send_fds(self._ours, [line[:_LARGEST_REQUEST]], list(descriptors))
        except OSError:
            return  # the plugin is gone: nobody waits for the answer
