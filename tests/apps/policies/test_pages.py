"""Pages: what decides, a version's way, the editor with its forms, text, tables and templates, danger."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.urls import reverse

from tests.apps.policies.conftest import FakeEngine
from tests.apps.policies.test_publishing import backtested

if TYPE_CHECKING:
    from django.test import Client

    from seawall.apps.accounts.models import User
    from seawall.apps.policies.models import Draft, Version

SignedIn = Callable[..., "Client"]
People = dict[str, "User"]
SHOWS = (
    "thresholds", "limits", "new", "templates", "rule:card_velocity", "template:velocity", "table:device_amount_hour",
    "list:blocked_cards", "text:rules.yaml", "text:policy.yaml", "rule:nothing", "nonsense", "text:nothing",
)  # fmt: skip
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


def at(view: str, *arguments: object) -> str:
    return str(reverse(f"policies:{view}", args=arguments))


def text(client: Client, url: str, **more: Any) -> str:
    answer = client.get(url, **more)
    assert answer.status_code == 200, (url, answer.status_code, answer.content[:500])
    content: str = answer.content.decode()
    return content


@pytest.fixture
def mo(client: Client, people: People, settings: Any) -> Client:
    """mo's browser."""
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    client.force_login(people["mo"])
    return client


def post(client: Client, draft: Draft, view: str, status: int, **given: Any) -> str:
    """A save from the page as it stands, by htmx."""
    draft.refresh_from_db()
    answer = client.post(at(view, draft.pk), {"token": draft.revision, **given}, **HTMX)
    assert answer.status_code == status, (answer.status_code, answer.content.decode()[:800])
    draft.refresh_from_db()
    return str(answer.content.decode())


def test_the_list_says_what_decides_and_what_is_drafted(mo: Client, draft: Draft, first: Version) -> None:
    page = text(mo, at("versions"))
    for words in ("What decides now", first.label, "Champion", draft.title, at("draft", draft.pk), "Import a policy"):
        assert words in page
    assert first.label in text(mo, at("policy", first.policy_id))


def test_a_version_shows_its_way_and_what_is_missing(
    mo: Client, draft: Draft, people: People, fake: FakeEngine
) -> None:
    version = backtested(draft, people)
    page = text(mo, at("version", version.pk))
    assert "The way to the champion" in page
    assert at("submit", version.pk) in page
    assert "score 45 → 50" in page  # what it does otherwise, in words
    assert "Submit for review" in text(mo, at("way", version.pk))
    from seawall.apps.policies.models import GateReport

    GateReport.objects.filter(digest=version.digest, kind="backtest").delete()
    page = text(mo, at("way", version.pk))
    assert "There is no backtest of exactly this content yet." in page
    assert at("submit", version.pk) not in page


@pytest.mark.parametrize("show", SHOWS)
def test_the_editor_shows(mo: Client, draft: Draft, show: str) -> None:
    page = text(mo, f"{at('draft', draft.pk)}?show={show}")
    assert 'id="entries"' in page
    assert 'id="checks"' in page
    assert ("There is nothing of that name" in page) == (show in ("rule:nothing", "nonsense"))


def test_a_form_changes_the_text_and_says_so(mo: Client, draft: Draft) -> None:
    from seawall.apps.policies import bundles

    now: dict[str, Any] = {"challenge": 30, "review": 60, "decline": 90, "cap": 100}
    answer = post(mo, draft, "draft_form", 200, show="thresholds", **{**now, "review": 65})
    assert "60 → 65" in answer
    assert f'value="{draft.revision}"' in answer
    assert "review: 65" in bundles.texts(draft.digest)["policy.yaml"]
    assert "Not saved" in post(mo, draft, "draft_form", 422, show="thresholds", **{**now, "review": "much"})
    before = bundles.texts(draft.digest)["rules.yaml"]
    tags = next(one for one in bundles.policy(draft.digest).pack.rules if one.id == "card_velocity").tags
    rule: dict[str, Any] = {"title_zh": "单卡10分钟内密集支付", "title_en": "Burst", "on": "payment.card",
            "when": "card_count_10m >= 6",
            "score": "51", "severity": "high", "reason": "VELOCITY", "tags": ", ".join(tags)}  # fmt: skip
    post(mo, draft, "draft_form", 200, show="rule:card_velocity", **rule)
    after = bundles.texts(draft.digest)["rules.yaml"]
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert [line.strip() for line in changed] == [
        "title: {zh: 单卡10分钟内密集支付, en: Burst}", "when: card_count_10m >= 6", "score: 51",
    ]  # fmt: skip


def test_an_error_stands_at_its_line_and_its_rule(mo: Client, draft: Draft) -> None:
    from seawall.apps.policies import bundles

    rules = bundles.texts(draft.digest)["rules.yaml"]
    line = next(place for place, one in enumerate(rules.splitlines(), 1) if "card_count_10m >= 5" in one)
    broken = rules.replace("card_count_10m >= 5", "card_count_10x >= 5")
    answer = post(mo, draft, "draft_text", 200, file="rules.yaml", text=broken)
    assert f'data-line="{line}"' in answer
    assert "card_count_10x" in answer
    assert "1 error" in answer
    page = text(mo, f"{at('draft', draft.pk)}?show=rule:card_velocity")
    assert page.split('id="here"')[1].split("</form>")[0].count("data-problem") == 1
    answer = post(mo, draft, "draft_text", 200, file="rules.yaml", text="rules: [")
    assert "is not YAML" in answer
    assert "Mend its text" in text(mo, f"{at('draft', draft.pk)}?show=rule:card_velocity")


def test_a_stale_save_is_told_what_it_missed(mo: Client, draft: Draft) -> None:
    now: dict[str, Any] = {"challenge": 30, "review": 60, "decline": 90, "cap": 100, "show": "thresholds"}
    post(mo, draft, "draft_form", 200, **{**now, "review": 65})
    answer = mo.post(at("draft_form", draft.pk), {**now, "review": 70, "token": 1}, **HTMX)
    assert answer.status_code == 409
    assert "60 → 65" in answer.content.decode()


def test_a_table_is_edited_as_a_table(mo: Client, draft: Draft) -> None:
    from seawall.apps.policies.console.desk import Desk

    show: dict[str, Any] = {"show": "table:device_amount_hour"}
    assert "5000" in post(mo, draft, "draft_form", 200, **show, **{"c.0.1": '> money("5000")', "score.1": "41"})
    post(mo, draft, "draft_form", 204, **show, do="add-row", **{"c.2.1": '> money("3000")'})
    post(mo, draft, "draft_form", 204, **show, do="row-up:row_4")
    post(mo, draft, "draft_form", 204, **show, do="remove-row:large_by_night")
    table = Desk(draft).entry("table", "device_amount_hour")
    assert table is not None
    assert [(row["id"], row["score"]) for row in table["rows"]] == [("very_large", 41), ("row_4", 0), ("large", 15)]
    assert table["rows"][2]["when"][1] == '> money("3000")'
    inputs = table["inputs"]
    assert "Write what the new column looks at" in post(mo, draft, "draft_form", 422, **show, do="add-column")
    post(mo, draft, "draft_form", 204, **show, do="add-column", new_input="channel", **{"score.0": "42"})
    table = Desk(draft).entry("table", "device_amount_hour")
    assert table is not None
    assert (table["inputs"], table["rows"][0]["score"]) == ([*inputs, "channel"], 42)
    assert [row["when"][-1] for row in table["rows"]] == ["-", "-", "-"]
    post(mo, draft, "draft_form", 204, **show, do=f"remove-column:{len(inputs)}")
    table = Desk(draft).entry("table", "device_amount_hour")
    assert table is not None
    assert table["inputs"] == inputs


def test_rules_are_added_moved_and_removed(mo: Client, draft: Draft) -> None:
    from seawall.apps.policies.console.desk import Desk

    new: dict[str, Any] = {
        "id": "own_rule",
        "title_en": "Own",
        "when": "card_count_10m >= 20",
        "score": "10",
        "on": "payment.card",
    }
    assert "HX-Redirect" in mo.post(
        at("draft_form", draft.pk), {"token": draft.revision, "show": "new", **new}, **HTMX
    ).headers  # fmt: skip
    post(mo, draft, "draft_form", 204, show="rule:own_rule", do="move:0")
    assert Desk(draft).names("rule")[0] == "own_rule"
    post(mo, draft, "draft_form", 204, show="rule:own_rule", do="remove")
    assert "own_rule" not in Desk(draft).names("rule")
    before = set(Desk(draft).names("rule"))
    given: dict[str, Any] = {
        f"p_{name}": value for name, value in {"event": "payment.card", "key": "card", "window": "10m"}.items()
    }
    post(mo, draft, "draft_template", 204, template="velocity", **given, p_limit="9")
    assert len(set(Desk(draft).names("rule")) - before) == 1
    assert "must be" in post(mo, draft, "draft_template", 422, template="velocity", **given, p_limit="0")


def test_one_event_is_tried(mo: Client, draft: Draft, first: Version) -> None:
    from seawall.apps.decisions.models import DecisionRow

    row = DecisionRow.objects.order_by("-sequence").first()
    assert row is not None
    for url in (at("simulate", first.pk), at("draft_simulate", draft.pk)):
        page = text(mo, f"{url}?decision={row.decision_id}")
        assert "It was" in page
        assert "did not fire" in page
        assert "Choose a decision" in text(mo, f"{url}?decision=x")
        assert "no JSON" in mo.post(url, {"event": "{"}).content.decode()


@pytest.mark.django_db(transaction=True)
def test_from_submission_to_rollback(
    mo: Client, draft: Draft, people: People, first: Version, fake: FakeEngine, settings: Any
) -> None:
    version = backtested(draft, people)
    asked = text(mo, at("submit", version.pk))
    assert "Of the last" in asked or "cannot be told" in asked
    assert mo.post(at("submit", version.pk), {"role": "challenger", "reason": "better"}).status_code == 422
    answer = mo.post(at("submit", version.pk), {"role": "champion", "reason": "It catches more of the bursts."})
    assert answer.status_code == 302
    from seawall.apps.approvals.models import Request

    request = Request.objects.get()
    mo.force_login(people["kim"])
    page = text(mo, reverse("approvals:request", args=[request.pk]))
    assert "score 45 → 50" in page
    assert "Unit cases" in page
    assert "It catches more of the bursts." in page
    mo.post(reverse("approvals:approve", args=[request.pk]))
    from seawall.apps.policies.services import deployments

    made = deployments.base()
    assert made is not None
    with transaction.atomic():
        deployments.activate(made, 5_000, made.made_at)
    page = text(mo, at("versions"))
    assert f"Roll back to {first.label}" in page
    url = at("rollback", first.pk)
    assert "instead of" in text(mo, url, **HTMX)
    wrong = mo.post(url, {"reason": "It declines too much.", "typed": "payments"})
    assert wrong.status_code == 422
    assert mo.post(url, {"reason": "It declines too much.", "typed": first.label}).status_code == 302
    assert deployments.base() != made


def test_a_notice_is_marked_as_read_by_its_person(mo: Client, people: People, first: Version) -> None:
    from seawall.apps.policies.models import Notice

    said = "%(policy)s was stopped as a challenger: %(limit)s, champion %(champion)s, challenger %(challenger)s"
    values = {"policy": "payments@9", "limit": "alert_ratio", "champion": "1 %", "challenger": "4 %"}
    mine, other = (
        Notice.objects.create(person=people[name], version=first, text=said, values=values) for name in ("mo", "kim")
    )
    page = text(mo, at("versions"))
    assert "payments@9 was stopped as a challenger: alert_ratio" in page
    assert at("notice_read", mine.pk) in page
    assert mo.post(at("notice_read", other.pk)).status_code == 404
    assert mo.post(at("notice_read", mine.pk)).status_code == 302
    assert "was stopped as a challenger" not in text(mo, at("versions"))
    other.refresh_from_db()
    assert other.read_at is None


def test_there_is_nothing_to_keep_of_who_runs_beside_nobody(mo: Client, first: Version) -> None:
    assert at("keep", first.pk) not in text(mo, at("way", first.pk))
    assert mo.post(at("keep", first.pk)).status_code == 409


def test_who_may_not_edit_reads(client: Client, signed_in: SignedIn, draft: Draft, first: Version) -> None:
    reader = signed_in("auditor")
    page = text(reader, f"{at('draft', draft.pk)}?show=text:rules.yaml")
    assert "readonly" in page
    assert at("draft_freeze", draft.pk) not in page
    assert reader.post(at("draft_form", draft.pk), {"token": 1, "show": "thresholds"}).status_code == 403
    assert at("edit", first.pk) not in text(reader, at("version", first.pk))


def test_a_zip_that_does_not_hold_together_is_told_line_by_line(mo: Client, home: Any) -> None:
    import io
    import zipfile

    from django.core.files.uploadedfile import SimpleUploadedFile

    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("events.yaml", "pack: x\nnonsense: 1\n")
        archive.writestr("policy.yaml", "policy: x\nversion: 1\n")
    answer = mo.post(at("import"), {"file": SimpleUploadedFile("x.zip", packed.getvalue())})
    assert answer.status_code == 422
    assert "events.yaml:" in answer.content.decode()
