"""The machine that is measured: one processor for everybody, peers and ourselves alike, or all; a free port."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager

_VARIABLES = ("POLARS_MAX_THREADS", "OMP_NUM_THREADS", "NUMBA_NUM_THREADS", "RAYON_NUM_THREADS")


def free_port() -> int:
    """A port of the loopback that nothing listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        port: int = one.getsockname()[1]
        return port


@contextmanager
def one_processor() -> Iterator[None]:
    """Pin this process to one CPU where the system can, and ask libraries not yet imported for one thread."""
    earlier = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    for name in _VARIABLES:
        os.environ.setdefault(name, "1")
    if earlier:
        os.sched_setaffinity(0, {max(earlier)})
    try:
        yield
    finally:
        if earlier:
            os.sched_setaffinity(0, earlier)


@contextmanager
def all_processors() -> Iterator[None]:
    """Let this process, and what it starts, run on every CPU again: for services of several processes."""
    earlier = os.sched_getaffinity(0) if hasattr(os, "sched_setaffinity") else set()
    if earlier:
        os.sched_setaffinity(0, range(os.cpu_count() or 1))
    try:
        yield
    finally:
        if earlier:
            os.sched_setaffinity(0, earlier)
