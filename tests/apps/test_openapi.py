"""The document of the REST API: what each operation may refuse, on which condition it changes something, who may."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from seawall.apps.etag import CONDITION

pytestmark = pytest.mark.django_db


@pytest.fixture
def document(signed_in: Callable[..., Client]) -> dict[str, Any]:
    answer = signed_in("analyst").get("/api/v1/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


def operations() -> list[tuple[str, str, Any]]:
    from seawall.server.control.api import operations

    return list(operations())


def asks(function: Any) -> bool | None:
    """Whether an operation's code reads If-Match and insists on it; helpers of its own module are followed."""
    tree = ast.parse(inspect.getsource(inspect.getmodule(function)))  # type: ignore[arg-type]
    functions = {one.name: one for one in tree.body if isinstance(one, ast.FunctionDef)}

    def read(name: str, seen: frozenset[str]) -> bool | None:
        for call in (one for one in ast.walk(functions[name]) if isinstance(one, ast.Call)):
            called = call.func.id if isinstance(call.func, ast.Name) else ""
            waived = any(
                each.arg == "required" and isinstance(each.value, ast.Constant) and each.value.value is False
                for each in call.keywords
            )
            if called in ("unchanged", "version_asked"):
                return not waived
            if called in functions and called not in seen:
                deeper = read(called, seen | {called})
                if deeper is not None:
                    return deeper and not waived
        return None

    return read(function.__name__, frozenset({function.__name__}))


def test_operations_that_read_if_match_are_marked_so() -> None:
    """Mark what fails here with `@conditional()` or `@conditional(required=False)` under its api_requires."""
    found = {f"{method} {path}": (getattr(function, CONDITION, None), asks(function))
             for method, path, function in operations()}  # fmt: skip
    assert {name: pair for name, pair in found.items() if pair[0] != pair[1]} == {}
    assert sum(marked is True for marked, _asks in found.values()) > 10


def test_conditions_and_refusals_are_told(document: dict[str, Any]) -> None:
    for method, path, function in operations():
        told = document["paths"][f"/api/v1{path}"][method.lower()]
        headers = {one["name"]: one["required"] for one in told.get("parameters", []) if one["in"] == "header"}
        condition = getattr(function, CONDITION, None)
        assert headers.get("If-Match") is condition, path
        assert ("412" in told["responses"], "428" in told["responses"]) == (condition is not None, condition is True)
        assert {"401", "403", "422"} <= set(told["responses"])
        assert ("409" in told["responses"]) == (method != "GET"), path
        assert told["x-permission"], path
    stopped = document["components"]["responses"]["Refused412"]
    assert "changes" in stopped["description"]
    assert stopped["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [one for each in value.values() for one in references(each)]
        return [one for each in value for one in references(each)] if isinstance(value, list) else []

    found = set(references(document))
    assert len(found) > 30
    for one in found:
        at: Any = document
        for part in one.removeprefix("#/").split("/"):
            assert part in at, one
            at = at[part]


def test_what_can_be_had_again_unchanged_says_so(document: dict[str, Any]) -> None:
    case = document["paths"]["/api/v1/cases/{case_id}"]["get"]
    assert "304" in case["responses"]
    assert "ETag" in case["responses"]["200"]["headers"]
    assert "If-None-Match" in [one["name"] for one in case["parameters"]]
