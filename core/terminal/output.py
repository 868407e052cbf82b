"""One output stream of a command: its look, and text on its way to it that never waits for a reader unless that is asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TextIO

from core.domain.untrusted.printable import inert, visible
from core.errors import StorageError
from core.reports.text.style import Style
from core.terminal.sink import Sink, StreamSink

#: Seconds between two writes while more is coming.
PACE = 0.1
_LOST = "the result could not be written to stdout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is known of a stream before anything is written to it."""

    terminal: bool = False
    colour: bool = False
    live: bool = False
    #: Whether it can show characters beyond ASCII.
    unicode: bool = True
    #: Whether a CI service may read it, and obey what it reads.
    ci: bool = False

    @property
    def obeyed(self) -> bool:
        """Whether what is written may be taken for orders, by a terminal or by a CI service."""
        return self.terminal or self.ci


#: Our symbols, where a stream knows ASCII only.
_ASCII = str.maketrans(
    {"✓": "+", "✗": "x", "↻": "~", "▸": ">", "·": "-", "…": "~", "│": "|", "○": "o", "−": "-", "→": ">", "━": "=", "─": "-"}
)


class Output:
    """A stream with a memory of up to PACE seconds, and of what its reader has not taken yet. Only ``finish`` waits and raises.

    Every text goes through here, and no secret that is known comes out: ``mask`` takes them away. What others chose
    neither gives orders to a terminal nor to a CI service.
    """

    def __init__(
        self,
        stream: TextIO,
        look: Look,
        monotonic: Callable[[], float] = time.monotonic,
        mask: Callable[[str], str] = lambda text: text,
        *,
        sink: Sink | None = None,
    ) -> None:
        """``sink`` is where text goes to; default: to ``stream``, which is asked for its size only where there is a sink."""
        self.look = look
        self.mask = mask
        #: Seconds that ``finish`` waits for the reader; None: as long as it takes.
        self.patience: float | None = None
        self._stream = stream
        self._sink = StreamSink(stream) if sink is None else sink
        self._monotonic = monotonic
        self._pending: list[str] = []
        self._written = -PACE
        self._given_up = False

    @property
    def closed(self) -> bool:
        """Whether nothing is written any more: the reader has gone, or the disk is full."""
        return self._sink.closed

    @property
    def waiting(self) -> int:
        """Bytes that were written and that the reader has not taken yet."""
        return self._sink.waiting

    @property
    def problem(self) -> str:
        """Why some of what was written is lost although somebody may want it, one sentence; else empty, as on a terminal."""
        if self._given_up:
            return f"{_LOST}: nobody read it"
        if self._sink.refusal is None or self.look.terminal:
            return ""
        return f"{_LOST}: {self._sink.refusal.strerror or self._sink.refusal}"

    def add(self, text: str) -> None:
        """Write ``text`` now, or together with what follows within PACE seconds; call ``tick`` in pauses, ``flush`` at the end."""
        self.add_exact(self.harmless(text))

    def add_exact(self, text: str) -> None:
        """Write a document, or words to a CI service or a terminal, as they are: whoever made them has escaped what is not theirs."""
        self._pending.append(self.mask(text))
        self.tick()

    def add_bytes(self, content: bytes) -> None:
        """Write what somebody asked for byte for byte: it is neither masked nor escaped."""
        self.flush()
        self._sink.add_bytes(content)

    def harmless(self, text: str) -> str:
        """Return ``text`` with escapes for all control characters but our own colours, and in CI for what begins a command."""
        text = visible(self.mask(text), colour=self.look.colour)
        return inert(text) if self.look.ci else text

    def tick(self) -> None:
        """Write what the reader takes now, and what is pending unless something was written less than PACE seconds ago."""
        if self._sink.waiting:
            self._sink.push()
        if self._pending and self._monotonic() - self._written >= PACE:
            self.flush()

    def flush(self) -> None:
        """Write what is pending, in one go, as far as the reader takes it now."""
        if self._pending:
            text = "".join(self._pending)
            self._pending.clear()
            self._sink.add(text if self.look.unicode else text.translate(_ASCII).encode("ascii", "backslashreplace").decode())
            self._written = self._monotonic()

    def finish(self) -> None:
        """Write what is pending and wait for the reader, at most ``patience`` seconds.

        Raises StorageError when any of what was ever written is lost; a reader who left misses nothing.
        """
        self.flush()
        self._given_up = not self._sink.drain(self.patience)
        if self.problem:
            raise StorageError(self.problem)

    def size(self) -> tuple[int, int]:
        """Return columns and rows of the terminal as they are now; 80 × 24 where nobody knows."""
        with suppress(OSError, ValueError):
            size = os.get_terminal_size(self._stream.fileno())
            if size.columns > 0 and size.lines > 0:
                return size.columns, size.lines
        return 80, 24

    def style(self) -> Style:
        """Return the look of text for this stream as wide as it is now."""
        return Style(colour=self.look.colour, width=self.size()[0] if self.look.terminal else None)
