"""Addresses of the outbox."""

from __future__ import annotations

from django.urls import path

from seawall.apps.outbox.console import deliveries, endpoints

app_name = "outbox"
urlpatterns = [
    path("", deliveries.deliveries, name="deliveries"),
    path("retry/", deliveries.retry_stuck, name="retry_stuck"),
    path("endpoints/", endpoints.endpoints, name="endpoints"),
    path("endpoints/new/", endpoints.endpoint_new, name="endpoint_new"),
    path("endpoints/<uuid:endpoint_id>/", endpoints.endpoint, name="endpoint"),
    path("endpoints/<uuid:endpoint_id>/edit/", endpoints.endpoint_edit, name="endpoint_edit"),
    path("endpoints/<uuid:endpoint_id>/<slug:action>/", endpoints.endpoint_act, name="endpoint_act"),
    path("contacts/", endpoints.contact_list, name="contacts"),
    path("contacts/new/", endpoints.contact_new, name="contact_new"),
    path("contacts/<uuid:contact_id>/remove/", endpoints.contact_remove, name="contact_remove"),
    path("<uuid:delivery_id>/", deliveries.delivery, name="delivery"),
    path("<uuid:delivery_id>/<slug:action>/", deliveries.act, name="act"),
]
