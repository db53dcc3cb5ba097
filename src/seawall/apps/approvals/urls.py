"""Addresses of the approvals room."""

from __future__ import annotations

from django.urls import path

from seawall.apps.approvals import console

app_name = "approvals"
urlpatterns = [
    path("", console.inbox, name="inbox"),
    path("<uuid:request_id>/", console.request_record, name="request"),
    path("<uuid:request_id>/approve/", console.approve, name="approve"),
    path("<uuid:request_id>/reject/", console.reject, name="reject"),
    path("<uuid:request_id>/withdraw/", console.withdraw, name="withdraw"),
]
