"""Many entries of a list in one request: admitted in order, each answered on its own, charged one by one."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from seawall.engine.lists import ListStore
from seawall.server import service as service_module
from seawall.server.decided import BusyError

from .conftest import Served

PATH = "/v1/lists/watch_merchants/entries/batch"
_numbers = itertools.count(1)


def entry(**changed: Any) -> dict[str, Any]:
    number = next(_numbers)
    return {"entry_id": f"b{number}", "key": f"shop-{number}", "reason": "chargebacks", "owner": "li",
            "valid_from": "2026-11-01T00:00:00Z"} | changed  # fmt: skip


def kept(served: Served) -> ListStore:
    return served.service.engine.lists


def test_entries_take_numbers_in_order_and_a_bad_one_stops_no_other(served: Served) -> None:
    before = served.service.sequence
    good = [entry(), entry(), entry()]
    bad = [entry(list="trusted_customers"), entry(key=7), entry(valid_until="2026-10-01T00:00:00Z"), {"key": "x"}]
    answer = served.call("POST", PATH, [good[0], *bad, good[1], good[2]], headers={"Accept-Language": "en"})
    assert answer.status == 200
    first, *problems, second, third = answer.json
    assert [first, second, third] == [{"sequence": before + n} for n in (1, 2, 3)]
    assert [(one["index"], one["status"], one["field"]) for one in problems] == [
        (1, 422, "list"), (2, 422, "key"), (3, 422, "valid_until"), (4, 422, "entry_id"),
    ]  # fmt: skip
    assert problems[2]["detail"] == "is not after valid_from; give a later end"
    keys = kept(served).keys("watch_merchants")
    assert all([one.entry_id for one in keys[body["key"]]] == [body["entry_id"]] for body in good)
    assert served.service.sequence == before + 3


def test_the_last_of_an_entry_counts(served: Served) -> None:
    one = entry()
    other = one | {"key": "elsewhere"}
    served.call("POST", PATH, [one, other, entry(), one | {"removed": True}, other])
    keys = kept(served).keys("watch_merchants")
    assert one["key"] not in keys
    assert [found.entry_id for found in keys["elsewhere"]] == [one["entry_id"]]


def test_lines_are_answered_by_lines(served: Served) -> None:
    body = b"\n".join(json.dumps(one).encode() for one in (entry(), entry())) + b"\nnot json\n"
    answer = served.call("POST", PATH, body, headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    found = [json.loads(line) for line in answer.body.splitlines()]
    assert [one.get("index") for one in found] == [None, None, 2]
    assert found[1]["sequence"] == found[0]["sequence"] + 1


def test_a_list_that_is_not_there_is_said_of_each(served: Served) -> None:
    answer = served.call("POST", "/v1/lists/watch_merchant/entries/batch", [entry(), entry()])
    assert [(one["index"], one["field"]) for one in answer.json] == [(0, "list"), (1, "list")]
    assert "watch_merchants" in answer.json[0]["detail"]


@pytest.mark.parametrize("body", [b"[]", b"[1,", b"[" + b"{}," * 1_000 + b"{}]"])
def test_what_is_no_batch_is_refused_whole(served: Served, body: bytes) -> None:
    before = served.service.sequence
    answer = served.call("POST", PATH, body)
    assert (answer.status, served.service.sequence) == (400, before)


def test_it_needs_the_scope_and_a_name(served: Served) -> None:
    weak = served.keys.create(f"weak {next(_numbers)}", ["decide"])
    assert served.call("POST", PATH, [entry()], key=weak).status == 403
    assert served.call("POST", "/v1/lists//entries/batch", [entry()]).status == 404
    assert served.call("GET", PATH).status == 405


def test_a_batch_costs_as_many_requests_as_it_has_entries(served: Served) -> None:
    slow = served.keys.create(f"slow {next(_numbers)}", ["lists"], rate=10)
    assert served.call("POST", PATH, [entry() for _ in range(30)], key=slow).status == 200
    refused = served.call("POST", PATH, [entry()], key=slow)
    assert (refused.status, refused.json["type"]) == (429, "/problems/too-many-requests")
    assert 1 < int(refused.headers["retry-after"]) <= 4


def test_a_full_queue_takes_nothing_of_it(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    before = served.service.sequence

    def full(more: int) -> None:
        raise BusyError(f"no room for {more}", 1)

    monkeypatch.setattr(served.service._sequencer, "check_room", full)
    answer = served.call("POST", PATH, [entry(), entry()])
    assert (answer.status, answer.headers["retry-after"], answer.json["detail"]) == (429, "1", "no room for 2")
    assert served.service.sequence == before


def test_full_lists_refuse_an_entry_and_the_engine_goes_on(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine itself would fail at its bound and have to be recovered."""
    known = entry()
    served.call("POST", PATH, [known])
    monkeypatch.setattr(service_module, "MAX_LISTED", len(kept(served)) + 1)
    answer = served.call("POST", PATH, [known | {"removed": True}, entry(), entry()])
    assert [one.get("status") for one in answer.json] == [None, 422, 422]
    assert "the bound; remove some" in answer.json[1]["detail"]
    single = served.call("POST", PATH.removesuffix("/batch"), entry())
    assert single.status == 200  # the removal has made room
