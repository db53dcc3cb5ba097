"""Addresses of actions."""

from __future__ import annotations

from django.urls import path

from seawall.apps.response import console

app_name = "response"
urlpatterns = [
    path("", console.actions, name="actions"),
    path("new/", console.choose, name="choose"),
    path("new/<slug:kind>/", console.new, name="new"),
    path("<uuid:action_id>/", console.action, name="action"),
    path("<uuid:action_id>/undo/", console.undo, name="undo"),
]
