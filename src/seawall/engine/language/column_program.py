"""A generated module, loaded and guarded: shapes and types are checked here because numba does not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .numba_backend import Hoisted

Rows = NDArray[np.int64]


class ColumnProgram:
    """Conditions and values of k expressions over n rows.

    constants: string constants; the caller passes their codes, in this order.
    hoisted: extra slots the caller fills; slots: the place of every slot, hoisted ones included.
    fallback: the expressions it cannot run; their columns are left as they are.
    """

    def __init__(
        self,
        module: ModuleType,
        count: int,
        constants: Sequence[str],
        hoisted: Sequence[Hoisted],
        slots: dict[str, int],
        fallback: Sequence[int],
    ) -> None:
        self._module = module
        self._count = count
        self._width = max(slots.values(), default=-1) + 1
        self.constants = list(constants)
        self.hoisted = list(hoisted)
        self.slots = slots
        self.fallback = list(fallback)

    @property
    def path(self) -> Path:
        """Where the generated source lies."""
        return Path(str(self._module.__file__))

    def run_conditions(self, rows: Rows, codes: Rows, out: NDArray[np.uint8]) -> None:
        """For each row and condition: 1 true, 0 false, 2 missing. Columns of other types are left as they are.

        rows int64[n, w], codes int64[len(constants)], out uint8[n, k]; all C-contiguous.
        """
        self._demand(rows, codes, out, np.uint8)
        self._module.conditions(rows, codes, out)

    def run_values(self, rows: Rows, codes: Rows, out: Rows) -> None:
        """The value of each expression in the encoding of rows (an int result of INT64_MIN reads as missing).

        rows int64[n, w], codes int64[len(constants)], out int64[n, k]; all C-contiguous.
        """
        self._demand(rows, codes, out, np.int64)
        self._module.values(rows, codes, out)

    def warm(self, conditions: bool = True, values: bool = True) -> None:
        """Compile now, or load from the disk cache, instead of at the first run."""
        rows = np.zeros((0, max(self._width, 1)), np.int64)
        codes = np.zeros(len(self.constants), np.int64)
        if conditions:
            self.run_conditions(rows, codes, np.zeros((0, self._count), np.uint8))
        if values:
            self.run_values(rows, codes, np.zeros((0, self._count), np.int64))

    def _demand(self, rows: Rows, codes: Rows, out: NDArray[Any], kind: type) -> None:
        good = (
            rows.ndim == 2
            and rows.dtype == np.int64
            and rows.flags.c_contiguous
            and rows.shape[1] >= self._width
            and codes.dtype == np.int64
            and codes.shape == (len(self.constants),)
            and codes.flags.c_contiguous
            and out.dtype == kind
            and out.shape == (rows.shape[0], self._count)
            and out.flags.c_contiguous
        )
        if not good:
            raise ValueError(
                f"a column program takes rows int64[n, >= {self._width}], codes int64[{len(self.constants)}] and "
                f"out {kind.__name__}[n, {self._count}], C-contiguous; got {rows.dtype}{list(rows.shape)}, "
                f"{codes.dtype}{list(codes.shape)} and {out.dtype}{list(out.shape)}"
            )
