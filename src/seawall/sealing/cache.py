"""What a keeper holds in memory: recent values, bounded, and new rows on their way to the disk."""

from __future__ import annotations

from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Waiting(Generic[K, V]):
    """New rows by key: those that came since the last `take`, and those set apart by it."""

    def __init__(self) -> None:
        self.new: dict[K, V] = {}
        self.taken: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self.new) + len(self.taken)

    def __contains__(self, key: K) -> bool:
        return key in self.new or key in self.taken

    def get(self, key: K) -> V | None:
        """The row, wherever it is on its way."""
        found = self.new.get(key)
        return self.taken.get(key) if found is None else found

    def take(self) -> None:
        """Sets the new rows apart; those set apart before must be settled."""
        assert not self.taken, "one commit at a time"
        self.new, self.taken = {}, self.new

    def settle(self) -> dict[K, V]:
        """Ends the wait of the rows set apart, and gives them."""
        settled, self.taken = self.taken, {}
        return settled


class Recent(Generic[K, V]):
    """Keeps at least the last size // 2 values used and never more than `size` (at least 2). Not thread-safe."""

    def __init__(self, size: int) -> None:
        if size < 2:
            raise ValueError(f"a cache of {size} values cannot work; give it room for 2 or more")
        self._half = size // 2
        self._young: dict[K, V] = {}
        self._old: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._young.keys() | self._old.keys())

    def get(self, key: K) -> V | None:
        """The value, now the most recent; None where it is not known."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: K, value: V) -> None:
        """Keeps the value as the most recent."""
        if len(self._young) >= self._half and key not in self._young:
            self._old, self._young = self._young, {}
        self._young[key] = value

    def drop(self, key: K) -> None:
        """Forgets the value, if it is known."""
        self._young.pop(key, None)
        self._old.pop(key, None)

    def clear(self) -> None:
        """Forgets everything."""
        self._young.clear()
        self._old.clear()
