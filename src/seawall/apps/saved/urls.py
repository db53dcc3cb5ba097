"""Addresses of saved views."""

from __future__ import annotations

from django.urls import path

from seawall.apps.saved import console

app_name = "saved"
urlpatterns = [
    path("", console.view_list, name="views"),
    path("new/", console.view_save, name="save"),
    path("<uuid:view_id>/", console.view_change, name="change"),
    path("<uuid:view_id>/move/", console.view_move, name="move"),
    path("<uuid:view_id>/delete/", console.view_delete, name="delete"),
]
