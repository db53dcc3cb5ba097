"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from seawall.apps.lists.console import entries, imports, lists

app_name = "lists"
urlpatterns = [
    path("", lists.index, name="index"),
    path("entries/", lists.entries, name="entries"),
    path("entries/<int:entry_id>/", entries.entry, name="entry"),
    path("entries/<int:entry_id>/end/", entries.end, name="end"),
    path("entries/<int:entry_id>/remove/", entries.remove, name="remove"),
    path("entries/<int:entry_id>/submit/", entries.submit, name="submit"),
    path("entries/<int:entry_id>/discard/", entries.discard, name="discard"),
    path("imports/", imports.index, name="imports"),
    path("imports/<uuid:import_id>/", imports.one_import, name="import"),
    path("imports/<uuid:import_id>/report/", imports.report, name="import_report"),
    path("imports/<uuid:import_id>/confirm/", imports.confirm, name="import_confirm"),
    path("imports/<uuid:import_id>/cancel/", imports.cancel, name="import_cancel"),
    path("imports/<uuid:import_id>/again/", imports.again, name="import_again"),
    path("imports/<uuid:import_id>/discard/", imports.discard, name="import_discard"),
    path("of/<str:name>/", lists.one_list, name="list"),
    path("of/<str:name>/add/", entries.add, name="add"),
    path("of/<str:name>/find/", lists.find, name="find"),
    path("of/<str:name>/whole/", lists.whole, name="whole"),
    path("of/<str:name>/import/", imports.upload, name="upload"),
]
