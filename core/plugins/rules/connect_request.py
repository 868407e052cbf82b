"""One request of a plugin to be connected: read with suspicion from the bytes of one frame."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from core.domain.untrusted.network_address import canonical_host

#: Bytes of a frame, either way.
LARGEST_FRAME = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectRequest:
    """Where a plugin wants to be connected."""

    #: Canonical: a name in small letters, or an IP address.
    host: str
    port: int
    #: Seconds.
    timeout: float

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_request(frame: bytes) -> ConnectRequest:
    """Return what a frame asks for. Raises ValueError with a sentence for anything but a well-formed request."""
    if len(frame) > LARGEST_FRAME:
        raise ValueError(f"a request has at most {LARGEST_FRAME} bytes")
    document = _document(frame)
    if not isinstance(document, dict) or set(document) != {"host", "port", "timeout"}:
        raise ValueError("not a request to connect")
    host, port, timeout = document["host"], document["port"], document["timeout"]
    # Exact types: to Python, true is the number 1.
    if type(host) is not str or type(port) is not int or type(timeout) not in (int, float):
        raise ValueError("not a request to connect: host is text, port and timeout are numbers")
    if not 0 < port < 65536:
        raise ValueError("the port is a number from 1 to 65535")
    return ConnectRequest(host=canonical_host(host), port=port, timeout=_seconds(timeout))


def _document(frame: bytes) -> Any:
    try:
        return json.loads(frame.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise ValueError("not a request to connect") from error


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _seconds(timeout: float) -> float:
    try:
        seconds = float(timeout)
    except OverflowError as error:
        raise ValueError("the timeout is too large") from error
    if not math.isfinite(seconds):
        raise ValueError("the timeout is too large")
    return seconds
