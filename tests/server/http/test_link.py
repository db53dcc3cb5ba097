"""Frames between the HTTP process and the engine's."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.server.http.link import Answered, Asked, Down, Link, Metered, Up
from seawall.server.metrics import RouteMeter

UPS = [
    Up([Asked(1, 0, "", b"", {}, "127.0.0.1", b"{}", 5)], [], 3, ""),
    Up([], [Metered("decide", {401: 2}, [2] + [0] * 14, 0.1)], 0, "serving"),
    Up([Asked(2, 4, "名单", b"lang=en", {b"accept": b"*/*"}, "::1", b"\x00\xff" * 90_000, 2**62)], [], 1, ""),
]


class Wire:
    """Stands for the transport: keeps what was written."""

    def __init__(self) -> None:
        self.sent = b""
        self.closed = False

    def write(self, data: bytes) -> None:
        self.sent += bytes(data)

    def close(self) -> None:
        self.closed = True


def link(kind: type, found: list[Any]) -> tuple[Link[Any], Wire]:
    made: Link[Any] = Link(kind, found.append, lambda: found.append("lost"))
    wire = Wire()
    made.connection_made(wire)  # type: ignore[arg-type]
    return made, wire


@given(st.lists(st.integers(1, 200_000), max_size=12))
def test_frames_come_whole_however_they_are_cut(cuts: list[int]) -> None:
    sender, wire = link(Down, [])
    for frame in UPS:
        sender.send(frame)
    found: list[Any] = []
    receiver, _ = link(Up, found)
    data = wire.sent
    for cut in cuts:
        receiver.data_received(data[:cut])
        data = data[cut:]
    receiver.data_received(data)
    assert found == UPS


def test_answers_go_the_other_way() -> None:
    sender, wire = link(Up, [])
    sent = Down([Answered(7, 200, b"{}", b"content-type: x\r\n", 1)], drain=True)
    sender.send(sent)
    found: list[Any] = []
    link(Down, found)[0].data_received(wire.sent)
    assert found == [sent]


def test_the_end_of_the_other_side_is_told_and_nothing_is_sent_after_it() -> None:
    found: list[Any] = []
    one, wire = link(Up, found)
    one.connection_lost(None)
    one.send(Down())
    assert found == ["lost"]
    assert wire.sent == b""


def test_counts_of_refusals_add_up() -> None:
    meter = RouteMeter("decide")
    meter.count(401, 0.0001)
    Metered("decide", {401: 2, 413: 1}, [3] + [0] * 14, 0.25).add_to(meter)
    assert meter.counts == {401: 3, 413: 1}
    assert meter.buckets[0] == 4
    assert meter.seconds == pytest.approx(0.2501)
