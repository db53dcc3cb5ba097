"""The API as its callers see it, the same behind our own server and behind an ASGI server."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any

import pytest

from seawall.server.access import Access
from seawall.server.decided import BusyError, UnavailableError

from ...engine.test_answer import ANSWER, CARD, EVENTS, ID
from ..world import event
from .conftest import Served, serving

_numbers = itertools.count(1_000)


def fresh(**changed: Any) -> dict[str, Any]:
    """An event nobody has sent yet."""
    return json.loads(event(next(_numbers), **changed))


def test_the_worked_example_to_the_letter(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        for event_id, at, merchant, device, amount in EVENTS:
            body = {"event_id": event_id, "type": "payment.card", "event_time": at, "customer": "c1", "card": CARD,
                    "merchant": merchant, "device": device, "amount": amount, "currency": "CNY"}  # fmt: skip
            answer = served.call("POST", "/v1/decisions?explain=1", body)
            assert answer.status == 200
            assert answer.headers["content-type"] == "application/json"
        found = answer.json
        text = answer.body.decode().replace(found["decision_id"], ID)
        assert text.replace(f'"latency_us":{found["latency_us"]},', '"latency_us":412,') == ANSWER
        assert found["latency_us"] > 0


def test_a_decision_is_read_again_by_its_id_and_by_its_events(served: Served) -> None:
    given = served.call("POST", "/v1/decisions", fresh(event_id="支付 1")).json
    assert "explain" not in given
    for key in (given["decision_id"], "%E6%94%AF%E4%BB%98%201"):
        again = served.call("GET", f"/v1/decisions/{key}")
        assert again.status == 200
        found = again.json
        assert found.pop("explain") is not None
        assert found == given | {"latency_us": 0}


def test_a_repeat_is_told_and_other_content_is_refused(served: Served) -> None:
    body = fresh()
    first, second = (served.call("POST", "/v1/decisions", body) for _ in range(2))
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert first.json["decision_id"] == second.json["decision_id"]
    refused = served.call("POST", "/v1/decisions", body | {"amount": 7})
    assert (refused.status, refused.json["type"]) == (409, "/problems/event-conflict")
    assert body["event_id"] in refused.json["detail"]


def test_texts_come_in_the_language_asked_for(served: Served) -> None:
    body = fresh(amount=500_000, device="unheard of")
    zh, en = "新设备大额或关注商户", "Large amount on a new device or a watched merchant"
    asked = [("", {}, zh), ("?lang=en", {}, en), ("?lang=zh", {"Accept-Language": "en"}, zh)]
    asked += [("", {"Accept-Language": "fr, en-GB;q=0.8, zh;q=0.5"}, en), ("", {"Accept-Language": "fr"}, zh)]
    for query, headers, text in asked:
        found = served.call("POST", f"/v1/decisions{query}", body, headers=headers).json
        assert found["reasons"][-1]["text"] == text
    refused = served.call("POST", "/v1/decisions", {}, headers={"Accept-Language": "en"})
    assert refused.json["title"] == "The record is not valid"
    assert served.call("POST", "/v1/decisions", {}).json["title"] == "记录不符合要求"


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (b"", "", "not one JSON object"),
        (b"{", "", "not one JSON object"),
        (b"\xff\xfe", "", "not one JSON object"),
        (b"[" * 30_000, "", ""),
        (b'{"type":' * 8_000, "", ""),
        (b'{"type":"payment.crad"}', "type", "did you mean payment.card?"),
        (event(1, amount="12.34"), "amount", "whole minor units"),
        (event(1, colour="red"), "colour", "not declared"),
        (event(1, event_time="2026-11-24T00:00:00Z"), "event_time", "ahead of our clock"),
        (event(1, currency="USD"), "currency", ""),
        (event(1, amount=1e400), "", ""),
    ],
)
def test_a_bad_event_is_refused_naming_the_field(served: Served, body: bytes, field: str, words: str) -> None:
    before = served.service.sequence
    answer = served.call("POST", "/v1/decisions?lang=en", body)
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json")
    problem = answer.json
    assert list(problem) == ["type", "title", "status", "detail", "instance", "field"]
    assert (problem["type"], problem["field"]) == ("/problems/event-invalid", field)
    assert words in problem["detail"]
    assert problem["instance"].startswith("urn:uuid:")
    assert served.service.sequence == before


# --- batches ----------------------------------------------------------------------------------------------------------


def test_a_batch_is_answered_in_order_each_by_itself(served: Served) -> None:
    good, bad = [fresh(), fresh()], fresh(amount=-1.5)
    answer = served.call("POST", "/v1/decisions/batch?lang=en", [good[0], bad, good[1], good[0]])
    assert answer.status == 200
    first, problem, second, again = answer.json
    assert [first["event_id"], second["event_id"]] == [one["event_id"] for one in good]
    assert first["decision_id"] == again["decision_id"]
    assert (problem["index"], problem["status"], problem["field"]) == (1, 422, "amount")
    assert problem["instance"].endswith("#1")
    assert served.call("POST", "/v1/decisions", good[0]).json["sequence"] == first["sequence"]


@pytest.mark.parametrize("content_type", ["application/x-ndjson", "application/jsonl", "application/json"])
def test_lines_are_answered_by_lines(served: Served, content_type: str) -> None:
    bodies = [fresh() for _ in range(3)]
    sent = b"\r\n".join(json.dumps(body).encode() for body in bodies) + b"\n\nnot json\n"
    answer = served.call("POST", "/v1/decisions/batch", sent, headers={"Content-Type": content_type})
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    lines = [json.loads(line) for line in answer.body.splitlines()]
    assert [line.get("event_id") for line in lines] == [*(body["event_id"] for body in bodies), None]
    assert lines[3]["index"] == 3


def test_a_batch_may_be_explained_and_long(served: Served) -> None:
    bodies = [fresh() for _ in range(1_000)]
    found = served.call("POST", "/v1/decisions/batch?explain=1", bodies).json
    assert [one["event_id"] for one in found] == [body["event_id"] for body in bodies]
    assert all("explain" in one for one in found)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "no record"),
        (b"\n \n", "no record"),
        (b"[1,", "no JSON array"),
        (b"[" * 100_000, "no JSON array"),
        (b"[" + b"1," * 1_000 + b"1]", "more than 1,000 records"),
        (b"1\n" * 1_001, "1,001 records"),
    ],
)
def test_what_is_no_batch_is_refused_whole(served: Served, body: bytes, words: str) -> None:
    answer = served.call("POST", "/v1/decisions/batch?lang=en", body)
    assert (answer.status, answer.json["type"]) == (400, "/problems/request-invalid")
    assert words in answer.json["detail"]


# --- reading ----------------------------------------------------------------------------------------------------------


def test_decisions_are_paged_by_sequence(served: Served) -> None:
    start = served.service.sequence
    given = [served.call("POST", "/v1/decisions", fresh()).json for _ in range(5)]
    page = served.call("GET", f"/v1/decisions?after={start}&limit=3").json
    assert page["items"] == [one | {"latency_us": 0} for one in given[:3]]
    assert page["next"] == given[2]["sequence"]
    rest = served.call("GET", f"/v1/decisions?after={page['next']}", headers={"Accept": "application/x-ndjson"})
    assert [json.loads(line)["event_id"] for line in rest.body.splitlines()] == [one["event_id"] for one in given[3:]]
    last = served.service.sequence
    assert served.call("GET", f"/v1/decisions?after={last}").json == {"items": [], "next": last}


def test_the_active_policy_says_what_it_holds(served: Served) -> None:
    found = served.call("GET", "/v1/policies/active").json
    pack = served.service.active().pack
    assert (found["policy"], found["version"], found["content_hash"]) == ("example_card", 1, pack.content_hash)
    assert [rule["id"] for rule in found["rules"]] == [rule.id for rule in pack.rules]
    assert found["rules"][0]["title"] == {"zh": "短时高频或日累计过高", "en": "Burst of payments or high daily total"}
    assert [one["name"] for one in found["features"]] == served.service.active().feature_names


def test_the_description_is_served(served: Served) -> None:
    found = served.call("GET", "/v1/openapi.json").json
    assert found["openapi"] == "3.1.0"
    assert "Event.payment.card" in found["components"]["schemas"]


# --- labels, lists, erasures ------------------------------------------------------------------------------------------


def test_list_entries_change_decisions_and_labels_are_recorded(served: Served) -> None:
    body = fresh(merchant=f"m-{next(_numbers)}", amount=200)
    calm = served.call("POST", "/v1/decisions", body).json
    entry = {"entry_id": f"w{next(_numbers)}", "key": body["merchant"], "reason": "chargebacks", "owner": "li",
             "valid_from": "2026-01-01T00:00:00Z"}  # fmt: skip
    answer = served.call("POST", "/v1/lists/watch_merchants/entries", entry)
    assert (answer.status, answer.json) == (200, {"sequence": calm["sequence"] + 1})
    watched = served.call("POST", "/v1/decisions", body | {"event_id": f"e-{next(_numbers)}"}).json
    assert watched["list_hits"] == [f"watch_merchants/{entry['entry_id']}"]
    assert served.call("POST", "/v1/lists/watch_merchant/entries", entry).status == 422
    assert served.call("POST", "/v1/labels", {"label": "nonsense", "event_id": "x"}).json["field"] == "label"


def test_an_erasure_says_what_it_destroyed(served: Served) -> None:
    body = fresh(customer="to be forgotten", card="6222029999999999")
    sequence = served.call("POST", "/v1/decisions", body).json["sequence"]
    found = served.call("POST", "/v1/erasures", {"subject": "to be forgotten"}).json
    assert found["sequence"] == sequence + 1
    assert found["links_cut"] == 1
    for bad in ({}, {"subject": ""}, {"subject": 1}, {"subject": "x", "why": "y"}, []):
        assert served.call("POST", "/v1/erasures", bad).json["field"] == "subject"


# --- paths, methods, forms --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "headers", "status", "slug"),
    [
        ("GET", "/", {}, 404, "not-found"),
        ("POST", "/v1/decision", {}, 404, "not-found"),
        ("GET", "/v1/decisions/no-such-id", {}, 404, "not-found"),
        ("GET", "/v1/decisions/%FF", {}, 404, "not-found"),
        ("GET", "/v1/decisions/a%0Ab", {}, 404, "not-found"),
        ("GET", "/v1/decisions/" + "x" * 300, {}, 404, "not-found"),
        ("GET", "/v1/decisions/a/b", {}, 404, "not-found"),
        ("DELETE", "/v1/decisions", {}, 405, "method-not-allowed"),
        ("PUT", "/v1/decisions/x", {}, 405, "method-not-allowed"),
        ("GET", "/v1/labels", {}, 405, "method-not-allowed"),
        ("OPTIONS", "/v1/decisions", {}, 405, "method-not-allowed"),
        ("GET", "/v1/policies/active", {"Accept": "text/html"}, 406, "not-acceptable"),
        ("GET", "/v1/decisions?after=-1", {}, 400, "request-invalid"),
        ("GET", "/v1/decisions?after=1e3", {}, 400, "request-invalid"),
        ("GET", "/v1/decisions?limit=1001", {}, 400, "request-invalid"),
        ("GET", "/v1/decisions?limit=1&limit=2", {}, 400, "request-invalid"),
        ("GET", "/v1/decisions?" + "&".join(f"a{i}=1" for i in range(99)), {}, 400, "request-invalid"),
        ("GET", "/v1/policies/active?x=1", {}, 400, "request-invalid"),
    ],
)
def test_what_is_asked_wrongly(
    served: Served, method: str, path: str, headers: dict[str, str], status: int, slug: str
) -> None:
    answer = served.call(method, path, headers=headers)
    assert (answer.status, answer.json["type"]) == (status, f"/problems/{slug}")
    if status == 405:
        assert answer.headers["allow"]


def test_a_405_names_the_methods_there_are(served: Served) -> None:
    assert served.call("DELETE", "/v1/decisions").headers["allow"] == "GET, HEAD, POST"
    assert served.call("GET", "/v1/labels").headers["allow"] == "POST"
    assert served.call("DELETE", "/v1/decisions/x").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize("query", ["explain=2", "explain=", "lang=fr", "verbose=1"])
def test_a_wrong_wish_is_refused_before_anything_is_decided(served: Served, query: str) -> None:
    before = served.service.sequence
    assert served.call("POST", f"/v1/decisions?{query}", fresh()).status == 400
    assert served.service.sequence == before


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "application/x-www-form-urlencoded"}, 200),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-ndjson"}, 415),
        ({"Content-Encoding": "gzip"}, 415),
        ({"Accept": "application/xml"}, 406),
        ({"Accept": "application/json;q=0"}, 406),
        ({"Accept": "text/html, application/*;q=0.1"}, 200),
        ({"Accept": "*/*;q=0.1"}, 200),
        ({"Content-Type": "Application/JSON; charset=utf-8", "Content-Encoding": "identity"}, 200),
    ],
)
def test_forms_of_bodies_and_answers(served: Served, headers: dict[str, str], status: int) -> None:
    assert served.call("POST", "/v1/decisions", fresh(), headers=headers).status == status


@pytest.mark.parametrize(("path", "size"), [("/v1/decisions", 65_537), ("/v1/decisions/batch", 8 * 2**20 + 1)])
def test_a_body_that_is_too_large_is_refused(served: Served, path: str, size: int) -> None:
    answer = served.call("POST", path, b" " * size)
    assert (answer.status, answer.json["type"]) == (413, "/problems/content-too-large")


def test_the_largest_event_is_taken(served: Served) -> None:
    body = json.dumps(fresh()).encode()
    assert served.call("POST", "/v1/decisions", body + b" " * (65_536 - len(body))).status == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/policies/active", "/v1/decisions", "/v1/openapi.json"])
def test_head_is_get_without_the_body(served: Served, path: str) -> None:
    got, head = served.call("GET", path), served.call("HEAD", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


# --- when it does not work --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "retry_after"),
    [(BusyError("4,096 records wait already", 1), 429, "1"), (UnavailableError("the disk is full", 5), 503, "5")],
)
def test_a_busy_service_says_when_to_come_again(
    served: Served, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, retry_after: str
) -> None:
    async def refuse(*_: object) -> None:
        raise error

    def refuse_at_once(*_: object) -> None:
        raise error

    monkeypatch.setattr(served.service, "submit", refuse_at_once)
    for name in ("decide_many", "label", "list_entry", "list_entries", "erase"):
        monkeypatch.setattr(served.service, name, refuse)
    calls = [("/v1/decisions", {}), ("/v1/decisions/batch", [{}]), ("/v1/labels", {}), ("/v1/lists/x/entries", {})]
    calls.append(("/v1/lists/x/entries/batch", [{}]))
    for path, body in [*calls, ("/v1/erasures", {"subject": "x"})]:
        answer = served.call("POST", path, body)
        assert (answer.status, answer.headers["retry-after"]) == (status, retry_after)
        assert answer.json["detail"] == str(error)


def test_a_failure_inside_tells_the_caller_nothing_and_the_log_everything(
    served: Served, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret of /etc/shadow")

    monkeypatch.setattr(served.service, "submit", fail)
    answer = served.call("POST", "/v1/decisions?lang=en", fresh())
    assert answer.status == 500
    assert b"shadow" not in answer.body
    assert b"Traceback" not in answer.body
    (record,) = [one for one in caplog.records if answer.json["instance"] in one.getMessage()]
    assert record.exc_info is not None
    monkeypatch.undo()
    assert served.call("POST", "/v1/decisions", fresh()).status == 200


def test_readiness_follows_the_service_and_liveness_does_not(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.call("GET", "/readyz", key=None).json == {"status": "ready"}
    monkeypatch.setattr(served.service, "ready", lambda: "recovering: 40 %")
    answer = served.call("GET", "/readyz", key=None)
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert "recovering: 40 %" in answer.json["detail"]
    assert served.call("GET", "/healthz", key=None).json == {"status": "alive"}


# --- who may ----------------------------------------------------------------------------------------------------------


def test_without_a_right_key_nothing_is_told_apart(served: Served) -> None:
    revoked = served.keys.create(f"gone {next(_numbers)}")
    assert served.call("GET", "/v1/policies/active", key=revoked).status == 200
    served.keys.revoke(revoked[3:11])
    wrong = [None, "sw_abcdefgh_" + "x" * 43, served.key[:-1] + "!", "nonsense", served.key[:12] + "A" * 43]
    answers = [served.call("GET", "/v1/policies/active", key=key) for key in wrong]
    assert {(one.status, one.headers["www-authenticate"]) for one in answers} == {(401, 'Bearer realm="seawall"')}
    bodies = [{k: v for k, v in one.json.items() if k != "instance"} for one in answers]
    assert all(body == bodies[0] for body in bodies)


def test_a_revoked_key_stops_within_a_second(served: Served) -> None:
    key = served.keys.create(f"short {next(_numbers)}")
    assert served.call("GET", "/v1/policies/active", key=key).status == 200
    served.keys.revoke(key[3:11])
    time.sleep(Access.CHECK_SECONDS + 0.1)
    assert served.call("GET", "/v1/policies/active", key=key).status == 401


def test_a_missing_scope_is_named(served: Served) -> None:
    key = served.keys.create(f"reader {next(_numbers)}", ["read"])
    assert served.call("GET", "/v1/decisions", key=key).status == 200
    needed = {"/v1/decisions": "decide", "/v1/decisions/batch": "decide", "/v1/labels": "label",
              "/v1/lists/x/entries": "lists", "/v1/erasures": "erase"}  # fmt: skip
    for path, scope in needed.items():
        answer = served.call("POST", path, {}, key=key)
        assert (answer.status, answer.json["type"]) == (403, "/problems/scope-missing")
        assert repr(scope) in answer.json["detail"]


def test_a_key_that_is_too_fast_is_slowed_down(served: Served) -> None:
    key = served.keys.create(f"slow {next(_numbers)}", rate=2)
    statuses = [served.call("GET", "/v1/policies/active", key=key) for _ in range(6)]
    refused = [one for one in statuses if one.status == 429]
    assert [one.status for one in statuses[:2]] == [200, 200]
    assert refused[0].headers["retry-after"] == "1"


def test_a_batch_costs_as_much_as_its_events(served: Served) -> None:
    key = served.keys.create(f"bulk {next(_numbers)}", rate=10)
    assert served.call("POST", "/v1/decisions/batch", [fresh() for _ in range(60)], key=key).status == 200
    answer = served.call("GET", "/v1/policies/active", key=key)
    assert answer.status == 429
    assert int(answer.headers["retry-after"]) >= 4


def test_metrics_are_open_to_this_machine_only(served: Served) -> None:
    served.call("POST", "/v1/decisions", fresh())
    answer = served.call("GET", "/metrics", key=None)
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'seawall_http_requests_total{route="decide",status="200"}' in answer.body.decode()
    for header in ("X-Forwarded-For", "Forwarded"):
        assert served.call("GET", "/metrics", key=None, headers={header: "for=192.0.2.1"}).status == 401
        assert served.call("GET", "/metrics", headers={header: "for=192.0.2.1"}).status == 200
