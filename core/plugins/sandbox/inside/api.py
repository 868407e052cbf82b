"""All that a plugin may import of ours, as ``core.plugins.api``: the context of a call, and how to reach the network."""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock  # importing threading takes 1 ms

#: Version of the contract of each kind that this host speaks.
CONTRACTS = {"task": 1, "auditor": 1, "reporter": 1, "listener": 1, "command": 1}

#: Where a URL without a port leads, by its scheme.
_PORTS = {"http": 80, "https": 443}

#: Held from a request to its answer: all threads share one channel, and answers carry no request id.
_CHANNEL = allocate_lock()


class Denied(Exception):
    """The host refused something that the plugin has no permission for."""


class Mistake(ValueError):
    """A mistake of the caller or in the configuration: reported as its message, without a traceback."""


class Context:
    """One call. A plugin's ``run(context)`` returns the result that the contract of ``context.kind`` describes."""

    __slots__ = ("_network", "config", "input", "kind", "name", "plugin", "root", "temporary")

    def __init__(self, call: dict, setup: dict) -> None:  # type: ignore[type-arg]
        #: ``task``, ``auditor``, ``reporter``, ``listener`` or ``command``.
        self.kind: str = call["kind"]
        #: Name of the command or format that was asked for.
        self.name: str = call["name"]
        #: The ``with:`` of the task or the plugin's section of config.yaml; fits the manifest's ``config``.
        self.config: dict = call["config"]  # type: ignore[type-arg]
        #: What the contract of the kind gives.
        self.input: dict = call["input"]  # type: ignore[type-arg]
        #: The plugin's id.
        self.plugin: str = setup["plugin"]
        #: Absolute path of the repository.
        self.root: str = setup["root"]
        #: A private, empty directory that is gone after the plugin ends.
        self.temporary: str = setup["temporary"]
        self._network: int = setup["network"]

    def log(self, message: str) -> None:
        """Write a line to the plugin's log."""
        os.write(2, (str(message) + "\n").encode("utf-8", "replace"))

    def path(self, *parts: str) -> str:
        """Return an absolute path inside the repository."""
        return os.path.join(self.root, *parts)

    def connect(self, host: str, port: int, timeout: float = 10.0):  # type: ignore[no-untyped-def]  # noqa: ANN201
        """Return a connected TCP socket to ``host:port``. Raises Denied without permission, OSError when it cannot connect."""
        import socket

        from core.plugins.sandbox.inside.wire import decode, encode

        if self._network < 0:
            sys.audit("orchestrator.connect", host, port)
            raise Denied(f"{self.plugin} asked for no network: add {host}:{port} to permissions.net")
        with _CHANNEL, socket.socket(fileno=os.dup(self._network)) as channel:
            channel.sendall(encode({"host": host, "port": port, "timeout": timeout}).encode("ascii") + b"\n")
            line, descriptors, _, _ = socket.recv_fds(channel, 4096, 1)
        answer = decode(line.decode("ascii").rstrip("\n")) if line else {"denied": "the host hung up"}
        if "denied" in answer:
            raise Denied(answer["denied"])
        if "failed" in answer:
            raise OSError(answer["failed"])
        connected = socket.socket(fileno=descriptors[0])
        connected.settimeout(timeout)
        return connected

    def request(  # type: ignore[no-untyped-def]
        self,
        method: str,
        url: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        timeout: float = 10.0,
        connect=None,  # noqa: ANN001 – a function like self.connect
    ) -> tuple[int, bytes]:
        """Make one HTTP or HTTPS request and return (status, body); redirects are not followed.

        ``connect`` takes the place of ``self.connect``, for a plugin that wants to know how far it got.
        Raises Denied without permission for the URL's host and port, OSError when the connection fails, ValueError for the URL.
        """
        import http.client
        import urllib.parse

        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError(f"not an http or https URL: {url}")
        port = parts.port or _PORTS[parts.scheme]
        channel = (connect or self.connect)(parts.hostname, port, timeout)
        if parts.scheme == "https":
            import ssl

            channel = ssl.create_default_context().wrap_socket(channel, server_hostname=parts.hostname)
        connection = http.client.HTTPConnection(parts.hostname, port, timeout=timeout)
        connection.sock = channel
        try:
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request(
                method, target, body=body or None, headers={"User-Agent": f"orchestrator-plugin-{self.plugin}", **(headers or {})}
            )
            response = connection.getresponse()
            return response.status, response.read(1024 * 1024)
        finally:
            connection.close()


def context_for_test(
    kind: str,
    *,
    name: str = "",
    config: dict | None = None,  # type: ignore[type-arg]
    input: dict | None = None,  # type: ignore[type-arg]
    root: str = ".",
    temporary: str = "/tmp",  # noqa: S108 – a default for tests; the host gives a private one
) -> Context:
    """Return a context as the host would make it, without network; for a plugin's own tests."""
    call = {"kind": kind, "name": name, "config": config or {}, "input": input or {}}
    return Context(call, {"plugin": "test", "root": os.path.abspath(root), "temporary": temporary, "network": -1})
