"""A two-sided network: members on one side, the values they share on the other; each side by its neighbours."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Side:
    """Neighbours of each node of one side: those of node i are neighbours[starts[i]:starts[i + 1]], ascending.

    starts: int64[n + 1]; neighbours: int64[links].
    """

    starts: Ints
    neighbours: Ints

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def degrees(self) -> Ints:
        """int64[n]: how many neighbours each has."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class Network:
    """The same links from both sides, each link once."""

    members: Side
    shared: Side

    @property
    def links(self) -> int:
        """How many there are."""
        return len(self.members.neighbours)

    def without_hubs(self, hub: Ints | int) -> Network:
        """The links of shared values that at most `hub` members use (one bound, or int64[shared]: one for each)."""
        kept = (self.shared.degrees <= hub)[self.members.neighbours]
        return self.kept(kept)

    def kept(self, links: Flags) -> Network:
        """The links that are true in bool[links], in the order of `members.neighbours`."""
        owners = np.repeat(np.arange(len(self.members)), self.members.degrees)[links]
        return _both(owners, self.members.neighbours[links], len(self.members), len(self.shared))


def network(member: Ints, shared: Ints, members: int | None = None, values: int | None = None) -> Network:
    """The network of links member[i] - shared[i], int64[n] each; numbers count from 0 and a link may occur often.

    members, values: how many there are on each side; without it one more than the largest number. ValueError for a
    negative number, one out of bounds, or arrays of different lengths.
    """
    if member.shape != shared.shape or member.ndim != 1:
        raise ValueError(f"member and shared are two columns of one length, not {member.shape} and {shared.shape}")
    members = _count("member", member, members)
    values = _count("shared", shared, values)
    if members * values >= 1 << 63:
        raise ValueError(f"{members:,} members and {values:,} shared values are more than one network holds")
    packed = np.sort(member.astype(np.int64) * values + shared)
    if len(packed):
        packed = packed[np.concatenate([[True], packed[1:] != packed[:-1]])]
    owners, neighbours = np.divmod(packed, max(values, 1))
    return _both(owners, neighbours, members, values)


def _both(owners: Ints, neighbours: Ints, members: int, values: int) -> Network:
    """Links sorted by owner, then neighbour, as both sides."""
    order = np.argsort(neighbours, kind="stable")
    return Network(
        Side(_starts(owners, members), neighbours),
        Side(_starts(neighbours, values), np.ascontiguousarray(owners[order])),
    )


def _starts(nodes: Ints, n: int) -> Ints:
    starts = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(nodes, minlength=n), out=starts[1:])
    return starts


def _count(name: str, numbers: Ints, given: int | None) -> int:
    low, high = (int(numbers.min()), int(numbers.max())) if len(numbers) else (0, -1)
    if low < 0 or (given is not None and high >= given):
        bound = "the largest" if given is None else f"{given - 1:,}"
        raise ValueError(f"{name} holds {low if low < 0 else high:,}; numbers run from 0 to {bound}")
    return high + 1 if given is None else given
