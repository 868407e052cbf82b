"""Writing to streams that somebody closes, or that know little."""

import io

import pytest

from core.cli.console import PACE, Look, Output


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


def test_symbols_become_ascii_where_nothing_else_is_known(clock):
    stream = io.StringIO()
    Output(stream, Look(unicode=False), monotonic=clock).add("✓ ▸ é … │\n")
    assert stream.getvalue() == "+ > \\xe9 ~ |\n"


def test_text_that_the_encoding_lacks_is_escaped(clock):
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    Output(stream, Look(), monotonic=clock).add("aé\udcff\n")
    assert stream.buffer.getvalue() == "aé\\udcff\n".encode()
