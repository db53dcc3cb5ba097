"""Limits and switches over HTTP: writing takes a scope of its own, reading shows what is in force."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine.settled import folder

from ..world import bundle
from .conftest import Served, serving

ENTRY = {"entry_id": "x", "scope": "all", "value": 4_000, "reason": "asked", "source": "test"}
ON = {"entry_id": "s", "value": True, "reason": "attack", "source": "test"}


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("settled"), pack=bundle(folder())) as served:
        yield served


def shown(served: Served, path: str) -> dict[str, Any]:
    answer = served.call("GET", path)
    assert answer.status == 200
    return {one["name"]: one for one in answer.json["items"]}


def test_a_limit_and_a_switch_are_set_and_shown(settled: Served) -> None:
    before = shown(settled, "/v1/limits")["pay_each"]
    assert before | {"title": 0} == {
        "name": "pay_each", "title": 0, "note": None, "type": "money", "entity": "customer", "segment": "country",
        "default": 80_000, "entries": 0, "value": 80_000, "entry": None,
    }  # fmt: skip
    assert before["title"]["zh"] == "单笔限额"
    assert settled.call("POST", "/v1/limits/pay_each/entries", ENTRY).status == 200
    own = ENTRY | {"entry_id": "y", "scope": "entity", "key": "c9", "value": 7, "valid_until": "2027-01-01T00:00:00Z"}
    sequence = settled.call("POST", "/v1/limits/pay_each/entries", own).json["sequence"]
    assert sequence > 1
    assert shown(settled, "/v1/limits?entity=c9")["pay_each"]["entry"] == {
        "entry_id": "y", "scope": "entity", "reason": "asked", "source": "test", "valid_from": None,
        "valid_until": "2027-01-01T00:00:00.000Z",
    }  # fmt: skip
    assert [shown(settled, path)["pay_each"]["value"] for path in ("/v1/limits", "/v1/limits?entity=c9")] == [4_000, 7]
    assert shown(settled, "/v1/switches")["stop"]["value"] is False
    assert settled.call("POST", "/v1/switches/stop", ON).status == 200
    found = shown(settled, "/v1/switches")
    assert (found["stop"]["value"], found["safe"]["value"], found["safe"]["note"]["en"]) == (True, True, "Stricter")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/v1/limits/pay_eech/entries", ENTRY, "setting"),
        ("/v1/limits/pay_each/entries", ENTRY | {"value": -1}, "value"),
        ("/v1/limits/pay_each/entries", ENTRY | {"scope": "entity"}, "key"),
        ("/v1/switches/stop", ON | {"value": "yes"}, "value"),
        ("/v1/switches/stop", ON | {"setting": "switches.safe"}, "setting"),
    ],
)
def test_what_is_wrong_is_named(settled: Served, path: str, body: dict[str, Any], field: str) -> None:
    answer = settled.call("POST", path, body)
    assert (answer.status, answer.json["type"], answer.json["field"]) == (422, "/problems/event-invalid", field)


def test_writing_takes_its_own_scope_and_reading_that_of_reading(settled: Served) -> None:
    able, reader = (settled.keys.create(f"key {scope}", [scope]) for scope in ("limits", "read"))
    for path, body in (("/v1/limits/items/entries", ENTRY | {"scope": "all"}), ("/v1/switches/safe", ON)):
        assert settled.call("POST", path, body, key=reader).status == 403
        assert settled.call("POST", path, body, key=able).status == 200
    for path in ("/v1/limits", "/v1/switches"):
        assert settled.call("GET", path, key=able).status == 403
        assert settled.call("GET", path, key=reader).status == 200
    assert settled.call("GET", "/v1/limits?entity=" + "x" * 257).status == 400
    assert settled.call("GET", "/v1/switches?entity=x").status == 400
