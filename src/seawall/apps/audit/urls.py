"""Addresses of the record."""

from __future__ import annotations

from django.urls import path

from seawall.apps.audit import console

app_name = "audit"
urlpatterns = [
    path("", console.entries, name="entries"),
    path("verify/", console.verify, name="verify"),
    path("<int:index>/", console.entry, name="entry"),
]
