"""Addresses of the room."""

from __future__ import annotations

from django.urls import path

from seawall.apps.policies.console import editor, imports, saving, shown, ways

app_name = "policies"
urlpatterns = [
    path("", shown.version_list, name="versions"),
    path("import/", imports.import_zip, name="import"),
    path("<uuid:policy_id>/", shown.policy, name="policy"),
    path("versions/<uuid:version_id>/", shown.version, name="version"),
    path("versions/<uuid:version_id>/way/", shown.way, name="way"),
    path("versions/<uuid:version_id>/simulate/", shown.simulate, name="simulate"),
    path("versions/<uuid:version_id>/check/<slug:kind>/", ways.check, name="check"),
    path("versions/<uuid:version_id>/keep/", ways.keep, name="keep"),
    path("notices/<uuid:notice_id>/read/", ways.read_notice, name="notice_read"),
    path("versions/<uuid:version_id>/edit/", ways.edit, name="edit"),
    path("versions/<uuid:version_id>/submit/", ways.submit, name="submit"),
    path("versions/<uuid:version_id>/stop/", ways.stop, name="stop"),
    path("versions/<uuid:version_id>/rollback/", ways.roll_back, name="rollback"),
    path("drafts/<uuid:draft_id>/", editor.draft, name="draft"),
    path("drafts/<uuid:draft_id>/gate/", editor.gate, name="draft_gate"),
    path("drafts/<uuid:draft_id>/simulate/", editor.simulate, name="draft_simulate"),
    path("drafts/<uuid:draft_id>/check/<slug:kind>/", saving.check, name="draft_check"),
    path("drafts/<uuid:draft_id>/text/", saving.text, name="draft_text"),
    path("drafts/<uuid:draft_id>/form/", saving.form, name="draft_form"),
    path("drafts/<uuid:draft_id>/template/", saving.template, name="draft_template"),
    path("drafts/<uuid:draft_id>/freeze/", saving.freeze, name="draft_freeze"),
    path("drafts/<uuid:draft_id>/discard/", saving.discard, name="draft_discard"),
]
