"""The typed tree every backend works from, and the checked expression that carries it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .types import Type

Value = bool | int | float | str | tuple[Any, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Operation:
    """One overload of an operator or function.

    python: the meaning on present arguments; None means missing.
    bounds: "int64" or "finite": a result outside is missing. nonzero: a zero last argument gives missing.
    partial: `python` itself may give None.
    row: a Python expression over {0} {1} equal to `python` ("" = call it). column: the same for numba, on codes for
    strings ("" = not in columns); fits: a numba condition over {0} {1} and {v} for the result to be present.
    bind: for trailing constant arguments, makes from them the function of the other arguments.
    """

    name: str
    arguments: tuple[Type, ...]
    result: Type
    python: Callable[..., Any]
    row: str = ""
    column: str = ""
    bounds: str = ""
    fits: str = ""
    nonzero: bool = False
    partial: bool = False
    bind: Callable[..., Callable[..., Any]] | None = None
    bound_arguments: int = 0


@dataclass(frozen=True, slots=True)
class Node:
    """Base of typed nodes. `height` is the longest path down to a leaf."""

    type: Type
    height: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "height", 1 + max((child.height for child in self.children()), default=0))

    def children(self) -> tuple[Node, ...]:
        """The direct sub-nodes in text order."""
        return ()


@dataclass(frozen=True, slots=True)
class Const(Node):
    """A constant; value None is a constant that is missing (1 % 0). `element` is the item type of a list."""

    value: Value
    element: Type | None = None


@dataclass(frozen=True, slots=True)
class Slot(Node):
    """The value of a name, or of the canonical `FIELD in lists.NAME`."""

    name: str
    nullable: bool = True


@dataclass(frozen=True, slots=True)
class Has(Node):
    """Whether a name has a value."""

    slot: Slot

    def children(self) -> tuple[Node, ...]:
        """The slot asked about."""
        return (self.slot,)


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """All (&&) or any (||) of two or more conditions; missing is absorbed."""

    operator: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The conditions."""
        return self.arguments


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The opposite of a condition."""

    operand: Node

    def children(self) -> tuple[Node, ...]:
        """The condition."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Choice(Node):
    """condition ? yes : no; a missing condition gives missing, and the other branch is never looked at."""

    condition: Node
    yes: Node
    no: Node

    def children(self) -> tuple[Node, ...]:
        """Condition, yes, no."""
        return (self.condition, self.yes, self.no)


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """An operation on arguments; any missing argument gives missing."""

    operation: Operation
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The arguments."""
        return self.arguments

    def __post_init__(self) -> None:
        assert len(self.arguments) == len(self.operation.arguments)
        Node.__post_init__(self)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked text. `leaves` are the slot names it reads, in text order, each once."""

    text: str
    tree: Node
    leaves: tuple[str, ...]

    @property
    def type(self) -> Type:
        """The type of its value."""
        return self.tree.type

    @property
    def names(self) -> frozenset[str]:
        """The slot names it reads: plain names and canonical `FIELD in lists.NAME`."""
        return frozenset(self.leaves)


def walk(node: Node) -> Iterator[Node]:
    """Every node of the tree, parents first, in text order."""
    yield node
    for child in node.children():
        yield from walk(child)


def slot_names(node: Node) -> tuple[str, ...]:
    """The slots read under `node`, in text order, each once."""
    return tuple(dict.fromkeys(part.name for part in walk(node) if isinstance(part, Slot)))
