"""Addresses of challenges."""

from __future__ import annotations

from django.urls import path

from seawall.apps.challenges import console

app_name = "challenges"
urlpatterns = [
    path("", console.challenges, name="challenges"),
    path("<uuid:challenge_id>/", console.challenge, name="challenge"),
]
