"""Where chance comes from: named streams, parameter ranges and one-to-one scrambling of numbers.

Every part of the simulation draws from a stream of its own, named by words and numbers, so that one part never
shifts another's draws. Nothing here reads a clock or a salted hash.
"""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[Any]
Floats = NDArray[np.float64]

UID_BITS = 62
_UID_MASK = np.uint64((1 << UID_BITS) - 1)


def stream(seed: int, *name: str | int) -> np.random.Generator:
    """The random stream of `seed` called `name`; equal arguments give equal draws on every machine."""
    words = [zlib.crc32(part.encode()) if isinstance(part, str) else part for part in name]
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, len(words), *words])))


@dataclass(frozen=True, slots=True)
class Range:
    """A closed interval that a parameter is drawn from: evenly, or evenly in its logarithm."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        assert self.low <= self.high, f"a range runs upwards, not from {self.low} to {self.high}"
        assert self.low > 0 or not self.log, "a logarithmic range is positive"

    def narrowed(self, rng: np.random.Generator) -> Range:
        """A part of this range, a quarter to three fifths as wide, anywhere inside it."""
        width = rng.uniform(0.25, 0.6)
        begin = rng.uniform(0.0, 1.0 - width)
        return Range(self._at(begin), self._at(begin + width), self.log)

    def draw(self, rng: np.random.Generator) -> float:
        return self._at(float(rng.random()))

    def _at(self, share: float) -> float:
        if self.log:
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return min(max(value, self.low), self.high)


def scramble32(index: Ints, key: int) -> Ints:
    """Each index (any shape, below 2**32) under another number of 32 bits; one-to-one for a given key."""
    x = np.asarray(index).astype(np.uint32) ^ np.uint32(key & 0xFFFFFFFF)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = (x ^ (x >> np.uint32(shift))) * np.uint32(factor)
    return x ^ (x >> np.uint32(16))


def scramble62(number: Ints, key: int) -> Ints:
    """Each number below 2**62 (any shape) under another such number; one-to-one for a given key."""
    x = np.asarray(number).astype(np.uint64) ^ (np.uint64(key & 0xFFFFFFFFFFFFFFFF) & _UID_MASK)
    for shift, factor in ((31, 0xBF58476D1CE4E5B9), (29, 0x94D049BB133111EB)):
        x = ((x ^ (x >> np.uint64(shift))) * np.uint64(factor)) & _UID_MASK
    return x ^ (x >> np.uint64(31))
