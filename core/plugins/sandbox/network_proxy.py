"""Connects on a plugin's behalf, to allowed addresses only, and hands over the connected socket."""

from __future__ import annotations

import contextlib
import json
import math
import queue
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from core.domain.untrusted.network_address import IpAddress, canonical_host, covers_address, is_public

#: What the socket module needs to connect: address family, and the address itself.
Place = tuple[int, tuple[Any, ...]]
#: Host, port and seconds → places. Raises OSError.
LookUp = Callable[[str, int, float], Sequence[Place]]

#: Names that are looked up at once.
_MOST_LOOKUPS = 8
#: Seconds for one connection, name look-up included.
_LONGEST = 30.0
_MOST_AT_ONCE = 8
#: Requests in one call; beyond it the channel is closed.
MOST_REQUESTS = 1000
_MOST_REMEMBERED = 1000
#: Bytes of answers that wait for a plugin that does not read them: some tens, each with a socket at the most.
_ROOM_FOR_ANSWERS = 16 * 1024


class _NotAllowed(Exception):
    """The host was found, but what it is must not be connected to."""


class NetworkProxy:
    """The host's end of a plugin's network channel. A plugin itself can neither make nor connect sockets.

    Frames keep their bounds (SOCK_SEQPACKET), so each one is a request or is not. ``serve`` never waits, for the plugin or for the
    network: looking up and connecting are done in threads, a bounded number of them.
    """

    def __init__(self, allowed: tuple[str, ...], look_up: LookUp | None = None) -> None:
        self._allowed = allowed
        self._look_up = look_up or NameLookup()
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setblocking(False)
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ROOM_FOR_ANSWERS)
        self._free = threading.BoundedSemaphore(_MOST_AT_ONCE)
        #: Held while the channel is written to or closed: a closed descriptor's number may be given to another file.
        self._channel = threading.Lock()
        self._requests = 0
        #: Every address that was asked for, with whether it was allowed.
        self.asked: list[tuple[str, bool]] = []

    def fileno(self) -> int:
        return self._ours.fileno()

    def renew(self) -> None:
        """Begin a call: the number of requests is counted from zero."""
        self._requests = 0

    def serve(self, remaining: float) -> bool:
        """Read one waiting request; ``remaining`` seconds are left for it. Return False when the channel is closed."""
        try:
            frame = self._ours.recv(LARGEST_FRAME + 1)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not frame:
            return False
        self._requests += 1
        if self._requests > MOST_REQUESTS:
            self._answer({"denied": f"more than {MOST_REQUESTS} requests in one call"})
            return self._close_channel()
        try:
            request = read_request(frame)
        except ValueError as error:
            return self._answer({"denied": str(error)})
        return self._handle(request, remaining)

    def close(self) -> None:
        with self._channel:
            self._ours.close()
            self.theirs.close()

    def _handle(self, request: ConnectRequest, remaining: float) -> bool:
        """Check one request against the permissions and connect in a thread of its own. Return False when the channel is closed."""
        allowed = any(covers_address(pattern, request.address) for pattern in self._allowed)
        if len(self.asked) < _MOST_REMEMBERED:
            self.asked.append((request.address, allowed))
        if not allowed:
            return self._answer({"denied": f"no permission to connect to {request.address}"})
        if not self._free.acquire(blocking=False):
            return self._answer({"failed": f"{request.address}: more than {_MOST_AT_ONCE} connections are being made at once"})
        seconds = min(max(request.timeout, 0.01), _LONGEST, max(remaining, 0.01))
        try:
            threading.Thread(target=self._connect, args=(request, seconds), name="plugin connection", daemon=True).start()
        except RuntimeError as error:  # the system lets us have no more threads
            self._free.release()
            return self._answer({"failed": f"{request.address}: {error}"})
        return True

    def _connect(self, request: ConnectRequest, seconds: float) -> None:
        try:
            with self._connected(request, time.monotonic() + seconds) as connected:
                connected.setblocking(True)
                self._answer({}, connected.fileno())
        except _NotAllowed as error:
            self._answer({"denied": str(error)})
        except OSError as error:
            self._answer({"failed": f"{request.address}: {error}"[:500]})
        finally:
            self._free.release()

    def _connected(self, request: ConnectRequest, deadline: float) -> socket.socket:
        """Look the host up once, check all that it is, and connect to just that: no second look-up can say something else."""
        places = self._look_up(request.host, request.port, deadline - time.monotonic())
        for family, address in places:
            self._check(request, family, ip_address(str(address[0]).partition("%")[0]), str(address[0]))
        return _first_connected(places, deadline)

    def _check(self, request: ConnectRequest, family: int, address: IpAddress, shown: str) -> None:
        """Raise _NotAllowed unless the address is public and another machine's, or a permission spells it."""
        spelled = f"[{shown}]:{request.port}" if ":" in shown else f"{shown}:{request.port}"
        patterns = (pattern for pattern in self._allowed if not pattern.startswith("*"))
        if any(covers_address(pattern, spelled) for pattern in patterns):
            return
        if not is_public(address) or _is_own(family, shown, request.port):
            message = f"{request.host} is {shown}, in this machine's own network: permissions.net must spell the address, {spelled}"
            raise _NotAllowed(message)

    def _answer(self, value: dict[str, Any], *descriptors: int) -> bool:
        """Answer without waiting; for a plugin that lets its answers pile up the channel is closed. Return False when it is closed."""
        line = json.dumps(value).encode() + b"\n"
        with self._channel:
            try:
                socket.send_fds(self._ours, [line], list(descriptors))
            except OSError:
                return self._close_channel()
        return True

    def _close_channel(self) -> bool:
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        return False


def _first_connected(places: Sequence[Place], deadline: float) -> socket.socket:
    """Return a connection to the first of ``places`` that takes one. Raises OSError of the last that did not."""
    problem = OSError("it has no address")
    for family, address in places:
        connecting = socket.socket(family, socket.SOCK_STREAM)
        try:
            connecting.settimeout(max(deadline - time.monotonic(), 0.001))
            connecting.connect(address)
        except OSError as error:
            connecting.close()
            problem = error
            continue
        return connecting
    raise problem


def _is_own(family: int, address: str, port: int) -> bool:
    """Return whether this machine itself has the address. Nothing is sent: a datagram socket only chooses where it would send from."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, port))
            return bool(probe.getsockname()[0] == address)
    except OSError:
        return False


class NameLookup:
    """Looks names up within a deadline, in threads of their own: the system's own look-up has none, and cannot be stopped.

    A thread that is given up ends by itself, and until then it counts.
    """

    def __init__(self) -> None:
        self._free = threading.BoundedSemaphore(_MOST_LOOKUPS)

    def __call__(self, host: str, port: int, seconds: float) -> Sequence[Place]:
        """Return where ``host`` is. Raises OSError: unknown, not known within ``seconds``, or too many look-ups without an end."""
        if not self._free.acquire(blocking=False):
            raise OSError("too many names are still being looked up")
        outcome: queue.SimpleQueue[Sequence[Place] | OSError] = queue.SimpleQueue()
        try:
            threading.Thread(target=self._look_up, args=(host, port, outcome), name="name look-up", daemon=True).start()
        except RuntimeError as error:  # the system lets us have no more threads
            self._free.release()
            raise OSError(str(error)) from error
        try:
            found = outcome.get(timeout=seconds)
        except queue.Empty as error:
            raise TimeoutError(f"its address was not found within {seconds:.3g} s") from error
        if isinstance(found, OSError):
            raise found
        return found

    def _look_up(self, host: str, port: int, outcome: queue.SimpleQueue[Sequence[Place] | OSError]) -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
            outcome.put([(int(family), address) for family, _, _, _, address in answers])
        except OSError as error:
            outcome.put(error)
        except ValueError as error:  # what the codec for names does not take
            outcome.put(OSError(str(error)))
        finally:
            self._free.release()


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
