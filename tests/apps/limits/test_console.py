"""Pages and API: lists, the form, the kill switch, the banner, what who may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from seawall.apps.accounts.models import User
from seawall.apps.approvals import services as approvals
from seawall.apps.decisions.jobs import follow_all
from seawall.apps.limits.models import Change, Entry
from seawall.apps.limits.services import changes
from seawall.apps.limits.services.changes import Wanted
from tests.apps.limits.conftest import Engine

EACH, STOP = "limits.transfer_each", "switches.stop_transfers"
SignedIn = Callable[..., Client]
Make = Callable[..., User]


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Any) -> Any:
    return lambda: django_capture_on_commit_callbacks(execute=True)


def at(view: str, *arguments: object) -> str:
    return reverse(f"limits:{view}", args=arguments)


def text(client: Client, url: str, **more: Any) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, (url, answer.status_code)
    return str(answer.content.decode())


def test_the_list_shows_every_limit_and_switch_with_what_is_in_force(engine: Engine, signed_in: SignedIn) -> None:
    client = signed_in("analyst")
    page = text(client, at("index"))
    for words in ("Limit of one transfer", "Limit of transfers a day", "Safe mode", "Stop refunds", "1,000,000.00 CNY"):
        assert words in page
    assert "Stop transfers out is on" not in page


def test_the_form_asks_for_approval_and_says_what_is_wrong(
    engine: Engine, signed_in: SignedIn, make_user: Make
) -> None:
    client = signed_in("senior_analyst")
    assert "For" in text(client, at("set", EACH))
    good = {"scope": "entity", "key": "c1", "value": "4,000.50", "reason": "agreed with the customer"}
    for change, words in (
        ({"value": "lots"}, "Write an amount of 0 or more"),
        ({"value": "-1"}, "Write an amount of 0 or more"),
        ({"value": "1.005"}, "Write an amount of 0 or more"),
        ({"key": ""}, "Say for which one."),
        ({"reason": ""}, "required"),
        ({"valid_until": "2020-01-01T00:00"}, "or has passed"),
    ):
        answer = client.post(at("set", EACH), good | change)
        assert (answer.status_code, words in answer.content.decode()) == (422, True), change
    assert client.post(at("set", EACH), good).status_code == 302
    change = Change.objects.get()
    assert (change.scope, change.key, change.value, change.state) == ("entity", "c1", 400_050, "waiting")
    page = text(client, at("setting", EACH))
    assert "Waits for approval" in page
    assert "4,000.50 CNY" in page
    request = text(client, reverse("approvals:request", args=[change.request_id]))
    for words in ("4,000.50 CNY", "1,000,000.00 CNY", "Limit of one transfer", "One entity", "c1"):
        assert words in request


def test_a_switch_that_is_on_stands_over_every_page_until_it_is_off(
    engine: Engine, signed_in: SignedIn, make_user: Make, committed: Any
) -> None:
    client = signed_in("security_officer", name="grace")
    with committed():
        answer = client.post(at("on", STOP), {"reason": "attack <under> way"})
    assert answer.status_code == 302
    follow_all()
    for url in (at("index"), reverse("approvals:inbox")):
        page = text(client, url)
        for words in ("Stop transfers out is on", "attack &lt;under&gt; way", "grace"):
            assert words in page, (url, words)
    assert "Ask to turn off" in text(client, at("setting", STOP))
    assert client.post(at("on", STOP), {"reason": "once more please"}).status_code == 409
    assert client.post(at("off", STOP), {"reason": "attack is over"}).status_code == 302
    with committed():
        approvals.approve(make_user("bob", "compliance_officer"), Change.objects.latest("created_at").request_id)
    follow_all()
    assert "is on" not in text(client, at("index"))
    assert "Turn on now" in text(client, at("setting", STOP))


def test_in_chinese(engine: Engine, signed_in: SignedIn, committed: Any, make_user: Make) -> None:
    with committed():
        changes.turn_on(make_user("sec", "security_officer"), STOP, "疑似攻击,先行止付")
    follow_all()
    client = signed_in("analyst")
    User.objects.filter(username="analyst").update(language="zh-hans")
    page = text(client, at("index"))
    for words in ("限额", "「停止转出」已打开", "疑似攻击", "单笔转账限额"):
        assert words in page


def test_entries_are_listed_and_an_entry_is_asked_to_be_removed(
    engine: Engine, signed_in: SignedIn, make_user: Make, committed: Any
) -> None:
    maker, checker = make_user("ada", "senior_analyst"), make_user("bob", "compliance_officer")
    for key, value in (("c1", 5_000), ("c2", 7_000)):
        with committed():
            approvals.approve(checker, changes.propose(maker, Wanted(EACH, value, "entity", key), "agreed").request_id)
    follow_all()
    client = signed_in("senior_analyst", name="cy")
    page = text(client, f"{at('entries')}?setting={EACH}&current=1")
    assert page.count("agreed") >= 2
    assert "70.00 CNY" in page
    row = Entry.objects.get(key="c2")
    assert at("remove", row.pk) in text(client, at("setting", EACH))
    assert "What held before" in text(client, at("remove", row.pk))
    assert client.post(at("remove", row.pk), {"reason": "by mistake"}).status_code == 302
    change = Change.objects.latest("created_at")
    assert (change.removed, change.entry_id, change.key) == (True, row.entry_id, "c2")
    assert "The entry is removed" in text(client, reverse("approvals:request", args=[change.request_id]))


def test_unknown_names_and_entries_are_404(engine: Engine, signed_in: SignedIn) -> None:
    client = signed_in("compliance_officer")
    assert client.get(at("setting", "limits.none")).status_code == 404
    assert client.post(at("on", "switches.none"), {"reason": "why not"}).status_code == 404
    assert client.post(at("on", EACH), {"reason": "why not"}).status_code == 422
    assert client.post(at("remove", 99), {"reason": "why not"}).status_code == 404


def test_the_api_lists_proposes_and_stops(engine: Engine, signed_in: SignedIn, committed: Any) -> None:
    client = signed_in("security_officer")
    listed = {one["name"]: one for one in client.get("/api/v1/limits").json()}
    assert listed[EACH]["default"] == 100_000_000
    one = client.get(f"/api/v1/limits/{EACH}")
    assert one.json() == listed[EACH]
    assert client.get(f"/api/v1/limits/{EACH}", headers={"If-None-Match": one["ETag"]}).status_code == 304

    def post(path: str, body: dict[str, Any], **headers: str) -> Any:
        with committed():
            return client.post(f"/api/v1/limits/{path}", body, content_type="application/json", headers=headers)

    asked = post(f"{EACH}/changes", {"value": 5, "scope": "entity", "key": "c1", "reason": "agreed"},
                 **{"If-Match": one["ETag"]})  # fmt: skip
    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert client.get(f"/api/v1/limits/changes/{asked.json()['id']}").json() == asked.json()
    stale = post(f"{EACH}/changes", {"value": 5, "reason": "agreed"}, **{"If-Match": '"1-abc"'})
    assert stale.status_code == 412
    assert post(f"{EACH}/changes", {"value": True, "reason": "agreed"}).json()["fields"]["value"]
    assert post(f"{STOP}/on", {"reason": "attack under way"}).status_code == 202
    follow_all()
    (row,) = client.get("/api/v1/limits/entries?current=true").json()
    assert (row["setting"], row["value"], row["current"]) == (STOP, True, True)
    assert client.get(f"/api/v1/limits/entries?before={row['sequence']}").json() == []
    assert post(f"{STOP}/off", {"reason": "attack is over"}).json()["value"] is False


@pytest.mark.parametrize(
    ("role", "sees", "edits", "stops"),
    [
        ("analyst", True, False, False),
        ("senior_analyst", True, True, True),
        ("credit_manager", True, True, False),
        ("auditor", True, False, False),
        ("examiner", False, False, False),
        ("admin", False, False, False),
    ],
)
def test_who_may_do_what(engine: Engine, signed_in: SignedIn, role: str, sees: bool, edits: bool, stops: bool) -> None:
    client = signed_in(role)
    assert (client.get(at("index")).status_code == 200) == sees
    assert (client.get(at("set", EACH)).status_code == 200) == edits
    assert (client.post(at("on", STOP), {"reason": "attack under way"}).status_code == 302) == stops
    if sees:
        page = text(client, at("setting", EACH))
        assert ("Set a limit" in page) == edits
