"""The kit as a Django app: templates, static files, template tags."""

from __future__ import annotations

from django.apps import AppConfig


class ConsoleConfig(AppConfig):
    """Label `console`; no records of its own."""

    name = "seawall.console"
    label = "console"
