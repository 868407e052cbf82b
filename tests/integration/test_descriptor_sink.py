"""Writing to real descriptors: nothing waits, nothing is lost, and nobody else's flags change."""

from __future__ import annotations

import os
import pty
import socket
import termios
from contextlib import suppress

import pytest

from core.terminal import descriptor as descriptor_module
from core.terminal.descriptor import Descriptor
from core.terminal.sink import DescriptorSink

_MUCH = bytes(range(256)) * 4096


def _pipe():
    return os.pipe()


def _socket():
    pair = socket.socketpair()
    numbers = tuple(os.dup(each.fileno()) for each in pair)
    for each in pair:
        each.close()
    return numbers


def _terminal():
    ours, theirs = pty.openpty()
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    return ours, theirs


@pytest.fixture(params=[_pipe, _socket, _terminal], ids=["pipe", "socket", "terminal"])
def ends(request):
    numbers = request.param()
    yield numbers
    for number in numbers:
        with suppress(OSError):
            os.close(number)


@pytest.fixture(params=[True, False], ids=["opened anew", "as it is"])
def sink(request, ends, monkeypatch):
    if not request.param:
        monkeypatch.setattr(descriptor_module, "_opened_anew", lambda _number: None)
    return DescriptorSink(Descriptor(ends[1]), "utf-8", "strict")


def test_what_nobody_reads_is_kept_without_waiting_and_arrives_in_order_when_somebody_does(ends, sink):
    sink.add_bytes(_MUCH)
    sink.add("the end")
    assert 0 < sink.waiting < len(_MUCH)
    assert not sink.drain(0.0)
    got = bytearray()
    while sink.waiting or len(got) < len(_MUCH) + 7:
        got += os.read(ends[0], 5000)
        sink.push()
    assert bytes(got) == _MUCH + b"the end"


def test_the_flags_that_others_share_stay_as_they_are(ends, sink):
    sink.add_bytes(_MUCH)
    assert os.get_blocking(ends[1])


def test_a_non_blocking_descriptor_loses_nothing(ends, sink):
    os.set_blocking(ends[1], False)
    test_what_nobody_reads_is_kept_without_waiting_and_arrives_in_order_when_somebody_does(ends, sink)


def test_a_reader_that_left_misses_nothing(ends, sink):
    os.close(ends[0])
    sink.add("text")
    sink.add("more")
    assert sink.closed
    assert sink.waiting == 0


def test_a_full_disk_is_a_refusal():
    number = os.open("/dev/full", os.O_WRONLY)
    sink = DescriptorSink(Descriptor(number), "utf-8", "strict")
    sink.add("text")
    os.close(number)
    assert sink.closed
    assert sink.refusal is not None
    assert sink.refusal.strerror == "No space left on device"
