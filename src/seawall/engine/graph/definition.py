"""What a link is: the declarations that the kernel, the oracle and the documentation share.

Members (the values of one key, such as customers) are linked through what they share (devices, addresses, payees). The
rules are in docs/reference/links.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

LINKED, LINKED_MARKED, DISTANCE = "linked", "linked_marked", "distance"
SIZE, GROWTH = "component_size", "component_growth"
KINDS = (LINKED, LINKED_MARKED, DISTANCE, SIZE, GROWTH)
COMPONENTS = (SIZE, GROWTH)

MAX_SHARED = 7  # keys that members may share
MAX_HUB = 200
RECENT = 32  # shared values of one key that a member is linked by: the ones used last
BREADTH = 128  # values that one look around visits
MAX_HOPS, DEFAULT_HOPS = 6, 4
BUCKETS = 8  # of a growth window
MAX_GROWTH_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class SharedKey:
    """A key that members share: events of the types `on` for which `where` is true link their member to its value.

    A value that more than `hub` members use at a time links nobody.
    """

    key: str
    on: tuple[str, ...]
    hub: int
    where: str = ""
    title: dict[str, str] = field(default_factory=dict, hash=False, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Links:
    """The links of a pack. A link lasts `within_ms` from when it was last seen, and so does a mark; components hold the
    links of the present `period_ms` and of the one before (whole seconds, both; the period is the shorter or the same).

    `marked_by`: the labels (`label.fraud`) that mark; `marks`: the keys whose values in such a label are marked.
    """

    member: str
    within_ms: int
    period_ms: int
    shared: tuple[SharedKey, ...]
    marked_by: tuple[str, ...] = ()
    marks: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The member's key, then the shared ones."""
        return (self.member, *(one.key for one in self.shared))

    @property
    def reach_ms(self) -> int:
        """How long a value that is not seen can still matter."""
        return max(self.within_ms, 2 * self.period_ms) + 1000

    @property
    def history_ms(self) -> int:
        """How far back what is read now may depend on: the oldest link of a component was judged by those before it."""
        return self.within_ms + 2 * self.period_ms + 1000
