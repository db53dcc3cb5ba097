"""The description is valid OpenAPI 3.1, true to the routes, and its schemas accept what the API takes and gives."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from seawall.engine.pack import load_pack
from seawall.server.challenge.routes import challenge_routes
from seawall.server.http.handlers import all_routes
from seawall.server.http.problem import KINDS
from seawall.server.metrics import Meters
from seawall.server.openapi import document

from ..engine.test_answer import ANSWER
from .world import PACKS, event

METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace"}
ROUTES = [*all_routes(Meters(dict, dict)), *challenge_routes(Meters(dict, dict))]


@pytest.fixture(scope="module", params=["example_card", "card_benchmark"])
def api(request: pytest.FixtureRequest) -> dict[str, Any]:
    made = document(load_pack(PACKS / request.param), ROUTES, "1.2.3")
    found: dict[str, Any] = json.loads(json.dumps(made))
    return found


def parts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for one in value.values():
            yield from parts(one)
    elif isinstance(value, list):
        for one in value:
            yield from parts(one)


def test_the_document_has_the_parts_of_openapi_3_1(api: dict[str, Any]) -> None:
    assert api["openapi"] == "3.1.0"
    assert set(api["info"]) >= {"title", "version"}
    assert set(api["components"]) <= {"schemas", "securitySchemes", "responses"}
    for path, item in api["paths"].items():
        assert path.startswith("/")
        assert set(item) <= METHODS
        for operation in item.values():
            named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
            assert named == {part[1:-1] for part in path.split("/") if part.startswith("{")}
            assert all(one["required"] for one in operation["parameters"] if one["in"] == "path")
            for status, response in operation["responses"].items():
                assert 200 <= int(status) < 600
                assert "$ref" in response or response["description"]
    for response in api["components"]["responses"].values():
        assert response["description"]


def test_every_reference_leads_somewhere(api: dict[str, Any]) -> None:
    references = [part["$ref"] for part in parts(api) if "$ref" in part]
    references += [to for part in parts(api) for to in part.get("mapping", {}).values() if isinstance(to, str)]
    assert references
    for reference in references:
        found = api
        assert reference.startswith("#/")
        for name in reference[2:].split("/"):
            found = found[name]


def test_every_route_is_described_once_with_its_scope(api: dict[str, Any]) -> None:
    operations = {(path, method): one for path, item in api["paths"].items() for method, one in item.items()}
    assert {(route.path, route.method.lower()) for route in ROUTES} == set(operations)
    assert len({one["operationId"] for one in operations.values()}) == len(operations)
    for route in ROUTES:
        one = operations[route.path, route.method.lower()]
        assert one.get("x-scope", "") == route.scope
        assert one["security"] == ([{"key": []}] if route.scope else [])
        assert ("requestBody" in one) == (route.max_body > 0)
        assert ("401" in one["responses"]) == bool(route.scope)
        assert one["summary"]
        assert one["x-summary-zh"]


def test_the_reference_page_names_every_route_and_every_problem() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/api.md").read_text("utf-8")
    named = set(re.findall(r"^\| `([A-Z]+ [^`]+)` \| ([a-z]*)", page, re.MULTILINE))
    assert named == {(f"{route.method} {route.path}", route.scope) for route in ROUTES}
    table = page.partition("| status | type |")[2].partition("\n\n")[0]
    assert {slug for slug in re.findall(r"`([a-z]+-?[a-z-]+)`", table) if slug in KINDS} == set(KINDS)


def test_every_schema_is_one(api: dict[str, Any]) -> None:
    for schema in api["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def validator(api: dict[str, Any], name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": api["components"]})


def test_schemas_accept_what_the_api_takes_and_gives() -> None:
    api = document(load_pack(PACKS / "example_card"), ROUTES, "1")
    good = json.loads(event(1))
    assert validator(api, "Event").is_valid(good)
    assert not validator(api, "Event").is_valid(good | {"amount": "1"})
    assert not validator(api, "Event").is_valid(good | {"colour": "red"})
    answer = json.loads(ANSWER)
    assert list(validator(api, "Decision").iter_errors(answer)) == []
    assert not validator(api, "Decision").is_valid(answer | {"outcome": "perhaps"})


def test_every_problem_is_described(api: dict[str, Any]) -> None:
    assert set(api["components"]["responses"]) == set(KINDS)
    assert api["components"]["schemas"]["Problem"]["properties"]["type"]["enum"] == [k.type for k in KINDS.values()]
    used = {part["$ref"].rpartition("/")[2] for part in parts(api["paths"]) if "/responses/" in part.get("$ref", "")}
    assert used == set(KINDS)
