"""How much the server takes from one client and from all of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the HTTP server; times in seconds, sizes in bytes."""

    connections: int = 1_000
    header_bytes: int = 16_384  # request line and headers of one request
    header_seconds: float = 10.0  # from the first byte of a request (or the connection) to its last header
    body_seconds: float = 30.0  # from there to the end of its body
    idle_seconds: float = 75.0  # between two requests of a connection
    answer_seconds: float = 120.0  # for the service to answer
    write_seconds: float = 30.0  # for the client to take the answer
    linger_seconds: float = 2.0  # what a refused client still sends is thrown away so long, then it is cut off
    pipelined: int = 16  # requests of one connection that wait for their turn
    large_bodies: int = 64 * 1024 * 1024  # batches in memory at once, all connections together
    drain_seconds: float = 10.0  # for what runs when the server stops
    tick_seconds: float = 0.25  # how often deadlines are looked at


DISCARDED = 65_536  # a refused body up to this size is read and thrown away, so that the connection can go on
