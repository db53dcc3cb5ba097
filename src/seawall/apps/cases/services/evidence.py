"""Evidence: files added to a case, and given out only while they are what was added."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from seawall.apps.accounts.models import User
from seawall.apps.accounts.permissions import check
from seawall.apps.audit.services import record
from seawall.apps.cases import files
from seawall.apps.cases.models import Case, Evidence
from seawall.apps.cases.scopes import visible_cases
from seawall.apps.cases.services import editing
from seawall.apps.errors import ConflictError, UnknownError

WORK = "cases.work"
MOST_FILES = 500


def add_evidence(
    user: User, case_id: UUID, name: str, pieces: Iterable[bytes], comment: str = "", version: int | None = None
) -> Evidence:
    """Keep a file. InvalidError for its type, size or content; ConflictError where the case has the same bytes."""
    plain, kind = files.checked_name(name)
    said = editing.reason_text(comment, required=False)
    with transaction.atomic():
        _open_case(user, case_id, version)  # nothing is written for somebody who may not
    sha256, size = files.store(pieces, kind)
    with transaction.atomic():
        case = _open_case(user, case_id, version)
        if case.evidence.filter(sha256=sha256).exists():
            raise ConflictError(_("The case has this very file already."))
        if case.evidence.count() >= MOST_FILES:
            raise ConflictError(_("A case has at most %(most)d files.") % {"most": MOST_FILES})
        made = Evidence.objects.create(
            case=case, name=plain, kind=kind, size=size, sha256=sha256, comment=said, added_by=user
        )
        about = {"evidence": str(made.pk), "sha256": sha256, "size": size}
        editing.save(user, "case.evidence_added", case, {}, data=about, private={"name": plain})
    return made


def open_evidence(user: User, case_id: UUID, evidence_id: UUID) -> tuple[Evidence, bytes]:
    """A file with its bytes; who took it is recorded. TamperedError (recorded too) where they were changed."""
    check(user, "cases.view")
    rows = Evidence.objects.filter(pk=evidence_id, case_id=case_id, case__in=visible_cases(user))
    found = rows.select_related("case").first()
    if found is None:
        raise UnknownError(_("There is no such file in a case that you may see."))
    try:
        data = files.read(found.sha256, found.size)
    except files.TamperedError:
        with transaction.atomic():
            about = {"evidence": str(found.pk), "sha256": found.sha256}
            record(user, "case.evidence_tampered", "case", found.case_id, about)
        raise
    with transaction.atomic():
        record(user, "case.evidence_taken", "case", found.case_id, {"evidence": str(found.pk), "sha256": found.sha256})
    return found, data


def _open_case(user: User, case_id: UUID, version: int | None) -> Case:
    case = editing.locked_case(user, case_id, WORK, version)
    if case.state == Case.State.CLOSED:
        raise ConflictError(_("%(case)s is closed; reopen it first.") % {"case": case.number})
    return case
