"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from seawall.apps.cases.console import alerts, cases, queues, workbench

app_name = "cases"
urlpatterns = [
    path("work/", cases.mine, name="mine"),
    path("work/read/", cases.read, name="read"),
    path("work/<uuid:notification_id>/", cases.told, name="told"),
    path("alerts/", alerts.alert_list, name="alerts"),
    path("alerts/do/<slug:action>/", alerts.alerts_do, name="alerts_do"),
    path("alerts/<uuid:alert_id>/", alerts.alert_record, name="alert"),
    path("alerts/<uuid:alert_id>/<slug:action>/", alerts.alert_do, name="alert_do"),
    path("suppressions/", queues.suppression_list, name="suppressions"),
    path("suppressions/new/", queues.suppression_new, name="suppression_new"),
    path("suppressions/<uuid:suppression_id>/lift/", queues.lift, name="lift"),
    path("cases/", cases.case_list, name="cases"),
    path("cases/new/", cases.case_new, name="case_new"),
    path("cases/transitions/", cases.transitions, name="transitions"),
    path("cases/<uuid:case_id>/", workbench.case_page, name="case"),
    path("cases/<uuid:case_id>/do/<slug:action>/", workbench.case_do, name="case_do"),
    path("cases/<uuid:case_id>/notes/", workbench.note_add, name="note_add"),
    path("cases/<uuid:case_id>/tasks/", workbench.task_add, name="task_add"),
    path("cases/<uuid:case_id>/tasks/<uuid:task_id>/", workbench.task_do, name="task_do"),
    path("cases/<uuid:case_id>/evidence/", workbench.evidence_add, name="evidence_add"),
    path("cases/<uuid:case_id>/evidence/<uuid:evidence_id>/", workbench.evidence_get, name="evidence_get"),
    path("cases/<uuid:case_id>/alerts/<uuid:alert_id>/detach/", workbench.alert_detach, name="detach"),
    path("cases/<uuid:case_id>/export/", workbench.export, name="export"),
    path("queues/", queues.queue_list, name="queues"),
    path("queues/new/", queues.queue_new, name="queue_new"),
    path("queues/<uuid:queue_id>/", queues.queue_change, name="queue_change"),
]
