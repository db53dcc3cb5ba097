"""Which language a person sees: their browser's until they choose one."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from seawall.apps.accounts import services
from seawall.apps.accounts.models import User
from seawall.apps.accounts.services import OPERATOR

pytestmark = pytest.mark.django_db
CHINESE, ENGLISH = {"Accept-Language": "zh-CN,zh;q=0.9"}, {"Accept-Language": "en-GB,en;q=0.8"}


@pytest.fixture
def browser(settings: Any) -> Client:
    settings.SEAWALL_OPTIONS = settings.SEAWALL_OPTIONS.model_copy(update={"require_mfa": False})
    client = Client()
    client.force_login(services.create_user(OPERATOR, "ana", None))
    return client


def language(client: Client, headers: dict[str, str]) -> str:
    return str(client.get("/settings/me/", headers=headers)["Content-Language"])


def test_a_new_person_reads_what_their_browser_asks_for(browser: Client) -> None:
    assert User.objects.get().language == ""
    assert language(browser, ENGLISH) == "en"
    assert language(browser, CHINESE) == "zh-hans"
    assert language(browser, {"Accept-Language": "fr"}) == "zh-hans", "the platform's own, for any other"


def test_a_choice_is_kept_with_the_person(browser: Client) -> None:
    browser.post("/console/switch", {"language": "en"})
    assert User.objects.get().language == "en"
    browser.cookies.pop("seawall_language")
    assert language(browser, CHINESE) == "en"


def test_a_choice_can_be_given_up(browser: Client) -> None:
    profile = {"display_name": "Ana", "theme": "system"}
    assert browser.post("/settings/me/", profile | {"language": "en"}).status_code == 302
    assert language(browser, CHINESE) == "en"
    assert browser.post("/settings/me/", profile | {"language": ""}).status_code == 302
    assert language(browser, CHINESE) == "zh-hans"
    assert browser.post("/settings/me/", profile | {"language": "xx"}).status_code == 422
