"""The context words a kernel reads: addresses of its buffers, then the plan's constants for what is not hot.

The constants let the sweeper and the rare paths be loops over rows instead of code generated for every chain.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from .ops import IS_DOUBLE, IS_INT, MISSING, NAN_BITS, NOT_OURS
from .plan import DOUBLE, INT, Chain, Plan, Table


class TableRow(NamedTuple):
    """What the sweeper knows of a table. Places are byte offsets in the context, 0 where there is none."""

    records: int
    stride: int
    chains: int  # its first chain row
    chains_end: int
    slots: int  # hash table of a composite
    seen: int  # last-seen times of a single key
    reach: int  # ms after which an unseen entity is forgotten


class ChainRow(NamedTuple):
    """What the sweeper knows of a chain; `floor` and `base` are its scratch words, `chain_constants` follow."""

    shape: int
    at: int  # byte offset in the record
    members: int  # place of the set of a distinct chain, 0 for other chains
    resolution: int
    calendar: int  # byte offset in the sweep's calendars, -1 for a sliding window
    floor: int = 0
    base: int = 0


CONSTANTS_AT = 8 * len(ChainRow._fields)
RESOLUTION_AT = 8 * ChainRow._fields.index("resolution")


class Context:
    """Places in the context words of a plan: buffers by word, constants by word from `first_constant` on."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.pool = 0
        self.records = [1 + index for index in range(len(plan.tables))]
        after = 1 + len(plan.tables)
        self.slots = {index: after + n for n, index in enumerate(i for i, t in enumerate(plan.tables) if t.composite)}
        after += len(self.slots)
        distinct = [chain.number for chain in plan.chains if chain.kind == "distinct"]
        self.sets = {number: after + n for n, number in enumerate(distinct)}
        after += len(self.sets)
        self.seen = [after + index for index in range(len(plan.spaces))]
        self.first_constant = after + len(plan.spaces)
        self.types = self.first_constant  # one word a feature
        after = self.types + len(plan.features)
        self.absent = []  # per table, from where to where: pairs (byte offset in the output row, value)
        for table in plan.tables:
            size = 2 * sum(len(chain.readers) for chain in table.chains)
            self.absent.append((after, after + size))
            after += size
        self.tables = after
        after += len(TableRow._fields) * len(plan.tables)
        self.chain_words = len(ChainRow._fields) + max(
            (len(chain_constants(chain)) for chain in plan.chains), default=0
        )
        self.chains = []  # per table, from where to where
        self.rows: dict[int, int] = {}  # per chain
        for table in plan.tables:
            start = after
            for chain in table.chains:
                self.rows[chain.number] = after
                after += self.chain_words
            self.chains.append((start, after))
        self.words = after

    def constants(self, shapes: dict[int, int]) -> list[int]:
        """The words from `first_constant` on; shapes: which expiry function serves each chain (by number)."""
        words = [self._type(index) for index in range(len(self.plan.features))]
        for table in self.plan.tables:
            for chain in table.chains:
                for reader in chain.readers:
                    double = self.plan.types[reader.feature] == DOUBLE
                    words += [8 * reader.feature, NAN_BITS if double else MISSING]
        for number, table in enumerate(self.plan.tables):
            words += self._table_row(number, table)
        for table in self.plan.tables:
            for chain in table.chains:
                row = [*self._chain_row(chain, shapes[chain.number]), *chain_constants(chain)]
                words += row + [0] * (self.chain_words - len(row))
        assert len(words) == self.words - self.first_constant, "the constants fill their words"
        return words

    def _type(self, feature: int) -> int:
        """How a feature becomes a double of the vector; text and value features are the host's."""
        if not self.plan.features[feature].agg:
            return NOT_OURS
        return {DOUBLE: IS_DOUBLE, INT: IS_INT}.get(self.plan.types[feature], NOT_OURS)

    def _table_row(self, number: int, table: Table) -> TableRow:
        chains, end = self.chains[number]
        records, stride = 8 * self.records[number], 8 * table.words
        if table.composite:
            below = [chain.reach_ms for chain in self.plan.chains if self._hangs_on(chain.table, number)]
            return TableRow(records, stride, 8 * chains, 8 * end, 8 * self.slots[number], 0, max(below, default=0))
        seen = 8 * self.seen[table.space]
        return TableRow(records, stride, 8 * chains, 8 * end, 0, seen, self.plan.reach[table.space])

    def _chain_row(self, chain: Chain, shape: int) -> ChainRow:
        members = 8 * self.sets[chain.number] if chain.kind == "distinct" else 0
        calendar = -1 if chain.calendar is None else 8 * chain.calendar
        return ChainRow(shape, 8 * chain.word, members, chain.resolution, calendar)

    def _hangs_on(self, table: int, ancestor: int) -> bool:
        """Whether records of `table` are found through slots of `ancestor` (or are its own)."""
        current: int | None = table
        while current is not None:
            if current == ancestor:
                return True
            current = self.plan.tables[current].parent
        return False


def chain_constants(chain: Chain) -> list[int]:
    """What tells chains of one shape apart: how far each window reaches back, an offset, the readers' places."""
    if chain.calendar is not None:
        spans = [0]
    else:
        spans = [chain.offset_ms + length - chain.resolution for length in chain.windows]
    offset = [chain.offset_ms] if chain.offset_ms else []
    return [*spans, *offset, *(8 * reader.feature for reader in chain.readers)]


def bits(value: float) -> int:
    """A double's bits as an int64."""
    found: int = struct.unpack("<q", struct.pack("<d", value))[0]
    return found
