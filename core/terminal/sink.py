"""Where the text of an Output goes: to a descriptor, which may take it later, or to a stream that somebody put in its place."""

from __future__ import annotations

import io
import os
import stat
import time
from collections import deque
from contextlib import suppress
from typing import Protocol, TextIO

from core.terminal.descriptor import Descriptor

#: Seconds before the next try where a descriptor said that it takes something and took nothing.
_AGAIN = 0.01


class Sink(Protocol):
    """Takes text in order. Only ``drain`` waits; nothing raises."""

    #: Nothing is written any more: the reader has gone, or the place has refused.
    closed: bool
    #: Why text is lost that somebody may want; None while none is, and where the reader has gone.
    refusal: OSError | None
    #: Bytes that the reader has not taken yet.
    waiting: int

    def add(self, text: str) -> None:
        """Write ``text`` as far as the reader takes it, and keep the rest."""

    def add_bytes(self, content: bytes) -> None:
        """Do the same with bytes."""

    def push(self) -> None:
        """Write of what is kept as much as the reader takes."""

    def drain(self, seconds: float | None) -> bool:
        """Wait until everything is taken or lost, at most ``seconds`` (None: as long as it takes); return whether it is."""


class DescriptorSink:
    """A Sink on a descriptor. A short write is a part that is written, and the rest follows."""

    def __init__(self, descriptor: Descriptor, encoding: str, errors: str) -> None:
        self.closed = False
        self.refusal: OSError | None = None
        self.waiting = 0
        self._descriptor, self._encoding, self._errors = descriptor, encoding, errors
        self._kept: deque[memoryview] = deque()

    def add(self, text: str) -> None:
        try:
            content = text.encode(self._encoding, self._errors)
        except UnicodeEncodeError:
            # A file name or a log that is no valid text in this encoding.
            content = text.encode(self._encoding, "backslashreplace")
        self.add_bytes(content)

    def add_bytes(self, content: bytes) -> None:
        if content and not self.closed:
            self._kept.append(memoryview(content))
            self.waiting += len(content)
            self.push()

    def push(self) -> None:
        try:
            while self._kept and (taken := self._descriptor.write(self._kept[0])):
                self.waiting -= taken
                self._kept[0] = self._kept[0][taken:]
                if not self._kept[0]:
                    self._kept.popleft()
        except OSError as error:
            self._close(error)

    def drain(self, seconds: float | None) -> bool:
        until = None if seconds is None else time.monotonic() + seconds
        while self.waiting:
            before = self.waiting
            left = None if until is None else until - time.monotonic()
            if (left is not None and left <= 0) or not self._descriptor.wait(left):
                return False
            self.push()
            if self.waiting == before:
                time.sleep(_AGAIN)
        return True

    def _close(self, error: OSError) -> None:
        self.closed = True
        self.refusal = None if isinstance(error, BrokenPipeError) else error
        self._kept.clear()
        self.waiting = 0


class StreamSink:
    """A Sink on a stream of Python's that is no descriptor, or not only one: it takes all at once, or refuses."""

    waiting = 0

    def __init__(self, stream: TextIO) -> None:
        self.closed = False
        self.refusal: OSError | None = None
        self._stream = stream

    def add(self, text: str) -> None:
        if self.closed:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except UnicodeEncodeError:
            encoding = self._stream.encoding or "ascii"
            self.add(text.encode(encoding, "backslashreplace").decode(encoding))
        except (BrokenPipeError, ValueError):
            self.closed = True
        except OSError as error:
            self.closed = True
            self.refusal = error

    def add_bytes(self, content: bytes) -> None:
        self.add(content.decode(self._stream.encoding or "utf-8", "replace"))

    def push(self) -> None:
        """Nothing is kept."""

    def drain(self, seconds: float | None) -> bool:
        del seconds
        return True


def sink_of(stream: TextIO) -> Sink:
    """Return the Sink of a standard stream: on its descriptor, unless somebody has replaced the stream by one of another kind."""
    if type(stream) is io.TextIOWrapper and isinstance(getattr(stream.buffer, "raw", stream.buffer), io.FileIO):
        with suppress(OSError, ValueError):
            stream.flush()
            return DescriptorSink(Descriptor(stream.fileno()), stream.encoding, stream.errors or "strict")
    return StreamSink(stream)


def same_place(one: TextIO | None, other: TextIO | None) -> bool:
    """Return whether both streams lead to one pipe, terminal or socket, in which their texts have an order."""
    if one is None or other is None:
        return False
    try:
        first, second = os.fstat(one.fileno()), os.fstat(other.fileno())
    except (OSError, ValueError):
        return False
    return os.path.samestat(first, second) and not stat.S_ISREG(first.st_mode)
