"""The links of one plan over everything sequenced so far: the memory behind the links' kernel."""

from __future__ import annotations

import hashlib
import os
from functools import cache
from pathlib import Path

import numpy as np

from ..errors import StateError
from ..feature.emit import with_checks
from ..feature.memory import Memory, Words
from ..modules import load_generated
from .definition import BREADTH
from .plan import HEADER_WORDS, POOL_WORDS, SPACE_WORDS, LinkPlan

_FIRST_RECORDS = 1 << 8
_FIRST_POOL = 1 << 12
_SCRATCH_WORDS = 2048
_MARKER = "# --- links ---"


@cache
def links_source(checked: bool = False) -> str:
    """The kernel's whole module; it is the same for every plan."""
    here = Path(__file__).parent
    primitives = (here.parent / "feature" / "ops.py").read_text(encoding="utf-8")
    parts = [(here / name).read_text(encoding="utf-8") for name in ("store.py", "kernel.py")]
    text = "\n\n".join([primitives, *(part[part.index(_MARKER) :] for part in parts)])
    return with_checks(text) if checked else text


def links_signature(plan: LinkPlan) -> str:
    """Equal for two plans whose links are interchangeable."""
    return hashlib.sha256(f"{plan}\n{links_source()}".encode()).hexdigest()


class LinkState:
    """Lists, marks and components of the values of a plan's keys, by the ids that input rows carry."""

    def __init__(
        self, plan: LinkPlan, space_column: int, input_words: int, features: int, cache_dir: Path | None
    ) -> None:
        checked = os.environ.get("SEAWALL_KERNEL_CHECKS") == "1"
        self.plan = plan
        self.kernel = load_generated(links_source(checked), "links", cache_dir)
        self._size, self._features = 8 * input_words, features
        self._context = np.array(plan.constants(space_column, features), np.int64)
        self._address = int(self._context.ctypes.data)
        self._scratch = np.zeros(_SCRATCH_WORDS, np.int64)
        assert _SCRATCH_WORDS >= 4 + 2 * BREADTH + 512, "the scratch holds what a look around visits, and its table"
        self.pool = Memory(_FIRST_POOL)
        self.pool.words[0] = POOL_WORDS
        self.records = [Memory(_FIRST_RECORDS * plan.record_words(number)) for number in range(len(plan.spaces))]
        self._checked = hasattr(self.kernel, "REGIONS")
        self._point()
        self.kernel.step_links(self._address, 0, self._size, 0, 0, 0, 0)  # compile now: no event waits for it later

    def run(self, inputs: int, n: int, outputs: int, stride: int, vectors: int) -> None:
        """Take n input rows in order, after the windows' kernel; `reserve` has made room for them.

        Where a row reads, its output row gets the features of links, and its vector where `vectors` is not 0.
        """
        if self._checked:
            self._name_regions(
                [(inputs, n * self._size), (outputs, n * stride), (vectors, n * 8 * self._features if vectors else 0)]
            )
        self.kernel.step_links(self._address, inputs, self._size, n, outputs, stride, vectors)

    def reserve(self, events: int, ids: list[int], left: int) -> None:
        """Make room for `events` more records and for ids below `ids[space]`; StateError where it takes more than
        `left` bytes in all."""
        wanted = [(self.pool, int(self.pool.words[0]) + events * self.plan.pool_words)]
        wanted += [
            (memory, ids[space] * self.plan.record_words(number))
            for number, (memory, space) in enumerate(zip(self.records, self.plan.spaces, strict=True))
        ]
        grown = False
        for memory, words in wanted:
            held = len(memory.words)
            if words <= held:
                continue
            size = next(
                (one for one in (max(words, 2 * held), words) if self.bytes_held() + 8 * (one - held) <= left), 0
            )
            if not size:
                raise StateError(
                    "the links would pass the bound of the feature state: raise max_state_bytes, "
                    "or shorten `within` in links.yaml"
                )
            memory.grow(size)
            grown = True
        if grown:
            self._point()

    def bytes_held(self) -> int:
        """Bytes taken from the system (untouched ones cost address space only)."""
        return sum(memory.words.nbytes for memory in (self.pool, *self.records))

    def buffers(self) -> dict[str, Words]:
        """What a snapshot holds, by name."""
        used = {"links": self.pool.words[: int(self.pool.words[0])]}
        return used | {f"links.{number}": memory.words for number, memory in enumerate(self.records)}

    def adopt(self, buffers: dict[str, Words]) -> None:
        """Take over the buffers of a snapshot of the same plan."""
        if buffers.keys() != self.buffers().keys():
            raise StateError("the snapshot's links do not fit this policy's")
        self.pool = Memory.holding(buffers["links"])
        self.records = [Memory.holding(buffers[f"links.{number}"]) for number in range(len(self.records))]
        self._point()

    def _point(self) -> None:
        """Write the addresses of all buffers into the context."""
        self._context[0], self._context[1] = self.pool.address, self._scratch.ctypes.data
        for number, memory in enumerate(self.records):
            self._context[HEADER_WORDS + SPACE_WORDS * number] = memory.address
        if self._checked:
            self._name_regions([])

    def _name_regions(self, more: list[tuple[int, int]]) -> None:
        """Tell a checked kernel where it may load and store."""
        words = [self._context, self._scratch, self.pool.words, *(memory.words for memory in self.records)]
        regions = [*((one.ctypes.data, one.nbytes) for one in words), *more]
        table = self.kernel.REGIONS
        table[0] = len(regions)
        for index, (start, size) in enumerate(regions):
            table[1 + 2 * index : 3 + 2 * index] = start, start + size
