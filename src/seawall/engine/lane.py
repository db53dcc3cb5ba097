"""One feature state with the kernel's buffers over it; every policy with the same windows reads the same run."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .columns import MISSING
from .feature.state import DEFAULT_MAX_BYTES, FeatureState
from .policy import CompiledPolicy

BATCH = 64  # rows of the buffers kept between calls; larger batches are taken in parts


def windows_of(policy: CompiledPolicy) -> str:
    """Equal for two policies whose windows hold the same after the same records: same features, same lateness bound."""
    return f"{FeatureState.signature(policy.plan)}:{policy.pack.lateness_ms}"


class Lane:
    """`put` one input row a record, `run`, then read `taken`: outputs and vectors of the rows, row by row.

    `trouble` says why the state is not to be used any more, "" while it is.
    """

    def __init__(
        self, policy: CompiledPolicy, cache_dir: Path | None = None, max_bytes: int = DEFAULT_MAX_BYTES
    ) -> None:
        plan = policy.plan
        self.windows = windows_of(policy)
        self.state = FeatureState(plan, cache_dir, max_bytes)
        self.trouble = ""
        self.rows = 0
        self.taken: tuple[list[list[int]], list[list[float]]] = ([], [])
        self.vectors = np.zeros((BATCH, len(plan.features)), np.float64)
        self._inputs = np.zeros((BATCH, plan.input_words), np.int64)
        self._outputs = np.zeros((BATCH, self.state.width), np.int64)
        self._input_bytes = self._inputs.data.cast("B")
        self._size = 8 * plan.input_words
        self._pack = struct.Struct(f"={plan.input_words}q").pack_into
        self._blank = (*[0] * plan.condition_words, *[-1] * len(plan.spaces), *[MISSING] * len(plan.values))
        self._buffers = (
            self._inputs.ctypes.data,
            self._outputs.ctypes.data,
            self._outputs.strides[0],
            self.vectors.ctypes.data,
        )

    def put(self, row: Sequence[int]) -> None:
        """The input row of the next record."""
        self._pack(self._input_bytes, self._size * self.rows, *row)
        self.rows += 1

    def put_blank(self, t: int) -> None:
        """The same for a record that means nothing to these windows."""
        self.put((t, 0, *self._blank, *self.state.calendars_at(t)))

    def run(self, clock_ms: int) -> None:
        """Take the rows into the windows, in order. StateError where they would pass their bound; nothing changed."""
        inputs, outputs, stride, vectors = self._buffers
        rows = self.rows
        self.state.run(inputs, rows, outputs, stride, vectors, clock_ms)
        self.taken = (self._outputs[:rows].tolist(), self.vectors[:rows].tolist())
