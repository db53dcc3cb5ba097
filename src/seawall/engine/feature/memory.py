"""Flat int64 memory that grows in place: its pages are moved by the system, not copied."""

from __future__ import annotations

import mmap

import numpy as np
import numpy.typing as npt

Words = npt.NDArray[np.int64]
_PAGE_WORDS = mmap.PAGESIZE // 8
_HUGE_BYTES = 4 << 20  # from here on, ask for huge pages: random access is what a kernel does


class Memory:
    """Zeroed int64 words at `words`. After `grow` the old array is stale: read `words` anew."""

    def __init__(self, words: int) -> None:
        self.words: Words
        self._map: mmap.mmap | None = None
        self._take(words)

    @classmethod
    def holding(cls, words: Words) -> Memory:
        """A copy of `words`."""
        memory = cls(len(words))
        memory.words[: len(words)] = words
        return memory

    @property
    def address(self) -> int:
        return int(self.words.ctypes.data)

    def grow(self, words: int) -> None:
        """Make room for `words`, keeping what is there; new words are zero."""
        assert words >= len(self.words), "memory only grows"
        size = 8 * _rounded(words)
        if self._map is not None:
            used = len(self.words)
            self.words = np.empty(0, np.int64)  # mmap refuses to move under a view
            try:
                self._map.resize(size)
            except (BufferError, OSError, SystemError, ValueError):  # somebody holds a view, or no mremap here
                self.words = np.frombuffer(self._map, np.int64, used)
            else:
                self._look()
                return
        old = self.words
        self._take(words)
        self.words[: len(old)] = old

    def _take(self, words: int) -> None:
        if hasattr(mmap, "MAP_PRIVATE"):
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS
            self._map = mmap.mmap(-1, 8 * _rounded(words), flags=flags)
            self._look()
        else:
            self.words = np.zeros(_rounded(words), np.int64)

    def _look(self) -> None:
        assert self._map is not None
        if len(self._map) >= _HUGE_BYTES and hasattr(mmap, "MADV_HUGEPAGE"):
            self._map.madvise(mmap.MADV_HUGEPAGE)
        self.words = np.frombuffer(self._map, np.int64)


def _rounded(words: int) -> int:
    return -(-max(words, 1) // _PAGE_WORDS) * _PAGE_WORDS
