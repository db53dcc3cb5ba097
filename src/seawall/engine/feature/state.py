"""Feature state: text values numbered, kernel inputs in, feature values out, idle entities let go."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import filterfalse
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import StateError
from ..graph.state import LinkState, links_signature
from ..modules import load_generated
from .arena import Arena
from .calendar import period, period_starts
from .emit import kernel_source
from .memory import Words
from .plan import Plan

Key = str | int
Floats = npt.NDArray[np.float64]
ENTERS, READS = 1, 2  # flag bits of an input row
DEFAULT_MAX_BYTES = 16 << 30
_SWEEP_EVERY = 4096  # records between two slices of the sweep
_SWEEP_SLICE = 512  # entities of each table that a slice visits
_UNNUMBERED = -2
_ROOM = 4096  # records to make room for at a time


class Space:
    """Numbers the values of one key or code field, densely; forgotten numbers are given out again."""

    __slots__ = ("_dictionary", "_place_of", "_table", "free", "ids", "values")

    def __init__(self) -> None:
        self.ids: dict[Key, int] = {}
        self.values: list[Key | None] = []
        self.free: list[int] = []
        self._dictionary: Sequence[str] = ()  # the dictionary that `_table` numbers
        self._table = np.empty(0, np.int64)
        self._place_of = np.zeros(1, np.int64)  # number -> its place in the dictionary, where `_table` says so too

    def number(self, value: Key) -> int:
        found = self.ids.get(value)
        if found is not None:
            return found
        if self.free:
            fresh = self.free.pop()
            self.values[fresh] = value
        else:
            fresh = len(self.values)
            self.values.append(value)
        self.ids[value] = fresh
        return fresh

    def numbers(self, codes: Words, dictionary: Sequence[str]) -> Words:
        """Numbers of a coded column, -1 where the code is. What a dictionary's values are numbered is remembered, so
        that blocks which share one pay for a value once."""
        if dictionary is not self._dictionary:
            self._dictionary = dictionary
            self._table = np.full(len(dictionary) + 1, _UNNUMBERED, np.int64)
            self._table[-1] = -1  # where code -1 points
        numbers = self._table[codes]
        open_codes = codes[numbers == _UNNUMBERED]
        if len(open_codes):
            wanted = np.zeros(len(dictionary), bool)
            wanted[open_codes] = True
            places = np.flatnonzero(wanted).tolist()
            values = dictionary if len(places) == len(dictionary) else [dictionary[place] for place in places]
            self._number_all(values)
            given = list(map(self.ids.__getitem__, values))
            self._table[places] = given
            if len(self._place_of) < len(self.values):
                self._place_of = np.resize(self._place_of, 2 * len(self.values))
            self._place_of[given] = places
            numbers = self._table[codes]
        return numbers

    def _number_all(self, values: Sequence[str]) -> None:
        """`number` for many distinct values."""
        new = list(filterfalse(self.ids.__contains__, values))
        reused = min(len(self.free), len(new))
        for value in new[:reused]:
            self.number(value)
        first = len(self.values)
        self.values += new[reused:]
        self.ids.update(zip(new[reused:], range(first, len(self.values)), strict=True))

    def forget(self, number: int) -> None:
        value = self.values[number]
        if value is not None:
            del self.ids[value]
            self.values[number] = None
            self.free.append(number)
            place = self._place_of[number] if number < len(self._place_of) else 0
            if place < len(self._table) and self._table[place] == number:
                self._table[place] = _UNNUMBERED

    def restore(self, values: list[Key | None], free: list[int]) -> None:
        """Take over what a snapshot held; `ids` stays the same object, others hold on to it."""
        self.values, self.free = values, free
        self.ids.clear()
        self.ids.update({value: number for number, value in enumerate(values) if value is not None})


class FeatureState:
    """Windows of one policy's features over everything sequenced so far."""

    def __init__(self, plan: Plan, cache_dir: Path | None = None, max_bytes: int = DEFAULT_MAX_BYTES) -> None:
        self.plan = plan
        checked = os.environ.get("SEAWALL_KERNEL_CHECKS") == "1"
        self.kernel = load_generated(kernel_source(plan, checked), "kernel", cache_dir)
        self.arena = Arena(plan, self.kernel, max_bytes)
        self.links = None
        if plan.links is not None:
            self.links = LinkState(plan.links, plan.space_column, plan.input_words, len(plan.features), cache_dir)
        self.spaces = [Space() for _ in plan.spaces]
        self.width = len(plan.features) + plan.degraded_words  # least output words a row
        self._room = 0  # records that fit without a look at the arena
        self._since_sweep = 0
        self._periods = [(0, 0)] * len(plan.calendars)  # the period each calendar column was last in
        self._checked = hasattr(self.kernel, "REGIONS")
        self._cursors = [0] * (len(plan.spaces) + len(plan.tables))
        self._warm()

    def _warm(self) -> None:
        """Compile now, or load from the disk cache: no event waits for it later."""
        rows = self.arena.calendars
        self.kernel.step(self.arena.address, rows.ctypes.data, 0, rows.ctypes.data, 0, 0)
        self.kernel.sweep(self.arena.address, 0, 0, 0, 0, rows.ctypes.data)
        self.arena.warm()

    @staticmethod
    def signature(plan: Plan) -> str:
        """Equal for two plans whose state is interchangeable."""
        if not plan.signature:
            definitions = [replace(feature, title={}) for feature in plan.features if feature.agg]
            linked = f"\n{links_signature(plan.links)}" if plan.links is not None else ""
            plan.signature = hashlib.sha256(f"{definitions}\n{kernel_source(plan)}{linked}".encode()).hexdigest()
        return plan.signature

    def step(self, inputs: Words, outputs: Words, vectors: Floats | None = None) -> None:
        """Run the kernel over the input rows int64[n, input_words], in order.

        Where a row has READS: outputs int64[n, >= width] gets its features (doubles as bits) and degraded words,
        vectors float64[n, F] the same features as doubles, missing as NaN.
        """
        n = len(inputs)
        assert inputs.shape[1] == self.plan.input_words, "one column an input of the plan"
        assert outputs.shape[0] >= n, "one row an event"
        assert outputs.shape[1] >= self.width, "one word a feature"
        assert all(rows.flags.c_contiguous for rows in (inputs, outputs)), "rows lie one after another"
        vector = 0
        if vectors is not None:
            assert vectors.shape == (len(vectors), len(self.plan.features)), "one double a feature"
            assert len(vectors) >= n, "one vector an event"
            assert vectors.flags.c_contiguous, "vectors lie one after another"
            vector = vectors.ctypes.data
        self.run(inputs.ctypes.data, n, outputs.ctypes.data, outputs.strides[0], vector, int(inputs[-1, 0]) if n else 0)

    def run(self, inputs: int, n: int, outputs: int, stride: int, vectors: int, t: int) -> None:
        """`step` by address, for callers that keep their buffers; t is the effective time of the last row."""
        self._make_room(n)
        if self._checked:
            rows = [(inputs, n * 8 * self.plan.input_words), (outputs, n * stride)]
            self.arena.name_regions([*rows, (vectors, n * 8 * len(self.plan.features))] if vectors else rows)
        self.kernel.step(self.arena.address, inputs, n, outputs, stride, vectors)
        if self.links is not None:
            self.links.run(inputs, n, outputs, stride, vectors)
        self._since_sweep += n
        if self._since_sweep >= _SWEEP_EVERY:
            self._since_sweep = 0
            self.sweep(t)

    def calendars_at(self, t: int) -> list[int]:
        """The calendar input columns of an event at effective time t (ms). Before 1970 there are no events to find."""
        starts = []
        for index, column in enumerate(self.plan.calendars):
            seen = max(0, t - column.offset_ms)
            start, end = self._periods[index]
            if not start <= seen < end:
                start, end = self._periods[index] = period(seen, column.calendar, column.zone)
            starts.append(start)
        return starts

    def calendar_columns(self, t: npt.NDArray[np.int64]) -> list[npt.NDArray[np.int64]]:
        """The same for many events."""
        columns = self.plan.calendars
        return [period_starts(np.maximum(0, t - one.offset_ms), one.calendar, one.zone) for one in columns]

    def bytes_held(self) -> int:
        """Bytes taken from the system by windows and links (untouched ones cost address space only)."""
        return self.arena.bytes_held() + (self.links.bytes_held() if self.links is not None else 0)

    def _make_room(self, n: int) -> None:
        """Room for n more events and the ids they bring: an event adds at most one id to a space, and those of the
        events at hand may be numbered already."""
        if n > self._room:
            events = max(n, _ROOM)
            ids = [len(space.values) + events for space in self.spaces]
            self.arena.reserve(events, ids)
            if self.links is not None:
                self.links.reserve(events, ids, self.arena.max_bytes - self.arena.bytes_held())
            self._room = events
        self._room -= n

    def recheck_room(self) -> None:
        """After a failure: ids may have been given to records that never came."""
        self._room = 0

    # --- letting go ---------------------------------------------------------------------------------------------------

    def sweep(self, t: int, slices: int = 1) -> None:
        """Visit the next entities of every table at effective time t; changes no value, only frees memory."""
        calendars = self.arena.calendars
        calendars[:] = self.calendars_at(t) or 0
        single = {table.space: number for number, table in enumerate(self.plan.tables) if not table.composite}
        for _ in range(slices):
            for index, space in enumerate(self.spaces):
                start, stop = self._advance(index, min(len(space.values), len(self.arena.seen[index].words)))
                if index in single:
                    self.kernel.sweep(self.arena.address, single[index], start, stop, t, calendars.ctypes.data)
                forgotten = self.arena.seen[index].words[start:stop] < t - self.plan.reach[index]
                for idle in np.flatnonzero(forgotten):
                    space.forget(start + int(idle))
            for number in self.arena.slots:
                start, stop = self._advance(len(self.spaces) + number, int(self.arena.slots[number].words[2]))
                self.kernel.sweep(self.arena.address, number, start, stop, t, calendars.ctypes.data)

    def _advance(self, cursor: int, count: int) -> tuple[int, int]:
        """The next slice of `count` slots, wrapping round."""
        start = self._cursors[cursor] if self._cursors[cursor] < count else 0
        stop = min(start + _SWEEP_SLICE, count)
        self._cursors[cursor] = stop
        return start, stop

    # --- snapshot -----------------------------------------------------------------------------------------------------

    def dump(self) -> tuple[dict[str, Any], dict[str, Words]]:
        """Plain data and buffers that `load` takes back."""
        meta = {
            "spaces": [{"values": space.values, "free": space.free} for space in self.spaces],
            "cursors": self._cursors,
            "since_sweep": self._since_sweep,
        }
        links = self.links.buffers() if self.links is not None else {}
        return meta, {name: memory.words for name, memory in self.arena.buffers().items()} | links

    def load(self, meta: Mapping[str, Any], buffers: dict[str, Words]) -> None:
        if len(meta["spaces"]) != len(self.spaces):
            raise StateError("the snapshot's key spaces do not fit this policy's features")
        for space, stored in zip(self.spaces, meta["spaces"], strict=True):
            space.restore(list(stored["values"]), list(stored["free"]))
        self._cursors, self._since_sweep = list(meta["cursors"]), meta["since_sweep"]
        self._room = 0
        if self.links is not None:
            own = self.links.buffers().keys() & buffers.keys()
            self.links.adopt({name: buffers[name] for name in own})
            buffers = {name: words for name, words in buffers.items() if name not in own}
        self.arena.adopt(buffers)
