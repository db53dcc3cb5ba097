"""Functions exist and fit their arguments; constants that need reading are read here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import literals, syntax
from ..clock import zone_table
from ..functions import FUNCTIONS, SPECIAL, Function
from ..operations import find
from ..pattern import PatternError, automaton
from ..problems import did_you_mean
from ..tree import Const, Node, Operation
from ..types import Type
from . import fold, names

if TYPE_CHECKING:
    from .checker import Checker

_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_UNSUPPORTED = {"uint": "int", "bytes": "", "dyn": "", "string": "", "type": ""}
MAX_ARGUMENTS = 16


def call(checker: Checker, node: syntax.Call) -> Node | None:
    """A function call, written f(x) or x.f()."""
    if node.function in SPECIAL and not node.receiver:
        return _presence(checker, node) if node.function == "has" else _constant(checker, node)
    function = FUNCTIONS.get(node.function)
    if function is None:
        _unknown(checker, node)
        return None
    if node.receiver and not function.receiver:
        checker.report(node, f"'{function.name}' is not called with a dot", f"write {function.signature}")
        return None
    arguments = checker.visit_all(node.arguments)
    if arguments is None:
        return None
    if function.variadic:
        return _variadic(checker, node, function, arguments)
    if function.name == "size" and len(arguments) == 1 and isinstance(arguments[0], Const):
        value = arguments[0].value
        if isinstance(value, tuple):
            return Const(Type.INT, len(value))
    if function.zone and len(arguments) == len(function.overloads[0].arguments) - 1:
        arguments.append(Const(Type.STRING, checker.scope.zone))
    if function.constant_tail and not _tail(checker, node, function, arguments):
        return None
    operation = _resolve(function, arguments)
    if operation is None:
        _mismatch(checker, node, function, arguments)
        return None
    converted = [fold.convert(a, to) for a, to in zip(arguments, operation.arguments, strict=True)]
    return fold.apply(operation, *converted)


def _unknown(checker: Checker, node: syntax.Call) -> None:
    known = [*FUNCTIONS, *SPECIAL]
    if node.function in _MACROS or node.function in _UNSUPPORTED:
        suggestion = f"use {_UNSUPPORTED[node.function]}" if _UNSUPPORTED.get(node.function) else ""
        checker.report(node, f"'{node.function}' is not part of the language", suggestion)
        return
    suggestion = did_you_mean(node.function, known)
    checker.report(node, f"unknown function '{node.function}'", suggestion)


def _resolve(function: Function, arguments: list[Node]) -> Operation | None:
    types = tuple(argument.type for argument in arguments)
    exact = find(function.overloads, types)
    if exact:
        return exact
    widened = tuple(Type.DOUBLE if kind is Type.INT else kind for kind in types)
    for operation in function.overloads:
        if len(operation.arguments) == len(types) and all(
            wanted in (kind, wide) for wanted, kind, wide in zip(operation.arguments, types, widened, strict=True)
        ):
            return operation
    return None


def _mismatch(checker: Checker, node: syntax.Call, function: Function, arguments: list[Node]) -> None:
    given = ", ".join(argument.type.value for argument in arguments)
    checker.report(node, f"'{function.name}' does not take ({given})", f"it is {function.signature}")


def _tail(checker: Checker, node: syntax.Call, function: Function, arguments: list[Node]) -> bool:
    if len(arguments) != len(function.overloads[0].arguments):
        return True  # reported as a mismatch
    place, last = node.arguments[-1], arguments[-1]
    if not isinstance(last, Const) or not isinstance(last.value, str):
        what = "zone" if function.zone else "pattern"
        checker.report(place, f"the {what} of '{function.name}' must be a string constant")
        return False
    try:
        if function.zone:
            zone_table(last.value)
        else:
            automaton(last.value)
    except PatternError as error:
        checker.report(place, f"bad pattern: {error}")
        return False
    except ValueError as error:
        checker.report(place, str(error), 'use an IANA name: "Asia/Shanghai"')
        return False
    return True


def _variadic(checker: Checker, node: syntax.Call, function: Function, arguments: list[Node]) -> Node | None:
    if not 1 <= len(arguments) <= MAX_ARGUMENTS:
        checker.report(node, f"'{function.name}' takes 1 to {MAX_ARGUMENTS} values")
        return None
    kind = fold.common_type([argument.type for argument in arguments])
    operation = find(function.overloads, (kind, kind)) if kind else None
    if kind is None or operation is None:
        _mismatch(checker, node, function, arguments)
        return None
    result, *others = (fold.convert(argument, kind) for argument in arguments)
    for other in others:
        result = fold.apply(operation, result, other)
    return result


def _presence(checker: Checker, node: syntax.Call) -> Node | None:
    match node.arguments:
        case (syntax.Identifier() as name,):
            slot = names.identifier(checker, name)
        case (syntax.Select(operand=syntax.Identifier(name="models" | "limits" | "switches")) as name,):
            slot = names.selection(checker, name)
        case _:
            checker.report(node, "has() takes one name", "write has(device)")
            return None
    return None if slot is None else fold.presence(slot)


def _constant(checker: Checker, node: syntax.Call) -> Node | None:
    readers: dict[str, tuple[Type, Callable[[str], int]]] = {
        "money": (Type.MONEY, lambda text: literals.money(text, checker.scope.money_exponent)),
        "duration": (Type.DURATION, literals.duration),
        "timestamp": (Type.TIMESTAMP, literals.timestamp),
    }
    only = node.arguments[0] if len(node.arguments) == 1 else None
    if not isinstance(only, syntax.Literal) or not isinstance(only.value, str):
        checker.report(node, f"{node.function}() takes one string constant", f"it is {SPECIAL[node.function][0]}")
        return None
    kind, read = readers[node.function]
    try:
        return Const(kind, read(only.value))
    except ValueError as error:
        checker.report(only, str(error))
        return None
