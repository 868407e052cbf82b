"""Writing to streams that somebody closes, or that know little."""

import io
from contextlib import nullcontext

import pytest

from core.errors import StorageError
from core.terminal.output import PACE, Look, Output


def test_writes_closer_than_the_pace_are_one_write(clock, terminal):
    output = Output(terminal, Look(), monotonic=clock)
    for word in ("a", "b", "c"):
        output.add(word)
    assert terminal.written == ["a"]
    clock.at += PACE
    output.tick()
    assert terminal.written == ["a", "bc"]


def test_flush_does_not_wait_for_the_pace(clock, terminal):
    output = Output(terminal, Look(), monotonic=clock)
    output.add("a")
    output.add("b")
    output.flush()
    assert terminal.written == ["a", "b"]


@pytest.mark.parametrize("error", [BrokenPipeError(), OSError(5, "EIO"), ValueError("I/O operation on closed file")])
def test_a_closed_stream_is_noted_and_never_written_again(clock, error):
    calls = []

    class Gone(io.StringIO):
        def write(self, text):
            calls.append(text)
            raise error

    output = Output(Gone(), Look(), monotonic=clock)
    output.add("a")
    clock.at += 1
    output.add("b")
    output.flush()
    assert output.closed
    assert calls == ["a"]


@pytest.mark.parametrize(
    ("error", "terminal", "lost"),
    [
        (OSError(28, "No space left on device"), False, True),
        (BlockingIOError(11, "Resource temporarily unavailable"), False, True),
        (BrokenPipeError(), False, False),
        (OSError(5, "EIO"), True, False),
    ],
    ids=["disk", "non-blocking", "pipe", "terminal"],
)
def test_what_is_lost_is_an_error_in_the_end_unless_the_reader_has_left(clock, error, terminal, lost):
    class Refusing(io.StringIO):
        def write(self, _text):
            raise error

    output = Output(Refusing(), Look(terminal=terminal), monotonic=clock)
    output.add("a")
    with pytest.raises(StorageError, match=error.strerror) if lost else nullcontext():
        output.finish()


def test_symbols_become_ascii_where_nothing_else_is_known(clock):
    stream = io.StringIO()
    Output(stream, Look(unicode=False), monotonic=clock).add("✓ ▸ é … │\n")
    assert stream.getvalue() == "+ > \\xe9 ~ |\n"


def test_text_that_the_encoding_lacks_is_escaped(clock):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    Output(stream, Look(), monotonic=clock).add("aé\udcff\n")
    assert stream.buffer.getvalue() == "aé\\udcff\n".encode()
