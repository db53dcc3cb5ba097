"""Pages and API: lists, entries, the wizard, files that leave, what who may see."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from seawall.apps.accounts.models import User
from seawall.apps.audit.models import Outbox
from seawall.apps.decisions.jobs import follow_all
from seawall.apps.jobs.models import Run
from seawall.apps.jobs.running import execute
from seawall.apps.lists.models import Change, Entry, Import
from seawall.apps.lists.services import expiry
from tests.apps.decisions.home import card
from tests.apps.lists.conftest import Engine, Quick

SignedIn = Callable[..., Client]
WHY = "stolen, reported by its owner"
PAN = "6222020000000077"


def at(view: str, *arguments: object) -> str:
    return reverse(f"lists:{view}", args=arguments)


def text(client: Client, url: str, **more: Any) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, (url, answer.status_code)
    data = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(data.decode())


def entry(key: str = "d9", **changed: Any) -> Entry:
    fields: dict[str, Any] = {
        "list": "blocked_devices", "entry_id": f"e-{key}", "kind": "device", "key": key, "reason": WHY, "source": "api",
        "valid_from": 1_700_000_000_000, "state": "active",
    }  # fmt: skip
    return Entry.objects.create(**fields | changed)


def test_the_lists_of_the_policy_and_one_of_them(quick: Quick, signed_in: SignedIn) -> None:
    entry()
    entry("d10", state="removed")
    client = signed_in("analyst")
    page = text(client, at("index"))
    for words in ("Blocked cards", "Trusted customers", "Deny list", "Watch list", "Active entries"):
        assert words in page
    page = text(client, at("list", "blocked_devices"))
    assert "d9" in page
    assert "d10" in page
    assert "Add an entry" not in page
    for query, there in (("state=active", True), ("state=removed", False), ("q=d9", True), ("q=x", False),
                         ("stale=1", True), ("state=active&source=api", True), ("source=person", False),
                         ("value=d9", True), ("sort=valid_until", True), ("soon=1", False)):  # fmt: skip
        assert (at("entry", Entry.objects.get(key="d9").pk) in text(client, f"{at('list', 'blocked_devices')}?{query}")
                ) == there, query  # fmt: skip
    assert client.get(at("list", "nothing")).status_code == 404


def test_an_entry_is_added_by_the_form_and_its_page_shows_its_hits(
    engine: Engine, signed_in: SignedIn, committed: Any
) -> None:
    client = signed_in("senior_analyst")
    good = {"key": "d9", "reason": WHY, "valid_from": "2026-01-01T00:00", "case": "C-7"}
    for change, words in (({"key": ""}, "required"), ({"reason": "no"}, "at least"),
                          ({"valid_until": "2020-01-01T00:00"}, "or has passed")):  # fmt: skip
        answer = client.post(at("add", "blocked_devices"), good | change)
        assert (answer.status_code, words in answer.content.decode()) == (422, True), change
    with committed():
        assert client.post(at("add", "blocked_devices"), good).status_code == 302
    again = client.post(at("add", "blocked_devices"), good)
    assert (again.status_code, "on the list already" in again.content.decode()) == (422, True)
    made = Entry.objects.get()
    engine.decide(card(3, 600, device="d9"))
    follow_all()
    page = text(client, at("entry", made.pk))
    for words in ("C-7", WHY, "Hits in 24 hours", "payment.card", "Decline", "In the journal", "Remove"):
        assert words in page
    related = text(client, reverse("decisions:entity", args=["device", "d9"]))
    assert at("entry", made.pk) in related
    assert "A second person must agree." in text(client, at("remove", made.pk))
    assert client.post(at("remove", made.pk), {"reason": "found again"}).status_code == 302
    request = Change.objects.get(action="remove").request_id
    page = text(client, reverse("approvals:request", args=[request]))
    for words in ("Blocked devices", "Remove", "d9", "Deny list"):
        assert words in page


def test_a_sensitive_list_has_no_search_in_the_address_but_a_form(
    engine: Engine, signed_in: SignedIn, committed: Any
) -> None:
    client = signed_in("compliance_officer")
    assert 'name="q"' not in text(client, at("list", "blocked_cards"))
    assert 'name="q"' in text(client, at("list", "blocked_devices"))
    with committed():
        client.post(at("add", "blocked_cards"), {"key": PAN, "reason": WHY})
    follow_all()
    made = Entry.objects.get()
    found = client.post(at("find", "blocked_cards"), {"key": PAN})
    assert found["Location"] == at("entry", made.pk)
    assert client.post(at("find", "blocked_cards"), {"key": "6222020000000078"}).status_code == 422
    for url in (at("list", "blocked_cards"), at("entry", made.pk)):
        page = text(client, url)
        assert "622202******0077" in page
        assert PAN not in page


def test_the_wizard_checks_first_then_puts_on_the_list(quick: Quick, signed_in: SignedIn, committed: Any) -> None:
    client = signed_in("senior_analyst")
    assert "Check the file" in text(client, at("upload", "blocked_devices"))
    body = b"key\nd1\nd1\n=cmd()\n" + b"x" * 300 + b"\n"
    file = SimpleUploadedFile("bad.csv", body)
    assert client.post(at("upload", "blocked_devices"), {"file": file, "reason": "no"}).status_code == 422
    file.seek(0)
    answer = client.post(at("upload", "blocked_devices"), {"file": file, "reason": WHY})
    made = Import.objects.get()
    assert answer["Location"] == at("import", made.pk)
    assert "Being checked" in text(client, at("import", made.pk))
    execute(Run.objects.get().pk)
    page = text(client, at("import", made.pk))
    for words in ("Checked, nothing done yet", "The value stands in an earlier line.", "longer than 256", "Put on the"):
        assert words in page
    assert "2 entries go onto the list Blocked devices" in text(client, at("import_confirm", made.pk))
    assert client.post(at("import_confirm", made.pk)).status_code == 302
    execute(Run.objects.get(job="lists-import").pk)
    made.refresh_from_db()
    assert (made.state, made.added) == ("done", 2)
    report = text(client, at("import_report", made.pk)).splitlines()
    assert len(report) == 3
    assert report[1].startswith("3,Duplicate,d1,")
    listed = text(client, f"{at('list', 'blocked_devices')}?import={made.pk}")
    assert "=cmd()" in listed
    assert "bad.csv" in text(client, at("imports"))


def test_an_import_is_cancelled_before_it_begins_and_not_resumed(quick: Quick, signed_in: SignedIn) -> None:
    client = signed_in("senior_analyst")
    file = SimpleUploadedFile("a.csv", b"d1\n")
    client.post(at("upload", "blocked_devices"), {"file": file, "reason": WHY})
    made = Import.objects.get()
    assert client.post(at("import_cancel", made.pk)).status_code == 302
    made.refresh_from_db()
    assert made.state == "cancelled"
    assert client.post(at("import_again", made.pk)).status_code == 409


def test_a_file_runs_no_formula_and_masks_values_unless_there_is_leave(
    quick: Quick, signed_in: SignedIn, make_user: Callable[..., User]
) -> None:
    entry("=HYPERLINK(1)", reason="@SUM(1)")
    client = signed_in("compliance_officer")
    url = at("list", "blocked_devices")
    masked = text(client, f"{url}?export=csv")
    assert "HYPERLINK" not in masked
    assert "'@SUM(1)" in masked
    assert Outbox.objects.get(action="list.exported").data["whole"] is False
    assert client.post(at("whole", "blocked_devices"), {"format": "csv", "reason": "because"}).status_code == 422
    given = {"format": "csv", "purpose": "fraud", "reason": "exchange with the industry"}
    answer = client.post(at("whole", "blocked_devices"), given)
    whole = text(client, answer["Location"])
    assert "'=HYPERLINK(1)" in whole
    assert "\n=HYPERLINK" not in whole
    newest = Outbox.objects.filter(action="list.exported").latest("id")
    assert (newest.data["whole"], newest.data["purpose"], Outbox.objects.filter(action="list.exported").count()) == (
        True, "fraud", 2,
    )  # fmt: skip
    assert client.get(answer["Location"].replace("blocked_devices", "watch_ips")).status_code == 403
    client.force_login(make_user("other", "compliance_officer"))
    assert client.get(answer["Location"]).status_code == 403
    client.force_login(make_user("ann", "analyst"))
    assert client.get(at("whole", "blocked_devices")).status_code == 403


def test_in_chinese(quick: Quick, signed_in: SignedIn) -> None:
    made = entry()
    client = signed_in("senior_analyst")
    User.objects.filter(username="senior_analyst").update(language="zh-hans")
    page = text(client, at("index")) + text(client, at("list", "blocked_devices")) + text(client, at("entry", made.pk))
    page += text(client, at("upload", "blocked_devices"))
    for words in ("名单", "设备黑名单", "近24小时命中", "生效中", "新增条目", "近30天命中", "校验文件"):
        assert words in page, words


def test_a_banner_tells_the_author_what_ends_soon(quick: Quick, signed_in: SignedIn) -> None:
    client = signed_in("senior_analyst")
    ends = int((timezone.now() + timedelta(days=3)).timestamp() * 1000)
    made = entry(author=User.objects.get(), valid_until=ends)
    assert expiry.tell_authors() == 1
    assert "1 entry of yours ends within 7 days" in text(client, at("index"))
    assert at("entry", made.pk) in text(client, f"{at('entries')}?soon=1")


def test_the_api(quick: Quick, signed_in: SignedIn, committed: Any) -> None:
    client = signed_in("security_officer")

    def post(path: str, body: dict[str, Any], **headers: str) -> Any:
        with committed():
            return client.post(f"/api/v1/lists{path}", json.dumps(body), content_type="application/json",
                               headers=headers)  # fmt: skip

    listed = {one["name"]: one for one in client.get("/api/v1/lists").json()}
    assert (listed["blocked_cards"]["sensitive"], listed["sanctioned_accounts"]["legal"]) == (True, True)
    one = client.get("/api/v1/lists/blocked_devices")
    assert one.json() == listed["blocked_devices"]
    assert client.get("/api/v1/lists/blocked_devices", headers={"If-None-Match": one["ETag"]}).status_code == 304
    made = post("/blocked_devices/entries", {"key": "d9", "reason": WHY})
    assert (made.status_code, made.json()["state"]) == (202, "sending")
    url = f"/blocked_devices/entries/{made.json()['id']}"
    tag = client.get(f"/api/v1/lists{url}")["ETag"]
    assert client.get(f"/api/v1/lists/blocked_cards/entries/{made.json()['id']}").status_code == 404
    assert post("/blocked_devices/find", {"key": "d9"}).json()["id"] == made.json()["id"]
    assert post(f"{url}/remove", {"reason": "by mistake"}, **{"If-Match": '"1-abc"'}).status_code == 412
    removed = post(f"{url}/remove", {"reason": "by mistake"}, **{"If-Match": tag})
    assert (removed.status_code, removed.json()["state"]) == (202, "waiting")
    post("/blocked_devices/entries", {"key": "d10", "reason": WHY, "draft": True})
    rows = client.get("/api/v1/lists/blocked_devices/entries").json()
    assert [row["key"] for row in rows] == ["d10", "d9"]
    rows = client.get(f"/api/v1/lists/blocked_devices/entries?before={rows[0]['id']}&state=active").json()
    assert [row["key"] for row in rows] == ["d9"]
    with committed():
        sent = client.post("/api/v1/lists/watch_ips/imports",
                           {"file": SimpleUploadedFile("a.csv", b"10.0.0.7\n"), "reason": WHY})  # fmt: skip
    assert (sent.status_code, sent.json()["state"]) == (202, "new")
    execute(Run.objects.get().pk)
    key = sent.json()["id"]
    assert client.get(f"/api/v1/lists/imports/{key}").json()["fresh"] == 1
    assert post(f"/imports/{key}/confirm", {}).json()["state"] == "running"
