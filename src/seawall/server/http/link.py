"""What the HTTP process and the engine's process say to each other over a socket pair: frames of msgpack.

A frame holds all that one turn of a loop has to say, so that a busy link costs a read and a write a turn.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

from seawall.server.metrics import RouteMeter

_LENGTH = 4  # bytes, big endian, before each frame
_encode_into = msgspec.msgpack.Encoder().encode_into


class Asked(msgspec.Struct, array_like=True, gc=False):
    """An open request with its whole body. `route` by its place in the table; `began` in ns, the same clock."""

    number: int
    route: int
    argument: str
    query: bytes
    headers: dict[bytes, bytes]  # those of CARRIED that came
    peer: str
    body: bytes
    began: int


class Answered(msgspec.Struct, array_like=True, gc=False):
    """What becomes of a request that was asked: a Response, and the requests that it counts for."""

    number: int
    status: int
    body: bytes
    fields: bytes
    cost: int


class Metered(msgspec.Struct, array_like=True):
    """Requests of one route that were refused unasked."""

    name: str
    counts: dict[int, int]
    buckets: list[int]
    seconds: float

    def add_to(self, meter: RouteMeter) -> None:
        """Count them there."""
        for status, number in self.counts.items():
            meter.counts[status] = meter.counts.get(status, 0) + number
        meter.buckets = [one + more for one, more in zip(meter.buckets, self.buckets, strict=True)]
        meter.seconds += self.seconds


class Up(msgspec.Struct, array_like=True):
    """From the HTTP process. `news`: "serving", then at the end "drained" or "cut off"."""

    asked: list[Asked] = []
    metered: list[Metered] = []
    connections: int = 0
    news: str = ""


class Down(msgspec.Struct, array_like=True):
    """From the engine's process. `drain`: take no more, finish what runs, say so."""

    answered: list[Answered] = []
    drain: bool = False


CARRIED = (b"accept", b"accept-language", b"content-type")  # headers that are read after a request was opened
M = TypeVar("M")


class Link(asyncio.Protocol, Generic[M]):
    """One end: `send` frames, be told of each that comes and of the end of the other side."""

    def __init__(self, kind: type[M], receive: Callable[[M], None], lost: Callable[[], None]) -> None:
        self._decode = msgspec.msgpack.Decoder(kind).decode
        self._receive, self._lost = receive, lost
        self._rest = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The pair is open."""
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """The other side has ended."""
        self._transport = None
        self._lost()

    def send(self, frame: Up | Down) -> None:
        """One frame; nothing happens where the other side is gone."""
        if self._transport is None:
            return
        data = bytearray(_LENGTH)
        _encode_into(frame, data, _LENGTH)
        data[:_LENGTH] = (len(data) - _LENGTH).to_bytes(_LENGTH, "big")
        self._transport.write(data)

    def close(self) -> None:
        """End it, once what was sent is out."""
        if self._transport is not None:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        """Frames, or pieces of them."""
        kept = self._rest
        kept += data
        start, size = 0, len(kept)
        while size - start >= _LENGTH:
            stop = start + _LENGTH + int.from_bytes(kept[start : start + _LENGTH], "big")
            if stop > size:
                break
            with memoryview(kept) as view:
                frame = self._decode(view[start + _LENGTH : stop])
            start = stop
            self._receive(frame)
        del kept[:start]
