"""The untyped tree the parser makes; every node knows the offset of its text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all syntax nodes; `offset` is where the node's text (or its operator) starts."""

    offset: int

    def children(self) -> tuple[Node, ...]:
        """The direct sub-nodes in text order."""
        return ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A bool, int, float or str constant."""

    value: bool | int | float | str


@dataclass(frozen=True, slots=True)
class ListLiteral(Node):
    """[a, b, …]"""

    items: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The items."""
        return self.items


@dataclass(frozen=True, slots=True)
class Identifier(Node):
    """A plain name."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Node):
    """operand.field"""

    operand: Node
    field: str

    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Index(Node):
    """operand[index]"""

    operand: Node
    index: Node

    def children(self) -> tuple[Node, ...]:
        """The operand and the index."""
        return (self.operand, self.index)


@dataclass(frozen=True, slots=True)
class Call(Node):
    """function(arguments) or receiver.function(arguments): the receiver is then the first argument."""

    function: str
    arguments: tuple[Node, ...]
    receiver: bool = False

    def children(self) -> tuple[Node, ...]:
        """The arguments, the receiver first."""
        return self.arguments


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """!operand or -operand"""

    operator: str
    operand: Node

    def children(self) -> tuple[Node, ...]:
        """The operand."""
        return (self.operand,)


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """left operator right: arithmetic, comparison or `in`."""

    operator: str
    left: Node
    right: Node

    def children(self) -> tuple[Node, ...]:
        """Left, then right."""
        return (self.left, self.right)


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """A chain of && or of ||; a chain is one node, however long."""

    operator: str
    arguments: tuple[Node, ...]

    def children(self) -> tuple[Node, ...]:
        """The links of the chain."""
        return self.arguments


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """condition ? yes : no"""

    condition: Node
    yes: Node
    no: Node

    def children(self) -> tuple[Node, ...]:
        """Condition, yes, no."""
        return (self.condition, self.yes, self.no)
