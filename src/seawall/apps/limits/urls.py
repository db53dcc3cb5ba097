"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from seawall.apps.limits import console

app_name = "limits"
urlpatterns = [
    path("", console.index, name="index"),
    path("entries/", console.entries, name="entries"),
    path("entries/<int:sequence>/remove/", console.remove, name="remove"),
    path("<str:name>/", console.setting, name="setting"),
    path("<str:name>/set/", console.set_value, name="set"),
    path("<str:name>/on/", console.turn_on, name="on"),
    path("<str:name>/off/", console.turn_off, name="off"),
]
