"""The host's end of a plugin's network channel: whatever comes through it, and whatever a name server says, is an answer."""

from __future__ import annotations

import json
import random
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import pytest

from core.plugins.sandbox import network_proxy
from core.plugins.sandbox.network_proxy import MOST_REQUESTS, NameLookup, NetworkProxy, Place

#: Longer than anything here takes; only a proxy that never answers needs it.
TIMEOUT = 60


class Talk:
    """Both ends of a channel, and a name server that says what the test wants."""

    def __init__(self, *allowed: str, says: Sequence[str] = ()) -> None:
        self.looked_up: list[str] = []
        self.says = says
        self.proxy = NetworkProxy(allowed, self.look_up)
        self.proxy.theirs.settimeout(TIMEOUT)

    def look_up(self, host: str, port: int, seconds: float) -> list[Place]:
        self.looked_up.append(host)
        places = self.says or (host,)
        return [(socket.AF_INET6 if ":" in place else socket.AF_INET, (place, port)) for place in places]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.proxy.close()

    def ask(self, host: object, port: object = 443, timeout: object = 5.0) -> dict[str, str]:
        return self.frame(json.dumps({"host": host, "port": port, "timeout": timeout}).encode())

    def frame(self, frame: bytes) -> dict[str, str]:
        """Send a frame and return what is answered; a connection that is handed over is closed, and called ``connected``."""
        self.proxy.theirs.sendall(frame)
        self.proxy.serve(TIMEOUT)
        line, descriptors, _, _ = socket.recv_fds(self.proxy.theirs, 4096, 1)
        for descriptor in descriptors:
            with socket.socket(fileno=descriptor) as connected:
                return {"connected": connected.getpeername()[0]}
        return dict(json.loads(line))


@pytest.fixture
def server():
    with socket.create_server(("127.0.0.1", 0)) as made:
        yield made


def test_a_literal_address_is_connected_to_where_it_is_granted(server):
    port = server.getsockname()[1]
    with Talk(f"127.0.0.1:{port}") as talk:
        assert talk.ask("127.0.0.1", port) == {"connected": "127.0.0.1"}
        assert talk.ask("::ffff:127.0.0.1", port) == {"connected": "127.0.0.1"}
        assert talk.ask("127.0.0.2", port) == {"denied": f"no permission to connect to 127.0.0.2:{port}"}


@pytest.mark.parametrize(
    "host", ["HOST\0.example.com", "0x7f.1", "2130706433", "fe80::1%lo", "[::1]", "a@b.example.com", "a%2e.example.com"]
)
def test_what_is_no_host_is_denied_before_anything_is_looked_up(host: str):
    with Talk("*.example.com:443", "*:443") as talk:
        assert list(talk.ask(host)) == ["denied"]
        assert talk.looked_up == []
        assert talk.proxy.asked == []


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "0.0.0.0",
        "224.0.0.1",
        "::1",
        "fd00:ec2::254",
        "fe80::1%1",
    ],
)
@pytest.mark.parametrize("grant", ["api.example.com:443", "*.example.com:443", "*:443"])
def test_a_name_never_means_an_address_that_is_not_public(address: str, grant: str):
    with Talk(grant, says=["93.184.216.34", address]) as talk:
        denied = talk.ask("API.example.com.")["denied"]
    assert denied.startswith(f"api.example.com is {address}, in this machine's own network: permissions.net must spell the address, ")


def test_a_name_may_mean_such_an_address_where_a_permission_spells_that_too(server):
    port = server.getsockname()[1]
    with Talk(f"intranet.example:{port}", f"127.0.0.1:{port}", says=["127.0.0.1"]) as talk:
        assert talk.ask("intranet.example", port) == {"connected": "127.0.0.1"}
    with Talk(f"intranet.example:{port}", f"127.0.0.1:{port + 1}", says=["127.0.0.1"]) as talk:
        assert list(talk.ask("intranet.example", port)) == ["denied"]


def test_a_name_is_looked_up_once_and_what_was_checked_is_connected_to(server):
    port = server.getsockname()[1]
    with Talk(f"rebinding.example:{port}", f"127.0.0.1:{port}", says=["127.0.0.1"]) as talk:
        talk.ask("rebinding.example", port)
        assert talk.looked_up == ["rebinding.example"]
        talk.says = ["127.0.0.2"]
        assert list(talk.ask("rebinding.example", port)) == ["denied"]


def test_the_next_address_of_a_host_is_tried_when_one_does_not_answer(server):
    port = server.getsockname()[1]
    with Talk(f"two.example:{port}", f"127.0.0.1:{port}", f"[::1]:{port}", says=["::1", "127.0.0.1"]) as talk:
        assert talk.ask("two.example", port) == {"connected": "127.0.0.1"}


def test_a_public_address_of_this_machine_itself_is_its_own_network():
    assert network_proxy._is_own(socket.AF_INET, "127.0.0.1", 443)
    assert not network_proxy._is_own(socket.AF_INET, "93.184.216.34", 443)


def test_a_name_server_that_never_answers_costs_the_host_nothing_and_the_plugin_its_own_time():
    never = threading.Event()

    def silent(host: str, port: int, seconds: float) -> list[Place]:
        never.wait(seconds)
        raise TimeoutError("its address was not found in time")

    proxy = NetworkProxy(("*:443",), silent)
    proxy.theirs.settimeout(TIMEOUT)
    request = json.dumps({"host": "slow.example", "port": 443, "timeout": 1e300}).encode()
    used = time.process_time()
    for _ in range(20):
        proxy.theirs.sendall(request)
        assert proxy.serve(0.05)
    told = [json.loads(proxy.theirs.recv(4096))["failed"] for _ in range(20)]
    assert time.process_time() - used < 5
    assert sorted(set(told)) == [
        "slow.example:443: its address was not found in time",
        "slow.example:443: more than 8 connections are being made at once",
    ]
    proxy.close()


def test_the_systems_own_look_up_has_a_deadline_and_does_not_pile_up(monkeypatch):
    """The one thing here that is not ours and cannot be had without a network: a resolver that hangs."""
    go_on = threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        go_on.wait(TIMEOUT)
        raise socket.gaierror(socket.EAI_AGAIN, "temporary failure")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    look_up = NameLookup()
    for _ in range(8):
        with pytest.raises(TimeoutError, match=r"not found within 0\.01 s"):
            look_up("slow.example", 443, 0.01)
    with pytest.raises(OSError, match="too many names are still being looked up"):
        look_up("slow.example", 443, 0.01)
    go_on.set()
    with pytest.raises(OSError, match=r"too many|temporary failure"):
        look_up("slow.example", 443, TIMEOUT)


MALFORMED = [
    b"[" * 4000,
    b'{"host":' * 500,
    b'{"host": "a.example", "port": 443',
    b"{}",
    b"null",
    b"[]",
    b"\0",
    b"\xff\xfe\xfd",
    '{"host": "a.example", "port": 443, "timeout": 1}'.encode("utf-16"),
    b'{"host": "\\ud800.example", "port": 443, "timeout": 1}',
    b'{"host": "a.example", "port": NaN, "timeout": 1}',
    b'{"host": "a.example", "port": 443, "timeout": NaN}',
    b'{"host": "a.example", "port": 443, "timeout": Infinity}',
    b'{"host": "a.example", "port": 443, "timeout": 1e999}',
    b'{"host": "a.example", "port": 443, "timeout": ' + b"9" * 3000 + b"}",
    b'{"host": "a.example", "port": ' + b"9" * 3000 + b', "timeout": 1}',
    b'{"host": "a.example", "port": true, "timeout": 1}',
    b'{"host": "a.example", "port": "443", "timeout": 1}',
    b'{"host": "a.example", "port": 443.0, "timeout": 1}',
    b'{"host": "a.example", "port": 0, "timeout": 1}',
    b'{"host": "a.example", "port": 65536, "timeout": 1}',
    b'{"host": "a.example", "port": -1, "timeout": 1}',
    b'{"host": "a.example", "port": 443, "timeout": null}',
    b'{"host": ["a.example"], "port": 443, "timeout": 1}',
    b'{"host": null, "port": 443, "timeout": 1}',
    b'{"host": "a.example", "port": 443, "timeout": 1, "more": 1}',
    b'{"host": "' + b"a" * 4000 + b'", "port": 443, "timeout": 1}',
    b"x" * 4097,
    b"x" * 100_000,
]


@pytest.mark.parametrize("frame", MALFORMED, ids=lambda frame: repr(frame[:40]))
def test_a_malformed_frame_is_denied_and_the_next_one_is_served(frame: bytes, server):
    port = server.getsockname()[1]
    with Talk("*:443", f"127.0.0.1:{port}") as talk:
        told = talk.frame(frame)
        assert list(told) == ["denied"]
        assert told["denied"].isprintable()
        assert talk.looked_up == []
        assert talk.ask("127.0.0.1", port) == {"connected": "127.0.0.1"}


@pytest.mark.parametrize("count", [5_000, pytest.param(300_000, marks=pytest.mark.slow)])
def test_fuzz_every_frame_gets_exactly_one_answer(count: int):
    """Seeded mutations of requests. Nothing listens at the only granted address: no more than a refused connection comes of it."""
    chance = random.Random(11)
    whole = b'{"host":"127.0.0.1","port":1,"timeout":0.5}'
    pieces = [b"{", b"[", b'"', b"\\u0000", b"\\ud800", b"NaN", b"1e999", b"9" * 500, b"\xff", b"\0", b"true", b"null", b",", b"%", whole]
    answers = 0
    used = time.process_time()
    with Talk("127.0.0.1:1", "*.example.com:443", says=["127.0.0.1"]) as talk:
        for _ in range(count):
            frame, at = bytearray(whole), 20
            for _ in range(chance.randint(0, 3)):
                at = chance.randint(0, len(frame))
                frame[at : at + chance.choice((0, 0, 1, 5))] = chance.choice(pieces) * chance.choice((1, 1, 1, 300))
            talk.proxy.renew()
            answer = talk.frame(bytes(frame[: min(chance.choice((100_000, at)), 100_000)]) or b" ")
            assert len(answer) == 1
            assert set(answer) <= {"denied", "failed"}
            answers += 1
    assert answers == count
    assert (time.process_time() - used) / count < 0.01


def test_a_plugin_that_does_not_read_its_answers_is_hung_up_on_and_nobody_waits_for_it():
    with Talk("*:443") as talk:
        sent = 0
        with pytest.raises(OSError, match="Broken pipe"):
            while sent < 10 * MOST_REQUESTS:
                talk.proxy.theirs.sendall(b"{}")
                sent += 1
                if not talk.proxy.serve(1.0):
                    talk.proxy.theirs.sendall(b"{}")
        assert sent < 200


def test_the_requests_of_a_call_are_counted_and_the_next_call_has_as_many(server):
    port = server.getsockname()[1]
    with Talk(f"127.0.0.1:{port}") as talk:
        for _ in range(MOST_REQUESTS):
            assert "denied" in talk.frame(b"{}")
        talk.proxy.renew()
        assert "connected" in talk.ask("127.0.0.1", port)
        for _ in range(MOST_REQUESTS - 1):
            assert "denied" in talk.frame(b"{}")
        assert talk.frame(b"{}") == {"denied": f"more than {MOST_REQUESTS} requests in one call"}
        assert talk.proxy.theirs.recv(4096) == b""


@pytest.mark.parametrize("cut", range(0, 40, 5))
def test_a_plugin_that_goes_away_in_the_middle_is_no_exception(cut: int):
    with Talk("*:443") as talk:
        if cut:
            talk.proxy.theirs.sendall(b'{"host":"a.example","port":443,"timeout":1}'[:cut])
        talk.proxy.theirs.close()
        assert talk.proxy.serve(1.0) in (True, False)
        assert talk.proxy.serve(1.0) is False


def test_descriptors_that_a_plugin_sends_along_are_not_taken():
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Talk("*:443") as talk:
        opened = len(list(Path("/proc/self/fd").iterdir()))
        with open("/dev/null", "rb") as given:
            socket.send_fds(talk.proxy.theirs, [b"{}"], [given.fileno()] * 10)
        talk.proxy.serve(1.0)
        assert len(list(Path("/proc/self/fd").iterdir())) == opened
    assert len(list(Path("/proc/self/fd").iterdir())) == before
