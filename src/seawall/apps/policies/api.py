"""REST: policies, their versions, drafts and deployments."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from ninja import File, Form, Router
from ninja.files import UploadedFile

from seawall.apps.accounts.permissions import api_requires, person
from seawall.apps.errors import InvalidError
from seawall.apps.etag import tagged
from seawall.apps.policies import bundles, queries, schemas, uploads
from seawall.apps.policies.checking import check
from seawall.apps.policies.editing.edits import EDITS
from seawall.apps.policies.editing.templates import templates
from seawall.apps.policies.services import drafts, gates, guard, publishing, versions

router = Router(tags=["policies"])
LARGEST_PAGE = 200


@router.get("/versions", response=list[schemas.VersionOut])
@api_requires("policies.view")
def list_versions(
    request: HttpRequest, policy: str = "", state: str = "", before: UUID | None = None, limit: int = 100
) -> list[schemas.VersionOut]:
    """Versions, the newest first; `before` is the last id of the page before."""
    rows = queries.versions().order_by("-id")
    if policy:
        rows = rows.filter(policy__name=policy)
    if state:
        rows = rows.filter(state=state)
    if before:
        rows = rows.filter(id__lt=before)
    return [schemas.VersionOut.of(row) for row in rows[: max(1, min(limit, LARGEST_PAGE))]]


@router.post("/versions", response=schemas.VersionOut)
@api_requires("policies.edit")
def import_version(request: HttpRequest, file: File[UploadedFile], note: Form[str] = "") -> Any:
    """A version from a zipped pack folder."""
    if file.size is None or file.size > uploads.LARGEST_ZIP:
        raise InvalidError(f"the file is larger than {uploads.LARGEST_ZIP >> 20} MB")
    return schemas.VersionOut.of(versions.import_zip(person(request), file.read(), note))


@router.get("/versions/{version_id}", response=schemas.VersionPageOut)
@api_requires("policies.view")
def get_version(request: HttpRequest, response: HttpResponse, version_id: UUID) -> Any:
    """One version with what it has shown and what it lacks."""
    row = queries.get_version(version_id)
    reports = [schemas.ReportOut.of(one) for one in queries.reports(row.digest).values()]
    steps = [schemas.StepOut.of(one) for one in queries.steps(row)]
    page = schemas.VersionPageOut(**schemas.VersionOut.of(row).dict(), reports=reports, steps=steps)
    return tagged(request, response, page, about=[("policy_version", row.pk)])


@router.get("/versions/{version_id}/files", response=dict[str, str])
@api_requires("policies.view")
def get_files(request: HttpRequest, version_id: UUID) -> dict[str, str]:
    """Its YAML files."""
    return bundles.texts(queries.get_version(version_id).digest)


@router.get("/versions/{version_id}/difference", response=schemas.DifferenceOut)
@api_requires("policies.view")
def get_difference(request: HttpRequest, version_id: UUID, against: UUID) -> schemas.DifferenceOut:
    """What it does otherwise than another version, in words and by line."""
    found = queries.difference(queries.get_version(against).digest, queries.get_version(version_id).digest)
    return schemas.DifferenceOut(changes=[schemas.ChangeOut.of(one) for one in found.changes], lines=found.lines)


@router.post("/versions/{version_id}/checks", response=dict[str, UUID])
@api_requires("policies.edit")
def start_check(request: HttpRequest, version_id: UUID, body: schemas.CheckIn) -> dict[str, UUID]:
    """Run its unit cases or measure its cost; the run's id."""
    return {"run": gates.start(person(request), queries.get_version(version_id).digest, body.kind).pk}


@router.post("/versions/{version_id}/submit", response=dict[str, UUID])
@api_requires("policies.edit")
def submit(request: HttpRequest, version_id: UUID, body: schemas.SubmitIn) -> dict[str, UUID]:
    """Ask a second person to let it run; the request's id."""
    limits = _whole(body.limits)
    asked = publishing.submit(
        person(request), version_id, body.role, body.reason, share=body.share, entity=body.entity, limits=limits
    )
    return {"request": asked.pk}


@router.post("/versions/{version_id}/stop", response=schemas.DeploymentOut)
@api_requires("policies.rollback")
def stop(request: HttpRequest, version_id: UUID, body: schemas.ReasonIn) -> Any:
    """Take a challenger or a shadow out."""
    return schemas.DeploymentOut.of(publishing.stop(person(request), version_id, body.reason))


@router.post("/versions/{version_id}/rollback", response=schemas.DeploymentOut)
@api_requires("policies.rollback")
def roll_back(request: HttpRequest, version_id: UUID, body: schemas.ReasonIn) -> Any:
    """Let an older champion decide again."""
    return schemas.DeploymentOut.of(publishing.roll_back(person(request), version_id, body.reason))


@router.post("/versions/{version_id}/simulate", response=schemas.SimulatedOut)
@api_requires("policies.view")
def simulate(request: HttpRequest, version_id: UUID, body: schemas.SimulateIn) -> Any:
    """What it says to one event."""
    return _simulated(queries.get_version(version_id).digest, body)


@router.get("/deployments", response=list[schemas.DeploymentOut])
@api_requires("policies.view")
def list_deployments(request: HttpRequest, limit: int = 50) -> list[schemas.DeploymentOut]:
    """Deployments, the newest first."""
    rows = queries.deployments().order_by("-id")[: max(1, min(limit, LARGEST_PAGE))]
    return [schemas.DeploymentOut.of(row) for row in rows]


@router.get("/comparison", response=list[schemas.ComparedOut])
@api_requires("policies.view")
def comparison(request: HttpRequest) -> list[schemas.ComparedOut]:
    """Challenger and shadows beside the champion."""
    return [schemas.ComparedOut.of(one) for one in guard.compare()]


# --- drafts -----------------------------------------------------------------------------------------------------------


@router.get("/drafts", response=list[schemas.DraftOut])
@api_requires("policies.view")
def list_drafts(request: HttpRequest, policy: str = "") -> list[schemas.DraftOut]:
    """Open drafts, the newest first; at most 200."""
    rows = queries.drafts().order_by("-changed_at")
    if policy:
        rows = rows.filter(policy__name=policy)
    return [schemas.DraftOut.of(row) for row in rows[:LARGEST_PAGE]]


@router.post("/drafts", response=schemas.DraftOut)
@api_requires("policies.edit")
def open_draft(request: HttpRequest, body: schemas.OpenIn) -> Any:
    """Open one from a version."""
    return schemas.DraftOut.of(drafts.open_draft(person(request), body.version, body.title))


@router.get("/drafts/{draft_id}", response=schemas.DraftPageOut)
@api_requires("policies.view")
def get_draft(request: HttpRequest, response: HttpResponse, draft_id: UUID) -> Any:
    """One draft with its files, the checker's findings, and who saved what."""
    row = queries.get_draft(draft_id)
    found = queries.content(row.digest)
    page = schemas.DraftPageOut.page(row, found.texts, found.checked, queries.saves(row))
    return tagged(request, response, page, version=row.revision)


@router.post("/drafts/{draft_id}/text", response=schemas.SavedOut)
@api_requires("policies.edit")
def save_text(request: HttpRequest, draft_id: UUID, body: schemas.TextIn) -> Any:
    """Save a file's text; 409 says what somebody saved in between."""
    return schemas.SavedOut.of(drafts.save_text(person(request), draft_id, body.file, body.text, body.token))


@router.post("/drafts/{draft_id}/edits", response=schemas.SavedOut)
@api_requires("policies.edit")
def edit(request: HttpRequest, draft_id: UUID, body: schemas.EditIn) -> Any:
    """Carry out one edit."""
    return schemas.SavedOut.of(drafts.edit(person(request), draft_id, body.edit, body.arguments, body.token))


@router.post("/drafts/{draft_id}/templates", response=schemas.SavedOut)
@api_requires("policies.edit")
def copy_template(request: HttpRequest, draft_id: UUID, body: schemas.TemplateIn) -> Any:
    """Copy a rule template."""
    return schemas.SavedOut.of(drafts.copy_template(person(request), draft_id, body.template, body.values, body.token))


@router.post("/drafts/{draft_id}/freeze", response=schemas.VersionOut)
@api_requires("policies.edit")
def freeze(request: HttpRequest, draft_id: UUID, body: schemas.TokenIn) -> Any:
    """Make it the next version."""
    return schemas.VersionOut.of(drafts.freeze(person(request), draft_id, body.token, body.note))


@router.post("/drafts/{draft_id}/discard", response=schemas.DraftOut)
@api_requires("policies.edit")
def discard(request: HttpRequest, draft_id: UUID, body: schemas.TokenIn) -> Any:
    """Throw it away."""
    return schemas.DraftOut.of(drafts.discard(person(request), draft_id, body.token))


@router.post("/drafts/{draft_id}/checks", response=dict[str, UUID])
@api_requires("policies.edit")
def start_draft_check(request: HttpRequest, draft_id: UUID, body: schemas.CheckIn) -> dict[str, UUID]:
    """Run its unit cases or measure its cost as it is now."""
    return {"run": gates.start(person(request), queries.get_draft(draft_id).digest, body.kind).pk}


@router.post("/drafts/{draft_id}/simulate", response=schemas.SimulatedOut)
@api_requires("policies.view")
def simulate_draft(request: HttpRequest, draft_id: UUID, body: schemas.SimulateIn) -> Any:
    """What it says to one event as it is now."""
    return _simulated(queries.get_draft(draft_id).digest, body)


# --- what can be asked for --------------------------------------------------------------------------------------------


@router.get("/edits", response=dict[str, str])
@api_requires("policies.view")
def list_edits(request: HttpRequest) -> dict[str, str]:
    """Edits by name, with the file that each changes."""
    return {name: one.file for name, one in EDITS.items()}


@router.get("/templates", response=list[dict[str, Any]])
@api_requires("policies.view")
def list_templates(request: HttpRequest) -> list[dict[str, Any]]:
    """Rule templates with their parameters."""
    return [
        {
            "id": one.id, "group": one.group, "title": one.title, "text": one.text,
            "parameters": [
                {"name": each.name, "type": each.type, "title": each.title, "default": each.default}
                for each in one.parameters
            ],
        }
        for one in templates().values()
    ]  # fmt: skip


@router.post("/check", response=schemas.CheckedOut)
@api_requires("policies.view")
def check_files(request: HttpRequest, body: schemas.FilesIn) -> Any:
    """The checker's findings about YAML files by name; nothing is kept."""
    return schemas.CheckedOut.of(check({name: text.encode() for name, text in body.files.items() if _plain(name)}))


def _plain(name: str) -> bool:
    if "/" in name or not name.endswith(".yaml") or len(name) > 64:
        raise InvalidError(f"{name[:80]!r} is no file of a pack")
    return True


def _simulated(digest: str, body: schemas.SimulateIn) -> schemas.SimulatedOut:
    typed = json.dumps(body.event).encode() if body.event else b""
    return schemas.SimulatedOut.of(queries.simulated(digest, body.decision_id, typed, int(time.time() * 1000)))


def _whole(limits: dict[str, float] | None) -> dict[str, float | int] | None:
    """JSON numbers as the limits have them: counts are whole."""
    if limits is None:
        return None
    return {name: int(value) if value == int(value) else value for name, value in limits.items()}
