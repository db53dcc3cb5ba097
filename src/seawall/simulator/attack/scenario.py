"""What a scenario is: a named kind of attack with the ranges that its parameters are drawn from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from seawall.simulator.attack.craft import Attack
from seawall.simulator.randomness import Range
from seawall.simulator.rows import Rows


@dataclass(frozen=True, slots=True)
class Scenario:
    """`launch` gives all rows of one attack (none where it finds no victim).

    `kinds` are those in which it leaves labelled rows; `weight` is its usual part of all labelled rows;
    `typical` about how many labelled rows one attack leaves; `reported` after how many days a label comes (1..30);
    `by_customer` tells that the customers act themselves, deceived or in on it: asking who they are stops nothing.
    """

    name: str
    kinds: tuple[int, ...]
    weight: float
    typical: int
    reported: Range
    ranges: Mapping[str, Range]
    launch: Callable[[Attack], Rows]
    by_customer: bool = False

    def __post_init__(self) -> None:
        assert self.reported.low >= 1, f"{self.name}: a label comes a day after its event at the earliest"
        assert self.reported.high <= 30, f"{self.name}: a label comes 30 days after its event at the latest"
