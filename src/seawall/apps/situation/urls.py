"""Addresses of the situation room and the platform's settings."""

from __future__ import annotations

from django.urls import path

from seawall.apps.situation import console

app_name = "situation"
urlpatterns = [
    path("situation/", console.room, name="room"),
    path("situation/parts/<slug:name>/", console.part, name="part"),
    path("situation/hints/<slug:hint>/<slug:change>/", console.hint, name="hint"),
    path("settings/platform/", console.platform, name="settings"),
]
