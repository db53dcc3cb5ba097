"""Addresses of jobs."""

from __future__ import annotations

from django.urls import path

from seawall.apps.jobs import console

app_name = "jobs"
urlpatterns = [
    path("", console.job_list, name="jobs"),
    path("runs/", console.run_list, name="runs"),
    path("runs/<uuid:run_id>/", console.run_record, name="run"),
    path("runs/<uuid:run_id>/progress/", console.run_progress, name="progress"),
    path("runs/<uuid:run_id>/cancel/", console.run_cancel, name="cancel"),
    path("<slug:name>/start/", console.job_start, name="start"),
]
