"""Connects on a plugin's behalf, to allowed addresses only, and hands over the connected socket."""

from __future__ import annotations

import ipaddress
import json
import socket
from typing import Any

from core.domain.plugin import covers_address

_LARGEST_REQUEST = 4096
_LONGEST = 30.0
_MOST_REMEMBERED = 1000


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
        matching = self._matching(address, port)
        if len(self.asked) < _MOST_REMEMBERED:
            self.asked.append((address, bool(matching)))
        if not matching:
            self._answer({"denied": f"no permission to connect to {address}"})
            return True
        try:
            self._connect(host, port, timeout, named=any(not pattern.startswith("*") for pattern in matching))
        except (OSError, UnicodeError) as error:
            self._answer({"failed": f"{address}: {error}"})
        return True

    def _matching(self, address: str, port: int) -> list[str]:
        """Return the patterns that allow an address."""
        if not 0 < port < 65536:
            return []
        return [pattern for pattern in self._allowed if covers_address(pattern, address)]

    def _connect(self, host: str, port: int, timeout: float, *, named: bool) -> None:
        """Connect and hand over; where only a wildcard allows it, never to this machine or its own network."""
        addresses = [str(item[4][0]) for item in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        public = [address for address in addresses if named or ipaddress.ip_address(address.partition("%")[0]).is_global]
        if not public:
            self._answer({"denied": f"{host} is in this machine's own network: its name must be in permissions.net"})
            return
        with socket.create_connection((public[0], port), timeout) as connected:
            connected.setblocking(True)
            self._answer({}, connected.fileno())

    def close(self) -> None:
        self._ours.close()
        self.theirs.close()

    def _answer(self, value: dict[str, Any], *descriptors: int) -> None:
        line = json.dumps(value).encode() + b"\n"
        try:
            socket.send_fds(self._ours, [line[:_LARGEST_REQUEST]], list(descriptors))
        except OSError:
            return  # the plugin is gone: nobody waits for the answer
