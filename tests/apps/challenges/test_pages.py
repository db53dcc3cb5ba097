"""Pages of the room: what they show, to whom, in both languages, under the strict policy."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from seawall.apps.accounts.models import Assignment, User
from seawall.apps.audit.models import Outbox
from seawall.apps.challenges import charted, queries
from seawall.apps.challenges.models import Challenge
from seawall.apps.decisions.models import DecisionRow
from seawall.apps.policies.follow import take_in_activations
from seawall.apps.policies.models import Version
from seawall.server.control.middleware import POLICY
from tests.apps.challenges.home import PHONE, Story

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
LIST = "/challenges/"


def page(told: Story, customer: str) -> str:
    return str(reverse("challenges:challenge", args=[told.ids[customer]]))


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode())))


def shown(client: Client, query: str) -> set[str]:
    """Ids on the list, as it is narrowed."""
    answer = client.get(f"{LIST}{query}", headers={"HX-Request": "true"})
    assert answer.status_code == 200
    return set(re.findall(r'href="/challenges/([0-9a-f-]{36})/"', answer.content.decode()))


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_pages_open_in_both_languages_under_the_strict_policy(
    signed_in: SignIn, followed: Story, language: str
) -> None:
    client = signed_in("analyst")
    User.objects.update(language=language)
    for address in (LIST, f"{LIST}?state=passed&kind=one_time_code&provider=sandbox&opened=30d",
                    *(page(followed, one) for one in followed.ids)):  # fmt: skip
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert answer["Content-Language"] == language
        assert answer["Content-Security-Policy"] == POLICY
        body = answer.content.decode()
        assert " style=" not in body
        assert (("沙箱" if language == "zh-hans" else "andbox") in body) is True
        assert PHONE[3:] not in body


def test_filters_and_search(signed_in: SignIn, followed: Story) -> None:
    client, ids = signed_in("analyst"), followed.ids
    assert shown(client, "") == set(ids.values())
    assert shown(client, "?state=passed&state=failed") == {ids["c1"], ids["c2"]}
    assert shown(client, "?reason=bound_changed") == {ids["c2"]}
    assert shown(client, "?kind=totp") == set()
    assert shown(client, "?provider=sandbox&method=otp&state=open") == {ids["c5"]}
    assert shown(client, "?stuck=1") == set()
    passed = Challenge.objects.get(pk=ids["c1"])
    for words in (ids["c1"], str(passed.result_id), str(passed.decision.decision_id), "c1-4", "c1"):
        assert shown(client, f"?q={words}") == {ids["c1"]}, words


def test_a_challenge_tells_what_it_was_bound_to_and_what_came_of_it(signed_in: SignIn, followed: Story) -> None:
    client = signed_in("analyst")
    text = text_of(client, page(followed, "c1"))
    for part in ("Code by text message", "Passed", "200.00", "m4", "A wrong answer", "The policy decided on the result",
                 "Challenged decision", "Approve"):  # fmt: skip
        assert part in text, part
    assert "lets nothing through" not in text
    text = text_of(client, page(followed, "c2"))
    for part in ("Failed", "Bound data was changed", "lets nothing through"):
        assert part in text, part
    assert "The challenge is still open." in text_of(client, page(followed, "c5"))
    assert "Nobody answered in time" in text_of(client, page(followed, "c4"))  # erased since


def test_a_decision_shows_its_challenge_and_a_result_what_it_resolved(signed_in: SignIn, followed: Story) -> None:
    client = signed_in("analyst")
    first = DecisionRow.objects.get(event_id="c1-4")
    result = DecisionRow.objects.get(event_id=f"challenge-{followed.ids['c1']}")
    pages = {one: reverse("decisions:decision", args=[one.decision_id]) for one in (first, result)}
    for one, other in ((first, result), (result, first)):
        body = client.get(pages[one]).content.decode()
        assert f'href="{page(followed, "c1")}"' in body
        assert f'href="{pages[other]}"' in body
    assert "Decision on the result" in text_of(client, pages[first])
    assert "Challenged decision" in text_of(client, pages[result])
    plain = reverse("decisions:decision", args=[DecisionRow.objects.get(event_id="c1-1").decision_id])
    assert not re.findall(r"/challenges/[0-9a-f]{8}-", client.get(plain).content.decode())


def test_rates_and_their_chart(signed_in: SignIn, followed: Story) -> None:
    user = User.objects.get(pk=signed_in("analyst").session["_auth_user_id"])
    (rate,) = queries.rates(user, 0)
    assert (rate.kind, rate.provider, rate.ended, rate.ends["open"]) == ("one_time_code", "sandbox", 4, 1)
    assert [rate.share(end) for end in ("passed", "failed", "expired", "abandoned")] == [0.25] * 4
    one = Challenge.objects.get(pk=followed.ids["c1"])
    more = (("totp", "seawall", "passed"), ("totp", "seawall", "open"), ("face_match", "http", "open"))
    for kind, provider, state in more:
        one.pk, one.kind, one.provider, one.state = uuid4(), kind, provider, state
        one.save(force_insert=True)
    found = queries.rates(user, 0)
    assert [(each.kind, each.ended) for each in found] == [("one_time_code", 4), ("totp", 1), ("face_match", 0)]
    chart = charted.ends(found, lambda rate, end: f"?{rate.kind}={end}")
    assert chart is not None
    assert chart.title == "25.0% of challenges by “One-time code · Sandbox” are passed"
    assert ("Authenticator · Seawall", "Passed", "100.0%", 1) in chart.listed
    assert "?totp=passed" in chart.urls
    assert not [row for row in chart.listed if "HTTP" in str(row[0])]
    assert charted.ends([found[-1]], lambda rate, end: "") is None
    assert queries.overall(found).ended == 5


def test_a_result_that_waits_is_said(signed_in: SignIn, followed: Story) -> None:
    client = signed_in("analyst")
    assert "could not decide" not in text_of(client, LIST)
    Challenge.objects.filter(pk=followed.ids["c2"]).update(stuck=True)
    assert "1 result waits because the policy could not decide on it." in text_of(client, LIST)
    assert shown(client, "?stuck=1") == {followed.ids["c2"]}
    assert "It is tried again every minute" in text_of(client, page(followed, "c2"))


def test_it_reaches_as_far_as_the_decisions_do(signed_in: SignIn, followed: Story) -> None:
    client = signed_in("examiner")
    assert shown(client, "") == set()
    assert client.get(page(followed, "c1")).status_code == 404
    Assignment.objects.update(scope={"from": str(timezone.localdate() - timedelta(days=3))})
    assert shown(client, "") == set(followed.ids.values())
    assert client.get(page(followed, "c1")).status_code == 200
    assert signed_in("admin", name="admin").get(LIST).status_code == 403


def test_unknown_ones_are_not_found(signed_in: SignIn, followed: Story) -> None:
    assert signed_in("analyst").get(reverse("challenges:challenge", args=[UUID(int=0)])).status_code == 404


def test_a_list_taken_away_is_in_the_ledger(signed_in: SignIn, followed: Story) -> None:
    client = signed_in("auditor")
    answer = client.get(f"{LIST}?export=csv&state=passed")
    body = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
    assert "c1" in body
    assert Outbox.objects.filter(action="challenges.exported").count() == 1
    other = signed_in("analyst", name="plain")
    assert "export=csv" not in other.get(LIST).content.decode()


def test_the_palette_finds_one_by_its_id(signed_in: SignIn, followed: Story) -> None:
    body = signed_in("analyst").get(f"/console/search?q={followed.ids['c1']}").content.decode()
    assert f'href="{page(followed, "c1")}"' in body


def test_what_the_customer_may_be_told_stands_on_the_decision_and_on_its_policy(
    signed_in: SignIn, followed: Story
) -> None:
    client = signed_in("senior_analyst")
    row = DecisionRow.objects.get(event_id="c1-4")
    text = text_of(client, reverse("decisions:decision", args=[row.decision_id]))
    assert "What the customer may be told" in text
    assert "many payments within a short time" in text  # VELOCITY
    plain = DecisionRow.objects.get(event_id="c1-1")
    assert "may be told" not in text_of(client, reverse("decisions:decision", args=[plain.decision_id]))
    take_in_activations()
    version = text_of(client, reverse("policies:version", args=[Version.objects.get().pk]))
    assert re.search(r"What customers are told: [0-9]{2} tips", version)
    assert "many payments within a short time" in version
