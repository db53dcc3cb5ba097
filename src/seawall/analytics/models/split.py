"""Time-ordered validation with label delay: a model learns only from what was known when it was trained.

    |---- train ----|-- delay --|---- test ----|
                                ^ trained here: labels that arrive later are not known

The delay is the time that labels take. Without the gap, rows of the last days before the test would count as good
because nobody has reported them yet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
NEVER = np.iinfo(np.int64).max
DAY = 86_400_000  # ms


@dataclass(frozen=True, slots=True)
class Window:
    """Times in ms: rows of [start, stop) train, those of [at, until) test; `at` is when the model is trained."""

    start: int
    stop: int
    at: int
    until: int


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of one window, in order, and what was known of the training rows when the model was trained."""

    window: Window
    train: Ints
    bad: Flags  # bool[len(train)]
    test: Ints


def windows(first: int, until: int, train: int, delay: int, test: int, step: int | None = None) -> Iterator[Window]:
    """Windows that move by `step` ms (the test's length unless told) as long as their test ends by `until`.

    ValueError for lengths that are none.
    """
    step = test if step is None else step
    if min(train, test, step) <= 0 or delay < 0:
        raise ValueError("train, test and step must be longer than 0, the delay not shorter")
    start = first
    while start + train + delay + test <= until:
        at = start + train + delay
        yield Window(start, start + train, at, at + test)
        start += step


def split(times: Ints, known_at: Ints, window: Window) -> Split:
    """The rows of a window. times int64[n]; known_at int64[n]: when a row's bad label arrived, NEVER where it has none.

    A label that arrives after the training does not count; ValueError for one that arrives before its row.
    """
    if np.any(known_at < times):
        raise ValueError("a label arrives before the event that it is on; give the time at which it became known")
    train = np.flatnonzero((times >= window.start) & (times < window.stop))
    test = np.flatnonzero((times >= window.at) & (times < window.until))
    return Split(window, train, known_at[train] <= window.at, test)
