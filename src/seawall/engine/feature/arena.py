"""The memory behind a kernel: growing flat buffers whose addresses the kernel reads from its context words."""

from __future__ import annotations

from types import ModuleType

import numpy as np

from ..errors import StateError
from .context import Context
from .emit import kernel_constants
from .memory import Memory, Words
from .ops import NODE
from .plan import Plan

_FIRST_NODES = 1 << 12
_FIRST_RECORDS = 1 << 8
_FIRST_ENTRIES = 1 << 9
_HEADER_WORDS = 4  # of a hash table
_FILL = 0.6


class Arena:
    """Pool, records, hash tables and last-seen times of one plan; bounded by `max_bytes` (StateError past it)."""

    def __init__(self, plan: Plan, kernel: ModuleType, max_bytes: int) -> None:
        self.plan = plan
        self.kernel = kernel
        self.max_bytes = max_bytes
        self.context = Context(plan)
        self.pool = Memory(_FIRST_NODES * NODE // 8)
        self.pool.words[0] = NODE
        self.records = [Memory(_FIRST_RECORDS * table.words) for table in plan.tables]
        self.slots = {index: _hash(_FIRST_ENTRIES) for index in self.context.slots}
        self.sets = {number: _hash(_FIRST_ENTRIES) for number in self.context.sets}
        self.seen = [Memory(_FIRST_RECORDS) for _ in plan.spaces]
        self.addresses = np.zeros(self.context.words, np.int64)
        self.addresses[self.context.first_constant :] = kernel_constants(plan)
        self.address = int(self.addresses.ctypes.data)
        self.calendars = np.zeros(max(1, len(plan.calendars)), np.int64)  # arguments of the sweep
        self._pushes = sum(chain.pushes for chain in plan.chains)
        self.point()

    def buffers(self) -> dict[str, Memory]:
        """Every buffer by name: what a snapshot holds."""
        named = {"pool": self.pool}
        named |= {f"records.{index}": memory for index, memory in enumerate(self.records)}
        named |= {f"slots.{index}": memory for index, memory in self.slots.items()}
        named |= {f"sets.{index}": memory for index, memory in self.sets.items()}
        named |= {f"seen.{index}": memory for index, memory in enumerate(self.seen)}
        return named

    def adopt(self, buffers: dict[str, Words]) -> None:
        """Take over the buffers of a snapshot of the same plan."""
        if buffers.keys() != self.buffers().keys():
            raise StateError("the snapshot's buffers do not fit this policy's features")
        held = {name: Memory.holding(words) for name, words in buffers.items()}
        self.pool = held["pool"]
        self.records = [held[f"records.{index}"] for index in range(len(self.records))]
        self.slots = {index: held[f"slots.{index}"] for index in self.slots}
        self.sets = {index: held[f"sets.{index}"] for index in self.sets}
        self.seen = [held[f"seen.{index}"] for index in range(len(self.seen))]
        self.point()

    def bytes_held(self) -> int:
        """Bytes taken from the system (untouched ones cost address space only)."""
        return sum(memory.words.nbytes for memory in self.buffers().values())

    def bytes_used(self) -> int:
        """Bytes of nodes and set entries in use: what the events in the windows occupy."""
        nodes = int(self.pool.words[0]) - NODE - int(self.pool.words[2]) * NODE
        return nodes + 16 * sum(int(table.words[1]) for table in self.sets.values())

    def reserve(self, events: int, ids: list[int]) -> None:
        """Make room for `events` more events and for ids below `ids[space]`, whatever they hold."""
        grown = self._grow_pool(events * self._pushes)
        for space, count in enumerate(ids):
            grown |= self._grow(self.seen[space], count)
        for index, table in enumerate(self.plan.tables):
            needed = ids[table.space]
            if table.composite:
                grown |= self._grow_hash(self.slots, index, events)
                needed = int(self.slots[index].words[2]) + events
            grown |= self._grow(self.records[index], needed * table.words)
        for number in self.sets:
            grown |= self._grow_hash(self.sets, number, 2 * events)
        if grown:
            self.point()

    def point(self) -> None:
        """Write the addresses of all buffers into the context words."""
        words = self.addresses
        words[self.context.pool] = self.pool.address
        for index, word in enumerate(self.context.records):
            words[word] = self.records[index].address
        for index, word in self.context.slots.items():
            words[word] = self.slots[index].address
        for number, word in self.context.sets.items():
            words[word] = self.sets[number].address
        for space, word in enumerate(self.context.seen):
            words[word] = self.seen[space].address
        if hasattr(self.kernel, "REGIONS"):
            self.name_regions([])

    def warm(self) -> None:
        """Compile the copying of hash tables, on an empty one."""
        self._copy_hash(_hash(2), _hash(4))

    def name_regions(self, more: list[tuple[int, int]]) -> None:
        """Tell a checked kernel where it may load and store: the buffers, and (address, bytes) of a call's rows."""
        words = [self.addresses, self.calendars, *(memory.words for memory in self.buffers().values())]
        regions = [*((one.ctypes.data, one.nbytes) for one in words), *more]
        table = self.kernel.REGIONS
        table[0] = len(regions)
        for index, (start, size) in enumerate(regions):
            table[1 + 2 * index : 3 + 2 * index] = start, start + size

    # --- growth -------------------------------------------------------------------------------------------------------

    def _grow(self, memory: Memory, words: int) -> bool:
        """Let a buffer hold `words`, with room to spare while the bound allows it."""
        held = len(memory.words)
        if words <= held:
            return False
        for wanted in (max(words, 2 * held), words):
            if self.bytes_held() + 8 * (wanted - held) <= self.max_bytes:
                memory.grow(wanted)
                return True
        raise self._full()

    def _grow_pool(self, nodes: int) -> bool:
        header = self.pool.words
        missing = nodes - (header.nbytes - int(header[0])) // NODE - int(header[2])
        return missing > 0 and self._grow(self.pool, len(header) + missing * NODE // 8)

    def _grow_hash(self, tables: dict[int, Memory], name: int, more: int) -> bool:
        old = tables[name]
        entries = int(old.words[0]) + 1
        needed = int(old.words[1]) + more
        if needed <= _FILL * entries:
            return False
        while needed > _FILL * entries:
            entries *= 2
        if self.bytes_held() + 16 * entries > self.max_bytes:
            raise self._full()
        tables[name] = _hash(entries)
        self._copy_hash(old, tables[name])
        return True

    def _copy_hash(self, source: Memory, target: Memory) -> None:
        if hasattr(self.kernel, "REGIONS"):
            self.name_regions([(memory.address, memory.words.nbytes) for memory in (source, target)])
        self.kernel.table_copy(source.address, target.address)

    def _full(self) -> StateError:
        return StateError(
            f"the feature state would pass its bound of {self.max_bytes:,} bytes: "
            "raise max_state_bytes, or give long windows a coarser resolution"
        )


def _hash(entries: int) -> Memory:
    """An empty table of a power of two entries."""
    table = Memory(_HEADER_WORDS + 2 * entries)
    table.words[0] = entries - 1
    return table
