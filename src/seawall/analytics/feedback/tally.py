"""Counts from which every figure of the rules follows: how often each combination of rules was seen, and with what.

A combination is one bit a rule for "was evaluated" and one for "fired". Combinations are few where events are many: a
tally of a year fits where its events would not, and tallies of parts join into that of the whole, in any order.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

EVENTS, KNOWN, FRAUDS, FRAUD_AMOUNT, AMOUNT = range(5)
COLUMNS = 5
MOST_RULES = 1_000
MOST_COMBINATIONS = 200_000


@dataclass(frozen=True, slots=True)
class Block:
    """Some events: fired bool[n, r]; known, fraud bool[n]; amount int64[n] in minor units, 0 or more.

    `known`: the label has arrived, and `fraud` is what it says. `evaluated` bool[n, r]: False where a rule did not
    exist yet or is not for this event type; None where each was evaluated.
    """

    fired: Bools
    known: Bools
    fraud: Bools
    amount: Ints
    evaluated: Bools | None = None


class Tally:
    """Combinations of rules and what was seen with each: int64 counts of EVENTS, KNOWN, FRAUDS, FRAUD_AMOUNT, AMOUNT.

    `fired`, `evaluated`: bool[k, r]; `counts`: int64[k, 5]. Combinations are sorted and distinct.
    """

    def __init__(self, rules: Sequence[str]) -> None:
        if not 1 <= len(rules) <= MOST_RULES:
            raise ValueError(f"between 1 and {MOST_RULES:,} rules are needed, got {len(rules):,}")
        if len(set(rules)) != len(rules):
            raise ValueError("a rule is named twice")
        self.rules = tuple(rules)
        self._width = (len(rules) + 7) // 8
        self._keys: NDArray[np.uint8] = np.zeros((0, 2 * self._width), dtype=np.uint8)
        self.counts: Ints = np.zeros((0, COLUMNS), dtype=np.int64)

    @property
    def fired(self) -> Bools:
        """bool[k, r]"""
        return self._bits(self._keys[:, : self._width])

    @property
    def evaluated(self) -> Bools:
        """bool[k, r]"""
        return self._bits(self._keys[:, self._width :])

    def add(self, block: Block) -> None:
        """Counts the events of a block; ValueError, with nothing counted, where its arrays do not fit."""
        fired = np.asarray(block.fired, dtype=bool)
        n = len(fired)
        evaluated = np.ones_like(fired) if block.evaluated is None else np.asarray(block.evaluated, dtype=bool)
        _check(block, fired, evaluated, len(self.rules))
        known = np.asarray(block.known, dtype=bool)
        fraud = known & np.asarray(block.fraud, dtype=bool)
        amount = np.asarray(block.amount, dtype=np.int64)
        counts = np.stack([np.ones(n, dtype=np.int64), known, fraud, np.where(fraud, amount, 0), amount], axis=1)
        self._merge(_keys(fired, evaluated), counts.astype(np.int64))

    def join(self, other: Tally) -> None:
        """Adds what another tally of the same rules has counted."""
        if other.rules != self.rules:
            raise ValueError("tallies of different rules cannot be joined")
        self._merge(other._keys, other.counts)

    def aligned(self, rules: Sequence[str]) -> Tally:
        """The same events over other rules, to join with: a rule not counted here was evaluated on none of them."""
        found = Tally(rules)
        place = {rule: at for at, rule in enumerate(self.rules)}
        both = []
        for bits in (self.fired, self.evaluated):
            moved = np.zeros((len(bits), len(rules)), dtype=bool)
            for at, rule in enumerate(found.rules):
                if rule in place:
                    moved[:, at] = bits[:, place[rule]]
            both.append(moved)
        found._merge(_keys(*both), self.counts)
        return found

    def to_bytes(self) -> bytes:
        """To be kept beside the events' day, compressed; `from_bytes` reads it."""
        target = io.BytesIO()
        rules = np.frombuffer(json.dumps(self.rules).encode(), dtype=np.uint8)
        np.savez_compressed(target, rules=rules, keys=self._keys, counts=self.counts)
        return target.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Tally:
        """ValueError where the bytes are no tally."""
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as kept:
                found = cls(json.loads(kept["rules"].tobytes()))
                keys, counts = kept["keys"], kept["counts"]
            shapes = (len(counts), 2 * found._width), (len(keys), COLUMNS)
        except (OSError, EOFError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, zlib.error) as fault:
            raise ValueError(f"these bytes hold no tally: {fault}") from None
        if (keys.shape, counts.shape) != shapes or (keys.dtype, counts.dtype) != (np.uint8, np.int64):
            raise ValueError("these bytes hold no tally: its arrays do not fit its rules")
        found._merge(keys, counts)
        return found

    def _merge(self, keys: NDArray[np.uint8], counts: Ints) -> None:
        found, at = np.unique(np.concatenate([self._keys, keys]), axis=0, return_inverse=True)
        if len(found) > MOST_COMBINATIONS:
            raise ValueError(
                f"more than {MOST_COMBINATIONS:,} combinations of rules: count fewer rules or a shorter time at once"
            )
        sums: Ints = np.zeros((len(found), COLUMNS), dtype=np.int64)
        np.add.at(sums, at.reshape(-1), np.concatenate([self.counts, counts]))
        self._keys, self.counts = found, sums

    def _bits(self, packed: NDArray[np.uint8]) -> Bools:
        return np.unpackbits(packed, axis=1, count=len(self.rules)).astype(bool)


def _keys(fired: Bools, evaluated: Bools) -> NDArray[np.uint8]:
    """uint8[n, 2 w]: one bit a rule, fired before evaluated, each half in whole bytes."""
    return np.concatenate([np.packbits(fired, axis=1), np.packbits(evaluated, axis=1)], axis=1)


def _check(block: Block, fired: Bools, evaluated: Bools, rules: int) -> None:
    n = len(fired)
    if fired.ndim != 2 or fired.shape[1] != rules or evaluated.shape != fired.shape:
        raise ValueError(f"fired and evaluated must have a row an event and {rules} columns, one a rule")
    for name, array in (("known", block.known), ("fraud", block.fraud), ("amount", block.amount)):
        if np.shape(array) != (n,):
            raise ValueError(f"{name} must have one value for each of the {n:,} events")
    if n and np.min(block.amount) < 0:
        raise ValueError("an amount is negative")
    if np.any(fired & ~evaluated):
        raise ValueError("a rule fired on an event on which it was not evaluated")
