"""The room, its parts, the hint, the platform's settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from seawall.apps.jobs.models import Heartbeat
from seawall.apps.situation import console, health, probe
from tests.apps.situation.world import counted, decided, fired

pytestmark = pytest.mark.django_db
SignedIn = Callable[..., Client]


def now() -> int:
    return int(time.time() * 1000)


def test_the_first_page_after_signing_in_is_the_room(signed_in: SignedIn) -> None:
    assert signed_in("analyst").get("/")["Location"] == reverse("situation:room")


def test_an_empty_platform_says_what_will_be_here(signed_in: SignedIn) -> None:
    page = signed_in("analyst").get(reverse("situation:room")).content.decode()
    for text in ("No decisions in the last 24 hours", "No rule fired", "Nothing was stopped yet"):
        assert text in page


def test_every_figure_leads_to_its_rows(signed_in: SignedIn) -> None:
    counted(now(), "decline", 3, 1_234_500)
    counted(now(), "approve", 7)
    fired(now(), "velocity", 3)
    declined = decided(now(), "decline", 1_234_500, subject="c-17")
    page = signed_in("analyst").get(reverse("situation:room")).content.decode()
    explorer = reverse("decisions:decisions")
    assert f'href="{explorer}?outcome=decline&amp;time=24h"' in page
    assert "12,345.00 CNY" in page
    assert "30.0% of the last 24 hours was declined" in page
    assert "velocity fires most" in page
    assert reverse("decisions:decision", args=[declined.decision_id]) in page


@pytest.mark.parametrize("name", list(console.PARTS))
def test_each_part_comes_alone_and_the_room_asks_for_it(signed_in: SignedIn, name: str) -> None:
    client = signed_in("analyst")
    url = reverse("situation:part", args=[name])
    assert f'hx-get="{url}"' in client.get(reverse("situation:room")).content.decode()
    part = client.get(url)
    assert part.status_code == 200
    assert "<html" not in part.content.decode()
    assert client.get(reverse("situation:part", args=["nothing"])).status_code == 404


def test_the_hint_is_put_away_by_each_for_themselves_and_comes_back(signed_in: SignedIn) -> None:
    client, room = signed_in("analyst"), reverse("situation:room")
    assert "Put away" in client.get(room).content.decode()
    client.post(reverse("situation:hint", args=["situation", "dismiss"]))
    assert "Put away" not in client.get(room).content.decode()
    client.post(reverse("situation:hint", args=["situation", "restore"]))
    assert "Put away" in client.get(room).content.decode()
    client.post(reverse("situation:hint", args=["situation", "dismiss"]))
    assert "Put away" in signed_in("auditor").get(room).content.decode()
    assert client.post(reverse("situation:hint", args=["other", "dismiss"])).status_code == 404


def beats(seen: timedelta, problem: str = "") -> None:
    at = timezone.now()
    Heartbeat.objects.update_or_create(
        name="follower",
        defaults={"pid": 7, "started_at": at - timedelta(hours=2), "seen_at": at - seen, "every": 0.5,
                  "problem": problem},
    )  # fmt: skip


def state(title: str) -> str:
    return next(part.state.key for part in health.parts() if part.title == title)


def test_health_tells_a_worker_that_works_from_one_that_does_not() -> None:
    assert state("Worker") == "trouble"
    beats(timedelta(seconds=1))
    assert (state("Worker"), state("Follower of the journal")) == ("well", "well")
    beats(timedelta(minutes=5))
    assert state("Worker") == "trouble"
    beats(timedelta(seconds=1), "the journal is damaged at 17")
    assert state("Follower of the journal") == "trouble"


@pytest.mark.parametrize(("found", "expected"), [("ready", "well"), ("refusing", "trouble"), ("silent", "trouble"),
                                                 ("unknown", "unknown")])  # fmt: skip
def test_health_of_the_decision_api(monkeypatch: pytest.MonkeyPatch, found: str, expected: str) -> None:
    monkeypatch.setattr(health, "probe", lambda: probe.Probe(found))
    assert state("Decision API") == expected


def test_the_probe_reads_the_exposition_format() -> None:
    text = (
        "# HELP x y\n"
        'seawall_http_request_seconds_bucket{le="0.005",route="decide"} 98.0\n'
        'seawall_http_request_seconds_bucket{le="0.01",route="decide"} 99.0\n'
        'seawall_http_request_seconds_bucket{le="+Inf",route="decide"} 100.0\n'
        'seawall_http_request_seconds_bucket{le="0.0005",route="healthz"} 5.0\n'
    )
    figures = probe._figures(text)
    assert probe._quantile(figures, "decide", 0.99) == 0.01
    assert probe._quantile(figures, "decide", 0.5) == 0.005
    assert probe._quantile(figures, "decide", 1.0) == 0.01  # the last bound that is a number
    assert probe._quantile(figures, "label", 0.99) is None


def test_a_decision_api_that_is_not_there_is_silent(settings: object) -> None:
    settings.SEAWALL_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]  # nothing listens on discard
    assert probe.probe().state == "silent"


def test_the_platforms_settings_say_what_is_there(signed_in: SignedIn) -> None:
    page = signed_in("auditor").get(reverse("situation:settings")).content.decode()
    for text in ("Asia/Shanghai", "none yet", "Root keys", "Second factor required"):
        assert text in page
