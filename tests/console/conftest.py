"""Django for the kit's tests: the gallery's settings, or those that the session already has."""

from __future__ import annotations

import os
from collections.abc import Iterator

import django
import pytest
from django.conf import settings
from django.test import Client, override_settings
from django.utils import translation

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.console.settings")
if not settings.configured or not django.apps.apps.ready:
    django.setup()

from seawall.console import links, navigation, notices, saved, search
from seawall.console.catalog import compiled
from tests.console import gallery
from tests.console import settings as own


@pytest.fixture(autouse=True)
def registries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test starts from empty registries and leaves the session's alone."""
    monkeypatch.setattr(navigation, "_ITEMS", {})
    monkeypatch.setattr(search, "_SOURCES", {})
    monkeypatch.setattr(links, "_BUILDERS", {})
    monkeypatch.setattr(notices, "_PROVIDERS", {})
    monkeypatch.setattr(saved, "_KEEPERS", [])


@pytest.fixture(scope="session", autouse=True)
def texts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The catalogs, also where the session's home is not prepared."""
    with override_settings(LOCALE_PATHS=[compiled(tmp_path_factory.mktemp("locale"))]):
        yield


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def client() -> Iterator[Client]:
    """The gallery, with someone signed in; its own middleware whichever settings the session has."""
    gallery.register()
    keys = ("MIDDLEWARE", "ROOT_URLCONF", "SESSION_ENGINE", "FORM_RENDERER", "TEMPLATES", "CSRF_FAILURE_VIEW")
    with override_settings(**{key: getattr(own, key) for key in keys}):
        yield Client(HTTP_ACCEPT_LANGUAGE="en", raise_request_exception=False)
