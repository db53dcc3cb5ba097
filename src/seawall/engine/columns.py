"""History as columns: what a file reader hands the engine, and what the engine hands back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
MISSING = -0x8000000000000000


@dataclass(frozen=True, slots=True)
class IntColumn:
    """money (minor units), int, decimal (scaled), time (ms), bool (0/1): int64[n], absent = MISSING."""

    values: Ints


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """number: float64[n], absent = NaN."""

    values: Floats


@dataclass(frozen=True, slots=True)
class TextColumn:
    """key, code, string, currency: codes int64[n] into `texts` (distinct, never empty strings twice), absent = -1."""

    codes: Ints
    texts: Sequence[str]

    def used(self) -> list[int]:
        """The codes that occur, ascending: a dictionary may serve many blocks and be far larger than this one."""
        seen = np.zeros(len(self.texts) + 1, bool)  # code -1 marks the last
        seen[self.codes] = True
        return [int(code) for code in np.flatnonzero(seen[:-1])]


Column = IntColumn | NumberColumn | TextColumn


@dataclass(slots=True)
class Block:
    """n records in sequence order: events and labels as the door would have admitted them.

    types: int64[n] codes into `type_names`, where a label reads "label.fraud". times: event_time or label_time in ms.
    event_ids: one text a record. columns: every admitted field by name, incl. base_amount and derived fields; a label
    has its entity keys there and nothing else.

    Records of a journal say more: sequences, their numbers, rising (None: one after another); stated, what they have as
    event_time and received_at, while `times` holds the earlier of the two; passed, the latest time of the records
    before each that the block leaves out: the sequence's clock went by them too.
    """

    type_names: Sequence[str]
    types: Ints
    times: Ints
    event_ids: Sequence[str]
    columns: Mapping[str, Column]
    sequences: Ints | None = None
    stated: Mapping[str, Ints] = field(default_factory=dict)
    passed: Ints | None = None

    def __len__(self) -> int:
        return len(self.times)

    def time(self, name: str) -> Ints:
        """int64[n]: event_time or received_at, ms. A file's record arrives at its own time."""
        return self.stated.get(name, self.times)


@dataclass(slots=True)
class Decided:
    """Decisions of one block, a row an event (labels have none), in sequence order.

    rows: index of the event in the block. outcomes: codes into OUTCOMES (0 approve … 3 decline). fired: index into
    `combinations`, each a tuple of fired rule ids in reason order. features: float64[n, F] in name order, the vector of
    `content_hash` (missing = NaN): the features, then the models' scores under `models.NAME`. list_hits, degraded,
    faults: only rows that have any. hashes: [] unless asked for.
    """

    rows: Ints
    sequences: Ints
    late_by_ms: Ints
    outcomes: Ints
    scores: Ints
    fired: Ints
    combinations: Sequence[tuple[str, ...]]
    feature_names: Sequence[str]
    features: Floats
    list_hits: dict[int, list[str]] = field(default_factory=dict)
    degraded: dict[int, list[str]] = field(default_factory=dict)
    faults: dict[int, tuple[str, ...]] = field(default_factory=dict)
    hashes: list[str] = field(default_factory=list)
