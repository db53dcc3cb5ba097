"""Policies over HTTP: bundles in, deployments, and nothing dropped or mixed under load."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from seawall.engine.journal import pack_bundle
from tests.server.http.conftest import Answer, Served, serving
from tests.server.packs import version
from tests.server.test_deploying import audit
from tests.server.world import event

BYTES = {"Content-Type": "application/octet-stream"}
CONNECTIONS = 64


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("policies")) as found:
        yield found


def send(served: Served, bundle: bytes) -> Answer:
    return served.call("POST", "/v1/policies/bundles", bundle, headers=BYTES)


def deploy(served: Served, **wanted: Any) -> Answer:
    return served.call("POST", "/v1/policies/active", wanted)


def active(served: Served) -> Any:
    return served.call("GET", "/v1/policies/active").json


def test_a_bundle_goes_in_and_its_policy_runs(platform: Served) -> None:
    before = active(platform)
    filed = send(platform, version(2, least=2))
    assert filed.status == 201
    assert filed.json | {"digest": ""} == {
        "digest": "", "policy": "example_card@2", "features": "same", "problems": [],
    }  # fmt: skip
    digest = filed.json["digest"]
    assert send(platform, version(2, least=2)).json == filed.json
    done = deploy(platform, champion=digest, challenger={"digest": before["digest"], "share": 500}, note="try it")
    assert (done.status, done.json["policy"]) == (200, "example_card@2")
    assert deploy(platform, champion=digest, challenger={"digest": before["digest"], "share": 500}).json == done.json
    now = active(platform)
    assert (now["version"], now["sequence"], now["note"]) == (2, done.json["sequence"], "try it")
    rival = {"policy": "example_card@1", "digest": before["digest"], "share": 500, "entity": "customer"}
    assert (now["challenger"], now["shadows"], now["warming"]) == (rival, [], None)
    decided = platform.call("POST", "/v1/decisions", event(1)).json
    assert set(decided) >= {"policy", "outcome"}
    assert "others" not in json.dumps(decided)
    counted = platform.call("GET", "/metrics").body.decode()
    assert 'role="challenger",served="false"' in counted or 'role="champion",served="false"' in counted
    back = deploy(platform, champion=before["digest"])
    assert back.json["sequence"] == done.json["sequence"] + 2


def test_other_windows_are_202_until_they_are_warm(platform: Served) -> None:
    before = active(platform)
    filed = send(platform, version(3, is_wider=True)).json
    assert filed["features"] == "other"
    first = deploy(platform, champion=before["digest"], shadows=[filed["digest"]])
    assert first.status == 202
    assert first.json["warming"]["policies"] == [f"example_card@{before['version']}", "example_card@3"]
    assert active(platform)["warming"] is not None
    assert platform.call("GET", "/readyz").json["warming"]["policies"]
    deadline = time.monotonic() + 60
    while (again := deploy(platform, champion=before["digest"], shadows=[filed["digest"]])).status == 202:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    now = active(platform)
    assert (now["sequence"], now["warming"]) == (again.json["sequence"], None)
    assert now["shadows"] == [{"policy": "example_card@3", "digest": filed["digest"]}]
    assert platform.call("GET", "/readyz").json == {"status": "ready"}
    assert send(platform, version(4, is_wider=True)).json["features"] == "same"


def bomb() -> bytes:
    """A billion laughs in the policy file."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return pack_bundle({"events.yaml": b"pack: x\n", "policy.yaml": "\n".join(lines).encode()})


def outside() -> bytes:
    return b"seawall-bundle-1\n" + msgspec.msgpack.encode([("../../evil.yaml", b"x")])


@pytest.mark.parametrize(
    "bundle",
    [b"", b"PK", b"seawall-bundle-1\n\xdf\xff\xff\xff\xff", outside(), bomb(), pack_bundle({"policy.yaml": b"\xff"})],
    ids=["nothing", "no bundle", "a length that lies", "a name outside", "a YAML bomb", "no UTF-8"],
)
def test_a_hostile_bundle_is_refused_at_once(platform: Served, bundle: bytes) -> None:
    began = time.monotonic()
    refused = send(platform, bundle)
    assert time.monotonic() - began < 5
    assert (refused.status, refused.json["type"]) == (422, "/problems/policy-invalid")
    assert refused.json["problems"][0]["message"]
    assert not Path(platform.service.home.folder, "evil.yaml").exists()


def test_what_is_wrong_in_a_pack_has_its_place(platform: Served) -> None:
    bad = version(9, rules="  - {id: typo, when: card_cuont_10m > 2, score: 3, title: {zh: 错, en: Typo}}\n")
    refused = send(platform, bad).json
    (found,) = [one for one in refused["problems"] if one["severity"] == "error"]
    assert found["file"] == "rules.yaml"
    assert found["line"] > 1
    assert found["column"] > 1
    assert "card_count_10m" in found["hint"]
    assert str(found["line"]) in refused["detail"]


@pytest.mark.parametrize(
    ("wanted", "status", "slug", "field"),
    [
        ({"champion": "0" * 64}, 404, "not-found", None),
        ({}, 422, "policy-invalid", ""),
        ({"champion": "zz"}, 422, "policy-invalid", "champion"),
        ({"champion": "0" * 64, "colour": "red"}, 422, "policy-invalid", ""),
        ({"champion": "0" * 64, "challenger": {"digest": "0" * 64, "share": 5_001}}, 422, "policy-invalid",
         "challenger.share"),
        ({"champion": "0" * 64, "shadows": ["1" * 64] * 4}, 422, "policy-invalid", "shadows"),
    ],
)  # fmt: skip
def test_a_wrong_deployment_is_refused(
    platform: Served, wanted: dict[str, Any], status: int, slug: str, field: str | None
) -> None:
    refused = deploy(platform, **wanted)
    assert (refused.status, refused.json["type"], refused.json.get("field")) == (status, f"/problems/{slug}", field)


def test_a_version_that_ran_with_other_content_is_a_conflict(platform: Served) -> None:
    refused = send(platform, version(1, least=7))
    assert (refused.status, refused.json["type"]) == (409, "/problems/policy-conflict")
    assert "raise its version" in refused.json["detail"]


def test_it_takes_a_key_with_the_scope_and_a_body_of_the_right_kind(platform: Served) -> None:
    plain = platform.keys.create("plain")
    for path in ("/v1/policies/active", "/v1/policies/bundles"):
        refused = platform.call("POST", path, b"{}", key=plain, headers=BYTES)
        assert (refused.status, "policies" in refused.json["detail"]) == (403, True)
    assert platform.call("POST", "/v1/policies/bundles", b"{}").status == 415
    assert platform.call("POST", "/v1/policies/active", b"{}", headers=BYTES).status == 415
    head = platform.head(
        "POST", "/v1/policies/bundles", f"Content-Length: {33 << 20}", "Content-Type: application/octet-stream"
    )
    assert b" 413 " in platform.raw(head).splitlines()[0]


# --- load -------------------------------------------------------------------------------------------------------------


def test_deploying_back_and_forth_under_load_drops_and_mixes_nothing(tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        first = active(served)["digest"]
        second, third, wider = [
            send(served, version(number, least=number, is_wider=number == 4)).json["digest"] for number in (2, 3, 4)
        ]
        rounds = [
            {"champion": first, "shadows": [wider]},  # its windows are warmed under load, then stay
            {"champion": second, "shadows": [first, wider]},
            {"champion": wider, "shadows": [first]},
            {"champion": third, "challenger": {"digest": second, "share": 4_000}, "shadows": [wider]},
        ]
        stop, trouble, answered = threading.Event(), [], []
        loader = threading.Thread(target=lambda: asyncio.run(_load(served, stop, trouble, answered)))
        loader.start()
        switches = []
        deadline = time.monotonic() + 90
        try:
            for number in range(40):
                while (done := deploy(served, **rounds[number % 4])).status == 202 and time.monotonic() < deadline:
                    time.sleep(0.02)
                assert done.status == 200
                switches.append(done.json["sequence"])
                so_far = len(answered)
                while len(answered) < so_far + CONNECTIONS and time.monotonic() < deadline:
                    time.sleep(0.002)
        finally:
            stop.set()
            loader.join(30)
        assert not loader.is_alive()
    assert trouble == []
    assert len(set(switches)) == 40
    counted = audit(tmp_path)
    assert sum(counted.values()) == len(answered)
    assert min(counted[f"example_card@{n}"] for n in (1, 2, 3, 4)) > CONNECTIONS


async def _load(served: Served, stop: threading.Event, trouble: list[Any], answered: list[str]) -> None:
    await asyncio.gather(*[_client(served, number, stop, trouble, answered) for number in range(CONNECTIONS)])


async def _client(served: Served, which: int, stop: threading.Event, trouble: list[Any], answered: list[str]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    number = which
    while not stop.is_set():
        writer.write(served.post("/v1/decisions", event(number, customer=f"c{number % 50}")))
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        length = next(int(line.split(":")[1]) for line in head if line.startswith("content-length:"))
        body = json.loads(await reader.readexactly(length))
        if " 200 " not in head[0]:
            trouble.append((head[0], body))
        answered.append(body["content_hash"])
        number += CONNECTIONS
    writer.close()
