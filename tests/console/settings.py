"""Settings for the kit alone: no home, no accounts, a database in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from seawall.console.catalog import compiled

CACHE = Path(tempfile.gettempdir()) / "seawall-console-tests"
SEAWALL_CACHE = CACHE
SECRET_KEY = "for tests only"
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [compiled(CACHE / "locale")]
INSTALLED_APPS = ["seawall.console", "django.contrib.sessions", "django.contrib.messages", "django_htmx"]
MIDDLEWARE = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "seawall.console.middleware.FragmentRedirects",
    "tests.console.gallery.Analyst",
]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
CSRF_FAILURE_VIEW = "seawall.console.errors.csrf_failure"
FORM_RENDERER = "seawall.console.forms.Renderer"
ROOT_URLCONF = "tests.console.gallery"
STATIC_URL = "/static/"
DATABASES: dict[str, Any] = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "DIRS": [Path(__file__).parent / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
