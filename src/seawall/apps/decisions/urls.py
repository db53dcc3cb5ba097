"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from seawall.apps.decisions.console import decisions, entities

app_name = "decisions"
urlpatterns = [
    path("decisions/", decisions.decisions, name="decisions"),
    path("decisions/<uuid:decision_id>/", decisions.decision, name="decision"),
    path("decisions/<uuid:decision_id>/reveal/<slug:field>/", decisions.reveal, name="reveal"),
    path("entities/", entities.entities, name="entities"),
    path("entities/find/", entities.find, name="find"),
    path("entities/<str:kind>/<path:value>", entities.entity, name="entity"),
]
