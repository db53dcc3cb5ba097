"""Building typed nodes, folding what is constant on the way."""

from __future__ import annotations

from ..evaluate import perform
from ..functions import MONEY_TO_DOUBLE, TO_DOUBLE
from ..tree import Apply, Choice, Const, Has, Logic, Node, Not, Operation, Slot
from ..types import NUMBERS, Type


def apply(operation: Operation, *arguments: Node) -> Node:
    """operation(arguments), computed now when all are constant or one is missing for certain."""
    constants = [argument for argument in arguments if isinstance(argument, Const)]
    if any(constant.value is None for constant in constants):
        return Const(operation.result, None)
    if len(constants) == len(arguments):
        value = perform(operation, [constant.value for constant in constants])
        assert value is None or isinstance(value, bool | int | float | str)
        return Const(operation.result, value)
    return Apply(operation.result, operation, tuple(arguments))


def logic(operator: str, arguments: list[Node]) -> Node:
    """A chain of && or ||, without its neutral links; an absorbing constant decides it."""
    absorbing = operator == "||"
    if any(isinstance(argument, Const) and argument.value is absorbing for argument in arguments):
        return Const(Type.BOOL, absorbing)
    left = [argument for argument in arguments if not (isinstance(argument, Const) and argument.value is not None)]
    if not left:
        return Const(Type.BOOL, not absorbing)
    if all(isinstance(argument, Const) for argument in left):
        return Const(Type.BOOL, None)
    flat: list[Node] = []
    for argument in left:
        same = isinstance(argument, Logic) and argument.operator == operator
        flat += argument.children() if same else (argument,)
    return flat[0] if len(flat) == 1 else Logic(Type.BOOL, operator, tuple(flat))


def negation(operand: Node) -> Node:
    """!operand"""
    if isinstance(operand, Const):
        return Const(Type.BOOL, None if operand.value is None else not operand.value)
    return operand.operand if isinstance(operand, Not) else Not(Type.BOOL, operand)


def choice(condition: Node, yes: Node, no: Node) -> Node:
    """condition ? yes : no, branches of one type."""
    if isinstance(condition, Const):
        return Const(yes.type, None) if condition.value is None else yes if condition.value else no
    return Choice(yes.type, condition, yes, no)


def presence(slot: Slot) -> Node:
    """has(slot); a name that always has a value answers now."""
    return Has(Type.BOOL, slot) if slot.nullable else Const(Type.BOOL, True)


def common_type(types: list[Type]) -> Type | None:
    """The one type values of these types can share: themselves, or double for numbers with a double among them."""
    kinds = set(types)
    if len(kinds) == 1:
        return types[0]
    return Type.DOUBLE if Type.DOUBLE in kinds and kinds <= set(NUMBERS) else None


def convert(node: Node, to: Type) -> Node:
    """`node` as type `to`; a no-op or a conversion to double."""
    if node.type is to:
        return node
    assert to is Type.DOUBLE
    return apply(TO_DOUBLE if node.type is Type.INT else MONEY_TO_DOUBLE, node)
