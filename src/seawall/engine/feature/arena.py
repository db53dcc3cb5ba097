"""The memory behind a kernel: growing flat buffers whose addresses the kernel reads from its context words."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import numpy.typing as npt

from ..errors import StateError
from .emit import Context
from .ops import NODE
from .plan import Plan

Words = npt.NDArray[np.int64]
_FIRST_NODES = 1 << 10
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
        self.pool = self._pool(_FIRST_NODES)
        self.records = [np.zeros(_FIRST_RECORDS * table.words, np.int64) for table in plan.tables]
        self.slots = {index: self._hash(_FIRST_ENTRIES) for index in self.context.slots}
        self.sets = {number: self._hash(_FIRST_ENTRIES) for number in self.context.sets}
        self.seen = [np.zeros(_FIRST_RECORDS, np.int64) for _ in plan.spaces]
        self.addresses = np.zeros(self.context.words, np.int64)
        self.address = int(self.addresses.ctypes.data)
        self.calendars = np.zeros(max(1, len(plan.calendars)), np.int64)  # arguments of the sweep
        self._pushes = sum(chain.pushes for chain in plan.chains)
        self._entries = max(1, len(plan.chains))
        self.point()

    def buffers(self) -> dict[str, Words]:
        """Every buffer by name: what a snapshot holds."""
        named = {"pool": self.pool}
        named |= {f"records.{index}": buffer for index, buffer in enumerate(self.records)}
        named |= {f"slots.{index}": buffer for index, buffer in self.slots.items()}
        named |= {f"sets.{index}": buffer for index, buffer in self.sets.items()}
        named |= {f"seen.{index}": buffer for index, buffer in enumerate(self.seen)}
        return named

    def adopt(self, buffers: dict[str, Words]) -> None:
        """Take over the buffers of a snapshot of the same plan."""
        if buffers.keys() != self.buffers().keys():
            raise StateError("the snapshot's buffers do not fit this policy's features")
        self.pool = buffers["pool"]
        self.records = [buffers[f"records.{index}"] for index in range(len(self.records))]
        self.slots = {index: buffers[f"slots.{index}"] for index in self.slots}
        self.sets = {index: buffers[f"sets.{index}"] for index in self.sets}
        self.seen = [buffers[f"seen.{index}"] for index in range(len(self.seen))]
        self.point()

    def bytes_held(self) -> int:
        return sum(buffer.nbytes for buffer in self.buffers().values())

    def bytes_used(self) -> int:
        """Bytes of nodes in use, set entries in use, records given out: what the events actually occupy."""
        nodes = int(self.pool[0]) - NODE - int(self.pool[2]) * NODE
        return nodes + 16 * sum(int(table[1]) for table in self.sets.values())

    def reserve(self, events: int, ids: list[int]) -> None:
        """Make room for `events` more events and for ids below `ids[space]`, whatever they hold."""
        grown = self._grow_pool(events * self._pushes)
        for space, count in enumerate(ids):
            if count > len(self.seen[space]):
                self.seen[space] = self._grown(self.seen[space], count)
                grown = True
        for index, table in enumerate(self.plan.tables):
            if table.composite:
                header = self.slots[index]
                grown |= self._grow_hash(self.slots, index, events)
                needed = int(header[2]) + events
            else:
                needed = ids[table.space]
            if needed * table.words > len(self.records[index]):
                self.records[index] = self._grown(self.records[index], needed * table.words)
                grown = True
        for number in self.sets:
            grown |= self._grow_hash(self.sets, number, 2 * events)
        if grown:
            self.point()

    def point(self) -> None:
        """Write the addresses of all buffers into the context words."""
        words = self.addresses
        words[self.context.pool] = self.pool.ctypes.data
        for index, word in enumerate(self.context.records):
            words[word] = self.records[index].ctypes.data
        for index, word in self.context.slots.items():
            words[word] = self.slots[index].ctypes.data
        for number, word in self.context.sets.items():
            words[word] = self.sets[number].ctypes.data
        for space, word in enumerate(self.context.seen):
            words[word] = self.seen[space].ctypes.data
        if hasattr(self.kernel, "REGIONS"):
            self.name_regions([])

    def warm(self) -> None:
        """Compile the copying of hash tables, on an empty one."""
        empty, target = self._hash(2), self._hash(4)
        if hasattr(self.kernel, "REGIONS"):
            self.name_regions([(empty.ctypes.data, empty.nbytes), (target.ctypes.data, target.nbytes)])
        self.kernel.table_copy(empty.ctypes.data, target.ctypes.data)

    def name_regions(self, more: list[tuple[int, int]]) -> None:
        """Tell a checked kernel where it may load and store: the buffers, and (address, bytes) of a call's rows."""
        buffers = [self.addresses, self.calendars, *self.buffers().values()]
        regions = [*((buffer.ctypes.data, buffer.nbytes) for buffer in buffers), *more]
        table = self.kernel.REGIONS
        table[0] = len(regions)
        for index, (start, size) in enumerate(regions):
            table[1 + 2 * index : 3 + 2 * index] = start, start + size

    # --- growth -------------------------------------------------------------------------------------------------------

    def _pool(self, nodes: int) -> Words:
        pool = np.zeros(nodes * NODE // 8, np.int64)
        pool[0] = NODE
        return pool

    def _grow_pool(self, nodes: int) -> bool:
        room = (self.pool.nbytes - int(self.pool[0])) // NODE + int(self.pool[2])
        if room >= nodes:
            return False
        self.pool = self._grown(self.pool, (self.pool.nbytes // NODE + nodes - room) * NODE // 8)
        return True

    def _grown(self, buffer: Words, words: int) -> Words:
        size = max(words, len(buffer) + len(buffer) // 2)
        if self.bytes_held() + 8 * (size - len(buffer)) > self.max_bytes:
            size = words  # no slack left: exactly what is needed, or nothing
            if self.bytes_held() + 8 * (size - len(buffer)) > self.max_bytes:
                raise StateError(
                    f"the feature state would pass its bound of {self.max_bytes:,} bytes: "
                    "raise max_state_bytes, or give long windows a coarser resolution"
                )
        larger = np.zeros(-(-size // 8) * 8, np.int64)
        larger[: len(buffer)] = buffer
        return larger

    def _hash(self, entries: int) -> Words:
        table = np.zeros(_HEADER_WORDS + 2 * entries, np.int64)
        table[0] = entries - 1
        return table

    def _grow_hash(self, tables: dict[int, Words], name: int, more: int) -> bool:
        old = tables[name]
        entries = int(old[0]) + 1
        needed = int(old[1]) + more
        if needed <= _FILL * entries:
            return False
        while needed > _FILL * entries:
            entries *= 2
        if self.bytes_held() + 16 * entries > self.max_bytes:
            raise StateError(f"the feature state would pass its bound of {self.max_bytes:,} bytes: raise max_state_bytes")
        new = self._hash(entries)
        if hasattr(self.kernel, "REGIONS"):
            self.name_regions([(new.ctypes.data, new.nbytes)])
        self.kernel.table_copy(old.ctypes.data, new.ctypes.data)
        tables[name] = new
        return True
