"""Every CEL conformance case inside the subset agrees in all backends; the others are counted by reason."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seawall.engine.language import Expression, ExpressionError, Name, Scope, Type, check, compile_row, evaluate

from .columns import Columns
from .textproto import Message, read

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "cel-conformance"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the CEL conformance files are not beside this checkout")

VARIABLES = {"INT64": Type.INT, "BOOL": Type.BOOL}


class Case(NamedTuple):
    """One conformance case; `value` None means CEL gives an error."""

    name: str
    text: str
    value: Any
    scope: Scope
    row: dict[str, Any]


def _value(message: Message) -> Any:
    [(kind, [value])] = message.items()
    match kind:
        case "int64_value":
            return int(value)
        case "double_value":
            return float(value)
        case "string_value":
            return value.decode()
        case "bool_value":
            return value == "true"
        case "list_value":
            return tuple(_value(item) for item in value.get("values", []))
    return f"<{kind}>"


def _cases() -> list[Case]:
    cases = []
    for path in sorted(FOLDER.glob("*.textproto")):
        for section in read(path.read_text(encoding="utf-8"))["section"]:
            for test in section["test"]:
                name = ".".join(part.decode() for part in (path.stem.encode(), section["name"][0], test["name"][0]))
                names = {}
                for env in test.get("type_env", []):
                    kind = env["ident"][0]["type"][0].get("primitive", ["?"])[0]
                    if kind in VARIABLES:
                        names[env["name"][0].decode()] = Name(env["name"][0].decode(), VARIABLES[kind])
                row = {b["key"][0].decode(): _value(b["value"][0]["value"][0]) for b in test.get("bindings", [])}
                value = _value(test["value"][0]) if "value" in test else None
                cases.append(Case(name, test["expr"][0].decode("utf-8", "surrogateescape"), value, Scope(names), row))
    return cases


CASES = _cases() if FOLDER.is_dir() else []

# Why a case is outside the subset: by what the checker says, or by what CEL expects.
REASONS = {
    "bytes": "bytes literals",
    "unsigned numbers": "unsigned numbers",
    "maps": "maps are not",
    "null": "null is not",
    "messages and selection": r"'\.\w+' is not part|unexpected '[.{]'|a name must follow",
    "dyn": "'dyn' is not",
    "uint()": "'uint' is not",
    "int / int": "'/' does not apply to int and int",
    "nested lists": "a list holds constants only",
    "list variables": "unknown name 'a'",
    "unbound names and functions": "unknown (name|function) '(x|f_unknown|as|break|const|continue|else|for|function|if|"
    "import|let|loop|package|namespace|return|var|void|while)'",
    "types refused when saved": "takes conditions|does not apply to|branches differ",
}
COUNTS = {
    "bytes": 73,
    "unsigned numbers": 36,
    "messages and selection": 25,
    "maps": 23,
    "unbound names and functions": 21,
    "int / int": 15,
    "dyn": 13,
    "types refused when saved": 11,
    "non-finite doubles": 3,
    "null": 2,
    "nested lists": 2,
    "list variables": 1,
    "uint()": 1,
}


def _outside(case: Case) -> str:
    """The reason a case is outside the subset, or "" when it is inside."""
    try:
        check(case.text, case.scope)
    except ExpressionError as error:
        message = error.problems[0].message
        return next((reason for reason, pattern in REASONS.items() if re.search(pattern, message)), message)
    return "non-finite doubles" if case.value in (float("inf"), float("-inf")) else ""


INSIDE = [case for case in CASES if not _outside(case)]


def _equal(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and found == wanted and str(found) == str(wanted)


def test_the_cases_outside_are_the_known_ones() -> None:
    counts = Counter(reason for case in CASES if (reason := _outside(case)))
    assert dict(counts) == COUNTS
    assert len(INSIDE) + sum(COUNTS.values()) == len(CASES)


@pytest.mark.parametrize("case", INSIDE, ids=[case.name for case in INSIDE])
def test_case_inside_agrees(case: Case) -> None:
    expression = check(case.text, case.scope)
    assert _equal(evaluate(expression, case.row), case.value)
    slots = {name: place for place, name in enumerate(case.scope.names)}
    row = [case.row.get(name) for name in slots]
    assert _equal(compile_row([expression], slots)(row)[0], case.value)


def test_cases_inside_agree_in_columns() -> None:
    types = {name.name: name.type for case in INSIDE for name in case.scope.names.values()}
    expressions: list[Expression] = [check(case.text, case.scope) for case in INSIDE]
    columns = Columns(expressions, types)
    assert all(expressions[number].type is Type.LIST for number in columns.program.fallback)
    values, _ = columns.run([dict.fromkeys(types, 123)])
    lowest = -(2**63)  # stands for missing in columns
    wrong = [
        case.name
        for number, case in enumerate(INSIDE)
        if number not in columns.program.fallback and case.value != lowest and not _equal(values[0][number], case.value)
    ]
    assert wrong == []
